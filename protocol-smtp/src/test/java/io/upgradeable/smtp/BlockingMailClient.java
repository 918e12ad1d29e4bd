package io.upgradeable.smtp;

import io.upgradeable.Endpoint;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;

/**
 * A client that knows no SMTP beyond STARTTLS: it says bytes and hears lines, over the JDK's own
 * sockets.
 */
final class BlockingMailClient implements AutoCloseable {

  private static final int PATIENCE_MILLIS = 30_000;

  private final Socket plain;
  private final SSLSocket tls;
  private final InputStream in;

  private BlockingMailClient(Socket plain, SSLSocket tls) throws IOException {
    this.plain = plain;
    this.tls = tls;
    this.in = tls.getInputStream();
  }

  /** Connects, says STARTTLS and EHLO, and hears the answers. */
  static BlockingMailClient upgraded(Endpoint server, List<X509Certificate> trusted)
      throws IOException {
    BlockingMailClient client = secured(server, trusted);
    client.say("EHLO client.example.org\r\n");
    client.hearReply();
    return client;
  }

  /** Connects and says STARTTLS. */
  static BlockingMailClient secured(Endpoint server, List<X509Certificate> trusted)
      throws IOException {
    Socket socket = connected(server);
    InputStream in = socket.getInputStream();
    hearReply(in);
    socket.getOutputStream().write("EHLO client.example.org\r\n".getBytes(StandardCharsets.UTF_8));
    hearReply(in);
    socket.getOutputStream().write("STARTTLS\r\n".getBytes(StandardCharsets.UTF_8));
    hearReply(in);
    return secured(socket, trusted);
  }

  /** Connects and shakes hands at once. */
  static BlockingMailClient overTls(Endpoint server, List<X509Certificate> trusted)
      throws IOException {
    return secured(connected(server), trusted);
  }

  private static Socket connected(Endpoint server) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port());
    socket.setSoTimeout(PATIENCE_MILLIS);
    return socket;
  }

  private static BlockingMailClient secured(Socket socket, List<X509Certificate> trusted)
      throws IOException {
    SSLSocket tls =
        (SSLSocket)
            context(trusted)
                .getSocketFactory()
                .createSocket(socket, "localhost", socket.getPort(), true);
    tls.startHandshake();
    return new BlockingMailClient(socket, tls);
  }

  private static SSLContext context(List<X509Certificate> trusted) {
    try {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, null);
      for (X509Certificate certificate : trusted) {
        store.setCertificateEntry(certificate.getSerialNumber().toString(), certificate);
      }
      TrustManagerFactory trust =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trust.init(store);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, trust.getTrustManagers(), null);
      return context;
    } catch (GeneralSecurityException | IOException e) {
      throw new AssertionError(e);
    }
  }

  /** Says text, one TLS record if it is short enough. */
  void say(String text) throws IOException {
    say(text.getBytes(StandardCharsets.UTF_8));
  }

  void say(byte[] bytes) throws IOException {
    tls.getOutputStream().write(bytes);
  }

  /** Hears all lines of one reply; each ends in CRLF. */
  String hearReply() throws IOException {
    return hearReply(in);
  }

  /** Says a command and hears its reply. */
  String ask(String command) throws IOException {
    say(command + "\r\n");
    return hearReply();
  }

  /** Hears as many replies as asked for, and tells their codes. */
  String hearCodes(int count) throws IOException {
    StringBuilder codes = new StringBuilder();
    for (int i = 0; i < count; i++) {
      codes.append(i == 0 ? "" : " ").append(hearReply(), 0, 3);
    }
    return codes.toString();
  }

  /** Hears at most a record, and tells how much it was. */
  int hearSome(byte[] bytes) throws IOException {
    return in.read(bytes);
  }

  /** Hears what comes until the other side closes. */
  String hearToTheEnd() throws IOException {
    return new String(in.readAllBytes(), StandardCharsets.UTF_8);
  }

  private static String hearReply(InputStream in) throws IOException {
    StringBuilder reply = new StringBuilder();
    String line;
    do {
      line = hearLine(in);
      reply.append(line);
    } while (line.length() > 3 && line.charAt(3) == '-');
    return reply.toString();
  }

  private static String hearLine(InputStream in) throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    int b;
    do {
      b = in.read();
      if (b < 0) {
        throw new EOFException("closed behind '" + line + "'");
      }
      line.write(b);
    } while (b != '\n');
    return line.toString(StandardCharsets.UTF_8);
  }

  /** Resets the connection, without a goodbye of TLS. */
  void vanish() throws IOException {
    plain.setSoLinger(true, 0);
    plain.close();
  }

  @Override
  public void close() throws IOException {
    tls.close();
  }
}
