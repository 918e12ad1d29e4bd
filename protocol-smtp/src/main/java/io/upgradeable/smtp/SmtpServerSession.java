package io.upgradeable.smtp;

import io.upgradeable.UpgradeException;
import io.upgradeable.sasl.SaslChannel;
import io.upgradeable.session.Session;
import io.upgradeable.session.SessionContext;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The server's session as its connection sees it: which bytes are read when, and when replies
 * leave. What they mean is the {@link SmtpServerDialogue}'s.
 *
 * <p>All that came is read before anything is written, and the replies to it leave in one write
 * (RFC 2920, 3.2). Reading stops, and with it the client, while a decision or a sink takes its
 * time, and while the client does not read its replies.
 *
 * <p>All state lives on the event loop.
 */
final class SmtpServerSession implements Session {

  private static final System.Logger LOG = System.getLogger("io.upgradeable");

  /** How many bytes of replies may collect before they leave. */
  private static final int MAX_BATCH_BYTES = 16 * 1024;

  private static final long NEVER = Long.MAX_VALUE;
  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  private static final SmtpReply TIMED_OUT = SmtpReply.of(421, "4.4.2 Time is up, goodbye");
  private static final SmtpReply SHUTTING_DOWN =
      SmtpReply.of(421, "4.3.2 Shutting down, try again later");

  private final SmtpServerLimits limits;
  private final SmtpServerDialogue dialogue;
  private final Consumer<SmtpServerSession> onOpened;
  private final Consumer<SmtpServerSession> onClosed;
  private final SmtpServerReplies replies = new SmtpServerReplies();
  private final long start = System.nanoTime();
  private @Nullable SessionContext context;
  private @Nullable Future<?> timer;
  private long timerAt = NEVER;
  private @Nullable Future<?> delay;
  private long lineDeadline = NEVER;
  private long contentDeadline = NEVER;
  private int lastCommand = -1;
  private int lastContent;
  private boolean wasInLine;

  /** Somebody else takes time: a decision, a sink, a reply that is late on purpose. */
  private boolean waiting;

  private boolean processing;
  private boolean delivered;
  private boolean inputClosed;
  private volatile boolean shuttingDown;
  private boolean closing;
  private boolean gone;

  SmtpServerSession(
      SmtpServerSetup setup,
      SmtpServerPeer peer,
      boolean extended,
      SaslChannel channel,
      Consumer<SmtpServerSession> onOpened,
      Consumer<SmtpServerSession> onClosed) {
    this.limits = setup.limits();
    this.dialogue = new SmtpServerDialogue(setup, peer, extended, channel, this);
    this.onOpened = onOpened;
    this.onClosed = onClosed;
  }

  private SessionContext context() {
    SessionContext present = context;
    if (present == null) {
      throw new IllegalStateException("not open yet");
    }
    return present;
  }

  @Override
  public void opened(SessionContext opened) {
    context = opened;
    onOpened.accept(this); // It may ask at once to shut down.
    settle();
  }

  @Override
  public void receive(ByteBuffer input) {
    delivered = true;
    processing = true;
    try {
      process(input);
    } finally {
      processing = false;
    }
    settle();
  }

  /**
   * Reads all that may be read now: what is left is half a command, or waits for {@link #resume}.
   */
  private void process(ByteBuffer input) {
    boolean more = true;
    while (more && mayGoOn()) {
      if (endsBecauseOfShutdown()) {
        return;
      }
      more = dialogue.read(input);
      if (!more || replies.length() >= MAX_BATCH_BYTES || !mayGoOn()) {
        flush(); // It may make the connection writable again, or not.
      }
    }
  }

  private boolean mayGoOn() {
    return !waiting && !closing && context().isWritable();
  }

  /** Waits for what comes next. */
  private void settle() {
    if (closing || gone || waiting || endsBecauseOfShutdown()) {
      return;
    }
    setDeadline();
    if (!context().isWritable()) {
      return; // A client that does not read its replies gets no more of them.
    }
    if (inputClosed) {
      close(); // What is unread is an unfinished command or message.
    } else {
      context().requestInput();
    }
  }

  private void flush() {
    if (!replies.isEmpty()) {
      context().write(replies.take());
    }
  }

  /** Goes on after a pause: with the bytes that were left, or with new ones. */
  private void resume() {
    if (processing || waiting || closing || gone) {
      return;
    }
    delivered = false;
    context().redeliver();
    if (!delivered) {
      receive(NOTHING); // What was read last may have been the end of something.
    }
  }

  @Override
  public void writabilityChanged(boolean writable) {
    if (writable) {
      resume();
    }
  }

  @Override
  public void inputClosed(boolean truncated) {
    inputClosed = true;
    if (!waiting && !processing) {
      settle();
    }
  }

  @Override
  public void closed(Optional<UpgradeException> cause) {
    gone = true;
    if (timer != null) {
      timer.cancel(false);
    }
    if (delay != null && delay.cancel(false)) {
      waiting = false;
    }
    if (!waiting) {
      dialogue.abandon(); // Otherwise when the call that is under way is over.
    }
    onClosed.accept(this);
  }

