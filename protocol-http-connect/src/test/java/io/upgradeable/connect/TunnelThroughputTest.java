package io.upgradeable.connect;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Many bytes both ways at once, as an ssh that copies files through its ProxyCommand has them: none
 * is lost or changed, and memory stays what it was. {@code -Dupgradeable.tunnel.megabytes=1024} for
 * more of them.
 */
@Timeout(300)
class TunnelThroughputTest {

  /** Four that block at once: the common pool may have a single thread. */
  private static final Executor THREADS = task -> new Thread(task).start();

  private static final int MEGABYTES = Integer.getInteger("upgradeable.tunnel.megabytes", 100);
  private static final String HEAD = "HTTP/1.1 200 Connection established\r\n\r\n";

  @Test
  void bothWaysAtOnce_manyBytes_arriveUnchanged() throws Exception {
    try (ServerSocket target = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        ConnectProxy proxy = Loopback.proxy().start();
        Socket client = new Socket(InetAddress.getLoopbackAddress(), proxy.endpoint().port())) {
      String to = "127.0.0.1:" + target.getLocalPort();
      client
          .getOutputStream()
          .write("CONNECT %s HTTP/1.0\r\n\r\n".formatted(to).getBytes(StandardCharsets.US_ASCII));
      client.getInputStream().readNBytes(HEAD.length());
      try (Socket far = target.accept()) {
        CompletableFuture<Long> up = CompletableFuture.supplyAsync(() -> pour(client, 1), THREADS);
        CompletableFuture<Long> down = CompletableFuture.supplyAsync(() -> pour(far, 2), THREADS);
        CompletableFuture<Long> gotUp = CompletableFuture.supplyAsync(() -> drain(far), THREADS);
        CompletableFuture<Long> gotDown =
            CompletableFuture.supplyAsync(() -> drain(client), THREADS);
        assertThat(gotUp.get()).isEqualTo(up.get());
        assertThat(gotDown.get()).isEqualTo(down.get());
      }
    }
  }

  private static long pour(Socket socket, long seed) {
    try {
      OutputStream out = socket.getOutputStream();
      byte[] piece = new byte[1 << 20];
      new Random(seed).nextBytes(piece);
      CRC32C sum = new CRC32C();
      for (int i = 0; i < MEGABYTES; i++) {
        piece[i % piece.length] ^= (byte) (i + 1);
        sum.update(piece);
        out.write(piece);
      }
      socket.shutdownOutput();
      return sum.getValue();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private static long drain(Socket socket) {
    try {
      InputStream in = socket.getInputStream();
      byte[] piece = new byte[1 << 18];
      CRC32C sum = new CRC32C();
      long count = 0;
      for (int n = in.read(piece); n >= 0; n = in.read(piece)) {
        sum.update(piece, 0, n);
        count += n;
      }
      assertThat(count).isEqualTo((long) MEGABYTES << 20);
      return sum.getValue();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }
}
