package io.upgradeable.cli;

import io.upgradeable.UpgradeException;
import io.upgradeable.negotiation.Reason;
import io.upgradeable.session.Session;
import io.upgradeable.session.SessionContext;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Says one line and hears as many bytes, from an embedded server that is known to answer so. */
final class GreetingSession implements Session {

  private final byte[] line;
  private final CompletableFuture<String> answer = new CompletableFuture<>();
  private @Nullable SessionContext context;

  GreetingSession(String text) {
    line = (text + "\n").getBytes(StandardCharsets.UTF_8);
  }

  CompletableFuture<String> answer() {
    return answer;
  }

  @Override
  public void opened(SessionContext opened) {
    context = opened;
    opened.write(ByteBuffer.wrap(line));
    opened.requestInput();
  }

  @Override
  public void receive(ByteBuffer input) {
    if (input.remaining() >= line.length) {
      byte[] heard = new byte[line.length];
      input.get(heard);
      answer.complete(new String(heard, StandardCharsets.UTF_8).strip());
    } else {
      present().requestInput();
    }
  }

  @Override
  public void inputClosed(boolean truncated) {
    answer.completeExceptionally(present().failure(Reason.closed(), "an answer"));
  }

  @Override
  public void closed(Optional<UpgradeException> cause) {
    answer.completeExceptionally(
        cause.map(IOException.class::cast).orElseGet(() -> new IOException("closed")));
  }

  private SessionContext present() {
    if (context == null) {
      throw new IllegalStateException("not opened");
    }
    return context;
  }
}
