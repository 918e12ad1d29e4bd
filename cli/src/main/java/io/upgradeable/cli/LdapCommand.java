package io.upgradeable.cli;

import io.upgradeable.ldap.Ldap;
import io.upgradeable.ldap.LdapResult;
import io.upgradeable.ldap.LdapServer;
import io.upgradeable.sasl.SaslUsers;
import io.upgradeable.sasl.Secret;
import io.upgradeable.sasl.StoredSecret;
import io.upgradeable.tls.TlsPolicy;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code upgrade-cli ldap}: what a directory server is and offers, and whom it takes us for. */
@Command(
    name = "ldap",
    description = {
      "Talk to an LDAP server: StartTLS, the root DSE, and a bind where one is asked for. Reports"
          + " the TLS, the certificate and what the server tells of itself.",
      "The port is 389 unless given, 636 with --tls.",
      "A server that shows its root DSE to nobody who is not bound is reported so, and is no"
          + " failure.",
      "Without a target it starts a server of its own, binds there, and shows the whole dialogue;"
          + " of names, passwords and values the dialogue shows nothing."
    },
    footer = {
      "%nExamples:",
      "  upgrade-cli ldap",
      "  upgrade-cli ldap --tls --show-certs",
      "  upgrade-cli ldap --output json",
      "With a server of yours for ldap.example.org:",
      "  upgrade-cli ldap -v ldap.example.org",
      "  upgrade-cli ldap --tls ldap.example.org:636",
      "  upgrade-cli ldap --bind-dn uid=me,dc=example,dc=org --whoami ldap.example.org",
      "  upgrade-cli ldap --cert me.pem --key me.key --sasl-external --whoami \\",
      "    ldap.example.org"
    })
final class LdapCommand extends ClientCommand {

  /** Whom the embedded server knows. */
  private static final String DEMONSTRATOR = "uid=alice,dc=example,dc=org";

  @Mixin private final BindOptions bind = new BindOptions();

  @Option(names = "--whoami", description = "Ask the server whom it takes us for (RFC 4532).")
  private boolean whoAmI;

  /** The demonstrator's, for this run only. */
  private final Secret password = new Secret(UUID.randomUUID().toString().toCharArray());

  @Override
  protected int defaultPort(boolean implicitTls) {
    return implicitTls ? Ldap.LDAPS_PORT : Ldap.PORT;
  }

  @Override
  protected boolean canEndWith(ExitCode code) {
    return true;
  }

  @Override
  protected void check(TlsOptions options) {
    bind.check(options);
    if (bind.isGiven() && isEmbedded()) {
      throw new UsageException("expected a target to bind to: the embedded server knows nobody");
    }
  }

  @Override
  protected EmbeddedServer startServer(TlsPolicy policy, boolean implicitTls) throws IOException {
    LdapServer.Builder builder =
        LdapServer.builder()
            .listen(EmbeddedServer.LOOPBACK)
            .threads(1)
            .tls(() -> policy)
            .users(SaslUsers.of(Map.of(DEMONSTRATOR, StoredSecret.of(password))));
    if (implicitTls) {
      builder.implicitTls();
    }
    LdapServer server = builder.start();
    return new EmbeddedServer(server.endpoint(), server::close);
  }

  @Override
  protected void keepSecrets() throws IOException {
    bind.keepSecret();
  }

  @Override
  protected void forgetSecrets() {
    bind.forgetSecret();
  }

  @Override
  protected void talk(Client client) throws IOException {
    LdapFindings findings = new LdapFindings();
    // A password is asked for before there is a server that waits for it.
    Optional<LdapBind> ready = isEmbedded() ? Optional.of(demonstration(client)) : bind.prepare();
    try {
      new LdapInquiry(client, findings, ready, refusal -> warn(client, refusal))
          .ask(whoAmI || isEmbedded());
    } finally {
      ready.ifPresent(LdapBind::close);
      client.report().protocol(findings.facts()); // as far as it came
    }
  }

  /** With --insecure it is our own server all the same, and the password is for this run only. */
  private LdapBind demonstration(Client client) {
    boolean insecure = !client.peer().policy().verifiesPeer();
    return LdapBind.simple(DEMONSTRATOR, password, insecure);
  }

  private void warn(Client client, LdapResult refusal) {
    warnOfPlaintext(client, LdapFindings.whyInPlaintext(refusal));
  }
}
