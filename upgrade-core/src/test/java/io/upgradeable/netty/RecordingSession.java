package io.upgradeable.netty;

import io.upgradeable.UpgradeException;
import io.upgradeable.session.Session;
import io.upgradeable.session.SessionContext;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A session that writes down what it hears; it takes all bytes, and asks for them or not. */
class RecordingSession implements Session {

  private static final String RECEIVED = "received ";

  private final boolean asks;
  private final CompletableFuture<SessionContext> opened = new CompletableFuture<>();
  private final LinkedBlockingQueue<String> heard = new LinkedBlockingQueue<>();

  private RecordingSession(boolean asks) {
    this.asks = asks;
  }

  /** A session that always wants bytes. */
  RecordingSession() {
    this(true);
  }

  /** A session that gets bytes only when the test asks for them. */
  static RecordingSession silent() {
    return new RecordingSession(false);
  }

  SessionContext context() throws Exception {
    return opened.get(20, TimeUnit.SECONDS);
  }

  /** The next thing that the session heard. */
  String next() throws InterruptedException {
    return String.valueOf(heard.poll(20, TimeUnit.SECONDS));
  }

  /** The next so many bytes, however many pieces they come in. */
  String text(int length) throws InterruptedException {
    StringBuilder text = new StringBuilder();
    while (text.length() < length) {
      String event = next();
      if (!event.startsWith(RECEIVED)) {
        return text + " and then " + event;
      }
      text.append(event, RECEIVED.length(), event.length());
    }
    return text.toString();
  }

  /** Waits until the event loop has done what was there to do. */
  void settle() throws Exception {
    CompletableFuture<Void> done = new CompletableFuture<>();
    context().executor().execute(() -> done.complete(null));
    done.get(20, TimeUnit.SECONDS);
  }

  @Override
  public void opened(SessionContext context) {
    opened.complete(context);
    if (asks) {
      context.requestInput();
    }
  }

  @Override
  public void receive(ByteBuffer input) {
    heard.add(RECEIVED + StandardCharsets.ISO_8859_1.decode(input));
    if (asks) {
      opened.join().requestInput();
    }
  }

  @Override
  public void inputClosed(boolean truncated) {
    heard.add(truncated ? "input truncated" : "input closed");
  }

  @Override
  public void closed(Optional<UpgradeException> cause) {
    heard.add(cause.map(e -> "closed by " + e.getClass().getSimpleName()).orElse("closed"));
  }
}
