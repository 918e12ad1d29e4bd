package io.upgradeable.sasl;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The server's side of PLAIN, LOGIN, SCRAM-SHA-256 and SCRAM-SHA-256-PLUS against one store of
 * users. It offers nothing in plaintext. A user that is unknown takes the same steps and the same
 * work as one that is known. Safe for use by several threads.
 */
public final class SaslServer {

  private static final int DECOY_KEY_BYTES = 32;

  private final SaslUsers users;
  private final byte[] decoyKey;
  private final boolean sendsDataOnSuccess;

  /**
   * A server.
   *
   * @param users whom it knows
   */
  public SaslServer(SaslUsers users) {
    this(users, ScramText.randomBytes(DECOY_KEY_BYTES), false);
  }

  private SaslServer(SaslUsers users, byte[] decoyKey, boolean sendsDataOnSuccess) {
    this.users = users;
    this.decoyKey = decoyKey;
    this.sendsDataOnSuccess = sendsDataOnSuccess;
  }

  /**
   * The same server for a protocol whose message of success has a place for data (RFC 4422, 3.6),
   * as LDAP's has and SMTP's has not. SCRAM's last word then comes with {@link
   * SaslServerStep.Granted}, and not as a challenge that the client answers with nothing.
   *
   * @return the changed copy
   */
  public SaslServer withDataOnSuccess() {
    return new SaslServer(users, decoyKey, true);
  }

  boolean sendsDataOnSuccess() {
    return sendsDataOnSuccess;
  }

  /**
   * What the server offers over a connection.
   *
   * @param channel the connection, with the server's own certificate
   * @return the mechanisms, strongest first; none in plaintext
   */
  public List<SaslMechanism> offers(SaslChannel channel) {
    if (!channel.isTls()) {
      return List.of();
    }
    List<SaslMechanism> offers =
        new ArrayList<>(
            List.of(SaslMechanism.SCRAM_SHA_256, SaslMechanism.PLAIN, SaslMechanism.LOGIN));
    if (channel.serverEndPoint().isPresent()) {
      offers.add(0, SaslMechanism.SCRAM_SHA_256_PLUS);
    }
    return List.copyOf(offers);
  }

  /**
   * Begins an exchange.
   *
   * @param mechanism one that was offered
   * @param channel the connection, with the server's own certificate
   * @return the exchange
   * @throws IllegalArgumentException if the mechanism is not offered over this connection
   */
  public SaslServerExchange start(SaslMechanism mechanism, SaslChannel channel) {
    if (!offers(channel).contains(mechanism)) {
      throw new IllegalArgumentException(
          "expected one of %s over %s, got %s".formatted(offers(channel), channel, mechanism));
    }
    return switch (mechanism) {
      case PLAIN -> new PlainServerExchange(this);
      case LOGIN -> new LoginServerExchange(this);
      default ->
          new ScramServerExchange(this, mechanism, channel.serverEndPoint(), ScramText.newNonce());
    };
  }

  /** A user's verifier, and whether there is such a user. */
  record Found(StoredSecret stored, boolean known) {}

  Found find(String preparedUser) {
    Optional<StoredSecret> stored = users.find(preparedUser);
    // Made in either case, so that it takes as long.
    StoredSecret decoy =
        StoredSecret.decoy(decoyKey, preparedUser, users.parametersOfUnknown(preparedUser));
    return new Found(stored.orElse(decoy), stored.isPresent());
  }

  /**
   * Checks a user and a password that came by another way than SASL, for instance HTTP's Basic. It
   * takes as long for a user that is unknown. Computes for some milliseconds and never waits.
   *
   * @param user the user's name
   * @param password the password; it may be closed afterwards
   * @return the user's name as it is stored, or empty if the two do not belong together
   */
  public Optional<String> verify(String user, Secret password) {
    SaslServerStep step = checkPassword("", user.toCharArray(), password.value());
    return step instanceof SaslServerStep.Granted granted
        ? Optional.of(granted.user())
        : Optional.empty();
  }

  /** Checks a password that came as it is. */
  SaslServerStep checkPassword(String authorizationId, char[] user, char[] password) {
    Optional<String> preparedUser = prepared(user).map(String::new);
    Found found = find(preparedUser.orElse(""));
    Optional<char[]> preparedPassword = prepared(password);
    boolean matches = found.stored().matches(preparedPassword.orElse(new char[] {'x'}));
    preparedPassword.ifPresent(prepared -> Arrays.fill(prepared, '\0'));
    boolean valid = preparedUser.isPresent() && preparedPassword.isPresent() && found.known();
    return valid && matches
        ? grant(preparedUser.get(), authorizationId)
        : new SaslServerStep.Refused();
  }

  /** Lets an authenticated user in, if the store agrees to the identity. */
  SaslServerStep grant(String user, String authorizationId) {
    if (authorizationId.isEmpty()) {
      return new SaslServerStep.Granted(user, user);
    }
    Optional<String> identity = prepared(authorizationId.toCharArray()).map(String::new);
    return identity.isPresent()
            && (identity.get().equals(user) || users.mayActAs(user, identity.get()))
        ? new SaslServerStep.Granted(user, identity.get())
        : new SaslServerStep.Refused();
  }

  static Optional<char[]> prepared(char[] text) {
    try {
      return Optional.of(SaslPrep.query(text));
    } catch (IllegalArgumentException prohibited) {
      return Optional.empty();
    }
  }
}
