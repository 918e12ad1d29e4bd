package io.upgradeable.ldap;

import io.upgradeable.Connection;
import io.upgradeable.UpgradeException;
import io.upgradeable.internal.Observing;
import io.upgradeable.ldap.LdapMessageReader.Broken;
import io.upgradeable.ldap.LdapMessageReader.Found;
import io.upgradeable.ldap.LdapMessageReader.Whole;
import io.upgradeable.negotiation.Reason;
import io.upgradeable.session.Session;
import io.upgradeable.session.SessionContext;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * The session behind an {@link LdapSession}: a queue of calls, those that are outstanding by their
 * message id, one timer. All state lives on the event loop.
 *
 * <p>Input is always asked for, so that a Notice of Disconnection between two operations is heard.
 * A response whose message id belongs to no outstanding operation ends the session: nobody can play
 * a dialogue ahead.
 */
final class LdapDialogue implements Session {

  /** More notifications than this are a flood (RFC 4511, 4.4: they are exceptional). */
  private static final int MAX_NOTIFICATIONS = 1000;

  private static final LdapMessageReader READER =
      new LdapMessageReader(LdapMessageReader.SESSION_BYTES);

  private final LdapSessionOptions options;
  private final LdapInput input = new LdapInput();
  private final Deque<LdapCall<?>> waiting = new ArrayDeque<>();
  private final Map<Integer, LdapCall<?>> outstanding = new LinkedHashMap<>();
  private final Queue<Runnable> completions = new ArrayDeque<>();
  private final CompletableFuture<Void> gone = new CompletableFuture<>();
  private @Nullable SessionContext context;
  private @Nullable Future<?> timer;
  private int lastId;
  private int notifications;
  private boolean receiving;
  private boolean settling;
  private boolean goodbye;
  private boolean over;
  private volatile boolean open = true;
  private volatile Optional<UpgradeException> failure = Optional.empty();

  LdapDialogue(LdapSessionOptions options) {
    this.options = options;
  }

  LdapSessionOptions options() {
    return options;
  }

  Connection connection() {
    return context().connection();
  }

  boolean isOpen() {
    return open;
  }

  Optional<UpgradeException> failure() {
    return failure;
  }

  private SessionContext context() {
    SessionContext present = context;
    if (present == null) {
      throw new IllegalStateException("not open yet");
    }
    return present;
  }

  Executor executor() {
    return context().executor();
  }

  boolean isOver() {
    return over;
  }

  // What callers ask for, from any thread.

  <T> CompletableFuture<T> call(LdapCall<T> call) {
    call.promise().whenGivenUp(() -> inOrder(() -> abandon(call), call));
    inOrder(() -> enqueue(call), call);
    return call.promise().future();
  }

  /** Tells whether the event loop still takes tasks; if not, the call is over. */
  private boolean inOrder(Runnable task, LdapCall<?> call) {
    try {
      context().executeInOrder(task);
      return true;
    } catch (RejectedExecutionException e) {
      call.broken();
      call.promise().fail(endCause());
      return false;
    }
  }

  private void enqueue(LdapCall<?> call) {
    if (over || goodbye) {
      call.broken();
      call.promise().fail(endCause());
      return;
    }
    if (call instanceof UnbindCall) {
      goodbye = true;
      open = false;
    }
    call.deadline(System.nanoTime() + options.operationTimeout().toNanos());
    waiting.add(call);
    settle();
  }

  /** A call that was not sent is forgotten; the answer to one that was would come all the same. */
  private void abandon(LdapCall<?> call) {
    if (waiting.remove(call)) {
      forget(call);
      settle();
    } else if (outstanding.containsValue(call)) {
      close();
    }
  }

  private void forget(LdapCall<?> call) {
    call.broken();
    if (call.isExpected()) {
      closeNow(); // The server would take whatever comes next for a part of it.
    }
  }

