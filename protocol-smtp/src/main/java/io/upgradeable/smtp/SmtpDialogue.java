package io.upgradeable.smtp;

import io.upgradeable.Connection;
import io.upgradeable.UpgradeException;
import io.upgradeable.internal.Observing;
import io.upgradeable.internal.Promise;
import io.upgradeable.negotiation.Reason;
import io.upgradeable.sasl.SaslCredentials;
import io.upgradeable.sasl.SaslMechanism;
import io.upgradeable.sasl.SaslPreference;
import io.upgradeable.session.Session;
import io.upgradeable.session.SessionContext;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The session behind an {@link SmtpSession}: a queue of jobs, a FIFO of the replies that the server
 * owes, one reader, one timer. All state lives on the event loop.
 *
 * <p>Whatever comes is read first, to its last byte; only then do jobs act on it, so that nobody
 * can play a dialogue ahead. Input is always asked for: a server that says 421 or closes between
 * two messages is heard.
 */
final class SmtpDialogue implements Session {

  /** How much of a wrong reply a failure quotes. */
  private static final int MAX_QUOTED = 120;

  /**
   * A content in memory, and a peer that takes it as fast as it comes, would keep the event loop
   * for as long as it is: beyond this, other connections have their turn.
   */
  private static final int MAX_CONTENT_OF_TURN = 1024 * 1024;

  private static final String RSET = "RSET";

  private static final System.Logger LOG = System.getLogger("io.upgradeable");

  private final Function<Connection, SmtpCapabilities> learned;
  private final SmtpDialect dialect;
  private final SmtpSessionOptions options;
  private final SmtpReplyReader reader = new SmtpReplyReader();
  private final Deque<ExpectedReply> expected = new ArrayDeque<>();
  private final Queue<SmtpJob> waiting = new ArrayDeque<>();

  /** At most two: one whose content was sent, and the one behind it. */
  private final Deque<SmtpJob> active = new ArrayDeque<>();

  private final Outgoing outgoing = new Outgoing();
  private final Queue<Runnable> completions = new ArrayDeque<>();
  private final CompletableFuture<Void> gone = new CompletableFuture<>();
  private @Nullable SessionContext context;
  private MailPlan.@Nullable Server server;
  private int unread;
  private boolean settling;
  private boolean settleAgain;
  private boolean completing;
  private int contentOfTurn;
  private boolean needsReset;
  private boolean resetsSoon;
  private boolean over;

  /** Ends the session once the message that is on its way has its answer. */
  private @Nullable Runnable ending;

  private boolean authenticated;
  private volatile boolean open = true;
  private volatile Optional<UpgradeException> failure = Optional.empty();
  private volatile @Nullable Exception closedBecause;

  // Time: of the reply that is owed next, and of the writes under way.
  private long owedSince;
  private long writingSince;
  private int writes;
  private @Nullable Future<?> timer;
  private long timerDue;

  SmtpDialogue(
      Function<Connection, SmtpCapabilities> learned,
      SmtpDialect dialect,
      SmtpSessionOptions options) {
    this.learned = learned;
    this.dialect = dialect;
    this.options = Objects.requireNonNull(options, "options");
  }

  private SessionContext context() {
    return Objects.requireNonNull(context, "not open yet");
  }

  MailPlan.Server server() {
    return Objects.requireNonNull(server, "not open yet");
  }

  SmtpCapabilities capabilities() {
    return server().capabilities();
  }

  Connection connection() {
    return server().connection();
  }

  SmtpDialect dialect() {
    return dialect;
  }

  boolean isPipelining() {
    return server().offers("PIPELINING");
  }

  Duration replyTimeout() {
    return options.replyTimeout();
  }

  Duration finalReplyTimeout() {
    return options.finalReplyTimeout();
  }

  /** The event loop, for what jobs had done elsewhere. */
  Executor executor() {
    return task -> context().executor().execute(() -> guarded(task));
  }

  boolean isOpen() {
    return open;
  }

  /** Whether nothing can be sent any more; on the event loop. */
  boolean isOver() {
    return over;
  }

  boolean isAuthenticated() {
    return authenticated;
  }

  void authenticated() {
    authenticated = true;
  }

  Optional<UpgradeException> failure() {
    return failure;
  }

  // What callers ask for, from any thread.

