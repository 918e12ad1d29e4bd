package io.upgradeable.cli;

import io.upgradeable.UpgradeException.TlsNotOffered;
import io.upgradeable.sasl.SaslCredentials;
import io.upgradeable.sasl.SaslMechanism;
import io.upgradeable.sasl.SaslPreference;
import io.upgradeable.sasl.Secret;
import java.io.IOException;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** As whom a client authenticates, and how. */
final class AuthOptions {

  @Option(
      names = "--user",
      paramLabel = "NAME",
      description =
          "Authenticate as this user, by a password or a token; the password is asked for on"
              + " the terminal if none is given.")
  private @Nullable String user;

  @Mixin private final PasswordOption password = new PasswordOption();
  @Mixin private final TokenOption token = new TokenOption();

  @Option(
      names = "--auth",
      paramLabel = "MECHANISM",
      converter = Mechanism.class,
      completionCandidates = Mechanism.Names.class,
      description =
          "Authenticate by this mechanism and no other; the strongest that the server offers unless"
              + " given. EXTERNAL needs no --user: it means the client certificate.")
  private @Nullable SaslMechanism mechanism;

  @Option(
      names = "--insecure-auth-in-plaintext",
      description =
          "Authenticate where there is no TLS, or a server that was not verified: whoever is on the"
              + " way gets the secret.")
  private boolean insecure;

  boolean isGiven() {
    return user != null || mechanism == SaslMechanism.EXTERNAL;
  }

  /** Whether anything is given that is of no use to a name and a password. */
  boolean isMoreThanPassword() {
    return isGiven() || token.isGiven() || mechanism != null;
  }

  boolean isPasswordGiven() {
    return password.isGiven();
  }

  /** The password of somebody whom another option names, asked for if it must be; to be closed. */
  Secret password(String name) throws IOException {
    return password.read(name);
  }

  /** Whether there is a secret that could get into wrong hands. */
  boolean hasSecret() {
    return mechanism != SaslMechanism.EXTERNAL;
  }

  boolean isInsecure() {
    return insecure;
  }

  /** Refuses what makes no sense; asks for nothing yet. */
  void check() {
    boolean secret = password.isGiven() || token.isGiven();
    if (!isGiven() && (secret || mechanism != null || insecure)) {
      throw new UsageException("expected --user with a password, a token or --auth");
    } else if (password.isGiven() && token.isGiven()) {
      throw new UsageException("expected a password or a token, got both");
    } else if (mechanism == SaslMechanism.EXTERNAL && secret) {
      throw new UsageException("expected no password and no token with --auth EXTERNAL");
    }
  }

  /** Refuses to give a secret to anybody who answers, unless that was asked for by name. */
  void checkDiscretion(TlsOptions tls) {
    if (tls.insecure() && !insecure) {
      throw new UsageException(
          "expected --insecure-auth-in-plaintext as well: with --insecure anybody may get the secret");
    }
  }

  /** Why the connection is given up where it turned out to be in plaintext. */
  static CommandFailedException willNotInPlaintext() {
    return new CommandFailedException(
        Failure.of(
            ExitCode.NOT_OFFERED,
            TlsNotOffered.class.getSimpleName(),
            "will not authenticate in plaintext, where anybody on the way gets the secret;"
                + " --insecure-auth-in-plaintext would"));
  }

  /** The secret, asked for on the terminal if it must be; to be closed. */
  Secret secret() throws IOException {
    if (mechanism == SaslMechanism.EXTERNAL) {
      return Secret.none();
    }
    String name = String.valueOf(user);
    return isToken() ? token.read(name) : password.read(name);
  }

  /** Reads or asks for the secret once, for all who ask for it from then on. */
  void keepSecret() throws IOException {
    if (hasSecret()) {
      (isToken() ? token : password).keep(String.valueOf(user));
    }
  }

  /** The same, of somebody whom another option names. */
  void keepPassword(String name) throws IOException {
    password.keep(name);
  }

  /** Forgets the secret that was kept. */
  void forgetSecret() {
    password.forget();
    token.forget();
  }

  private boolean isToken() {
    boolean bearer = mechanism == SaslMechanism.OAUTHBEARER || mechanism == SaslMechanism.XOAUTH2;
    return token.isGiven() || (bearer && !password.isGiven());
  }

  /** Who, by what. */
  SaslCredentials credentials(Secret secret) {
    String name = user;
    try {
      if (mechanism == SaslMechanism.EXTERNAL) {
        return name == null
            ? SaslCredentials.external()
            : SaslCredentials.external().actingAs(name);
      }
      String present = String.valueOf(name);
      return isToken()
          ? SaslCredentials.token(present, secret)
          : SaslCredentials.password(present, secret);
    } catch (IllegalArgumentException e) {
      throw new UsageException("cannot authenticate: " + e.getMessage(), e);
    }
  }

  SaslPreference preference() {
    SaslMechanism only = mechanism;
    SaslPreference preference =
        only == null ? SaslPreference.strongest() : SaslPreference.only(only);
    return insecure ? preference.exposingSecretsWithoutVerifiedTls() : preference;
  }

  /** Reads a mechanism by its name on the wire. */
  static final class Mechanism implements ITypeConverter<SaslMechanism> {

    private static List<String> names() {
      return Arrays.stream(SaslMechanism.values()).map(SaslMechanism::saslName).toList();
    }

    @Override
    public SaslMechanism convert(String text) {
      Optional<SaslMechanism> known = SaslMechanism.named(text);
      return known.orElseThrow(
          () ->
              new TypeConversionException(
                  "expected one of %s, got '%s'".formatted(String.join(", ", names()), text)));
    }

    /** For completion. */
    static final class Names implements Iterable<String> {
      @Override
      public Iterator<String> iterator() {
        return names().iterator();
      }
    }
  }
}
