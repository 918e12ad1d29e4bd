package io.upgradeable.netty;

import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.ScheduledFuture;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The time limits of one layer, on one timer: one awaited message (or the handshake), the layer,
 * and the whole set-up of the connection. Nothing that the peer sends extends one that has started.
 *
 * <p>A timer that fires early because its limit was replaced by a later one is armed again; so a
 * dialogue of many short steps costs one scheduled task, not one per step.
 */
final class Deadlines implements Runnable {

  private final EventExecutor loop;
  private final Consumer<Duration> onExpiry;
  private final Duration layerLimit;
  private final long layerAt;
  private final @Nullable Deadline overall;
  private Duration stepLimit;
  private long stepAt;
  private @Nullable ScheduledFuture<?> timer;
  private long timerAt;

  /** A limit that spans several layers. */
  record Deadline(Duration limit, long atNanos) {
    static Deadline in(Duration limit) {
      return new Deadline(limit, System.nanoTime() + limit.toNanos());
    }

    Duration remaining() {
      return Duration.ofNanos(Math.max(0, atNanos - System.nanoTime()));
    }
  }

  /** Starts the layer's time; {@code onExpiry} is told the limit that passed. */
  Deadlines(
      EventExecutor loop,
      Duration layerLimit,
      @Nullable Deadline overall,
      Consumer<Duration> onExpiry) {
    this.loop = loop;
    this.onExpiry = onExpiry;
    this.layerLimit = layerLimit;
    this.layerAt = System.nanoTime() + layerLimit.toNanos();
    this.overall = overall;
    this.stepLimit = layerLimit;
    this.stepAt = layerAt;
  }

  /** Starts the time for one awaited message. */
  void startStep(Duration limit) {
    stepLimit = limit;
    stepAt = System.nanoTime() + limit.toNanos();
    arm();
  }

  void cancel() {
    if (timer != null) {
      timer.cancel(false);
      timer = null;
    }
  }

  private long next() {
    long next = stepAt - layerAt < 0 ? stepAt : layerAt;
    return overall != null && overall.atNanos() - next < 0 ? overall.atNanos() : next;
  }

  private void arm() {
    long next = next();
    if (timer != null && timerAt - next <= 0) {
      return;
    }
    cancel();
    timerAt = next;
    long delay = Math.max(0, next - System.nanoTime());
    timer = loop.schedule(this, delay, TimeUnit.NANOSECONDS);
  }

  /** The timer fired. */
  @Override
  public void run() {
    timer = null;
    long now = System.nanoTime();
    if (next() - now > 0) {
      arm();
    } else if (overall != null && overall.atNanos() - now <= 0) {
      onExpiry.accept(overall.limit());
    } else {
      onExpiry.accept(stepAt - now <= 0 ? stepLimit : layerLimit);
    }
  }
}