  /** Says goodbye behind all calls. */
  CompletableFuture<Void> unbind() {
    UnbindCall call = new UnbindCall();
    if (!inOrder(() -> enqueue(call), call)) {
      gone.complete(null); // The connection is gone with its event loop.
    }
    return gone.copy();
  }

  /** Closes at once. */
  CompletableFuture<Void> close() {
    try {
      context().executeInOrder(this::closeNow);
    } catch (RejectedExecutionException e) {
      gone.complete(null); // And the connection with its event loop.
    }
    return gone.copy(); // What one caller does to it is nothing to the others.
  }

  private void closeNow() {
    if (!over) {
      end();
      context().close();
      settle();
    }
  }

  // What calls do, on the event loop.

  <T> void succeeded(LdapCall<T> call, T value) {
    finish(call, () -> call.promise().complete(value));
  }

  void refused(LdapCall<?> call, LdapResult result) {
    refused(call, result.refusal(), call.awaited());
  }

  void refused(LdapCall<?> call, Reason reason, String awaited) {
    UpgradeException refusal = context().failure(reason, awaited);
    finish(call, () -> call.promise().fail(refusal));
  }

  /** What the caller gave turns out to be unfit. */
  void failed(LdapCall<?> call, Throwable mistake) {
    finish(call, () -> call.promise().fail(mistake));
  }

  private void finish(LdapCall<?> call, Runnable completion) {
    outstanding.values().remove(call);
    completions.add(completion);
  }

  /**
   * Sends the next request of a call, in place of its last one: before all others, and once the
   * input is read to its end. What came behind the last response answers a request that was not
   * sent yet.
   */
  void sendAgain(LdapCall<?> call) {
    outstanding.values().remove(call);
    waiting.addFirst(call);
  }

  void fail(Reason reason, String awaited) {
    fail(context().failure(reason, awaited));
  }

  private void fail(UpgradeException cause) {
    if (!over) {
      failure = Optional.of(cause);
      end();
      context().fail(cause);
    }
  }

  // The turn.

  /** Sends what can be sent now, and then tells callers what there is to tell. */
  void settle() {
    if (settling || receiving) {
      return; // Whoever is at it comes to it; what is unread is known only then.
    }
    settling = true;
    try {
      do {
        sendWaiting();
        for (Runnable next = completions.poll(); next != null; next = completions.poll()) {
          next.run();
        }
      } while (!over && maySendNext());
    } finally {
      settling = false;
    }
    setTimer();
  }

  private void sendWaiting() {
    while (!over && maySendNext()) {
      LdapCall<?> next = waiting.remove();
      if (next.promise().isDone()) {
        forget(next); // Given up, and the task that abandons it comes behind this one.
      } else {
        send(next);
      }
    }
  }

  private boolean maySendNext() {
    LdapCall<?> next = waiting.peek();
    return next != null
        && (outstanding.isEmpty()
            || !(next.goesAlone() || outstanding.values().iterator().next().goesAlone()));
  }

  private void send(LdapCall<?> call) {
    if (outstanding.isEmpty() && !input.isEmpty()) {
      fail(Reason.misbehaved("nothing before a request", input.length() + " bytes"), "nothing");
      call.broken();
      completions.add(() -> call.promise().fail(endCause()));
      return;
    }
    lastId = lastId == Integer.MAX_VALUE ? 1 : lastId + 1;
    outstanding.put(lastId, call);
    BerWriter request = call.request(lastId);
    observeSent(request);
    context().write(request.view()).whenComplete((nothing, error) -> request.wipe());
    if (call instanceof UnbindCall) {
      end();
      context().close();
    }
  }

  private void observeSent(BerWriter request) {
    if (options.observer() != LdapObserver.NONE
        && READER.read(request.view()) instanceof Whole whole) {
      Observing.quietly(() -> options.observer().sent(LdapTrace.line(whole.message())));
    }
  }

  // What the connection tells.

  @Override
  public void opened(SessionContext opened) {
    context = opened;
    opened.requestInput();
  }

