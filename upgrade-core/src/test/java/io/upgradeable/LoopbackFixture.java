package io.upgradeable;

import io.upgradeable.netty.NettyAcceptor;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;

/** What tests over loopback share: plain sockets on the other side, and an orderly end. */
public abstract class LoopbackFixture {

  protected static final Endpoint LOOPBACK = Endpoint.parse("127.0.0.1:0");

  /** So that a test whose peer stays silent ends with the line that waited. */
  protected static final int PATIENCE_MILLIS = 30_000;

  private final List<AutoCloseable> open = new ArrayList<>();

  protected LoopbackFixture() {}

  /** Closes in the order opposite to that of {@link #closing}. */
  @AfterEach
  final void closeAll() throws Exception {
    for (int i = open.size() - 1; i >= 0; i--) {
      open.get(i).close();
    }
  }

  /** The same resource, which is closed when the test is over. */
  protected final <T extends AutoCloseable> T closing(T resource) {
    open.add(resource);
    return resource;
  }

  /** A plain client of a server. */
  protected final Socket dial(NettyAcceptor server) throws IOException {
    Socket socket =
        closing(new Socket(InetAddress.getLoopbackAddress(), server.localAddress().getPort()));
    socket.setTcpNoDelay(true);
    socket.setSoTimeout(PATIENCE_MILLIS);
    return socket;
  }

  /** The next connection, which is waited for as long as for its bytes. */
  protected static Socket accept(ServerSocket listening) throws IOException {
    listening.setSoTimeout(PATIENCE_MILLIS);
    Socket peer = listening.accept();
    peer.setSoTimeout(PATIENCE_MILLIS);
    return peer;
  }

  /** A socket that does not listen: while it is open nobody else does at its port. */
  protected static Socket deaf() throws IOException {
    Socket bound = new Socket();
    bound.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    return bound;
  }

  /** What has to be done while a close lingers. */
  protected interface Lingering {
    void run() throws Exception;
  }

  /**
   * Tries again what broke off because this machine was too slow: a close lingers for two seconds.
   * What breaks off earlier has another reason.
   */
  protected static void whileCloseLingers(Lingering scenario) throws Exception {
    for (int attempt = 1; ; attempt++) {
      long start = System.nanoTime();
      try {
        scenario.run();
        return;
      } catch (SocketException reset) {
        long seconds = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start);
        if (seconds < 2 || attempt == 10) {
          throw reset;
        }
      }
    }
  }

  protected static void say(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  protected static String hear(Socket socket, int length) throws IOException {
    return new String(socket.getInputStream().readNBytes(length), StandardCharsets.ISO_8859_1);
  }

  protected static ByteBuffer bytes(String text) {
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.ISO_8859_1));
  }
}