  CompletableFuture<DeliveryReport> send(
      Envelope envelope, MailContent content, Optional<Duration> limit) {
    if (content.isSpent()) {
      throw new IllegalStateException("this content could be read once, and was");
    }
    return submit(new MailTransaction(envelope, content), limit);
  }

  CompletableFuture<DeliveryReport> probe(
      Envelope envelope, MailContent content, DeliveryPhase last, Duration limit) {
    return submit(MailTransaction.probe(envelope, content, last), Optional.of(limit));
  }

  private CompletableFuture<DeliveryReport> submit(MailTransaction mail, Optional<Duration> limit) {
    Promise<DeliveryReport> promise = mail.promise();
    promise.whenGivenUp(() -> inOrder(() -> abandon(mail), nobody -> {}));
    inOrder(
        () -> {
          if (open) {
            limit.ifPresent(time -> mail.limitedBy(schedule(time, () -> tooLate(mail, time))));
          }
          submit(mail, promise::fail);
        },
        promise::fail);
    return promise.future();
  }

  CompletableFuture<Void> noop() {
    CompletableFuture<Void> future = new CompletableFuture<>();
    inOrder(
        () -> submit(new Noop(future), future::completeExceptionally),
        future::completeExceptionally);
    return future;
  }

  CompletableFuture<SaslMechanism> authenticate(
      SaslCredentials credentials, SaslPreference preference) {
    Authentication job = new Authentication(credentials, preference);
    Consumer<Throwable> broken = job.future()::completeExceptionally;
    inOrder(() -> submit(job, broken), broken);
    return job.future();
  }

  CompletableFuture<Void> quit() {
    return untilGone(
        () -> {
          if (open) {
            submit(new Quit(), gone::completeExceptionally);
            open = false;
          }
        });
  }

  CompletableFuture<Void> close() {
    return untilGone(() -> closeNow(new ClosedChannelException()));
  }

  private CompletableFuture<Void> untilGone(Runnable task) {
    try {
      context().executeInOrder(() -> guarded(task));
    } catch (RejectedExecutionException e) {
      gone.complete(null); // with its event loop
    }
    return gone.copy();
  }

  /** In the order of the calls, whichever threads they come from: the session promises that. */
  private void inOrder(Runnable task, Consumer<Throwable> rejected) {
    try {
      context().executeInOrder(() -> guarded(task));
    } catch (RejectedExecutionException e) {
      rejected.accept(endCause());
    }
  }

  private void submit(SmtpJob job, Consumer<Throwable> rejected) {
    if (!open) {
      rejected.accept(endCause());
      return;
    }
    waiting.add(job);
    settle();
  }

  /** What a call on a session that is over fails with. */
  IOException endCause() {
    if (failure.isPresent()) {
      return failure.get();
    }
    ClosedChannelException closed = new ClosedChannelException();
    if (closedBecause != null) {
      closed.initCause(closedBecause);
    }
    return closed;
  }

  private void abandon(MailTransaction mail) {
    if (waiting.remove(mail)) {
      mail.stopTimer();
    } else if (!over && active.contains(mail) && !mail.isEnded()) {
      ClosedChannelException closed = new ClosedChannelException();
      endBehindOthers(mail, closed, () -> closeNow(closed));
    }
  }

  private void tooLate(MailTransaction mail, Duration limit) {
    if (over || !(waiting.contains(mail) || active.contains(mail))) {
      return;
    }
    UpgradeException late = context().timeout("the end of the message", limit);
    if (waiting.remove(mail)) {
      mail.broken(this, late);
      settle();
    } else {
      endBehindOthers(mail, late, () -> fail(late));
    }
  }

  /**
   * Breaks a message off, and the session with it, since its replies are owed. One that went before
   * it and whose end was sent is not made unknown by that: the session waits for its answer.
   */
  private void endBehindOthers(MailTransaction mail, Exception cause, Runnable end) {
    if (mail == active.peek()) {
      end.run();
      return;
    }
    if (cause instanceof UpgradeException late) {
      failure = Optional.of(late);
    }
    open = false;
    ending = end;
    mail.broken(this, cause);
    settle();
  }

  // What jobs do, on the event loop.

  /** Sends a command, at the end of this turn, together with all else. */
  void command(String line, ExpectedReply reply) {
    command(line, line, reply);
  }

  /** Sends a command of which a trace shows another text. */
  void command(String line, String shown, ExpectedReply reply) {
    if (nothingUnread(shown.split(" ", 2)[0])) {
      tell(shown);
      outgoing.line(line);
      expect(reply);
    }
  }

