package io.upgradeable.ldap;

import io.upgradeable.Connection;
import io.upgradeable.negotiation.TlsFacts;
import io.upgradeable.negotiation.TlsFacts.Verification;
import io.upgradeable.sasl.SaslChannel;
import io.upgradeable.sasl.SaslMechanism;
import io.upgradeable.sasl.SaslServer;
import io.upgradeable.sasl.SaslServerExchange;
import io.upgradeable.sasl.SaslServerStep;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import javax.security.auth.x500.X500Principal;
import org.jspecify.annotations.Nullable;

/**
 * The authentication state of one connection (RFC 4513, 4): who is bound, and the SASL exchange
 * that is under way. Passwords are compared by {@link SaslServer}, in the same time whether or not
 * there is such a user.
 *
 * <p>Used by one thread at a time; {@link #bind} computes for some milliseconds and belongs off the
 * event loop.
 */
final class LdapServerBinder {

  private static final byte[] NOTHING = {};
  private static final String EXTERNAL = SaslMechanism.EXTERNAL.saslName();
  private static final String DN = "dn:";

  private final SaslServer sasl;
  private final SaslChannel channel;
  private final Optional<String> subject;
  private String authorizationId = "";
  private @Nullable SaslServerExchange exchange;

  /**
   * Nobody is bound yet.
   *
   * @param sasl knows the users, and sends data along with success, as LDAP can
   * @param channel the connection, with the server's own certificate
   * @param connection the same
   */
  LdapServerBinder(SaslServer sasl, SaslChannel channel, Connection connection) {
    this.sasl = sasl;
    this.channel = channel;
    this.subject =
        connection
            .tls()
            .filter(tls -> tls.verification() == Verification.CHAIN)
            .flatMap(LdapServerBinder::subject);
  }

  private static Optional<String> subject(TlsFacts tls) {
    return tls.peerChain().stream()
        .findFirst()
        .map(leaf -> leaf.getSubjectX500Principal().getName(X500Principal.RFC2253));
  }

  /** Who is bound (RFC 4513, 5.2.1.8); empty for nobody. */
  String authorizationId() {
    return authorizationId;
  }

  /** The mechanisms that this client may use. */
  List<String> mechanisms() {
    List<String> names = new ArrayList<>();
    if (subject.isPresent()) {
      names.add(EXTERNAL);
    }
    for (SaslMechanism mechanism : sasl.offers(channel)) {
      if (mechanism != SaslMechanism.LOGIN) { // no mechanism of LDAP's
        names.add(mechanism.saslName());
      }
    }
    return names;
  }

  /** Ends a SASL exchange that is under way; tells whether there was one. */
  boolean abort() {
    boolean underWay = exchange != null;
    exchange = null;
    return underWay;
  }

  /** RFC 4511, 4.2.1: whatever comes of a bind, the old identity is gone. */
  void reset() {
    exchange = null;
    authorizationId = "";
  }

  BindResponse bind(BindRequest request) {
    SaslServerExchange underWay = exchange;
    reset();
    if (request.version() != BindRequest.VERSION) {
      return response(LdapResultCode.PROTOCOL_ERROR, "Expected version 3");
    }
    Optional<String> mechanism = request.mechanism();
    if (mechanism.isPresent()) {
      return bindSasl(mechanism.get(), request.credentials(), underWay);
    }
    return request
        .credentials()
        .map(password -> bindSimple(request.name(), password))
        .orElseGet(
            () -> response(LdapResultCode.AUTH_METHOD_NOT_SUPPORTED, "Expected simple or SASL"));
  }

  private BindResponse bindSimple(String name, byte[] password) {
    if (password.length == 0) {
      // RFC 4513, 5.1.2: a name without a password is no authentication.
      return name.isEmpty()
          ? success()
          : response(LdapResultCode.UNWILLING_TO_PERFORM, "Expected a password");
    }
    byte[] plain = plain(name, password);
    SaslServerStep step = sasl.start(SaslMechanism.PLAIN, channel).receive(plain);
    Arrays.fill(plain, (byte) 0);
    if (step instanceof SaslServerStep.Granted granted) {
      authorizationId = DN + granted.user(); // As the store has it, and not as it was typed.
      return success();
    }
    return invalidCredentials();
  }

  /** Name and password as PLAIN has them (RFC 4616). */
  private static byte[] plain(String name, byte[] password) {
    byte[] user = name.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(2 + user.length + password.length)
        .put((byte) 0)
        .put(user)
        .put((byte) 0)
        .put(password)
        .array();
  }

  private BindResponse bindSasl(
      String mechanism, Optional<byte[]> credentials, @Nullable SaslServerExchange underWay) {
    if (mechanism.equals(EXTERNAL) && subject.isPresent()) {
      return bindExternal(DN + subject.get(), credentials.orElse(NOTHING));
    } else if (underWay != null && underWay.mechanism().saslName().equals(mechanism)) {
      return step(underWay, underWay.receive(credentials.orElse(NOTHING)));
    } else if (mechanism.equals(EXTERNAL) || !mechanisms().contains(mechanism)) {
      return response(LdapResultCode.AUTH_METHOD_NOT_SUPPORTED, "No such mechanism here");
    }
    SaslServerExchange begun = sasl.start(SaslMechanism.named(mechanism).orElseThrow(), channel);
    return step(begun, credentials.isPresent() ? begun.receive(credentials.get()) : begun.begin());
  }

  private BindResponse bindExternal(String identity, byte[] asked) {
    String wanted = new String(asked, StandardCharsets.UTF_8);
    if (!wanted.isEmpty() && !wanted.equals(identity)) {
      return invalidCredentials();
    }
    authorizationId = identity;
    return success();
  }

  private BindResponse step(SaslServerExchange current, SaslServerStep step) {
    if (step instanceof SaslServerStep.Challenge challenge) {
      exchange = current;
      return new BindResponse(
          LdapResult.of(LdapResultCode.SASL_BIND_IN_PROGRESS, ""), Optional.of(challenge.bytes()));
    } else if (step instanceof SaslServerStep.Granted granted) {
      authorizationId = "u:" + granted.authorizationId();
      return new BindResponse(
          LdapResult.of(LdapResultCode.SUCCESS, ""), granted.data().map(LdapServerBinder::bytes));
    }
    return invalidCredentials();
  }

  private static byte[] bytes(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.get(bytes);
    return bytes;
  }

  private static BindResponse success() {
    return response(LdapResultCode.SUCCESS, "");
  }

  private static BindResponse invalidCredentials() {
    return response(LdapResultCode.INVALID_CREDENTIALS, "");
  }

  private static BindResponse response(LdapResultCode code, String words) {
    return new BindResponse(LdapResult.of(code, words), Optional.empty());
  }
}
