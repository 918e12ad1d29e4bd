package io.upgradeable.cli;

import io.upgradeable.connect.ConnectProxy;
import io.upgradeable.sasl.SaslUsers;
import java.io.IOException;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * {@code upgrade-cli serve connect}: opens tunnels to where it is told to, and does nothing else.
 */
@Command(
    name = "connect",
    description = {
      "Serve HTTP CONNECT: opens tunnels to the targets that --allow or --allow-public name, and to"
          + " no others. Addresses that are not public are reached only by a rule that names them.",
      "With --users or --user it serves only them, by Basic authentication; that is needed to listen"
          + " where others can connect.",
      "Prints \"listening on HOST:PORT\" when it is ready, then one line for each request: time,"
          + " client, user, target, status, bytes from the client, bytes from the target, duration,"
          + " ending. Runs until it is ended with Ctrl-C."
    },
    footer = {
      "%nExamples:",
      "  upgrade-cli serve connect --allow 127.0.0.1:10001",
      "  upgrade-cli serve connect --allow '*.example.org:443' --allow 10.1.0.0/16:22",
      "  upgrade-cli serve connect --allow-public --tls --self-signed \\",
      "    --write-cert /tmp/proxy.pem",
      "  upgrade-cli serve connect --user me --password-file pw \\",
      "    --print-user >> /tmp/users",
      "  upgrade-cli serve connect --allow-public --users /tmp/users \\",
      "    --listen 0.0.0.0 --tls --cert c.pem --key k.pem",
      "  upgrade-cli connect --via http://localhost:3128 localhost:10001 --no-tls"
    })
final class ServeConnectCommand extends ServerCommand {

  private static final int DEFAULT_PORT = 3128;
  private static final int PUBLIC_PORT = 443;
  private static final int MAX_TUNNELS = 2000;

  @Option(
      names = "--allow",
      paramLabel = "HOST:PORT",
      description =
          "Allow this target: a name, *.NAME for all below it, * for all public addresses, an"
              + " address or a network (10.1.0.0/16); the port is a number or *. May be given again.")
  private List<String> allowed = new ArrayList<>();

  @Option(
      names = "--allow-public",
      description = "Allow all public addresses, on port 443 unless --allow-port says another.")
  private boolean allowPublic;

  @Option(
      names = "--allow-port",
      paramLabel = "PORT",
      description = "With --allow-public: a port to allow instead of 443. May be given again.")
  private List<Integer> publicPorts = new ArrayList<>();

  @Mixin private final UserOptions users = new UserOptions();

  @Option(
      names = "--insecure-serve-anybody-who-can-connect",
      description =
          "Listen where others can connect, without users: all of them act with this machine's"
              + " address then.")
  private boolean anybody;

  @Option(
      names = "--connect-timeout",
      paramLabel = "TIME",
      converter = DurationConverter.class,
      description = "To find and reach a target; 10s unless given.")
  private Duration connectTimeout = Duration.ofSeconds(10);

  @Option(
      names = "--idle-timeout",
      paramLabel = "TIME",
      converter = DurationConverter.class,
      description = "How long a tunnel may carry nothing; 5m unless given.")
  private Duration idleTimeout = Duration.ofMinutes(5);

  @Override
  protected int defaultPort() {
    return DEFAULT_PORT;
  }

  /** A proxy speaks TLS if it is to be an https proxy. */
  @Override
  protected boolean needsTls(boolean implicit) {
    return implicit;
  }

  @Override
  protected boolean isInstead() throws IOException {
    return users.print(out());
  }

  @Override
  protected Running start(Plan plan) throws IOException {
    Optional<SaslUsers> known = users.users();
    ConnectProxy.Builder builder =
        ConnectProxy.builder()
            .listen(plan.endpoint())
            .maxTunnels(MAX_TUNNELS)
            .connectTimeout(connectTimeout)
            .idleTimeout(idleTimeout);
    plan.limits().applyTo(builder::maxTunnels, builder::maxConnectionsPerClient);
    plan.limits().messageTimeout().ifPresent(builder::headTimeout);
    allow(builder);
    known.ifPresent(builder::users);
    boolean local = InetAddress.getByName(plan.endpoint().host()).isLoopbackAddress();
    if (!local && known.isEmpty()) {
      if (!anybody) {
        throw new UsageException(
            "expected --users for a proxy that others can reach, got none for " + plan.endpoint());
      }
      builder.servesAnybodyWhoCanConnect();
      diagnose(
          "warning: whoever can connect to %s acts with this machine's address"
              .formatted(plan.endpoint()));
    }
    if (plan.implicitTls()) {
      builder.tls(plan.policy());
    } else if (known.isPresent()) {
      diagnose("warning: without --tls the users' passwords travel in plaintext");
    }
    plan.log().ifPresent(builder::observer);
    AccessLog log = new AccessLog(out()::println);
    ConnectProxy proxy =
        builder.accessLog(entry -> log.tell(Printable.line(entry.toString()))).start();
    return new Running(
        proxy.endpoint(),
        proxy::shutdownAsync,
        () -> {
          proxy.close();
          end(log);
        });
  }

  private void end(AccessLog log) {
    long lost = log.end();
    if (log.isStuck()) {
      giveUpOutput();
    }
    if (lost > 0) {
      diagnose(lost + " lines of the log lost: nobody read them fast enough");
    }
  }

  private void allow(ConnectProxy.Builder builder) {
    try {
      allowed.forEach(builder::allow);
      List<Integer> ports =
          allowPublic && publicPorts.isEmpty() ? List.of(PUBLIC_PORT) : publicPorts;
      ports.forEach(builder::allowPublic);
    } catch (IllegalArgumentException e) {
      throw new UsageException("--allow: " + e.getMessage(), e);
    }
    if (!allowPublic && !publicPorts.isEmpty()) {
      throw new UsageException("expected --allow-public with --allow-port");
    } else if (!allowPublic && allowed.isEmpty()) {
      diagnose("warning: without --allow and --allow-public every request is refused");
    }
  }
}
