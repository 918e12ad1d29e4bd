package io.upgradeable.sasl;

import java.util.Arrays;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Which mechanism a client takes, of those that a server offers: the strongest that fits the
 * credentials and the channel. Immutable, and the only way to an exchange.
 *
 * <p>For a password the order is SCRAM-SHA-256-PLUS, SCRAM-SHA-256, PLAIN, LOGIN, CRAM-MD5; for a
 * token OAUTHBEARER, XOAUTH2. None of them is used unless the connection is under TLS with a
 * verified server: a stranger would get the secret, or something to try passwords on. EXTERNAL has
 * no secret and may be used anywhere.
 */
public final class SaslPreference {

  private static final List<SaslMechanism> BY_STRENGTH = List.of(SaslMechanism.values());

  /** Where somebody may listen, a digest is better than the password itself. */
  private static final List<SaslMechanism> BY_STRENGTH_EXPOSED =
      List.of(
          SaslMechanism.SCRAM_SHA_256_PLUS,
          SaslMechanism.SCRAM_SHA_256,
          SaslMechanism.CRAM_MD5,
          SaslMechanism.OAUTHBEARER,
          SaslMechanism.XOAUTH2,
          SaslMechanism.PLAIN,
          SaslMechanism.LOGIN,
          SaslMechanism.EXTERNAL);

  private static final SaslPreference STRONGEST =
      new SaslPreference(EnumSet.allOf(SaslMechanism.class), false);

  private final Set<SaslMechanism> allowed;
  private final boolean exposing;

  private SaslPreference(Set<SaslMechanism> allowed, boolean exposing) {
    this.allowed = allowed;
    this.exposing = exposing;
  }

  /**
   * The strongest of all mechanisms.
   *
   * @return the preference
   */
  public static SaslPreference strongest() {
    return STRONGEST;
  }

  /**
   * The strongest of some mechanisms, perhaps of one. The rules about TLS hold all the same.
   *
   * @param mechanisms those that may be used
   * @return the preference
   * @throws IllegalArgumentException if there is none
   */
  public static SaslPreference only(SaslMechanism... mechanisms) {
    if (mechanisms.length == 0) {
      throw new IllegalArgumentException("expected a mechanism or more, got none");
    }
    return new SaslPreference(EnumSet.copyOf(Arrays.asList(mechanisms)), false);
  }

  /**
   * The same preference, also for connections in plaintext and for peers that were not verified:
   * whoever listens or answers there gets the secret, or can try passwords in peace.
   *
   * @return the changed copy
   */
  public SaslPreference exposingSecretsWithoutVerifiedTls() {
    return new SaslPreference(allowed, true);
  }

  /**
   * What may be used, whatever is offered.
   *
   * @param credentials by what
   * @param channel over what
   * @return the mechanisms, strongest first; perhaps none
   */
  public List<SaslMechanism> acceptable(SaslCredentials credentials, SaslChannel channel) {
    return (channel.isVerified() ? BY_STRENGTH : BY_STRENGTH_EXPOSED)
        .stream()
            .filter(allowed::contains)
            .filter(mechanism -> fits(mechanism, credentials))
            .filter(mechanism -> isSafe(mechanism, channel))
            .toList();
  }

  private static boolean fits(SaslMechanism mechanism, SaslCredentials credentials) {
    boolean itself = credentials.authorizationId().isEmpty();
    return switch (mechanism) {
      case SCRAM_SHA_256_PLUS, SCRAM_SHA_256, PLAIN ->
          credentials instanceof SaslCredentials.Password;
      case LOGIN, CRAM_MD5 -> itself && credentials instanceof SaslCredentials.Password;
      case OAUTHBEARER -> credentials instanceof SaslCredentials.Token;
      case XOAUTH2 -> itself && credentials instanceof SaslCredentials.Token;
      case EXTERNAL -> credentials instanceof SaslCredentials.External;
    };
  }

  private boolean isSafe(SaslMechanism mechanism, SaslChannel channel) {
    boolean bindable =
        mechanism != SaslMechanism.SCRAM_SHA_256_PLUS || channel.serverEndPoint().isPresent();
    return bindable && (exposing || channel.isVerified() || mechanism == SaslMechanism.EXTERNAL);
  }

  /**
   * Chooses.
   *
   * @param offered the names that the server offers, in any case; unknown ones do not matter
   * @param credentials by what
   * @param channel over what
   * @return the strongest that is both offered and acceptable, if there is one
   */
  public Optional<SaslMechanism> choose(
      Collection<String> offered, SaslCredentials credentials, SaslChannel channel) {
    Set<SaslMechanism> known = known(offered);
    return acceptable(credentials, channel).stream().filter(known::contains).findFirst();
  }

  /**
   * Chooses, and begins.
   *
   * @param offered the names that the server offers under this TLS connection, all of them: SCRAM
   *     tells the server whether it saw channel binding among them
   * @param credentials by what; its secret must stay open until the exchange is over
   * @param channel over what
   * @return the exchange, to be closed; nothing where {@link #choose} finds nothing
   * @throws IllegalArgumentException if SASLprep (RFC 4013) prohibits a character of the user or of
   *     the password and SCRAM was chosen
   */
  public Optional<SaslExchange> start(
      Collection<String> offered, SaslCredentials credentials, SaslChannel channel) {
    boolean offersPlus = known(offered).contains(SaslMechanism.SCRAM_SHA_256_PLUS);
    return choose(offered, credentials, channel)
        .map(
            mechanism ->
                credentials instanceof SaslCredentials.Password password
                    ? withPassword(mechanism, password, channel, offersPlus)
                    : credentials instanceof SaslCredentials.Token token
                        ? new BearerExchange(mechanism, token)
                        : new ExternalExchange((SaslCredentials.External) credentials));
  }

  private static SaslExchange withPassword(
      SaslMechanism mechanism,
      SaslCredentials.Password password,
      SaslChannel channel,
      boolean offersPlus) {
    return switch (mechanism) {
      case PLAIN -> new PlainExchange(password);
      case LOGIN -> new LoginExchange(password);
      case CRAM_MD5 -> new CramMd5Exchange(password);
      default -> new ScramExchange(mechanism, password, channel, offersPlus, ScramText.newNonce());
    };
  }

  private static Set<SaslMechanism> known(Collection<String> offered) {
    return offered.stream()
        .flatMap(name -> SaslMechanism.named(name).stream())
        .collect(Collectors.toCollection(() -> EnumSet.noneOf(SaslMechanism.class)));
  }

  @Override
  public String toString() {
    String names =
        BY_STRENGTH.stream()
            .filter(allowed::contains)
            .map(SaslMechanism::saslName)
            .collect(Collectors.joining(", "));
    return exposing ? names + " (exposing secrets without verified TLS)" : names;
  }
}
