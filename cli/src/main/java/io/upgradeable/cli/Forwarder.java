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

  CompletableFuture<NettyRelay.Report> relay(SessionContext near, SessionContext far) {
    return NettyRelay.between(near, far, plan.idleTimeout(), traffic);
  }

  void ended(String peer, String how, boolean well) {
    traffic.ended(well);
    log.ended(peer, how, well);
  }

  /** A client did not wait for its tunnel. */
  void left() {
    traffic.ended(true);
  }

  /** Accepts no more, and lets the tunnels end by themselves for a while. */
  CompletableFuture<Void> shutdown(Duration grace) {
    return acceptor.shutdownAsync(grace);
  }

  @Override
  public void close() {
    acceptor.close();
  }
}
