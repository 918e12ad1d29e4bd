package io.upgradeable.testkit;

import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import javax.net.ssl.SSLEngine;
import org.jspecify.annotations.Nullable;

/** One socket that a script works on, with TLS on top once the script says so. */
final class ScriptedConnection {

  /** How soon a waiting script hears that the test closes. */
  static final int POLL_MILLIS = 10;

  private static final int RECORD_HEADER = 5;
  private static final int HANDSHAKE_RECORD = 0x16;
  private static final Duration FOR_EVER = Duration.ofNanos(Long.MAX_VALUE);

  private final Socket socket;
  private final Supplier<SSLEngine> engines;
  private final Duration patience;
  private final CountDownLatch closing;
  private final BooleanSupplier writesEnd;

  private final OutputStream out =
      new OutputStream() {
        @Override
        public void write(int next) throws IOException {
          write(new byte[] {(byte) next});
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
          ScriptedConnection.this.write(bytes, offset, length);
        }
      };

  private volatile boolean writing;
  private @Nullable BlockingTls tls;
  private byte[] unread = {};

  /**
   * The latch falls when the test closes: then what is here is still read, but not waited for. Soon
   * behind it no write begins any more.
   */
  ScriptedConnection(
      Socket socket,
      Supplier<SSLEngine> engines,
      Duration patience,
      CountDownLatch closing,
      BooleanSupplier writesEnd)
      throws SocketException {
    this.socket = socket;
    this.engines = engines;
    this.patience = patience;
    this.closing = closing;
    this.writesEnd = writesEnd;
    socket.setTcpNoDelay(true);
    socket.setSoTimeout(POLL_MILLIS);
  }

  void send(byte[] bytes) throws IOException {
    BlockingTls secure = tls;
    if (secure != null) {
      secure.write(bytes);
    } else {
      out.write(bytes);
    }
  }

  /** Breaks off a write that nobody's reading ends; from any thread. */
  void endWrite() {
    if (writing) {
      try {
        socket.close();
      } catch (IOException e) {
        // gone
      }
    }
  }

  private void write(byte[] bytes, int offset, int length) throws IOException {
    writing = true; // Told before it is asked, and asked before it is told: one of both sees it.
    try {
      if (writesEnd.getAsBoolean()) {
        throw closedByTest();
      }
      socket.getOutputStream().write(bytes, offset, length);
    } finally {
      writing = false;
    }
  }

  /** So many bytes, or fewer if the other side closed. */
  byte[] receive(int count) throws IOException {
    while (unread.length < count) {
      byte[] more = tls != null ? tls.read() : readSocket();
      if (more.length == 0) {
        break;
      }
      unread = Bytes.join(unread, more);
    }
    byte[] received = Arrays.copyOf(unread, Math.min(count, unread.length));
    unread = Arrays.copyOfRange(unread, received.length, unread.length);
    return received;
  }

  /** What came, but not enough of it, before {@link #receive} failed. */
  byte[] unread() {
    return unread.clone();
  }

  private byte[] readSocket() throws IOException {
    byte[] buffer = new byte[8192];
    int count = read(buffer);
    return Arrays.copyOf(buffer, Math.max(count, 0));
  }

  private int read(byte[] buffer) throws IOException {
    return read(buffer, patience);
  }

  private int read(byte[] buffer, Duration patience) throws IOException {
    long start = System.nanoTime();
    while (true) {
      boolean last = isClosing(); // asked first, so that what came before the close is read
      try {
        return socket.getInputStream().read(buffer);
      } catch (SocketTimeoutException e) {
        if (last) {
          throw closedByTest();
        }
        if (System.nanoTime() - start >= patience.toNanos()) {
          throw new SocketTimeoutException("nothing came for " + patience);
        }
      }
    }
  }

  private boolean isClosing() {
    return closing.getCount() == 0;
  }

  private static SocketException closedByTest() {
    return new SocketException("the test closed");
  }

  /** Waits for the first record of a handshake, whole; whatever it says is forgotten. */
  void awaitHello() throws IOException {
    byte[] header = receive(RECORD_HEADER);
    if (header.length > 0 && header[0] != HANDSHAKE_RECORD) {
      throw new AssertionError(
          "expected a handshake record, got \"" + Escaped.text(Bytes.join(header, unread)) + '"');
    }
    if (header.length == RECORD_HEADER) {
      int length = ((header[3] & 0xff) << 8) | (header[4] & 0xff);
      if (receive(length).length == length) {
        return;
      }
    }
    throw new EOFException("the other side closed before its handshake record");
  }

  void startTls(byte[] lastPlaintext) throws IOException {
    if (tls != null) {
      throw new IllegalStateException("expected plaintext, got TLS already");
    }
    byte[] early = unread;
    unread = new byte[0];
    tls = new BlockingTls(engines.get(), this::read, out, early);
    tls.handshake(lastPlaintext);
  }

  /** The same bytes, until the other side closes; false if all of them went through. */
  boolean flood(byte[] block, long limit) throws IOException {
    try {
      for (long sent = 0; sent < limit; sent += block.length) {
        if (isClosing()) {
          throw closedByTest();
        }
        send(block);
      }
      return false;
    } catch (SocketException e) {
      endedByOther(e);
      return true;
    }
  }

  void stall() throws IOException {
    try {
      closing.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    throw closedByTest();
  }

  void discard() throws IOException {
    byte[] buffer = new byte[64 * 1024];
    try {
      while (!isClosing()) {
        if (read(buffer, FOR_EVER) < 0) {
          return;
        }
      }
      throw closedByTest();
    } catch (SocketException e) {
      endedByOther(e);
    }
  }

  /** A reset is an end too, if it is the other side's. */
  private void endedByOther(SocketException end) throws IOException {
    if (isClosing()) {
      throw end;
    }
    socket.close(); // nobody is left to say good-bye to
  }

  void halfClose() throws IOException {
    closeNotify();
    socket.shutdownOutput();
  }

  void close() throws IOException {
    closeNotify();
    socket.close();
  }

  void endSocket() throws IOException {
    socket.shutdownOutput();
  }

  void closeSocket() throws IOException {
    socket.close();
  }

  void reset() throws IOException {
    socket.setSoLinger(true, 0);
    socket.close();
  }

  private void closeNotify() throws IOException {
    if (tls != null) {
      tls.closeNotify();
    }
  }
}
