package io.upgradeable.cli;

import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/**
 * Lines that event loops tell and a thread of its own writes, so that a reader of stdout or stderr
 * who is slow holds nobody up. Where it is too slow, lines are lost, and their number is told.
 */
final class AccessLog {

  private static final int MAX_WAITING = 10_000;

  /** For a reader who is slow, while the user waits for the end. */
  static final Duration PATIENCE = Duration.ofSeconds(5);

  private final Consumer<String> lines;
  private final Duration patience;
  private final AtomicLong lost = new AtomicLong();

  /** Those that wait, and the one that is being written. */
  private final AtomicLong unwritten = new AtomicLong();

  private final ThreadPoolExecutor thread =
      new ThreadPoolExecutor(
          1,
          1,
          0,
          TimeUnit.SECONDS,
          new ArrayBlockingQueue<>(MAX_WAITING),
          task -> {
            Thread writer = new Thread(task, "upgrade-cli-access-log");
            writer.setDaemon(true);
            return writer;
          },
          (task, executor) -> refused());

  /**
   * Begins.
   *
   * @param lines is told each line, on the log's thread
   */
  AccessLog(Consumer<String> lines) {
    this(lines, PATIENCE);
  }

  /**
   * Begins.
   *
   * @param lines is told each line, on the log's thread
   * @param patience how long the end waits for what was told before
   */
  AccessLog(Consumer<String> lines, Duration patience) {
    this.lines = lines;
    this.patience = patience;
  }

  void tell(String line) {
    unwritten.incrementAndGet();
    thread.execute(() -> write(line));
  }

  private void refused() {
    unwritten.decrementAndGet();
    lost.incrementAndGet();
  }

  private void write(String line) {
    try {
      long missing = lost.getAndSet(0);
      if (missing > 0) {
        lines.accept("(" + missing + " lines lost: nobody read them fast enough)");
      }
      lines.accept(line);
    } finally {
      unwritten.decrementAndGet();
    }
  }

  /**
   * Waits a while for what was told before.
   *
   * @return how many lines are lost that nobody was told of
   */
  long end() {
    thread.shutdown();
    try {
      if (!thread.awaitTermination(patience.toNanos(), TimeUnit.NANOSECONDS)) {
        abandon();
      }
    } catch (InterruptedException e) {
      abandon();
      Thread.currentThread().interrupt();
    }
    return lost.get();
  }

  private void abandon() {
    int waiting = thread.shutdownNow().size();
    lost.addAndGet(waiting);
    unwritten.addAndGet(-waiting);
    if (isStuck()) {
      lost.incrementAndGet(); // The one that is being written.
    }
  }

  /** Whether a line is still being written, after the end: whoever writes there waits as well. */
  boolean isStuck() {
    return unwritten.get() > 0;
  }
}
