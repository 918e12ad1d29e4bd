package io.upgradeable.cli;

import io.upgradeable.ldap.Ldap;
import io.upgradeable.ldap.LdapServer;
import io.upgradeable.ldap.LdapServerLimits;
import java.io.IOException;
import java.time.Duration;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code upgrade-cli serve ldap}: lets clients bind, and has no directory. */
@Command(
    name = "ldap",
    description = {
      "Serve LDAP: StartTLS, and behind it binds, \"Who am I?\" and a root DSE. It has no directory,"
          + " and does nothing before TLS.",
      "A user's name is the DN of a simple bind, to the letter, and the user of SCRAM-SHA-256 and"
          + " PLAIN.",
      "A client that shows a certificate which --cafile or --capath trusts may bind by EXTERNAL.",
      "Prints \"listening on HOST:PORT\" when it is ready, and runs until it is ended with Ctrl-C."
    },
    footer = {
      "%nExamples:",
      "  upgrade-cli serve ldap --self-signed --write-cert /tmp/ldap.pem",
      "  upgrade-cli ldap --cafile /tmp/ldap.pem localhost:3389",
      "  PASSWORD=secret upgrade-cli serve ldap --self-signed -v --user cn=me \\",
      "    --password-env PASSWORD"
    })
final class ServeLdapCommand extends ServerCommand {

  /** As test servers have it: 389 is for the system's administrator. */
  private static final int DEFAULT_PORT = Ldap.PORT + 3000;

  @Mixin private final UserOptions users = new UserOptions();

  @Override
  protected int defaultPort() {
    return DEFAULT_PORT;
  }

  @Override
  protected boolean isInstead() throws IOException {
    return users.print(out());
  }

  @Override
  protected Running start(Plan plan) throws IOException {
    LdapServer.Builder builder =
        LdapServer.builder()
            .listen(plan.endpoint())
            .tls(plan.policy())
            .layerLimits(plan.limits().layerLimits());
    plan.limits().applyTo(builder::maxConnections, builder::maxConnectionsPerAddress);
    plan.limits().stepTimeout().map(ServeLdapCommand::limits).ifPresent(builder::limits);
    users.users().ifPresent(builder::users);
    if (plan.implicitTls()) {
      builder.implicitTls();
    }
    plan.log()
        .ifPresent(
            log -> {
              builder.observer(log);
              builder.bindObserver(log);
            });
    LdapServer server = builder.start();
    return new Running(server.endpoint(), server::shutdownAsync, server::close);
  }

  /**
   * Under TLS a request is an awaited message from its first byte; to say nothing is no request.
   */
  private static LdapServerLimits limits(Duration step) {
    LdapServerLimits usual = LdapServerLimits.DEFAULTS;
    return usual.withTimeouts(step, usual.idleTimeout());
  }
}
