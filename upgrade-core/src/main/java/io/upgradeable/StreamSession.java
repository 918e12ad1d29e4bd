package io.upgradeable;

import io.upgradeable.internal.Promise;
import io.upgradeable.internal.StartTlsNow;
import io.upgradeable.negotiation.Reason;
import io.upgradeable.negotiation.TlsFacts;
import io.upgradeable.negotiation.UnreadPolicy;
import io.upgradeable.session.Session;
import io.upgradeable.session.SessionContext;
import io.upgradeable.tls.TlsPolicy;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The session behind an {@link UpgradeableStream}: serves one read at a time from the core's unread
 * bytes and asks the peer for more only while a read wants more. All state lives on the event loop.
 */
final class StreamSession implements Session {

  /** The largest {@code readExactly}. */
  static final int MAX_EXACT = 16 * 1024 * 1024;

  /** How many bytes of unfinished writes are allowed. */
  private static final long MAX_WAITING_WRITES = 1024 * 1024;

  private final Optional<Endpoint> peer;
  private final Optional<Supplier<TlsPolicy>> policy;
  private final StreamOptions options;
  private final Consumer<UpgradeableStream> onOpened;
  private final AtomicLong waitingWrites = new AtomicLong();

  /** Writes that wait for the handshake; only while it is under way. */
  private final List<CompletableFuture<Void>> heldBack = new ArrayList<>();

  private @Nullable SessionContext context;
  private @Nullable Read<?> pending;
  private boolean tlsStarted;
  private boolean handshaking;
  private boolean inputClosed;
  private boolean truncated;
  private boolean gone;

  /** This side has asked for the end. Set on the event loop. */
  private volatile boolean closing;

  /** The peer ended in order before the connection went: what came before can still be read. */
  private boolean readable;

  private Optional<UpgradeException> failure = Optional.empty();
  private long readDeadline;
  private @Nullable Future<?> timer;

  /** One read: takes what it needs from the unread bytes, or says that it needs more. */
  private abstract static class Read<T> {
    final Promise<T> promise = new Promise<>();
    final String awaited;

    Read(String awaited) {
      this.awaited = awaited;
    }

    /** Consumes and returns the result, or returns empty and consumes nothing it cannot keep. */
    abstract Optional<T> take(ByteBuffer input, StreamSession stream);

    /** What the end of the stream means to this read; empty if it cuts the read short. */
    abstract Optional<T> atEnd();

    /** Returns false if the read was given up meanwhile. */
    boolean completeWith(Object value) {
      @SuppressWarnings("unchecked") // comes from take() or atEnd() of the same read
      T result = (T) value;
      return promise.complete(result);
    }
  }

  StreamSession(
      Optional<Endpoint> peer,
      Optional<Supplier<TlsPolicy>> policy,
      StreamOptions options,
      Consumer<UpgradeableStream> onOpened) {
    this.peer = peer;
    this.policy = policy;
    this.options = options;
    this.onOpened = onOpened;
  }

  SessionContext context() {
    SessionContext present = context;
    if (present == null) {
      throw new IllegalStateException("not open yet");
    }
    return present;
  }

  CompletableFuture<Optional<String>> readLine() {
    return submit(new LineRead());
  }

  CompletableFuture<byte[]> readSome(int max) {
    return submit(new SomeRead(max));
  }

  CompletableFuture<byte[]> readExactly(int count) {
    return submit(new ExactRead(count));
  }

  private static final class LineRead extends Read<Optional<String>> {
    private int scanned;

    LineRead() {
      super("a line");
    }

    @Override
    Optional<Optional<String>> take(ByteBuffer input, StreamSession stream) {
      int start = input.position();
      int max = stream.options.maxLineBytes();
      for (int i = start + scanned; i < input.limit(); i++) {
        if (input.get(i) == '\n') {
          int length = i - start;
          if (length <= max) {
            return Optional.of(Optional.of(line(input, length)));
          }
          break;
        }
      }
      scanned = input.remaining();
      if (scanned > max) {
        stream.fail(
            stream
                .context()
                .failure(
                    Reason.misbehaved("a line of at most " + max + " bytes", "more"), awaited));
      }
      return Optional.empty();
    }

    private static String line(ByteBuffer input, int length) {
      byte[] bytes = new byte[length];
      input.get(bytes);
      input.get(); // the LF
      boolean cr = length > 0 && bytes[length - 1] == '\r';
      return new String(bytes, 0, cr ? length - 1 : length, StandardCharsets.UTF_8);
    }

    @Override
    Optional<Optional<String>> atEnd() {
      return scanned == 0 ? Optional.of(Optional.empty()) : Optional.empty();
    }
  }

  private static final class SomeRead extends Read<byte[]> {
    private final int max;

    SomeRead(int max) {
      super("bytes");
      this.max = max;
    }

    @Override
    Optional<byte[]> take(ByteBuffer input, StreamSession stream) {
      if (!input.hasRemaining()) {
        return Optional.empty();
      }
      byte[] bytes = new byte[Math.min(max, input.remaining())];
      input.get(bytes);
      return Optional.of(bytes);
    }

