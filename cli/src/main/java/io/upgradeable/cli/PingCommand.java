package io.upgradeable.cli;

import io.upgradeable.Connection;
import io.upgradeable.Layer;
import io.upgradeable.ping.Ping;
import io.upgradeable.ping.PingResult;
import io.upgradeable.tls.ImplicitTls;
import io.upgradeable.tls.TlsPolicy;
import io.upgradeable.tls.TlsRequirement;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;

/** {@code upgrade-cli ping}: PING, STARTTLS, PING under TLS, QUIT. */
@Command(
    name = "ping",
    description = {
      "Talk to a PING server: PING in plaintext, STARTTLS, PING under TLS, QUIT.",
      "Without a target it starts a server of its own and shows the whole dialogue."
    },
    footer = {
      "%nExamples:",
      "  upgrade-cli ping",
      "  upgrade-cli ping --tls-max 1.2 --show-certs",
      "  upgrade-cli ping --output json",
      "With \"upgrade-cli serve ping --self-signed --write-cert /tmp/ping.pem\" running:",
      "  upgrade-cli ping -v --cafile /tmp/ping.pem localhost:10001"
    })
final class PingCommand extends ClientCommand {

  @Override
  protected int defaultPort(boolean implicitTls) {
    return Ping.DEFAULT_PORT;
  }

  @Override
  protected boolean canEndWith(ExitCode code) {
    return code != ExitCode.NOT_OFFERED; // PING has no word for it, and only a proxy refuses
  }

  @Override
  protected void check(TlsOptions options) {
    if (options.startTls() == TlsRequirement.OPPORTUNISTIC) {
      throw new UsageException(
          "--starttls opportunistic makes no sense for ping: its server has no way to say that it"
              + " has no TLS");
    }
  }

  @Override
  protected EmbeddedServer startServer(TlsPolicy policy, boolean implicitTls) throws IOException {
    return EmbeddedServer.start(
        implicitTls
            ? List.of(ImplicitTls.server(policy), Ping.serverOverTls())
            : List.of(Ping.server(() -> policy)));
  }

  @Override
  protected void talk(Client client) throws IOException {
    Client.Peer peer = client.peer();
    Layer<PingResult> ping =
        client.limited(
            peer.implicitTls() ? Ping.clientOverTls() : Ping.client(peer.name(), peer.policy()));
    try (Connection connection = client.connect(ping)) {
      int pongs = connection.result(ping).pongs();
      String sentence = pongs + " PONG under TLS; the server closed after QUIT";
      client.report().protocol(ProtocolFacts.of("ping", sentence, Map.of("pongs", pongs)));
    }
  }
}
