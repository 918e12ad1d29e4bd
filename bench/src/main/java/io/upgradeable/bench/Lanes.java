package io.upgradeable.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * So many units at once, each lane one after the other.
 *
 * @param count how many lanes
 * @param unit begins one; fails if it does
 */
record Lanes(int count, Supplier<CompletableFuture<?>> unit) {

  /** Does so many units in all, and returns how many failed. */
  int run(int units) {
    AtomicInteger left = new AtomicInteger(units);
    AtomicInteger failures = new AtomicInteger();
    List<CompletableFuture<Void>> ends = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      CompletableFuture<Void> end = new CompletableFuture<>();
      ends.add(end);
      next(left, failures, end);
    }
    ends.forEach(CompletableFuture::join);
    return failures.get();
  }

  private void next(AtomicInteger left, AtomicInteger failures, CompletableFuture<Void> end) {
    if (left.getAndDecrement() <= 0) {
      end.complete(null);
      return;
    }
    unit.get()
        .whenComplete(
            (value, error) -> {
              if (error != null && failures.incrementAndGet() == 1) {
                System.err.println("the first failure: " + error);
              }
              next(left, failures, end);
            });
  }
}
