package io.upgradeable.cli;

import io.upgradeable.netty.NettyRelay;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/** What goes through all tunnels of a command. */
final class TunnelTraffic implements NettyRelay.Meter {

  private static final String[] UNITS = {"B", "KB", "MB", "GB", "TB"};

  private final LongAdder there = new LongAdder();
  private final LongAdder back = new LongAdder();
  private final LongAdder accepted = new LongAdder();
  private final LongAdder failed = new LongAdder();
  private final AtomicInteger open = new AtomicInteger();

  @Override
  public void passed(boolean fromNear, int bytes) {
    (fromNear ? there : back).add(bytes);
  }

  void accepted() {
    accepted.increment();
    open.incrementAndGet();
  }

  void ended(boolean well) {
    open.decrementAndGet();
    if (!well) {
      failed.increment();
    }
  }

  /** Now, in one line. */
  @Override
  public String toString() {
    return "%d open, %d accepted, %d failed, %s there, %s back"
        .formatted(
            open.get(), accepted.sum(), failed.sum(), inWords(there.sum()), inWords(back.sum()));
  }

  static String inWords(long bytes) {
    double value = bytes;
    int unit = 0;
    while (value >= 1000 && unit < UNITS.length - 1) {
      value /= 1000;
      unit++;
    }
    return unit == 0 ? bytes + " B" : String.format(Locale.ROOT, "%.1f %s", value, UNITS[unit]);
  }
}
