package io.upgradeable.testkit;

import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.util.Arrays;
import java.util.function.Supplier;
import javax.net.ssl.SSLEngine;
import org.jspecify.annotations.Nullable;

/** One socket that a script works on, with TLS on top once the script says so. */
final class ScriptedConnection {

  private final Socket socket;
  private final Supplier<SSLEngine> engines;
  private @Nullable BlockingTls tls;
  private byte[] unread = {};

  ScriptedConnection(Socket socket, Supplier<SSLEngine> engines, int timeoutMillis)
      throws SocketException {
    this.socket = socket;
    this.engines = engines;
    socket.setTcpNoDelay(true);
    socket.setSoTimeout(timeoutMillis);
  }

  void send(byte[] bytes) throws IOException {
    BlockingTls secure = tls;
    if (secure != null) {
      secure.write(bytes);
    } else {
      socket.getOutputStream().write(bytes);
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

  private byte[] readSocket() throws IOException {
    byte[] buffer = new byte[8192];
    int count = socket.getInputStream().read(buffer);
    return Arrays.copyOf(buffer, Math.max(count, 0));
  }

  void startTls(byte[] lastPlaintext) throws IOException {
    if (tls != null) {
      throw new IllegalStateException("expected plaintext, got TLS already");
    }
    byte[] early = unread;
    unread = new byte[0];
    tls = new BlockingTls(engines.get(), socket, early);
    tls.handshake(lastPlaintext);
  }

  void stall() throws IOException {
    // Reading is the one way to hear of the other side's close; what it says meanwhile is ignored.
    while (readSocket().length > 0) {}
  }

  void halfClose() throws IOException {
    closeNotify();
    socket.shutdownOutput();
  }

  void close() throws IOException {
    closeNotify();
    socket.close();
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
