package io.upgradeable.smtp;

import static org.assertj.core.api.Assertions.assertThat;

import io.upgradeable.Endpoint;
import io.upgradeable.Layer;
import io.upgradeable.LayerStack;
import io.upgradeable.netty.NettyConnector;
import io.upgradeable.tls.TlsPolicy;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BooleanSupplier;

/**
 * A server whose part the test speaks itself, for tests in which it matters what happens between
 * two lines.
 */
final class SpokenServer implements AutoCloseable {

  /** Only a broken test waits that long. */
  private static final int PATIENCE_MILLIS = 20_000;

  private final ServerSocket listening = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
  private final List<Socket> sockets = new CopyOnWriteArrayList<>();

  SpokenServer() throws IOException {
    listening.setSoTimeout(PATIENCE_MILLIS);
  }

  Endpoint endpoint() {
    return Endpoint.of("localhost", listening.getLocalPort());
  }

  Layer<SmtpOpportunisticResult> layer() {
    return Smtp.opportunisticClient(endpoint(), TlsPolicy.client().build(), TestOptions.CLIENT);
  }

  CompletableFuture<SmtpSession> connect(NettyConnector connector, SmtpSessionOptions options) {
    Layer<SmtpOpportunisticResult> layer = layer();
    return SmtpSession.connectOpportunisticAsync(
        connector, LayerStack.tcp(endpoint()).then(layer), layer, options);
  }

  /** The next client, once it has said hello and was told what is offered. */
  Client accept(String... capabilities) throws IOException {
    Socket socket = listening.accept();
    socket.setSoTimeout(PATIENCE_MILLIS);
    sockets.add(socket);
    Client client = new Client(socket);
    client.say("220 mail.example.net\r\n");
    client.hear("EHLO client.example.org\r\n");
    StringBuilder reply = new StringBuilder("250-mail.example.net\r\n");
    for (String capability : capabilities) {
      reply.append("250-").append(capability).append("\r\n");
    }
    client.say(reply + "250 HELP\r\n");
    return client;
  }

  /** The server's side of a connection. */
  static final class Client {
    private final Socket socket;

    private Client(Socket socket) {
      this.socket = socket;
    }

    void say(String text) throws IOException {
      socket.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Says a byte again and again while it is wished and somebody listens; tells how often. */
    int repeatWhile(BooleanSupplier wished, char text, int most) {
      int said = 0;
      try {
        for (; said < most && wished.getAsBoolean(); said++) {
          socket.getOutputStream().write(text);
        }
      } catch (IOException e) {
        // The other side is gone; why, it has to tell.
      }
      return said;
    }

    void hear(String text) throws IOException {
      byte[] bytes =
          socket.getInputStream().readNBytes(text.getBytes(StandardCharsets.UTF_8).length);
      assertThat(new String(bytes, StandardCharsets.UTF_8)).isEqualTo(text);
    }

    String hearLine() throws IOException {
      StringBuilder line = new StringBuilder();
      while (line.indexOf("\r\n") < 0) {
        int next = socket.getInputStream().read();
        assertThat(next).as("behind '%s'", line).isNotNegative();
        line.append((char) next);
      }
      return line.substring(0, line.length() - 2);
    }

    void close() throws IOException {
      socket.close();
    }

    void hearClose() throws IOException {
      assertThat(socket.getInputStream().read()).isNegative();
    }
  }

  @Override
  public void close() throws IOException {
    listening.close();
    for (Socket socket : sockets) {
      socket.close();
    }
  }
}
