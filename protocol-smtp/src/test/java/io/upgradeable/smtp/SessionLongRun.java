package io.upgradeable.smtp;

import io.upgradeable.Endpoint;
import io.upgradeable.Layer;
import io.upgradeable.LayerStack;
import io.upgradeable.netty.NettyConnector;
import io.upgradeable.tls.TlsPolicy;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Not a test: a message of 1 GiB, and many small ones, against a sink on loopback, by DATA and by
 * BDAT. Run it with a small heap, which the sink shares:
 *
 * <pre>{@code java -Xmx64m -cp ... io.upgradeable.smtp.SessionLongRun}</pre>
 */
final class SessionLongRun {

  private static final long LARGE = 1L << 30;
  private static final int SMALL_MESSAGES = 50_000;
  private static final int WINDOW = 16;
  private static final Envelope ENVELOPE = Envelope.of("a@example.org", "b@example.net");

  private SessionLongRun() {}

  public static void main(String[] args) throws IOException {
    for (ContentTransfer transfer :
        new ContentTransfer[] {ContentTransfer.DATA, ContentTransfer.BDAT}) {
      large(transfer);
      small(transfer, 1024);
      small(transfer, 10 * 1024);
    }
  }

  private static void large(ContentTransfer transfer) throws IOException {
    try (Sink sink = new Sink();
        NettyConnector connector = NettyConnector.builder().threads(1).build();
        SmtpSession session = session(connector, sink, transfer)) {
      long start = System.nanoTime();
      DeliveryReport report = session.send(ENVELOPE, MailContent.ofStream(new Lines(LARGE)));
      double seconds = (System.nanoTime() - start) / 1e9;
      long used = Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
      System.out.printf(
          "%s: %d bytes arrived, %s, in %.1f s, %.0f MB/s, heap %d MiB of %d MiB%n",
          transfer,
          sink.contentBytes.get(),
          report.isAcceptedForAll(),
          seconds,
          LARGE / seconds / 1e6,
          used >> 20,
          Runtime.getRuntime().maxMemory() >> 20);
    }
  }

  private static void small(ContentTransfer transfer, int size) throws IOException {
    MailContent content =
        MailContent.of(("Subject: x\r\n\r\n" + "0123456789 abcdef\r\n".repeat(size / 19)));
    try (Sink sink = new Sink();
        NettyConnector connector = NettyConnector.builder().threads(1).build();
        SmtpSession session = session(connector, sink, transfer)) {
      send(session, content, SMALL_MESSAGES / 5);
      long start = System.nanoTime();
      send(session, content, SMALL_MESSAGES);
      double seconds = (System.nanoTime() - start) / 1e9;
      System.out.printf(
          "%s: %d messages of %d bytes, %.0f messages/s%n",
          transfer, SMALL_MESSAGES, content.size().orElse(0), SMALL_MESSAGES / seconds);
    }
  }

  private static void send(SmtpSession session, MailContent content, int count) {
    Deque<CompletableFuture<DeliveryReport>> window = new ArrayDeque<>();
    for (int i = 0; i < count; i++) {
      if (window.size() == WINDOW && !window.remove().join().isAcceptedForAll()) {
        throw new IllegalStateException("not accepted");
      }
      window.add(session.sendAsync(ENVELOPE, content));
    }
    window.forEach(CompletableFuture::join);
  }

  private static SmtpSession session(NettyConnector connector, Sink sink, ContentTransfer transfer)
      throws IOException {
    Endpoint peer = Endpoint.of("127.0.0.1", sink.listening.getLocalPort());
    Layer<SmtpOpportunisticResult> layer =
        Smtp.opportunisticClient(peer, TlsPolicy.client().build(), SmtpOptions.DEFAULTS);
    return SmtpSession.connectOpportunistic(
        connector,
        LayerStack.tcp(peer).then(layer),
        layer,
        SmtpSessionOptions.DEFAULTS.withTransfer(transfer));
  }

  /** So many bytes in lines of 64, some of which begin with a dot. */
  private static final class Lines extends InputStream {
    private static final byte[] LINE =
        (".234567890".repeat(6) + "12\r\n").getBytes(StandardCharsets.US_ASCII);

    private long at;
    private final long end;

    Lines(long end) {
      this.end = end;
    }

    @Override
    public int read() {
      return at == end ? -1 : LINE[(int) (at++ % LINE.length)];
    }

    @Override
    public int read(byte[] to, int offset, int length) {
      if (at == end) {
        return -1;
      }
      int count = 0;
      while (count < length && at < end) {
        int from = (int) (at % LINE.length);
        int more = Math.min(LINE.length - from, length - count);
        System.arraycopy(LINE, from, to, offset + count, more);
        at += more;
        count += more;
      }
      return count;
    }
  }

  /** Takes one connection's mail and forgets it. */
  private static final class Sink implements AutoCloseable {
    private final ServerSocket listening = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
    private final AtomicLong contentBytes = new AtomicLong();

    Sink() throws IOException {
      Thread thread = new Thread(this::serve, "sink");
      thread.setDaemon(true);
      thread.start();
    }

    private void serve() {
      try (Socket socket = listening.accept();
          InputStream in = new BufferedInputStream(socket.getInputStream(), 256 * 1024);
          OutputStream out = new BufferedOutputStream(socket.getOutputStream())) {
        socket.setTcpNoDelay(true);
        say(out, "220 sink");
        while (true) {
          if (in.available() == 0) {
            out.flush();
          }
          String line = line(in);
          if (line.startsWith("EHLO")) {
            say(out, "250-sink\r\n250-CHUNKING\r\n250 PIPELINING");
          } else if (line.equals("DATA")) {
            say(out, "354 go");
            out.flush();
            untilTheDot(in);
            say(out, "250 ok");
          } else if (line.startsWith("BDAT ")) {
            long count = Long.parseLong(line.split(" ", -1)[1]);
            in.skipNBytes(count);
            contentBytes.addAndGet(count);
            say(out, "250 ok");
          } else {
            say(out, "250 ok");
          }
        }
      } catch (IOException e) {
        // the end
      }
    }

    private void untilTheDot(InputStream in) throws IOException {
      byte[] end = "\r\n.\r\n".getBytes(StandardCharsets.US_ASCII);
      byte[] one = new byte[64 * 1024];
      int matched = 2;
      while (matched < end.length) {
        in.mark(one.length);
        int count = in.read(one);
        if (count < 0) {
          throw new EOFException();
        }
        int used = 0;
        while (used < count && matched < end.length) {
          byte b = one[used++];
          matched = b == end[matched] ? matched + 1 : b == '\r' ? 1 : 0;
        }
        contentBytes.addAndGet(used);
        in.reset();
        in.skipNBytes(used);
      }
    }

    private static String line(InputStream in) throws IOException {
      StringBuilder line = new StringBuilder();
      for (int b = in.read(); b != '\n'; b = in.read()) {
        if (b < 0) {
          throw new EOFException();
        }
        if (b != '\r') {
          line.append((char) b);
        }
      }
      return line.toString();
    }

    private static void say(OutputStream out, String reply) throws IOException {
      out.write((reply + "\r\n").getBytes(StandardCharsets.US_ASCII));
    }

    @Override
    public void close() throws IOException {
      listening.close();
    }
  }
}
