package io.upgradeable.cli;

import io.upgradeable.Layer;
import io.upgradeable.ping.Ping;
import io.upgradeable.ping.PingServerResult;
import io.upgradeable.tls.TlsPolicy;
import java.util.function.Supplier;
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
  protected Layer<?> startTlsLayer(Supplier<TlsPolicy> policy) {
    return Ping.server(policy);
  }

  @Override
  protected Layer<?> overTlsLayer() {
    return Ping.serverOverTls();
  }

  @Override
  protected String describe(Object result) {
    return ((PingServerResult) result).pings() + " PING";
  }
}
