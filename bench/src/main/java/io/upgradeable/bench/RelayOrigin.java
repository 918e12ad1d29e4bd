package io.upgradeable.bench;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/**
 * What tunnels lead to. It is asked for a number of bytes (eight bytes say how many) and sends
 * them, again and again until the client's end. Blocking sockets and one buffer outside the heap
 * for each: nothing is cheaper.
 */
final class RelayOrigin {

  static final int BUFFER_BYTES = 256 * 1024;

  private RelayOrigin() {}

  /**
   * Prints where it listens and serves until stdin ends.
   *
   * @throws IOException if it cannot listen
   */
  public static void main(String[] args) throws IOException {
    ServerSocketChannel listening = ServerSocketChannel.open();
    listening.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1024);
    Thread accepting = new Thread(() -> accept(listening), "accept");
    accepting.setDaemon(true);
    accepting.start();
    System.out.println("127.0.0.1:" + listening.socket().getLocalPort());
    while (System.in.read() >= 0) {
      // Nothing is said here; only the end counts.
    }
  }

  private static void accept(ServerSocketChannel listening) {
    try {
      while (true) {
        SocketChannel accepted = listening.accept();
        Thread serving = new Thread(() -> serve(accepted), "serve");
        serving.setDaemon(true);
        serving.start();
      }
    } catch (IOException e) {
      System.err.println("the origin accepts no more: " + e.getMessage());
    }
  }

  private static void serve(SocketChannel channel) {
    ByteBuffer wanted = ByteBuffer.allocateDirect(Long.BYTES);
    try (channel) {
      ByteBuffer bytes = ByteBuffer.allocateDirect(0);
      while (fill(channel, wanted)) {
        long left = wanted.flip().getLong();
        if (left > bytes.capacity() && bytes.capacity() < BUFFER_BYTES) {
          bytes = ByteBuffer.allocateDirect((int) Math.min(left, BUFFER_BYTES));
        } else if (bytes.capacity() == 0) {
          bytes = ByteBuffer.allocateDirect(1);
        }
        while (left > 0) {
          bytes.clear().limit((int) Math.min(left, bytes.capacity()));
          left -= channel.write(bytes);
        }
        wanted.clear();
      }
    } catch (IOException e) {
      // The client or the proxy went; whoever counts will notice.
    }
  }

  /** Whether it could be filled before the end. */
  static boolean fill(SocketChannel channel, ByteBuffer target) throws IOException {
    while (target.hasRemaining()) {
      if (channel.read(target) < 0) {
        return false;
      }
    }
    return true;
  }
}
