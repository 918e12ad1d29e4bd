package io.upgradeable.bench;

import io.upgradeable.Endpoint;
import io.upgradeable.tls.TlsEngine;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.JdkSSLEngineOptions;
import io.vertx.core.net.NetServer;
import io.vertx.core.net.NetServerOptions;
import io.vertx.core.net.NetSocket;
import io.vertx.core.net.OpenSSLEngineOptions;
import io.vertx.core.net.PemKeyCertOptions;
import io.vertx.core.net.SSLEngineOptions;
import io.vertx.core.parsetools.RecordParser;

/** The server of ping on Vert.x. */
final class VertxPingServer {

  private VertxPingServer() {}

  /**
   * Serves until stdin ends.
   *
   * @param args {@code --cert FILE --key FILE --engine ENGINE --ready BOOLEAN}
   * @throws Exception if the address cannot be bound
   */
  public static void main(String[] args) throws Exception {
    Load load = new Load(args);
    boolean ready = load.flag("--ready");
    PemKeyCertOptions identity =
        new PemKeyCertOptions().addCertPath(load.text("--cert")).addKeyPath(load.text("--key"));
    NetServer server =
        vertx()
            .createNetServer(
                new NetServerOptions()
                    .setHost("127.0.0.1")
                    .setPort(0)
                    .setKeyCertOptions(identity)
                    .setSslEngineOptions(engine(load)))
            .connectHandler(socket -> converse(socket, ready))
            .listen()
            .await();
    Console.serve(Endpoint.of("127.0.0.1", server.actualPort()));
    System.exit(0);
  }

  static Vertx vertx() {
    return Vertx.vertx(new VertxOptions().setEventLoopPoolSize(1).setPreferNativeTransport(true));
  }

  static SSLEngineOptions engine(Load load) {
    return load.engine() == TlsEngine.JDK ? new JdkSSLEngineOptions() : new OpenSSLEngineOptions();
  }

  private static void converse(NetSocket socket, boolean ready) {
    socket.exceptionHandler(error -> socket.close());
    socket.handler(
        RecordParser.newDelimited("\n", line -> onCommand(socket, line.toString(), ready)));
  }

  private static void onCommand(NetSocket socket, String command, boolean ready) {
    if (command.equals(Dialogue.PING)) {
      socket.write(Dialogue.PONG + "\n");
    } else if (command.equals(Dialogue.STARTTLS) && !socket.isSsl()) {
      if (ready) {
        // Sent by the upgrade itself, for whoever writes it before may be answered too early.
        socket.upgradeToSsl(Buffer.buffer(Dialogue.READY + "\n"));
      } else {
        socket.upgradeToSsl();
      }
    } else {
      socket.close();
    }
  }
}
