package io.upgradeable.smtp;

import io.upgradeable.Connection;
import io.upgradeable.UpgradeException;
import io.upgradeable.session.Session;
import io.upgradeable.session.SessionContext;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/** The session behind an {@link SmtpSession}. */
final class SmtpDialogue implements Session {

  SmtpDialogue(
      Function<Connection, SmtpCapabilities> learned,
      SmtpDialect dialect,
      SmtpSessionOptions options) {}

  CompletableFuture<DeliveryReport> send(
      Envelope envelope, MailContent content, Optional<Duration> limit) {
    return CompletableFuture.failedFuture(new UnsupportedOperationException());
  }

  CompletableFuture<Void> noop() {
    return CompletableFuture.failedFuture(new UnsupportedOperationException());
  }

  CompletableFuture<Void> quit() {
    return CompletableFuture.failedFuture(new UnsupportedOperationException());
  }

  CompletableFuture<Void> close() {
    return CompletableFuture.failedFuture(new UnsupportedOperationException());
  }

  SmtpCapabilities capabilities() {
    return SmtpCapabilities.NONE;
  }

  Connection connection() {
    return java.util.Optional.<Connection>empty().orElseThrow();
  }

  boolean isOpen() {
    return false;
  }

  Optional<UpgradeException> failure() {
    return Optional.empty();
  }

  @Override
  public void opened(SessionContext context) {}

  @Override
  public void receive(ByteBuffer input) {}

  @Override
  public void inputClosed(boolean truncated) {}

  @Override
  public void closed(Optional<UpgradeException> cause) {}
}
