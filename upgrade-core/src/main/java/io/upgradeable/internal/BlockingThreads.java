package io.upgradeable.internal;

import java.lang.reflect.InvocationTargetException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Threads for code that blocks: virtual where the JDK has them (21 and newer), pooled otherwise.
 */
public final class BlockingThreads {

  private BlockingThreads() {}

  /**
   * An executor that never queues: each task has a thread at once.
   *
   * @param name what pooled threads are called
   * @return the executor, to be shut down
   */
  public static ExecutorService perTask(String name) {
    try {
      // Java 17 bytecode cannot name the method; it is final since 21.
      return (ExecutorService)
          Executors.class.getMethod("newVirtualThreadPerTaskExecutor").invoke(null);
    } catch (NoSuchMethodException | IllegalAccessException | InvocationTargetException absent) {
      AtomicInteger count = new AtomicInteger();
      return Executors.newCachedThreadPool(
          task -> {
            Thread thread = new Thread(task, name + "-" + count.incrementAndGet());
            thread.setDaemon(true);
            return thread;
          });
    }
  }
}
