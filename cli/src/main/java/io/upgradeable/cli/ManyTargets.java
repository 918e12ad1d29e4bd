package io.upgradeable.cli;

import io.upgradeable.Endpoint;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Does the same with many targets, so many at a time, and tells of each when it is done. It knows
 * no more of them than those that are under way, so that there may be any number.
 */
final class ManyTargets {

  /** More than it takes to end what was interrupted. */
  private static final long PATIENCE_SECONDS = 5;

  /**
   * How it went.
   *
   * @param targets how many there were
   * @param failed how many of them failed
   * @param codes with which codes they failed
   */
  record Tally(long targets, long failed, Set<ExitCode> codes) {

    /** For people. */
    String text() {
      return "%d target%s, %d failed".formatted(targets, targets == 1 ? "" : "s", failed);
    }

    /** With the code that all failures share, if they share one. */
    Optional<Failure> failure() {
      if (failed == 0) {
        return Optional.empty();
      }
      ExitCode code = codes.size() == 1 ? codes.iterator().next() : ExitCode.OTHER;
      return Optional.of(Failure.of(code, "Other", text()));
    }
  }

  private final Function<Endpoint, Report> talk;
  private final Predicate<Report> teller;
  private final Object telling = new Object();
  private final EnumSet<ExitCode> codes = EnumSet.noneOf(ExitCode.class);
  private long targets;
  private long failed;
  private @Nullable Throwable broken;
  private volatile boolean stopped;

  /**
   * Begins.
   *
   * @param talk does it with one target, on any thread, and throws nothing
   * @param teller is told of each, one at a time; whether to go on
   */
  ManyTargets(Function<Endpoint, Report> talk, Predicate<Report> teller) {
    this.talk = talk;
    this.teller = teller;
  }

  /**
   * Does it with all of them, and waits for the last.
   *
   * @param all the targets
   * @param atOnce with how many at the same time
   * @return how it went
   * @throws UsageException if what should be a target is none; those before it are done then
   * @throws IOException if the thread was interrupted; what was under way is told as such
   */
  Tally run(Targets all, int atOnce) throws IOException {
    AtomicInteger threads = new AtomicInteger();
    ExecutorService lanes =
        Executors.newFixedThreadPool(
            atOnce,
            task -> {
              Thread thread = new Thread(task, "upgrade-cli-target-" + threads.incrementAndGet());
              thread.setDaemon(true);
              return thread;
            });
    Optional<UsageException> bad;
    try {
      bad = begin(all, lanes, new Semaphore(atOnce));
      lanes.shutdown();
      lanes.awaitTermination(Long.MAX_VALUE, TimeUnit.NANOSECONDS);
    } catch (InterruptedException | InterruptedIOException e) {
      lanes.shutdownNow();
      awaitTheInterrupted(lanes);
      throw new InterruptedIOException();
    } finally {
      lanes.shutdownNow();
    }
    return tally(bad);
  }

  /** Has all begun; what should have been a target and is none, where that was the end. */
  private Optional<UsageException> begin(Targets all, ExecutorService lanes, Semaphore free)
      throws IOException, InterruptedException {
    while (!stopped) {
      Optional<Endpoint> next;
      try {
        next = all.next();
      } catch (UsageException e) {
        return Optional.of(e);
      }
      if (next.isEmpty()) {
        return Optional.empty();
      }
      Endpoint target = next.get();
      free.acquire();
      lanes.execute(
          () -> {
            try {
              talkTo(target);
            } finally {
              free.release();
            }
          });
    }
    return Optional.empty();
  }

  private void talkTo(Endpoint target) {
    try {
      Report report = talk.apply(target);
      synchronized (telling) {
        tally(report);
        if (!stopped && !teller.test(report)) {
          stopped = true;
        }
      }
    } catch (RuntimeException | Error e) {
      synchronized (telling) {
        broken = e;
        stopped = true;
      }
    }
  }

  private void tally(Report report) {
    targets++;
    if (report.failure().isPresent()) {
      failed++;
      codes.add(report.exitCode());
    }
  }

  /** What ended it early is thrown, now that nothing is under way. */
  private Tally tally(Optional<UsageException> bad) throws IOException {
    synchronized (telling) {
      if (broken instanceof Error error) {
        throw error;
      } else if (broken instanceof RuntimeException bug) {
        throw bug;
      } else if (stopped) {
        throw new IOException(BaseCommand.OUTPUT_LOST);
      } else if (bad.isPresent()) {
        throw bad.get();
      } else if (targets == 0) {
        throw new UsageException("expected at least one target in the file of --targets, got none");
      }
      return new Tally(targets, failed, Set.copyOf(codes));
    }
  }

  private static void awaitTheInterrupted(ExecutorService lanes) {
    try {
      lanes.awaitTermination(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException again) {
      Thread.currentThread().interrupt();
    }
  }
}
