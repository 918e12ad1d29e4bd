package io.upgradeable.internal;

import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The side of a future that completes it. Its maker completes it here; whoever completes the future
 * itself, by a cancel, by {@code orTimeout} or otherwise, has given the operation up, and that is
 * told apart by construction: no flag has to win a race. All methods may be called from any thread.
 *
 * @param <T> the type of the value
 */
public final class Promise<T> {

  private final Handed<T> future = new Handed<>();

  /** What the caller has: its own methods are for the caller alone. */
  private static final class Handed<T> extends CompletableFuture<T> {

    /** Complete as soon as this is, so that it keeps no task that will not run. */
    private final CompletableFuture<Boolean> givenUp = new CompletableFuture<>();

    private boolean complete(@Nullable T value, boolean byMaker) {
      return told(super.complete(value), byMaker);
    }

    private boolean completeExceptionally(Throwable cause, boolean byMaker) {
      return told(super.completeExceptionally(cause), byMaker);
    }

    private boolean told(boolean won, boolean byMaker) {
      if (won) {
        givenUp.complete(!byMaker);
      }
      return won;
    }

    @Override
    public boolean complete(@Nullable T value) {
      return complete(value, false);
    }

    @Override
    public boolean completeExceptionally(Throwable cause) {
      return completeExceptionally(cause, false);
    }

    @Override
    public CompletableFuture<T> completeAsync(
        Supplier<? extends T> supplier, Executor executor) { // Its own way passes by complete().
      CompletableFuture.<T>supplyAsync(supplier::get, executor)
          .whenComplete(
              (value, error) -> {
                if (error == null) {
                  complete(value);
                } else {
                  completeExceptionally(error);
                }
              });
      return this;
    }

    @Override
    public boolean cancel(boolean mayInterruptIfRunning) {
      return completeExceptionally(new CancellationException(), false) || isCancelled();
    }
  }

  /** Creates a promise whose future nobody has yet. */
  public Promise() {}

  /**
   * The future to hand out.
   *
   * @return always the same one
   */
  public CompletableFuture<T> future() {
    return future;
  }

  /**
   * Completes the future, as its maker.
   *
   * @param value the value
   * @return false if it was complete already: nobody gets the value
   */
  public boolean complete(@Nullable T value) {
    return future.complete(value, true);
  }

  /**
   * Fails the future, as its maker.
   *
   * @param cause why
   * @return false if it was complete already: nobody hears of the cause
   */
  public boolean fail(Throwable cause) {
    return future.completeExceptionally(cause, true);
  }

  /**
   * Whether the future is complete, whoever did it.
   *
   * @return true once it is
   */
  public boolean isDone() {
    return future.isDone();
  }

  /**
   * Runs a task once somebody else has completed the future: behind that, on the thread that did
   * it, or now if it has happened.
   *
   * @param task what to run
   */
  public void whenGivenUp(Runnable task) {
    future.givenUp.thenAccept(
        givenUp -> {
          if (givenUp) {
            task.run();
          }
        });
  }
}
