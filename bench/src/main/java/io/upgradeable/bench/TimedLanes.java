package io.upgradeable.bench;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Does units of work, so many at a time: each lane begins another one when its last has ended. */
final class TimedLanes {

  private static final Duration CHECK = Duration.ofMillis(200);

  private final Supplier<CompletableFuture<?>> unit;
  private final Duration limit;
  private final AtomicInteger left;
  private final AtomicInteger failures = new AtomicInteger();

  private TimedLanes(int units, Duration limit, Supplier<CompletableFuture<?>> unit) {
    this.unit = unit;
    this.limit = limit;
    this.left = new AtomicInteger(units);
  }

  /**
   * Does so many units and waits for the last one.
   *
   * @param load how many at once, and when one that takes long has failed
   * @param unit begins one; it fails where its future does, and must give up where its future is
   *     completed by somebody else
   * @return how many failed
   */
  static int run(int units, Load load, Supplier<CompletableFuture<?>> unit) {
    TimedLanes all = new TimedLanes(units, load.limit(), unit);
    List<Lane> lanes = IntStream.range(0, load.atOnce()).mapToObj(i -> all.new Lane()).toList();
    lanes.forEach(Lane::next);
    CompletableFuture<Void> ended =
        CompletableFuture.allOf(
            lanes.stream().map(lane -> lane.ended).toArray(CompletableFuture[]::new));
    while (true) {
      try {
        ended.get(CHECK.toMillis(), TimeUnit.MILLISECONDS);
        return all.failures.get();
      } catch (TimeoutException stillAtWork) {
        lanes.forEach(Lane::check);
      } catch (InterruptedException | ExecutionException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  private final class Lane {
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private volatile @Nullable CompletableFuture<?> current;
    private volatile long since;

    private void next() {
      if (left.getAndDecrement() <= 0) {
        ended.complete(null);
        return;
      }
      since = System.nanoTime();
      CompletableFuture<?> begun = unit.get();
      current = begun;
      begun.whenComplete(
          (result, error) -> {
            if (error != null) {
              failures.incrementAndGet();
            }
            next();
          });
    }

    private void check() {
      CompletableFuture<?> begun = current;
      if (begun != null && System.nanoTime() - since > limit.toNanos()) {
        begun.completeExceptionally(new TimeoutException());
      }
    }
  }
}
