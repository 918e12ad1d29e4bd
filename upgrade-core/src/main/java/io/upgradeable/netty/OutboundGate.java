package io.upgradeable.netty;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Holds a session's writes back while a negotiation runs, so that none of them can leave in
 * plaintext behind the decision to upgrade. First failure wins: once the gate failed, every write
 * fails the same way.
 *
 * <p>Not thread-safe; used on the connection's event loop.
 */
final class OutboundGate {

  /** How many bytes may wait. More is a caller that ignores its futures. */
  static final int MAX_WAITING_BYTES = 1024 * 1024;

  private record Waiting(ByteBuffer bytes, CompletableFuture<Void> written) {}

  /** Where bytes go when the gate is open. */
  interface Outlet {
    void write(ByteBuffer bytes, CompletableFuture<Void> written);
  }

  private @Nullable Queue<Waiting> waiting; // most sessions never upgrade late
  private long waitingBytes;
  private boolean closed;

  void close() {
    closed = true;
  }

  boolean isClosed() {
    return closed;
  }

  /** Takes the bytes if the gate is closed; otherwise they are the caller's to write. */
  boolean holdBack(ByteBuffer bytes, CompletableFuture<Void> written) {
    if (!closed) {
      return false;
    }
    if (waitingBytes + bytes.remaining() > MAX_WAITING_BYTES) {
      written.completeExceptionally(
          new IllegalStateException(
              "more than "
                  + MAX_WAITING_BYTES
                  + " bytes wait for the end of a negotiation: wait for the futures of writes"));
      return true;
    }
    waitingBytes += bytes.remaining();
    if (waiting == null) {
      waiting = new ArrayDeque<>();
    }
    waiting.add(new Waiting(bytes, written));
    return true;
  }

  /**
   * Lets everything through, in order. What is written meanwhile by those who waited comes behind.
   *
   * @return whether anything waited
   */
  boolean open(Outlet outlet) {
    boolean waited = false;
    for (Waiting write = poll(); write != null; write = poll()) {
      if (!write.written().isDone()) { // Given up meanwhile: its memory is the caller's again.
        outlet.write(write.bytes(), write.written());
        waited = true;
      }
    }
    closed = false;
    return waited;
  }

  /** Fails everything that waits; the cause is made only if something does. */
  void fail(Supplier<? extends Throwable> cause) {
    Waiting write = poll();
    if (write == null) {
      return;
    }
    Throwable why = cause.get();
    for (; write != null; write = poll()) {
      write.written().completeExceptionally(why);
    }
  }

  private @Nullable Waiting poll() {
    Waiting next = waiting == null ? null : waiting.poll();
    if (next != null) {
      waitingBytes -= next.bytes().remaining();
    }
    return next;
  }
}
