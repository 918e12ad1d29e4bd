package io.upgradeable.session;

import io.upgradeable.UpgradeException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * A session that reads nothing and waits for somebody who takes its connection over, such as {@link
 * io.upgradeable.netty.NettyRelay}. Serves one connection.
 */
public final class HeldSession implements Session {

  private final CompletableFuture<SessionContext> context = new CompletableFuture<>();

  /** A session that was not opened yet. */
  public HeldSession() {}

  /**
   * The connection's context; waits until the connection is up.
   *
   * @return the context
   */
  public SessionContext context() {
    return context.join();
  }

  @Override
  public void opened(SessionContext opened) {
    context.complete(opened);
  }

  @Override
  public void receive(ByteBuffer input) {}

  @Override
  public void inputClosed(boolean truncated) {}

  @Override
  public void closed(Optional<UpgradeException> cause) {}
}
