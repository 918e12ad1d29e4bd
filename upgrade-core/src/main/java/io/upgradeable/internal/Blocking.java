package io.upgradeable.internal;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.Supplier;

/** The way from futures to blocking calls. No monitor is held while waiting. */
public final class Blocking {

  private Blocking() {}

  /**
   * Begins an operation and waits for it; an interrupted wait cancels it. If the operation was over
   * by then, its value is returned, and the thread's flag tells of the interrupt.
   *
   * @param <T> the future's type
   * @param onEventLoop whether the calling thread is an event loop
   * @param operation begins the operation; not called on an event loop
   * @return its value
   * @throws IOException the failure of the future, or an {@link InterruptedIOException}
   * @throws IllegalStateException on an event loop
   */
  public static <T> T await(boolean onEventLoop, Supplier<CompletableFuture<T>> operation)
      throws IOException {
    if (onEventLoop) {
      throw new IllegalStateException(
          "a blocking call on an event loop would wait for itself: use the Async form");
    }
    CompletableFuture<T> future = operation.get();
    try {
      return future.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      // get() does not look again: the operation may be over all the same.
      if (!future.cancel(false) && !future.isCompletedExceptionally()) {
        return future.join();
      }
      InterruptedIOException interrupted = new InterruptedIOException("interrupted while waiting");
      interrupted.initCause(e);
      throw interrupted;
    } catch (ExecutionException e) {
      Throwable cause = e.getCause();
      throw rethrown(cause == null ? e : cause);
    }
  }

  private static IOException rethrown(Throwable cause) {
    if (cause instanceof IOException io) {
      return io;
    }
    if (cause instanceof RuntimeException unchecked) {
      throw unchecked;
    }
    if (cause instanceof Error error) {
      throw error;
    }
    return new IOException(cause);
  }

  /** Longer limits are a mistake, and some would overflow a count of nanoseconds. */
  private static final Duration MAX_LIMIT = Duration.ofDays(365);

  /**
   * Checks a time limit.
   *
   * @param value the limit
   * @return the same limit
   * @throws IllegalArgumentException if it is not positive, or over a year
   */
  public static Duration requirePositive(Duration value) {
    if (value.isNegative() || value.isZero() || value.compareTo(MAX_LIMIT) > 0) {
      throw new IllegalArgumentException(
          "expected a positive duration of at most 365 days, got " + value);
    }
    return value;
  }
}