  /**
   * A server that talks before it is asked is playing a dialogue ahead.
   *
   * @param next what is about to be sent, in words that a failure may quote: no secret
   */
  boolean nothingUnread(String next) {
    if (over) {
      return false;
    }
    if (expected.isEmpty() && unread > 0) {
      String expectation = "nothing before " + next;
      misbehaved(expectation, unread + (unread == 1 ? " byte" : " bytes"));
      return false;
    }
    return true;
  }

  /** Sends a piece of content, at the end of this turn. */
  void content(ByteBuffer bytes, int contentBytes, Runnable afterwards) {
    if (!over) {
      Observing.quietly(() -> options.observer().content(contentBytes));
      contentOfTurn += contentBytes;
      outgoing.piece(bytes, afterwards);
    }
  }

  /** Shows a command that is sent as part of a piece of content. */
  void tell(String command) {
    Observing.quietly(() -> options.observer().command(command));
  }

  void expect(ExpectedReply reply) {
    if (over) {
      return;
    }
    if (expected.isEmpty()) {
      owedSince = System.nanoTime();
    }
    expected.add(reply);
  }

  /** The next message begins with RSET: this one may have left something behind. */
  void needReset(boolean needed) {
    needsReset |= needed;
  }

  /** Like {@link #needReset}, and at once if no message waits: the server holds a content. */
  void resetSoon() {
    needsReset = true;
    resetsSoon = true;
  }

  void resetIfNeeded() {
    if (needsReset) {
      needsReset = false;
      resetsSoon = false;
      command(
          RSET,
          new ExpectedReply(
              "the reply to RSET",
              replyTimeout(),
              reply -> {
                if (!reply.isPositive()) {
                  misbehaved("the reply to RSET (250)", reply);
                }
                return true;
              }));
    }
  }

  /** A job has come to its end; what its caller is told, is told at the end of this turn. */
  void over(SmtpJob job, Runnable completion) {
    active.remove(job);
    completions.add(completion);
  }

  void misbehaved(String awaited, SmtpReply got) {
    String text = got.toString();
    misbehaved(
        awaited,
        "'" + (text.length() > MAX_QUOTED ? text.substring(0, MAX_QUOTED) + "..." : text) + "'");
  }

  void misbehaved(String awaited, String got) {
    fail(Reason.misbehaved(awaited, got), awaited);
  }

  void fail(Reason reason, String awaited) {
    fail(failure(reason, awaited));
  }

  /** A failure on this connection that the session may survive. */
  UpgradeException failure(Reason reason, String awaited) {
    return context().failure(reason, awaited);
  }

  /** Ends the session in the middle of a content, which so can never be taken for whole. */
  void abandon(Exception cause) {
    if (!over) {
      closedBecause = cause;
      closeNow(endCause());
    }
  }

  // The turn.

  /** Does whatever can be done now. */
  void settle() {
    if (settling) {
      settleAgain = true;
      return;
    }
    settling = true;
    contentOfTurn = 0;
    try {
      do {
        settleAgain = false;
        if (!over) {
          List.copyOf(active).forEach(this::advance);
          beginNext();
          if (ending != null && active.isEmpty()) {
            ending.run();
          }
          if (resetsSoon && active.isEmpty()) {
            resetIfNeeded();
          }
        }
        // Before the flush: whoever hears of a message's end and gives the next one, gives it in
        // time for the same write.
        complete();
        if (!settleAgain || contentOfTurn >= MAX_CONTENT_OF_TURN) {
          flush();
        }
      } while (settleAgain && contentOfTurn < MAX_CONTENT_OF_TURN);
    } finally {
      settling = false;
    }
    setTimer();
    if (settleAgain) {
      executor().execute(this::settle);
    }
  }

  /** A job before it in the same turn may have ended the session, and so this one. */
  private void advance(SmtpJob job) {
    if (active.contains(job)) {
      job.advance(this);
    }
  }

  private void beginNext() {
    while (!over && ending == null && !waiting.isEmpty() && mayBegin(waiting.element())) {
      SmtpJob next = waiting.remove();
      active.add(next);
      next.begin(this);
      advance(next);
    }
  }

