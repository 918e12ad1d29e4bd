package io.upgradeable.bench;

import io.upgradeable.Endpoint;
import io.upgradeable.connect.ConnectProxy;
import java.io.IOException;

/** Our CONNECT proxy with its defaults. */
final class RelayProxy {

  private RelayProxy() {}

  /**
   * Prints where it listens and serves until stdin ends.
   *
   * @param args {@code --listen ENDPOINT --origin ENDPOINT}
   * @throws IOException if it cannot listen
   */
  public static void main(String[] args) throws IOException {
    Load load = new Load(args);
    try (ConnectProxy proxy =
        ConnectProxy.builder()
            .listen(Endpoint.parse(load.text("--listen")))
            .allow(load.text("--origin"))
            .start()) {
      System.out.println(proxy.endpoint());
      while (System.in.read() >= 0) {
        // Nothing is said here; only the end counts.
      }
    }
  }
}