  // --- what the dialogue asks for

  /**
   * Adds a reply; 421 is the last one.
   *
   * @throws IllegalArgumentException if it cannot be sent as it is
   */
  void reply(SmtpReply reply) {
    replies.add(reply);
    dialogue.onReplied(reply);
    if (reply.code() == SmtpReply.CLOSING) {
      close();
    }
  }

  /** Closes after the replies; what the client says is not read any more. */
  void close() {
    if (!closing && !gone) {
      closing = true;
      flush();
      context().close();
    }
  }

  /** Closes without a word. */
  void drop() {
    replies.take();
    close();
  }

  /**
   * Calls code of the handler's or a sink's, and goes on when its stage is complete, at once or
   * later. Nothing is read meanwhile. If the connection is gone then, nothing goes on.
   *
   * @param call what to call
   * @param next is given the value, or the mistake that was made
   */
  <T> void await(
      Supplier<? extends CompletionStage<T>> call,
      BiConsumer<? super @Nullable T, ? super @Nullable Throwable> next) {
    CompletableFuture<T> future;
    try {
      future = call.get().toCompletableFuture();
    } catch (Throwable e) {
      future = CompletableFuture.failedFuture(e);
    }
    if (future.isDone()) {
      complete(future, next);
    } else {
      waiting = true;
      CompletableFuture<T> later = future;
      future.whenComplete((value, error) -> onLoop(() -> goOn(() -> complete(later, next))));
    }
  }

  private static <T> void complete(
      CompletableFuture<T> future,
      BiConsumer<? super @Nullable T, ? super @Nullable Throwable> next) {
    T value;
    try {
      value = future.join();
    } catch (CompletionException | CancellationException mistake) {
      logMistake(mistake);
      next.accept(null, mistake);
      return;
    }
    next.accept(value, null);
  }

  private void goOn(Runnable task) {
    waiting = false;
    if (gone) {
      dialogue.abandon();
      return;
    }
    try {
      task.run();
      if (waiting) {
        flush();
      } else {
        resume();
      }
    } catch (Throwable mistake) { // Nobody else ends the connection: it would be silent for good.
      logMistake(mistake);
      drop();
    }
  }

  /** Goes on after a while; nothing is read meanwhile. */
  void later(Duration time, Runnable task) {
    waiting = true;
    delay = context().schedule(time, () -> goOn(task));
  }

  /** Tells whoever wrote the handler. */
  static void logMistake(Throwable mistake) {
    LOG.log(System.Logger.Level.ERROR, "a handler of mail failed", mistake);
  }

  private void onLoop(Runnable task) {
    try {
      context().executor().execute(task);
    } catch (RejectedExecutionException ended) {
      task.run(); // The loop is gone, and with it the connection: nobody else is here.
    }
  }

  // --- time

  private long now() {
    return System.nanoTime() - start;
  }

  private void setDeadline() {
    long now = now();
    boolean inLine = dialogue.isInLine();
    if (dialogue.commands() != lastCommand || inLine != wasInLine) {
      lastCommand = dialogue.commands();
      wasInLine = inLine;
      lineDeadline = now + (inLine ? limits.commandTimeout() : limits.idleTimeout()).toNanos();
    }
    if (!dialogue.isInContent()) {
      contentDeadline = NEVER;
    } else if (contentDeadline == NEVER || dialogue.contents() != lastContent) {
      contentDeadline = now + limits.messageTimeout().toNanos();
    }
    lastContent = dialogue.contents();
    setTimer(now);
  }

  private long deadline() {
    return dialogue.isReadingContent() ? contentDeadline : Math.min(lineDeadline, contentDeadline);
  }

  /** One timer serves all deadlines: if it fires too early for one it is set again. */
  private void setTimer(long now) {
    long deadline = deadline();
    if (timer != null && timerAt > deadline) {
      timer.cancel(false);
      timer = null;
    }
    if (timer == null) {
      timerAt = deadline;
      timer = context().schedule(Duration.ofNanos(Math.max(0, deadline - now)), this::onTimer);
    }
  }

  private void onTimer() {
    timer = null;
    if (gone || closing || waiting) {
      return; // Set anew when the client's turn comes again.
    }
    long now = now();
    if (deadline() > now) {
      setTimer(now);
    } else {
      reply(TIMED_OUT);
    }
  }

  // --- the server's shutdown

  /** Ends at once, or behind the message that is under way. From any thread. */
  void shutDown() {
    shuttingDown = true; // Input may be read before the task runs: it begins no message any more.
    onLoop(
        () -> {
          if (!waiting) {
            settle();
          }
        });
  }

  private boolean endsBecauseOfShutdown() {
    if (shuttingDown && !closing && !dialogue.isInContent()) {
      reply(SHUTTING_DOWN);
    }
    return closing;
  }
}
