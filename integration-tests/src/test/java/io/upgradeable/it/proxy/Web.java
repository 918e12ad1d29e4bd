package io.upgradeable.it.proxy;

import io.upgradeable.Endpoint;
import io.upgradeable.it.PeerContainer;
import io.upgradeable.it.PeerNetwork;
import io.upgradeable.it.mail.MailServer;
import java.util.List;
import org.testcontainers.containers.wait.strategy.Wait;

/**
 * nginx, with a certificate of the same authority as the mail servers. It tells everybody, under
 * TLS, by what name it was asked and by whom.
 */
final class Web {

  /** What it is called in a network. */
  static final String NAME = "web.example.test";

  static final int PORT = 443;

  static final Endpoint ENDPOINT = Endpoint.of(NAME, PORT);

  private Web() {}

  /** A server that only those reach who share a network with it. */
  static PeerContainer hidden(PeerNetwork network) {
    return server(List.of()).in(network.place(NAME));
  }

  /** A server that this machine reaches. */
  static PeerContainer published() {
    return server(List.of(PORT));
  }

  private static PeerContainer server(List<Integer> ports) {
    return new PeerContainer(
        "nginx",
        directory -> MailServer.CERTIFICATES.server("localhost", NAME).writePem(directory, "web"),
        // It binds its ports before it says so.
        Wait.forLogMessage(".*start worker process \\d+\\n", 1),
        ports);
  }

  /** What it says. */
  static String answer(String name, String client) {
    return "this is " + name + ", you are " + client;
  }
}
