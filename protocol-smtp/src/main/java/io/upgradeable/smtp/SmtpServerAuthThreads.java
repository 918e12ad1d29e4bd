package io.upgradeable.smtp;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Threads that check passwords for all servers: as many as can compute at once, whatever the number
 * of connections. More would make nobody faster. Who finds the queue full is told to come again.
 */
final class SmtpServerAuthThreads {

  static final int COUNT = Math.max(2, Runtime.getRuntime().availableProcessors());

  /** Some seconds of work with usual iteration counts. */
  private static final int QUEUED = 1000;

  private static final long SPARE_SECONDS = 30;

  static final ThreadPoolExecutor POOL =
      pool("upgradeable-smtp-server-auth", new LinkedBlockingQueue<>(QUEUED));

  private SmtpServerAuthThreads() {}

  /** Daemon threads, none of them while there is nothing to do; rejects where the queue does. */
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
