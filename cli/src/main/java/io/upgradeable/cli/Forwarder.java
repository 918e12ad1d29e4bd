package io.upgradeable.cli;

import io.upgradeable.Connection;
import io.upgradeable.Endpoint;
import io.upgradeable.LayerStack;
import io.upgradeable.netty.NettyAcceptor;
import io.upgradeable.netty.NettyConnector;
import io.upgradeable.netty.NettyRelay;
import io.upgradeable.session.HeldSession;
import io.upgradeable.session.SessionContext;
import io.upgradeable.tls.InvalidTlsConfigurationException;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;

/** Listens, and gives each accepted connection a tunnel of its own. */
final class Forwarder implements AutoCloseable {

  /**
   * What is wanted.
   *
   * @param listen where
   * @param maxConnections more are closed at once
   * @param idleTimeout how long a tunnel may carry nothing
   */
  record Plan(Endpoint listen, int maxConnections, Duration idleTimeout) {}

  /** Hears of each connection when it is over; called on event loops. */
  interface Log {
    void ended(String peer, String how, boolean well);
  }

  private final NettyConnector connector;
  private final LayerStack stack;
  private final Plan plan;
  private final Log log;
  private final TunnelTraffic traffic = new TunnelTraffic();

  /** How many relays have not ended, or were not told of yet. */
  private final AtomicInteger relays = new AtomicInteger();

  private final CompletableFuture<Void> relaysEnded = new CompletableFuture<>();
  private volatile boolean acceptorEnded;
  private final NettyAcceptor acceptor;

  /**
   * Begins to listen.
   *
   * @param connector opens the tunnels, and lends its event loops
   * @param stack from TCP to the target
   * @throws InvalidTlsConfigurationException if no engine can do what a policy of it asks: before
   *     anybody listens, for each connection would end so
   */
  Forwarder(NettyConnector connector, LayerStack stack, Plan plan, Log log) throws IOException {
    this.connector = connector;
    this.stack = stack;
    this.plan = plan;
    this.log = log;
    stack.layers().forEach(layer -> layer.tls().ifPresent(connector::checkPolicy));
    this.acceptor =
        NettyAcceptor.builder()
            .listen(plan.listen())
            .eventLoopsOf(connector)
            .maxConnections(plan.maxConnections())
            .session(
                accepted -> {
                  traffic.accepted();
                  return new ForwardSession(this);
                })
            .start();
  }

  Endpoint endpoint() {
    return acceptor.endpoint();
  }

  TunnelTraffic traffic() {
    return traffic;
  }

  CompletableFuture<Connection> dial(HeldSession far) {
    return connector.connectAsync(stack, far);
  }

  /** Passes bytes; the consumer hears of the end, and a shutdown waits for that. */
  void relay(
      SessionContext near, SessionContext far, BiConsumer<NettyRelay.Report, Throwable> onEnd) {
    CompletableFuture<NettyRelay.Report> relay =
        NettyRelay.between(near, far, plan.idleTimeout(), traffic);
    relays.incrementAndGet();
    relay.whenComplete(onEnd).whenComplete((report, mistake) -> onRelayEnded());
  }

  /** Whichever comes last, this or the acceptor's end, tells. */
  private void onRelayEnded() {
    if (relays.decrementAndGet() == 0 && acceptorEnded) {
      relaysEnded.complete(null);
    }
  }

  void ended(String peer, String how, boolean well) {
    traffic.ended(well);
    log.ended(peer, how, well);
  }

  /** A client did not wait for its tunnel. */
  void left() {
    traffic.ended(true);
  }

  /**
   * Accepts no more, and lets the tunnels end by themselves for a while.
   *
   * @return completes when all are closed, their far sides as well, and have been told of
   */
  CompletableFuture<Void> shutdown(Duration grace) {
    return acceptor
        .shutdownAsync(grace)
        .thenCompose(
            closed -> {
              acceptorEnded = true;
              if (relays.get() == 0) {
                relaysEnded.complete(null);
              }
              return relaysEnded;
            });
  }

  @Override
  public void close() {
    shutdown(Duration.ZERO).join();
  }
}