    @Override
    Optional<byte[]> atEnd() {
      return Optional.of(new byte[0]);
    }
  }

  private static final class ExactRead extends Read<byte[]> {
    private final int count;
    private byte[] bytes = {};
    private int filled;

    ExactRead(int count) {
      super(count + " bytes");
      this.count = count;
    }

    @Override
    Optional<byte[]> take(ByteBuffer input, StreamSession stream) {
      int more = Math.min(count - filled, input.remaining());
      if (filled + more > bytes.length) {
        // Grows with what came, not with what was asked for.
        long grown = Math.max(filled + (long) more, Math.min(count, 2L * bytes.length));
        bytes = Arrays.copyOf(bytes, (int) grown);
      }
      input.get(bytes, filled, more);
      filled += more;
      if (filled < count) {
        return Optional.empty();
      }
      return Optional.of(bytes.length == count ? bytes : Arrays.copyOf(bytes, count));
    }

    @Override
    Optional<byte[]> atEnd() {
      return count == 0 ? Optional.of(new byte[0]) : Optional.empty();
    }
  }

  private <T> CompletableFuture<T> submit(Read<T> read) {
    return inOrder(() -> begin(read), read.promise, read.promise::fail);
  }

  /**
   * An operation was given up: cancelled, or completed by somebody else, such as {@code orTimeout}.
   * Bytes of a read may be taken already, and those of a write sent or not: what follows them would
   * be misread, here or there. Of TLS that nobody waits for, nobody would know.
   */
  private void abandon() {
    if (pending != null && pending.promise.isDone()) {
      pending = null; // Another one, begun meanwhile, hears of the end in closed().
    }
    closing = true;
    context().close();
    // What waits for the handshake is left out, whichever of it was given up: no hole.
    List.copyOf(heldBack).forEach(written -> written.cancel(false));
  }

  private <T> CompletableFuture<T> inOrder(
      Runnable begin, Promise<T> promise, Consumer<Throwable> rejected) {
    promise.whenGivenUp(() -> inOrder(this::abandon, ended -> {}));
    inOrder(begin, rejected);
    return promise.future();
  }

  /** In the order of the calls, whichever threads they come from: the stream promises that. */
  private void inOrder(Runnable task, Consumer<Throwable> rejected) {
    try {
      context().executeInOrder(task);
    } catch (RejectedExecutionException e) {
      rejected.accept(new ClosedChannelException());
    }
  }

  private void begin(Read<?> read) {
    if (read.promise.isDone()) {
      return; // given up before it began
    }
    if (pending != null && pending.promise.isDone()) {
      abandon(); // What tells of it is on its way, behind this read.
    }
    if (pending != null) {
      read.promise.fail(new IllegalStateException("a read is under way on this stream"));
      return;
    }
    if (closing) { // The connection may not have told of its end yet.
      read.promise.fail(endCause());
      return;
    }
    pending = read;
    readDeadline = System.nanoTime() + options.timeout().toNanos();
    if (!gone || readable) {
      context().redeliver();
    }
    if (pending == read && read instanceof ExactRead) {
      offer(read, ByteBuffer.allocate(0)); // Zero bytes need no peer.
    }
    if (pending == read) {
      if (inputClosed || gone) {
        endOfInput();
      } else {
        setTimer();
        context().requestInput();
      }
    }
  }

  @Override
  public void opened(SessionContext opened) {
    context = opened;
    onOpened.accept(new UpgradeableStream(this));
  }

  @Override
  public void receive(ByteBuffer input) {
    Read<?> read = pending;
    if (read != null) {
      offer(read, input);
      if (pending == read) {
        context().requestInput();
      }
    }
  }

  private void offer(Read<?> read, ByteBuffer input) {
    Optional<?> result = read.take(input, this);
    result.ifPresent(value -> completeLater(read, value));
  }

  /** Behind the delivery that is under way, so that dependents find the unread bytes settled. */
  private void completeLater(Read<?> read, Object value) {
    pending = null;
    context()
        .executor()
        .execute(
            () -> {
              if (!read.completeWith(value)) {
                abandon(); // Now: what tells of it may come behind the next read.
              }
            });
  }

  @Override
  public void inputClosed(boolean withoutGoodbye) {
    inputClosed = true;
    truncated = withoutGoodbye;
    if (pending != null) {
      endOfInput();
    }
  }

  private void endOfInput() {
    Read<?> read = pending;
    if (read == null) {
      return;
    }
    if (failure.isEmpty() && (!gone || readable)) {
      Optional<?> atEnd = read.atEnd();
      if (!truncated && atEnd.isPresent()) {
        completeLater(read, atEnd.get());
        return;
      }
      fail(
          truncated
              ? context().truncated(read.awaited)
              : context().failure(Reason.closed(), read.awaited));
    }
    pending = null;
    read.promise.fail(endCause());
  }

  /** Why the stream is over: the peer's fault, or simply that this side has closed it. */
  private IOException endCause() {
    return failure.isPresent() ? failure.get() : new ClosedChannelException();
  }

  private void fail(UpgradeException cause) {
    if (failure.isEmpty()) {
      failure = Optional.of(cause);
    }
    context().fail(cause);
  }