  private boolean mayBegin(SmtpJob next) {
    SmtpJob last = active.peekLast();
    boolean oneByOne = !isPipelining() || next.goesAlone();
    if (last == null && needsReset && oneByOne && !(next instanceof Quit)) {
      resetIfNeeded();
    }
    if (last == null) {
      return !oneByOne || expected.isEmpty();
    }
    // With the content's end in one write, or not before its answer: a server that read the end
    // answers it, and what follows by a second segment, which Nagle's algorithm holds back until
    // we acknowledge the first, and a delayed acknowledgement takes 40 ms.
    return active.size() == 1
        && isPipelining()
        && !needsReset
        && !outgoing.isEmpty()
        && last.mayBeFollowed()
        && next.mayFollowContent(this);
  }

  private void flush() {
    if (!over && !outgoing.isEmpty()) {
      outgoing.flush(this::write);
    }
  }

  private void write(ByteBuffer bytes, Runnable afterwards) {
    if (writes++ == 0) {
      writingSince = System.nanoTime();
    }
    context()
        .write(bytes)
        .whenComplete((nothing, error) -> guarded(() -> written(error == null, afterwards)));
  }

  private void written(boolean completely, Runnable afterwards) {
    writes--;
    writingSince = System.nanoTime();
    afterwards.run();
    if (completely && !over) {
      if (writes == 0) {
        owedSince = writingSince; // A reply cannot come before its command has left.
      }
      settle();
    }
  }

  private void complete() {
    completing = true;
    for (Runnable next = completions.poll(); next != null; next = completions.poll()) {
      next.run();
    }
    completing = false;
  }

  // Mistakes.

  /**
   * The one way in: whatever runs on the event loop runs in here. What it throws is a mistake of
   * this side's, and nobody would hear of it: it ends the session, so that nobody waits for ever.
   */
  private void guarded(Runnable task) {
    try {
      task.run();
    } catch (RuntimeException | Error e) {
      onMistake(e);
    }
  }

  private void onMistake(Throwable mistake) {
    LOG.log(System.Logger.Level.ERROR, "an SMTP session failed on " + connection().path(), mistake);
    if (closedBecause == null) {
      closedBecause = mistake instanceof Exception e ? e : new ExecutionException(mistake);
    }
    closeNow(endCause());
    settle();
  }

  private Future<?> schedule(Duration delay, Runnable task) {
    return context().schedule(delay, () -> guarded(task));
  }

  // What the connection tells.

  @Override
  public void opened(SessionContext opened) {
    context = opened;
    server = new MailPlan.Server(learned.apply(opened.connection()), opened.connection(), options);
    opened.requestInput();
  }

  @Override
  public void receive(ByteBuffer input) {
    guarded(() -> read(input));
    if (over) {
      input.position(input.limit());
    }
  }

  private void read(ByteBuffer input) {
    while (!over && input.hasRemaining()) {
      SmtpReplyReader.Found found = reader.read(input);
      if (found instanceof SmtpReplyReader.Whole whole) {
        onReply(whole.reply());
      } else if (found instanceof SmtpReplyReader.Broken broken) {
        fail(context().failure(broken.reason(), awaited()));
      } else {
        break;
      }
    }
    unread = input.remaining();
    if (!over) {
      context().requestInput();
    }
    settle();
  }

  private void onReply(SmtpReply reply) {
    SmtpJob first = active.peek();
    Observing.quietly(() -> options.observer().reply(first == null ? reply : first.shown(reply)));
    ExpectedReply owed = expected.peek();
    if (reply.code() == SmtpReply.CLOSING && !(active.peekLast() instanceof Quit)) {
      onClosingReply(reply, owed);
    } else if (owed == null) {
      onUnasked(reply);
    } else {
      owedSince = System.nanoTime();
      if (owed.onReply(reply)) {
        expected.poll();
      }
    }
  }

  private void onClosingReply(SmtpReply reply, @Nullable ExpectedReply owed) {
    if (owed != null) {
      owed.onClosing(reply);
    } else if (!active.isEmpty()) {
      active.getLast().takesEarly(reply);
    }
    refusedBy(reply);
  }

  private void onUnasked(SmtpReply reply) {
    SmtpJob current = active.peekLast();
    if (current != null && current.takesEarly(reply)) {
      refusedBy(reply);
    } else {
      misbehaved("no reply, as nothing was asked", current == null ? reply : current.shown(reply));
    }
  }

  private void refusedBy(SmtpReply reply) {
    SmtpJob first = active.peek();
    String text = (first == null ? reply : first.shown(reply)).text();
    fail(Reason.refused(String.valueOf(reply.code()), text), awaited());
  }

