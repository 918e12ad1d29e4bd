package io.upgradeable.testkit;

import io.upgradeable.Endpoint;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;

/**
 * A port of the loopback interface where connections are refused, for as long as this is open: it
 * is bound but not listened on, so that nobody else gets it meanwhile. A port that was released is
 * anybody's.
 */
public final class RefusingPort implements AutoCloseable {

  private final Socket bound = new Socket();

  private RefusingPort() throws IOException {
    bound.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
  }

  /**
   * Takes a port that the system chooses.
   *
   * @return the port, to be closed
   */
  public static RefusingPort open() {
    try {
      return new RefusingPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Where nobody listens.
   *
   * @return the endpoint, with the name {@code localhost}
   */
  public Endpoint endpoint() {
    return Endpoint.of("localhost", bound.getLocalPort());
  }

  /** Gives the port back. */
  @Override
  public void close() {
    try {
      bound.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
