package io.upgradeable.ldap;

import io.upgradeable.UpgradeException;
import io.upgradeable.internal.Observing;
import io.upgradeable.ldap.LdapMessageReader.Broken;
import io.upgradeable.ldap.LdapMessageReader.Found;
import io.upgradeable.ldap.LdapMessageReader.Whole;
import io.upgradeable.session.Session;
import io.upgradeable.session.SessionContext;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What a server does under TLS: one request after the other, each answered before the next one is
 * looked at. While a bind is being computed, or the client does not read its answers, nothing is
 * read from it.
 */
final class LdapServerSession implements Session {

  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  private final LdapServerBinder binder;
  private final LdapServerLimits limits;
  private final boolean startTls;
  private final LdapServerObserver observer;
  private final Consumer<LdapServerSession> onOpened;
  private final Consumer<LdapServerSession> onClosed;
  private final Executor threads;
  private final LdapMessageReader reader;
  private final LdapInput input = new LdapInput();
  private @Nullable SessionContext context;
  private @Nullable Future<?> timer;
  private long deadline;
  private long timerAt;
  private int badRequests;
  private boolean reading;
  private boolean computing;
  private volatile boolean over;

  LdapServerSession(
      LdapServerBinder binder,
      LdapServerLimits limits,
      boolean startTls,
      LdapServerObserver observer,
      Executor threads,
      Consumer<LdapServerSession> onOpened,
      Consumer<LdapServerSession> onClosed) {
    this.binder = binder;
    this.limits = limits;
    this.startTls = startTls;
    this.observer = observer;
    this.threads = threads;
    this.onOpened = onOpened;
    this.onClosed = onClosed;
    this.reader = new LdapMessageReader(limits.messageBytes());
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
    setDeadline(limits.idleTimeout());
    setTimer();
    onOpened.accept(this); // It may ask at once to shut down.
    if (!over) {
      opened.requestInput();
    }
  }

  @Override
  public void receive(ByteBuffer bytes) {
    boolean wasEmpty = input.isEmpty();
    ByteBuffer joined = input.join(bytes);
    reading = true;
    try {
      wasEmpty |= read(joined);
    } finally {
      reading = false;
    }
    input.keep(joined);
    if (wasEmpty) {
      awaitNext();
    }
    if (mayGoOn()) {
      context().requestInput();
    }
  }

  /** While a bind is computed it is the client that waits, but not for ever. */
  private void awaitNext() {
    setDeadline(input.isEmpty() || computing ? limits.idleTimeout() : limits.messageTimeout());
  }

  /** Answers whole requests, and tells whether there were any. */
  private boolean read(ByteBuffer joined) {
    boolean any = false;
    boolean more = true;
    while (more && mayGoOn()) {
      Found found = reader.read(joined);
      more = found instanceof Whole;
      if (found instanceof Whole whole) {
        onMessage(whole.message());
        any = true;
      } else if (found instanceof Broken) {
        disconnect(LdapResultCode.PROTOCOL_ERROR, "That is no LDAP message, goodbye");
      }
    }
    return any;
  }

  /** A client that does not read its answers is not read from, and gets no more of them either. */
  private boolean mayGoOn() {
    return !over && !computing && context().isWritable();
  }

  @Override
  public void writabilityChanged(boolean writable) {
    if (!reading && mayGoOn()) {
      receive(NOTHING.duplicate()); // What came while the way was blocked.
    }
  }

  private void onMessage(LdapMessage message) {
    if (message.id() == LdapMessage.UNSOLICITED || !message.operation().isRequest()) {
      disconnect(LdapResultCode.PROTOCOL_ERROR, "That is no request, goodbye");
      return;
    }
    try {
      onRequest(message);
    } catch (BerException e) {
      disconnect(LdapResultCode.PROTOCOL_ERROR, "Malformed request, goodbye");
    }
  }

  private void onRequest(LdapMessage message) throws BerException {
    LdapOperation operation = message.operation();
    if (operation == LdapOperation.UNBIND_REQUEST) {
      close();
    } else if (operation == LdapOperation.ABANDON_REQUEST) {
      // There is nothing left to abandon: everything before it was answered.
    } else if (message.hasCriticalControl()) {
      refuse(message, LdapResultCode.UNAVAILABLE_CRITICAL_EXTENSION, "Unknown critical control");
    } else if (operation == LdapOperation.BIND_REQUEST) {
      onBind(message.id(), BindRequest.read(message.reader()));
    } else if (binder.abort()) {
      refuse(message, LdapResultCode.OPERATIONS_ERROR, "Expected the next step of the SASL bind");
    } else if (operation == LdapOperation.EXTENDED_REQUEST) {
      onExtended(message, ExtendedRequest.read(message.reader()));
    } else if (operation == LdapOperation.SEARCH_REQUEST) {
      onSearch(message, SearchRequest.read(message.reader()));
    } else {
      refuse(message, LdapResultCode.UNWILLING_TO_PERFORM, "There is no directory here");
    }
  }

  private void onBind(int id, BindRequest request) {
    computing = true;
    try {
      threads.execute(() -> compute(id, request));
    } catch (RejectedExecutionException e) {
      request.close();
      binder.reset();
      answer(id, response(LdapResultCode.BUSY, "Too many binds at once"));
      computing = false;
    }
  }