  private String awaited() {
    ExpectedReply owed = expected.peek();
    if (owed != null) {
      return owed.awaited();
    }
    SmtpJob current = active.peekLast();
    return current == null ? "the next message" : current.awaited();
  }

  @Override
  public void inputClosed(boolean truncated) {
    guarded(() -> onInputClosed(truncated));
  }

  private void onInputClosed(boolean truncated) {
    if (over) {
      return;
    }
    if (active.peekLast() instanceof Quit) {
      closeNow(new ClosedChannelException());
    } else {
      String awaited = awaited();
      fail(truncated ? context().truncated(awaited) : context().failure(Reason.closed(), awaited));
    }
  }

  @Override
  public void closed(Optional<UpgradeException> cause) {
    guarded(
        () -> {
          if (!over) {
            boolean goodbye = active.peekLast() instanceof Quit;
            if (!goodbye) {
              failure = cause;
            }
            end(endCause());
          }
          settle();
        });
    gone.complete(null);
  }

  // The end.

  private void fail(UpgradeException cause) {
    if (!over) {
      failure = Optional.of(cause);
      end(cause);
      context().fail(cause);
      settle();
    }
  }

  private void closeNow(Exception cause) {
    if (!over) {
      if (completing) {
        flush(); // What was sent in this turn, before its reports were told, was sent.
      }
      end(cause);
      context().close();
      settle();
    }
  }

  private void end(Exception cause) {
    over = true;
    open = false;
    if (timer != null) {
      timer.cancel(false);
    }
    expected.clear();
    outgoing.clear();
    List<SmtpJob> all = new ArrayList<>(active);
    all.addAll(waiting);
    waiting.clear();
    all.forEach(job -> guarded(() -> job.broken(this, cause)));
  }

  // Time.

  /** One timer serves all waits: if it fires too early, it is set again. */
  private void setTimer() {
    long left = over ? Long.MAX_VALUE : timeLeft();
    if (left == Long.MAX_VALUE) {
      return;
    }
    long due = System.nanoTime() + left;
    if (timer != null && timerDue - due <= 0) {
      return;
    }
    if (timer != null) {
      timer.cancel(false);
    }
    timerDue = due;
    timer = schedule(Duration.ofNanos(Math.max(left, 0)), this::onTimer);
  }

  private long timeLeft() {
    long now = System.nanoTime();
    ExpectedReply owed = expected.peek();
    if (writes > 0) {
      return writingSince + options.writeTimeout().toNanos() - now;
    }
    return owed == null ? Long.MAX_VALUE : owedSince + owed.limit().toNanos() - now;
  }

  private void onTimer() {
    timer = null;
    if (over) {
      return;
    }
    if (timeLeft() > 0) {
      setTimer();
      return;
    }
    ExpectedReply owed = expected.peek();
    if (writes > 0) {
      fail(context().timeout("a peer that reads", options.writeTimeout()));
    } else if (owed != null && !owed.onTimeout()) {
      fail(context().timeout(owed.awaited(), owed.limit()));
    }
  }

  /** A sign of life. */
  private static final class Noop extends SmtpJob {
    private final CompletableFuture<Void> future;

    Noop(CompletableFuture<Void> future) {
      this.future = future;
    }

    @Override
    void begin(SmtpDialogue dialogue) {
      dialogue.command(
          "NOOP",
          new ExpectedReply(
              "the reply to NOOP",
              dialogue.replyTimeout(),
              reply -> {
                // Whatever it is, it is alive.
                dialogue.over(this, () -> future.complete(null));
                return true;
              }));
    }

    @Override
    void broken(SmtpDialogue dialogue, Exception cause) {
      dialogue.over(this, () -> future.completeExceptionally(dialogue.endCause()));
    }
  }

  /** The goodbye; it never fails. */
  private static final class Quit extends SmtpJob {
    @Override
    void begin(SmtpDialogue dialogue) {
      dialogue.command(
          "QUIT",
          new ExpectedReply(
              "the reply to QUIT (221)",
              dialogue.options.goodbyeTimeout(),
              reply -> {
                dialogue.closeNow(new ClosedChannelException());
                return true;
              }) {
            @Override
            boolean onTimeout() {
              dialogue.closeNow(new ClosedChannelException());
              return true;
            }
          });
    }

    @Override
    void broken(SmtpDialogue dialogue, Exception cause) {
      dialogue.active.remove(this);
    }
  }
}
