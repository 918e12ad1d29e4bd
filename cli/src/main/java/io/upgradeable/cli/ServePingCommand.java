package io.upgradeable.cli;

import io.upgradeable.Layer;
import io.upgradeable.netty.NettyAcceptor;
import io.upgradeable.ping.Ping;
import io.upgradeable.ping.PingServerResult;
import io.upgradeable.tls.ImplicitTls;
import java.io.IOException;
import picocli.CommandLine.Command;

/** {@code upgrade-cli serve ping}: answers PING with PONG. */
@Command(
    name = "ping",
    description = {
      "Serve PING: answers PING with PONG, turns into TLS at STARTTLS.",
      "Prints \"listening on HOST:PORT\" when it is ready, and runs until it is ended with Ctrl-C."
    },
    footer = {
      "%nExamples:",
      "  upgrade-cli serve ping --self-signed --write-cert /tmp/ping.pem",
      "  upgrade-cli ping --cafile /tmp/ping.pem localhost:10001"
    })
final class ServePingCommand extends ServerCommand {

  @Override
  protected int defaultPort() {
    return Ping.DEFAULT_PORT;
  }

  @Override
  protected Running start(Plan plan) throws IOException {
    NettyAcceptor.Builder builder = NettyAcceptor.builder().listen(plan.endpoint());
    plan.limits().applyTo(builder::maxConnections, builder::maxConnectionsPerAddress);
    Layer<PingServerResult> ping =
        plan.limits().limit(plan.implicitTls() ? Ping.serverOverTls() : Ping.server(plan.policy()));
    if (plan.implicitTls()) {
      builder.layer(plan.limits().limit(ImplicitTls.server(plan.policy())));
    }
    builder.layer(ping);
    plan.log().ifPresent(log -> log(builder, log, ping));
    NettyAcceptor acceptor = builder.start();
    return new Running(acceptor.endpoint(), acceptor::shutdownAsync, acceptor::close);
  }

  private static void log(
      NettyAcceptor.Builder builder, ConnectionLog log, Layer<PingServerResult> ping) {
    builder.observer(log);
    builder.session(
        connection -> {
          log.completed(connection, connection.result(ping).pings() + " PING");
          return new ClosingSession();
        });
  }
}
