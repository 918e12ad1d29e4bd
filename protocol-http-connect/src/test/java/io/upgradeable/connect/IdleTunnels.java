package io.upgradeable.connect;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Measures what an idle tunnel costs: a proxy in this process, its clients and their target in
 * another, so that what is counted is the proxy's alone. Prints heap and resident memory for each
 * tunnel, and that all of them carry a byte after they were idle. Run it from the test class path,
 * with {@code ulimit -n} above two for each tunnel: {@code java -Xmx256m -cp ...
 * io.upgradeable.connect.IdleTunnels 5000 60}, with the number and the seconds.
 */
final class IdleTunnels {

  private static final String CLIENTS = "clients";
  private static final int WARM_UP = 50;
  private static final int ANSWER_BYTES = 39;

  private IdleTunnels() {}

  public static void main(String[] arguments) throws Exception {
    if (arguments[0].equals(CLIENTS)) {
      playClients(Integer.parseInt(arguments[1]), Integer.parseInt(arguments[2]));
    } else {
      measure(Integer.parseInt(arguments[0]), Integer.parseInt(arguments[1]));
    }
  }

  private static void measure(int count, int seconds) throws Exception {
    try (ConnectProxy proxy =
        Loopback.proxy()
            .maxTunnels(count)
            .maxConnectionsPerClient(count)
            .idleTimeout(Duration.ofHours(1))
            .start()) {
      round(proxy, WARM_UP, 0); // Classes are loaded and buffers made.
      long heap = heap();
      long resident = residentKilobytes();
      round(proxy, count, seconds);
      System.out.printf("before: %d KB of heap, %d KB resident%n", heap / 1024, resident);
    }
  }

  private static void round(ConnectProxy proxy, int count, int seconds) throws Exception {
    List<String> command =
        List.of(
            ProcessHandle.current().info().command().orElse("java"),
            "-cp",
            System.getProperty("java.class.path"),
            IdleTunnels.class.getName(),
            CLIENTS,
            String.valueOf(proxy.endpoint().port()),
            String.valueOf(count));
    long before = heap();
    Process clients =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    try (BufferedReader from = clients.inputReader()) {
      from.readLine();
      long with = heap();
      System.out.printf(
          "%d idle tunnels: %d bytes of heap each, %d KB of heap and %d KB resident in all%n",
          proxy.tunnelCount(), (with - before) / count, with / 1024, residentKilobytes());
      Thread.sleep(Duration.ofSeconds(seconds).toMillis());
      clients.getOutputStream().write('\n');
      clients.getOutputStream().flush();
      System.out.println(from.readLine() + " after " + seconds + " s");
    } finally {
      clients.destroy();
    }
  }

  /** The other process: opens the tunnels, waits for a word, and sends a byte through each. */
  private static void playClients(int proxyPort, int count) throws Exception {
    InetAddress here = InetAddress.getLoopbackAddress();
    List<SocketChannel> near = new ArrayList<>();
    List<Socket> far = new ArrayList<>();
    try (ServerSocket target = new ServerSocket(0, 1000, here)) {
      for (int i = 0; i < count; i++) {
        SocketChannel client = SocketChannel.open(new InetSocketAddress(here, proxyPort));
        near.add(client);
        ask(client, target.getLocalPort());
        far.add(target.accept());
      }
      System.out.println(count + " open");
      System.in.read();
      int alive = 0;
      for (int i = 0; i < count; i++) {
        near.get(i).write(ByteBuffer.wrap(new byte[] {1}));
        alive += far.get(i).getInputStream().read() == 1 ? 1 : 0;
      }
      System.out.println(alive + " alive");
      System.in.read();
    }
  }

  private static void ask(SocketChannel client, int port) throws IOException {
    String request = "CONNECT 127.0.0.1:" + port + " HTTP/1.0\r\n\r\n";
    client.write(ByteBuffer.wrap(request.getBytes(StandardCharsets.US_ASCII)));
    ByteBuffer answer = ByteBuffer.allocate(ANSWER_BYTES);
    while (answer.hasRemaining() && client.read(answer) >= 0) {
      Thread.onSpinWait();
    }
  }

  private static long residentKilobytes() throws IOException {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith("VmRSS:"))
        .map(line -> line.replaceAll("\\D", ""))
        .mapToLong(Long::parseLong)
        .findFirst()
        .orElse(0);
  }

  private static long heap() throws InterruptedException {
    for (int i = 0; i < 5; i++) {
      System.gc();
      Thread.sleep(300);
    }
    return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
  }
}