  @Override
  public void closed(Optional<UpgradeException> cause) {
    gone = true;
    // Where this side had closed before the connection went, that is what reads are told.
    readable = !closing && failure.isEmpty() && cause.isPresent() && inputClosed && !truncated;
    if (failure.isEmpty() && !readable && !closing) {
      failure = cause;
    }
    if (timer != null) {
      timer.cancel(false);
    }
    endOfInput();
  }

  /**
   * One timer serves all reads: if it fires for a read that is over, it is set for the next one.
   */
  private void setTimer() {
    if (timer == null) {
      timer = context().schedule(Duration.ofNanos(readDeadline - System.nanoTime()), this::onTimer);
    }
  }

  private void onTimer() {
    timer = null;
    Read<?> read = pending;
    if (read == null || gone || closing) { // A close has its own time.
      return;
    }
    if (readDeadline - System.nanoTime() > 0) {
      setTimer();
    } else {
      fail(context().timeout(read.awaited, options.timeout()));
    }
  }

  CompletableFuture<Void> write(ByteBuffer bytes) {
    int length = bytes.remaining();
    long before = waitingWrites.getAndAdd(length);
    if (before > 0 && before + length > MAX_WAITING_WRITES && !closing) {
      waitingWrites.addAndGet(-length);
      return CompletableFuture.failedFuture(
          new IllegalStateException(
              "more than "
                  + MAX_WAITING_WRITES
                  + " bytes wait to be written: wait for the futures of earlier writes"));
    }
    Promise<Void> write = new Promise<>();
    return inOrder(
        () -> writeNow(bytes, length, write),
        write,
        ended -> {
          waitingWrites.addAndGet(-length);
          write.fail(ended);
        });
  }

  private void writeNow(ByteBuffer bytes, int length, Promise<Void> write) {
    if (write.isDone()) {
      abandon(); // Given up before it began: its memory is the caller's again.
    }
    if (closing) {
      waitingWrites.addAndGet(-length);
      write.fail(endCause());
      return;
    }
    CompletableFuture<Void> written = context().write(bytes);
    Optional<Future<?>> limit = Optional.empty();
    if (!written.isDone()) {
      if (handshaking) {
        heldBack.add(written);
      }
      limit = Optional.of(context().schedule(options.timeout(), this::onWriteTimer));
    }
    Optional<Future<?>> timer = limit;
    written.whenComplete(
        (nothing, error) -> {
          waitingWrites.addAndGet(-length);
          timer.ifPresent(timeout -> timeout.cancel(false));
          if (error == null) {
            write.complete(null);
          } else {
            write.fail(error instanceof CancellationException ? endCause() : error);
          }
        });
  }

  private void onWriteTimer() {
    if (!closing) {
      fail(context().timeout("a peer that reads", options.timeout()));
    }
  }

  CompletableFuture<Void> shutdownOutput() {
    CompletableFuture<Void> result = new CompletableFuture<>();
    inOrder(() -> complete(result, context().shutdownOutput()), result::completeExceptionally);
    return result;
  }

  CompletableFuture<Void> close() {
    CompletableFuture<Void> done = new CompletableFuture<>();
    try {
      context().executeInOrder(() -> closeNow(done));
    } catch (RejectedExecutionException ended) {
      done.complete(null); // And the connection with its event loop.
    }
    return done;
  }

  private void closeNow(CompletableFuture<Void> done) {
    closing = true;
    complete(done, context().close());
  }

  private static <T> void complete(CompletableFuture<T> result, CompletableFuture<T> outcome) {
    outcome.whenComplete(
        (value, error) -> {
          if (error == null) {
            result.complete(value);
          } else {
            result.completeExceptionally(error);
          }
        });
  }

  CompletableFuture<TlsFacts> startTls(UnreadPolicy unread) {
    Promise<TlsFacts> result = new Promise<>();
    return inOrder(() -> startTlsNow(unread, result), result, result::fail);
  }

  private void startTlsNow(UnreadPolicy unread, Promise<TlsFacts> result) {
    if (result.isDone()) {
      abandon(); // given up before it began
    } else if (closing) {
      result.fail(endCause());
    } else if (policy.isEmpty()) {
      result.fail(new IllegalStateException("this stream was opened without a TLS policy"));
    } else if (tlsStarted) {
      result.fail(new IllegalStateException("TLS was started on this stream before"));
    } else if (pending != null) {
      result.fail(
          new IllegalStateException("a read is under way on this stream: TLS cannot start now"));
    } else {
      tlsStarted = true;
      handshaking = true;
      Layer.Builder<TlsFacts> layer =
          Layer.of("tls", () -> new StartTlsNow(unread)).tls(policy.get());
      peer.ifPresent(layer::target);
      context()
          .negotiate(layer.build())
          .whenComplete(
              (facts, error) -> {
                handshaking = false;
                heldBack.clear();
                if (error instanceof UpgradeException cause && failure.isEmpty()) {
                  failure = Optional.of(cause);
                }
                if (error != null) {
                  result.fail(error);
                } else {
                  result.complete(facts);
                }
              });
    }
  }
}
