package io.upgradeable.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/** Units of work that so many lanes take, each the next one when its last one is done. */
final class Lanes {

  private final AtomicInteger left;
  private final AtomicInteger failures = new AtomicInteger();

  private Lanes(int units) {
    left = new AtomicInteger(units);
  }

  /**
   * For work that tells its end by a future.
   *
   * @param lanes one for each, which gives the future of the next unit: whether it went well
   * @return how many units did not
   */
  static int async(int units, List<Supplier<CompletableFuture<Boolean>>> lanes) {
    Lanes work = new Lanes(units);
    List<CompletableFuture<Void>> ends = new ArrayList<>();
    for (Supplier<CompletableFuture<Boolean>> lane : lanes) {
      CompletableFuture<Void> end = new CompletableFuture<>();
      ends.add(end);
      work.next(lane, end);
    }
    CompletableFuture.allOf(ends.toArray(CompletableFuture[]::new)).join();
    return work.failures.get();
  }

  private void next(Supplier<CompletableFuture<Boolean>> lane, CompletableFuture<Void> end) {
    if (left.getAndDecrement() <= 0) {
      end.complete(null);
      return;
    }
    lane.get()
        .whenComplete(
            (well, error) -> {
              if (error != null) {
                end.completeExceptionally(new CompletionException(error));
                return;
              }
              if (!well) {
                failures.incrementAndGet();
              }
              next(lane, end);
            });
  }

  /**
   * For work that blocks: a thread for each lane.
   *
   * @param lanes one for each, which does the next unit and returns whether it went well
   * @return how many units did not
   */
  static int blocking(int units, List<? extends Callable<Boolean>> lanes)
      throws InterruptedException, ExecutionException {
    Lanes work = new Lanes(units);
    ExecutorService threads = Executors.newFixedThreadPool(lanes.size());
    try {
      List<Future<?>> ends = new ArrayList<>();
      for (Callable<Boolean> lane : lanes) {
        ends.add(
            threads.submit(
                () -> {
                  while (work.left.getAndDecrement() > 0) {
                    if (!lane.call()) {
                      work.failures.incrementAndGet();
                    }
                  }
                  return null;
                }));
      }
      for (Future<?> end : ends) {
        end.get();
      }
      return work.failures.get();
    } finally {
      threads.shutdown();
    }
  }
}