  @Override
  public void receive(ByteBuffer bytes) {
    receiving = true;
    try {
      read(bytes);
    } finally {
      receiving = false;
    }
    if (!over) {
      context().requestInput();
    }
    settle();
  }

  private void read(ByteBuffer bytes) {
    ByteBuffer joined = input.join(bytes);
    boolean more = true;
    while (more && !over) {
      Found found = READER.read(joined);
      more = found instanceof Whole;
      if (found instanceof Whole whole) {
        onMessage(whole.message());
      } else if (found instanceof Broken broken) {
        fail(broken.reason(), awaited());
      }
    }
    input.keep(joined);
  }

  private void onMessage(LdapMessage message) {
    if (options.observer() != LdapObserver.NONE) {
      Observing.quietly(() -> options.observer().received(LdapTrace.line(message)));
    }
    LdapCall<?> call = outstanding.get(message.id());
    try {
      if (message.id() == LdapMessage.UNSOLICITED) {
        onNotification(message);
      } else if (call == null) {
        throw new BerException(message + ", which nobody asked for");
      } else {
        call.receive(this, message);
      }
    } catch (BerException e) {
      fail(Reason.misbehaved(awaited(), e.problem()), awaited());
    }
  }

  /** Unknown ones are ignored (RFC 4511, 4.4). */
  private void onNotification(LdapMessage message) throws BerException {
    ExtendedResponse notification =
        ExtendedResponse.read(LdapCall.require(message, LdapOperation.EXTENDED_RESPONSE));
    notifications++;
    if (notification.isNamed(Oid.NOTICE_OF_DISCONNECTION)) {
      fail(Notices.reason(notification), awaited());
    } else if (notifications > MAX_NOTIFICATIONS) {
      throw new BerException("more than " + MAX_NOTIFICATIONS + " notifications");
    }
  }

  private String awaited() {
    LdapCall<?> oldest = oldest();
    return oldest == null ? "the next operation" : oldest.awaited();
  }

  @Override
  public void inputClosed(boolean truncated) {
    if (!over) {
      fail(
          truncated
              ? context().truncated(awaited())
              : context().failure(Reason.closed(), awaited()));
      settle();
    }
  }

  @Override
  public void closed(Optional<UpgradeException> cause) {
    if (!over) {
      failure = cause;
      end();
    }
    settle();
    gone.complete(null);
  }

  private void end() {
    over = true;
    open = false;
    if (timer != null) {
      timer.cancel(false);
    }
    for (LdapCall<?> call : List.copyOf(outstanding.values())) {
      breakOff(call);
    }
    outstanding.clear();
    for (LdapCall<?> call = waiting.poll(); call != null; call = waiting.poll()) {
      breakOff(call);
    }
  }

  private void breakOff(LdapCall<?> call) {
    call.broken();
    completions.add(() -> call.promise().fail(endCause()));
  }

  /** Why nothing can be asked any more: the peer's fault, or simply that this side has closed. */
  private IOException endCause() {
    Optional<UpgradeException> known = failure;
    return known.isPresent() ? known.get() : new ClosedChannelException();
  }

  // Time.

  /** One timer serves all calls: if it fires too early, it is set again. */
  private void setTimer() {
    LdapCall<?> oldest = oldest();
    if (timer == null && !over && oldest != null) {
      long left = Math.max(oldest.deadline() - System.nanoTime(), 0);
      timer = context().schedule(Duration.ofNanos(left), this::onTimer);
    }
  }

  private void onTimer() {
    timer = null;
    LdapCall<?> oldest = oldest();
    if (over || oldest == null) {
      return;
    }
    if (oldest.deadline() - System.nanoTime() <= 0) {
      fail(context().timeout(oldest.awaited(), options.operationTimeout()));
    }
    settle();
  }

  /** All have the same time, and so the oldest is the first whose time is over. */
  private @Nullable LdapCall<?> oldest() {
    return outstanding.isEmpty() ? waiting.peek() : outstanding.values().iterator().next();
  }
}
