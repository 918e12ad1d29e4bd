package io.upgradeable.cli;

import io.upgradeable.Endpoint;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.SynchronousQueue;
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
  private final Runnable stuck;
  private final Thread command = Thread.currentThread();
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
   * @param stuck is called where one was interrupted and does not end, for nobody takes its output
   */
  ManyTargets(Function<Endpoint, Report> talk, Predicate<Report> teller, Runnable stuck) {
    this.talk = talk;
    this.teller = teller;
    this.stuck = stuck;
  }

  /**
   * What was read.
   *
   * @param target nothing behind the last one
   * @param problem why there is none, where that is no end
   */
  private record Next(Optional<Endpoint> target, Optional<RuntimeException> problem) {

    static Next of(Targets targets) {
      try {
        return new Next(targets.next(), Optional.empty());
      } catch (RuntimeException e) {
        return new Next(Optional.empty(), Optional.of(e));
      }
    }
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
    BlockingQueue<Next> read = new SynchronousQueue<>();
    Thread reader = new Thread(() -> read(all, read), "upgrade-cli-targets");
    reader.setDaemon(true); // A read of stdin cannot be interrupted.
    reader.start();
    Optional<RuntimeException> bad = Optional.empty();
    try {
      bad = begin(read, lanes, new Semaphore(atOnce));
      lanes.shutdown();
      lanes.awaitTermination(Long.MAX_VALUE, TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      lanes.shutdownNow();
      if (!endInTime(lanes)) {
        stuck.run();
      }
      if (!stopped) {
        throw new InterruptedIOException();
      }
    } finally {
      lanes.shutdownNow();
      reader.interrupt();
    }
    return tally(bad);
  }

  /** Reads ahead of what is begun by one target, so that a slow source holds up nothing else. */
  private static void read(Targets all, BlockingQueue<Next> read) {
    try {
      Next next = Next.of(all);
      while (next.target().isPresent()) {
        read.put(next);
        next = Next.of(all);
      }
      read.put(next);
    } catch (InterruptedException nobodyWaits) {
      Thread.currentThread().interrupt();
    }
  }

  /** Has all begun; what should have been a target and is none, where that was the end. */
  private Optional<RuntimeException> begin(
      BlockingQueue<Next> read, ExecutorService lanes, Semaphore free) throws InterruptedException {
    while (true) {
      Next next = read.take();
      if (next.target().isEmpty()) {
        return next.problem();
      }
      free.acquire();
      if (stopped) {
        return Optional.empty();
      }
      Endpoint target = next.target().get();
      lanes.execute(
          () -> {
            try {
              talkTo(target);
            } finally {
              free.release();
            }
          });
    }
  }

  private void talkTo(Endpoint target) {
    try {
      Report report = talk.apply(target);
      synchronized (telling) {
        tally(report);
        if (!stopped && !teller.test(report)) {
          stop();
        }
      }
    } catch (RuntimeException | Error e) {
      synchronized (telling) {
        if (!stopped) {
          broken = e;
          stop();
        }
      }
    }
  }

  /** No further target is begun, and those under way are ended. */
  private void stop() {
    stopped = true;
    command.interrupt();
  }

  private void tally(Report report) {
    targets++;
    if (report.failure().isPresent()) {
      failed++;
      codes.add(report.exitCode());
    }
  }

  /** What ended it early is thrown, now that nothing is under way. */
  private Tally tally(Optional<RuntimeException> bad) throws IOException {
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

  private static boolean endInTime(ExecutorService lanes) {
    try {
      return lanes.awaitTermination(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException again) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
