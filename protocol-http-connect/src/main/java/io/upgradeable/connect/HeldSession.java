package io.upgradeable.connect;

import io.upgradeable.UpgradeException;
import io.upgradeable.session.Session;
import io.upgradeable.session.SessionContext;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** A session that does nothing but wait for a relay to take its connection over. */
final class HeldSession implements Session {

  private final CompletableFuture<SessionContext> context = new CompletableFuture<>();

  /** The context; there once the connection is up. */
  SessionContext context() {
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
