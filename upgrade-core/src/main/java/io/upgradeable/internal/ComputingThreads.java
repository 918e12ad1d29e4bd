package io.upgradeable.internal;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Threads that derive keys from passwords: as many as can compute at once, whatever the number of
 * connections. More would make nobody faster. Daemon threads, none of them while there is nothing
 * to do.
 */
public final class ComputingThreads {

  /** How many a pool has at work. */
  public static final int COUNT = Math.max(2, Runtime.getRuntime().availableProcessors());

  /** Some seconds of work with usual iteration counts. */
  private static final int QUEUED = 1000;

  private static final long SPARE_SECONDS = 30;

  private ComputingThreads() {}

  /**
   * A client's: what waits is bounded by the client's own sessions.
   *
   * @param name what the threads are called
   * @return a pool that rejects nothing
   */
  public static ThreadPoolExecutor ofClients(String name) {
    return pool(name, new LinkedBlockingQueue<>());
  }

  /**
   * A server's: who finds the queue full is to be told that the server is busy.
   *
   * @param name what the threads are called
   * @return a pool that rejects more than 1000 that wait
   */
  public static ThreadPoolExecutor ofServers(String name) {
    return pool(name, new LinkedBlockingQueue<>(QUEUED));
  }

  /** Rejects where the queue does. */
  static ThreadPoolExecutor pool(String name, BlockingQueue<Runnable> queue) {
    AtomicInteger count = new AtomicInteger();
    ThreadPoolExecutor pool =
        new ThreadPoolExecutor(
            COUNT,
            COUNT,
            SPARE_SECONDS,
            TimeUnit.SECONDS,
            queue,
            task -> {
              Thread thread = new Thread(task, name + "-" + count.incrementAndGet());
              thread.setDaemon(true);
              return thread;
            });
    pool.allowCoreThreadTimeOut(true);
    return pool;
  }
}
