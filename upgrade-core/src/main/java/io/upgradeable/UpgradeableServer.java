package io.upgradeable;

import io.upgradeable.netty.NettyAcceptor;
import io.upgradeable.netty.NettyConnector;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** A server of {@link UpgradeableStream}s, listening until it is closed. Thread-safe. */
public final class UpgradeableServer implements AutoCloseable {

  private final NettyAcceptor acceptor;
  private final Runnable onEnd;

  UpgradeableServer(NettyAcceptor acceptor, Runnable onEnd) {
    this.acceptor = acceptor;
    this.onEnd = onEnd;
  }

  /**
   * Where the server listens.
   *
   * @return the bound address, with the port that the system chose if it was asked to
   */
  public Endpoint endpoint() {
    return acceptor.endpoint();
  }

  /**
   * How many connections are open.
   *
   * @return the number now
   */
  public int connectionCount() {
    return acceptor.connectionCount();
  }

  /**
   * Stops accepting at once and lets the open connections end by themselves.
   *
   * @param grace how long they may take; those that remain are closed then; called again, this can
   *     shorten it
   * @return completes when everything is closed
   */
  public CompletableFuture<Void> shutdownAsync(Duration grace) {
    return acceptor.shutdownAsync(grace).whenComplete((nothing, error) -> onEnd.run());
  }

  /** Stops accepting, closes what is open, and waits for it; on an event loop it does not wait. */
  @Override
  public void close() {
    CompletableFuture<Void> closed = shutdownAsync(Duration.ZERO);
    if (!NettyConnector.isEventLoop()) {
      closed.join();
    }
  }
}