  private void compute(int id, BindRequest request) {
    BindResponse response;
    try (request) {
      if (over) {
        return; // Nobody waits any more.
      }
      response = binder.bind(request);
    } catch (Throwable e) {
      // A store of users that fails is this side's mistake, and no reason to let anybody in.
      response = response(LdapResultCode.OTHER, "Internal error");
    }
    BindResponse answer = response;
    try {
      context().executor().execute(() -> onBound(id, answer));
    } catch (RejectedExecutionException e) {
      // The connection is gone with its loop.
    }
  }

  private static BindResponse response(LdapResultCode code, String words) {
    return new BindResponse(LdapResult.of(code, words), Optional.empty());
  }

  private void onBound(int id, BindResponse response) {
    if (over) {
      return;
    }
    answer(id, response);
    computing = false; // Not before: while the answer is written, the way may become free.
    awaitNext();
    receive(NOTHING.duplicate()); // What came behind the bind.
  }

  private void answer(int id, BindResponse response) {
    Observing.quietly(() -> observe(response.result()));
    LdapResultCode code = response.result().code();
    boolean inVain =
        !code.isSuccess() && !code.equals(LdapResultCode.SASL_BIND_IN_PROGRESS) && isLastBadOne();
    write(response.write(id));
    if (inVain) {
      tooManyBadRequests();
    }
  }

  private void observe(LdapResult result) {
    if (result.code().isSuccess()) {
      observer.bound(context().connection(), binder.authorizationId());
    } else if (!result.code().equals(LdapResultCode.SASL_BIND_IN_PROGRESS)) {
      observer.bindRefused(context().connection(), result);
    }
  }

  private void onExtended(LdapMessage message, ExtendedRequest request) {
    switch (request.name()) {
      case Oid.WHO_AM_I -> {
        if (request.hasValue()) {
          refuse(message, LdapResultCode.PROTOCOL_ERROR, "Who am I? has no value");
        } else {
          write(
              new ExtendedResponse(
                      LdapResult.of(LdapResultCode.SUCCESS, ""),
                      Optional.empty(),
                      Optional.of(binder.authorizationId()))
                  .write(message.id()));
        }
      }
      case Oid.START_TLS ->
          refuse(message, LdapResultCode.OPERATIONS_ERROR, "TLS is there already");
      default -> refuse(message, LdapResultCode.PROTOCOL_ERROR, "Unknown extended operation");
    }
  }

  private void onSearch(LdapMessage message, SearchRequest request) {
    boolean ofRootDse =
        request.base().isEmpty()
            && request.scope() == SearchRequest.BASE_OBJECT
            && request.presentFilter().orElse("").equalsIgnoreCase("objectClass");
    if (!ofRootDse) {
      refuse(message, LdapResultCode.UNWILLING_TO_PERFORM, "There is nothing but a root DSE here");
      return;
    }
    List<String> extensions = new ArrayList<>(List.of(Oid.WHO_AM_I));
    if (startTls) {
      extensions.add(Oid.START_TLS);
    }
    write(ServedRootDse.entry(message.id(), request, extensions, binder.mechanisms()));
    write(
        LdapMessage.write(
            message.id(),
            LdapOperation.SEARCH_RESULT_DONE,
            LdapResult.of(LdapResultCode.SUCCESS, "")::write));
  }

  private void refuse(LdapMessage message, LdapResultCode code, String words) {
    LdapResponses.result(message, LdapResult.of(code, words)).ifPresent(this::write);
    if (isLastBadOne()) {
      tooManyBadRequests();
    }
  }

  private boolean isLastBadOne() {
    badRequests++;
    return badRequests == limits.badRequests();
  }

  private void tooManyBadRequests() {
    disconnect(LdapResultCode.PROTOCOL_ERROR, "Too many requests in vain, goodbye");
  }

  private void write(BerWriter response) {
    context().write(response.view());
  }

  /** The server stops; from any thread. */
  void shutDown() {
    try {
      context()
          .executeInOrder(() -> disconnect(LdapResultCode.UNAVAILABLE, "The server shuts down"));
    } catch (RejectedExecutionException e) {
      // The connection is gone with its loop.
    }
  }

  private void disconnect(LdapResultCode code, String words) {
    if (!over) {
      write(Notices.write(code, words));
      close();
    }
  }

  private void close() {
    end();
    context().close();
  }

  private void end() {
    over = true;
    onClosed.accept(this);
    if (timer != null) {
      timer.cancel(false);
    }
  }

  @Override
  public void inputClosed(boolean truncated) {
    if (!over) {
      close();
    }
  }

  @Override
  public void closed(Optional<UpgradeException> cause) {
    end();
  }

  private void setDeadline(Duration limit) {
    deadline = System.nanoTime() + limit.toNanos();
    if (timer != null && deadline - timerAt < 0) {
      timer.cancel(false);
      setTimer();
    }
  }

  /** One timer serves all waits: if it fires too early, it is set again. */
  private void setTimer() {
    timerAt = deadline;
    long left = Math.max(deadline - System.nanoTime(), 0);
    timer = context().schedule(Duration.ofNanos(left), this::onTimer);
  }

  private void onTimer() {
    if (over) {
      return;
    }
    if (deadline - System.nanoTime() <= 0) {
      disconnect(
          LdapResultCode.UNAVAILABLE,
          computing ? "No bind in time, goodbye" : "Nothing complete in time, goodbye");
    } else {
      setTimer();
    }
  }
}
