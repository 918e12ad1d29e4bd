package io.upgradeable.cli;

import io.upgradeable.sasl.SaslCredentials;
import io.upgradeable.sasl.SaslPreference;
import io.upgradeable.sasl.Secret;
import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** As whom an LDAP client binds, and how. */
final class BindOptions {

  @Option(
      names = "--bind-dn",
      paramLabel = "DN",
      description =
          "Bind by this name and a password (simple bind); the password is asked for on the"
              + " terminal if none is given.")
  private @Nullable String name;

  @Option(
      names = "--sasl-external",
      description = "Bind as whoever the server takes us for by --cert, the client certificate.")
  private boolean external;

  @Mixin private final AuthOptions sasl = new AuthOptions();

  boolean isGiven() {
    return name != null || external || sasl.isGiven();
  }

  private boolean isInsecure() {
    return sasl.isInsecure();
  }

  /** Refuses what makes no sense; asks for nothing yet. */
  void check(TlsOptions tls) {
    if (name != null && (external || sasl.isMoreThanPassword())) {
      throw new UsageException(
          "expected one of --bind-dn with a password, --sasl-external, and --user for SASL, got"
              + " more");
    } else if (external && (sasl.isMoreThanPassword() || sasl.isPasswordGiven())) {
      throw new UsageException(
          "expected --sasl-external alone; --auth EXTERNAL --user ID asks for an identity");
    } else if (!isGiven() && (sasl.isPasswordGiven() || isInsecure())) {
      throw new UsageException("expected --bind-dn or --user with a password");
    } else if (name == null) {
      sasl.check();
    } else if (name.isEmpty()) {
      throw new UsageException("expected a name for --bind-dn, got an empty one");
    }
    if (name != null || (!external && sasl.isGiven() && sasl.hasSecret())) {
      sasl.checkDiscretion(tls);
    }
  }

  /** Reads or asks for the secret once, for all binds from then on; a bad one is refused. */
  void keepSecret() throws IOException {
    String dn = name;
    if (dn != null) {
      sasl.keepPassword(dn);
    } else if (sasl.isGiven()) {
      sasl.keepSecret();
    }
    prepare().ifPresent(LdapBind::close);
  }

  /** Forgets the secret that was kept. */
  void forgetSecret() {
    sasl.forgetSecret();
  }

  /**
   * The bind, with its secret, asked for on the terminal if it must be.
   *
   * @return to be closed; empty if nobody is to be bound
   */
  Optional<LdapBind> prepare() throws IOException {
    String dn = name;
    if (dn != null) {
      return Optional.of(LdapBind.simple(dn, sasl.password(dn), isInsecure()));
    } else if (external) {
      return Optional.of(
          LdapBind.sasl(
              Secret.none(), SaslCredentials.external(), SaslPreference.strongest(), isInsecure()));
    } else if (!sasl.isGiven()) {
      return Optional.empty();
    }
    Secret secret = sasl.secret();
    return Optional.of(
        LdapBind.sasl(secret, sasl.credentials(secret), sasl.preference(), isInsecure()));
  }
}
