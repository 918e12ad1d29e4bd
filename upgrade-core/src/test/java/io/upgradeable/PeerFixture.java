package io.upgradeable;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import org.junit.jupiter.api.AfterEach;

/** A plain server on the other side, for tests of clients. */
public abstract class PeerFixture extends LoopbackFixture {

  protected final ServerSocket listening =
      new ServerSocket(0, 10, InetAddress.getLoopbackAddress());

  protected PeerFixture() throws IOException {}

  @AfterEach
  final void stopListening() throws IOException {
    listening.close();
  }

  protected final Endpoint peerEndpoint() {
    return Endpoint.of("127.0.0.1", listening.getLocalPort());
  }

  protected final Socket accept() throws IOException {
    return closing(accept(listening));
  }
}
