package io.upgradeable.bench;

import io.upgradeable.Endpoint;
import io.upgradeable.tls.TlsEngine;
import io.vertx.core.Vertx;
import io.vertx.core.net.ClientSSLOptions;
import io.vertx.core.net.ConnectOptions;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetClientOptions;
import io.vertx.core.net.NetSocket;
import io.vertx.core.net.PemTrustOptions;
import io.vertx.core.net.SocketAddress;
import io.vertx.core.parsetools.RecordParser;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

/** The client of ping on Vert.x. */
final class VertxPingClient implements Load.Work {

  private final Vertx vertx = VertxPingServer.vertx();
  private final Endpoint peer;
  private final Load load;
  private final boolean hold;
  private final NetClient client;
  private final ClientSSLOptions tls;
  private final Map<String, String> facts = new ConcurrentHashMap<>();

  private VertxPingClient(Load load) {
    peer = load.peer();
    this.load = load;
    hold = load.flag("--hold");
    tls =
        new ClientSSLOptions()
            .setHostnameVerificationAlgorithm("HTTPS")
            .setTrustOptions(new PemTrustOptions().addCertPath(load.text("--ca")));
    client =
        vertx.createNetClient(
            new NetClientOptions().setSslEngineOptions(VertxPingServer.engine(load)));
    facts.put("engine", load.engine() == TlsEngine.JDK ? "JDK" : "OpenSSL");
    facts.put("group", "(default)");
    facts.put(Dialogue.GO_AHEAD, Dialogue.READY);
  }

  /**
   * Runs a load, or holds connections.
   *
   * @param args see {@link Load}, and {@code --hold}
   * @throws Exception if the server cannot be reached
   */
  public static void main(String[] args) throws Exception {
    Load load = new Load(args);
    if (load.flag("--hold")) {
      VertxPingClient client = new VertxPingClient(load);
      Console.serve(client.peer, client::run);
      System.exit(0);
    } else {
      Load.measure(VertxPingClient::new, args);
    }
  }

  @Override
  public int run(int units) {
    return TimedLanes.run(units, load, this::ping);
  }

  private CompletableFuture<?> ping() {
    CompletableFuture<Void> result = new CompletableFuture<>();
    ConnectOptions options =
        new ConnectOptions()
            .setRemoteAddress(SocketAddress.inetSocketAddress(peer.port(), peer.host()))
            .setHost(Dialogue.NAME)
            .setPort(Dialogue.anotherPort())
            .setSslOptions(tls);
    client
        .connect(options)
        .onSuccess(socket -> new Replies(socket, result).begin())
        .onFailure(result::completeExceptionally);
    return result;
  }

  @Override
  public Map<String, String> facts() {
    return facts;
  }

  @Override
  public void close() {
    vertx.close();
  }

  private final class Replies {

    private final NetSocket socket;
    private final CompletableFuture<Void> result;
    private boolean quit;

    Replies(NetSocket socket, CompletableFuture<Void> result) {
      this.socket = socket;
      this.result = result;
    }

    void begin() {
      result.whenComplete(
          (nothing, error) -> {
            if (error != null) {
              socket.close();
            }
          });
      socket.exceptionHandler(result::completeExceptionally);
      socket.closeHandler(nothing -> onClosed());
      socket.handler(RecordParser.newDelimited("\n", line -> onReply(line.toString())));
      say(Dialogue.PING);
    }

    private void onReply(String reply) {
      if (reply.equals(Dialogue.READY) && !socket.isSsl()) {
        socket
            .upgradeToSsl(tls, Dialogue.NAME)
            .onSuccess(
                nothing -> {
                  facts.putIfAbsent("protocol", socket.sslSession().getProtocol());
                  say(Dialogue.PING);
                })
            .onFailure(result::completeExceptionally);
      } else if (quit || !reply.equals(Dialogue.PONG)) {
        result.completeExceptionally(new IOException("not PONG"));
      } else if (!socket.isSsl()) {
        say(Dialogue.STARTTLS);
      } else if (hold) {
        result.complete(null);
      } else {
        quit = true;
        say(Dialogue.QUIT);
      }
    }

    private void say(String command) {
      socket.write(command + "\n");
    }

    private void onClosed() {
      if (quit) {
        result.complete(null);
      } else {
        result.completeExceptionally(new ClosedChannelException());
      }
    }
  }
}
