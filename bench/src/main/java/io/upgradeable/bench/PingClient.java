package io.upgradeable.bench;

import io.upgradeable.Connection;
import io.upgradeable.Endpoint;
import io.upgradeable.Layer;
import io.upgradeable.LayerStack;
import io.upgradeable.negotiation.TlsFacts;
import io.upgradeable.netty.NettyConnector;
import io.upgradeable.ping.Ping;
import io.upgradeable.ping.PingResult;
import io.upgradeable.tls.TlsPolicy;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;

/** Our client. */
final class PingClient implements Load.Work {

  private final NettyConnector connector = NettyConnector.builder().threads(1).build();
  private final Queue<Connection> held = new ConcurrentLinkedQueue<>();
  private final Endpoint peer;
  private final Load load;
  private final TlsPolicy policy;
  private volatile Optional<TlsFacts> facts = Optional.empty();

  private PingClient(Load load) {
    peer = load.peer();
    this.load = load;
    TlsPolicy.Builder tls = TlsPolicy.client().trustFile(load.authority()).engine(load.engine());
    load.groups().ifPresent(groups -> tls.groups(groups.split(":", -1)));
    policy = tls.build();
  }

  /**
   * Runs a load, or holds connections.
   *
   * @param args see {@link Load}, and {@code --groups}, {@code --hold}
   * @throws Exception if the server cannot be reached
   */
  public static void main(String[] args) throws Exception {
    Load load = new Load(args);
    if (load.flag("--hold")) {
      PingClient client = new PingClient(load);
      Console.serve(client.peer, count -> TimedLanes.run(count, client.load, client::hold));
    } else {
      Load.measure(PingClient::new, args);
    }
  }

  @Override
  public int run(int units) {
    return TimedLanes.run(units, load, this::ping);
  }

  private static Endpoint named() {
    return Endpoint.of(Dialogue.NAME, Dialogue.anotherPort());
  }

  private CompletableFuture<?> ping() {
    Layer<PingResult> layer = Ping.client(named(), policy);
    CompletableFuture<Connection> connecting =
        connector.connectAsync(LayerStack.tcp(peer).then(layer));
    connecting.thenAccept(
        connection -> {
          if (facts.isEmpty()) {
            facts = connection.tls();
          }
          connection.close();
        });
    return connecting;
  }

  private CompletableFuture<?> hold() {
    Layer<PingResult> layer = HeldPing.client(named(), policy);
    CompletableFuture<Connection> connecting =
        connector.connectAsync(LayerStack.tcp(peer).then(layer), new HeldPing.Idle());
    connecting.thenAccept(held::add);
    return connecting;
  }

  @Override
  public Map<String, String> facts() {
    Map<String, String> told = new LinkedHashMap<>();
    facts.ifPresent(
        tls -> {
          told.put("engine", tls.engine());
          told.put("group", tls.group().orElse("?"));
          told.put("protocol", tls.protocol());
        });
    told.put(Dialogue.GO_AHEAD, "none");
    return told;
  }

  @Override
  public void close() {
    connector.close();
  }
}
