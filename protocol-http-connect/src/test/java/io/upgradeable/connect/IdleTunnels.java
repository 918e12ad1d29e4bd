package io.upgradeable.connect;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Measures what an idle tunnel costs: opens many through one proxy in this process, and prints the
 * heap for each, the client's and the target's own sockets included and told apart by a first round
 * without the proxy. Run it from the test class path, with {@code ulimit -n} above four for each
 * tunnel: {@code java -Xmx1g -cp ... io.upgradeable.connect.IdleTunnels 5000}.
 */
final class IdleTunnels {

  private IdleTunnels() {}

  public static void main(String[] arguments) throws Exception {
    int count = Integer.parseInt(arguments[0]);
    try (ServerSocket target = new ServerSocket(0, 1000, InetAddress.getLoopbackAddress());
        ConnectProxy proxy =
            Loopback.proxy().maxTunnels(count).maxConnectionsPerClient(count).start()) {
      InetSocketAddress proxyAddress =
          new InetSocketAddress(InetAddress.getLoopbackAddress(), proxy.endpoint().port());
      round(50, target, Optional.of(proxyAddress)); // Classes are loaded and buffers made.
      long direct = round(count, target, Optional.empty());
      long tunnelled = round(count, target, Optional.of(proxyAddress));
      System.out.printf(
          "%d idle tunnels: %d bytes of heap each%n", count, (tunnelled - direct) / count);
    }
  }

  /** Heap in use while so many connections are idle, less what was in use before. */
  private static long round(int count, ServerSocket target, Optional<InetSocketAddress> proxy)
      throws Exception {
    long before = heap();
    List<AutoCloseable> open = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      SocketChannel client = SocketChannel.open();
      open.add(client);
      if (proxy.isEmpty()) {
        client.connect(target.getLocalSocketAddress());
      } else {
        client.connect(proxy.get());
        ask(client, target.getLocalPort());
      }
      open.add(target.accept());
    }
    long with = heap();
    for (AutoCloseable socket : open) {
      socket.close();
    }
    return with - before;
  }

  private static void ask(SocketChannel client, int port) throws IOException {
    String request = "CONNECT 127.0.0.1:" + port + " HTTP/1.0\r\n\r\n";
    client.write(ByteBuffer.wrap(request.getBytes(StandardCharsets.US_ASCII)));
    ByteBuffer answer = ByteBuffer.allocate(39);
    while (answer.hasRemaining() && client.read(answer) >= 0) {
      Thread.onSpinWait();
    }
  }

  private static long heap() throws InterruptedException {
    for (int i = 0; i < 5; i++) {
      System.gc();
      Thread.sleep(300);
    }
    return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
  }
}
