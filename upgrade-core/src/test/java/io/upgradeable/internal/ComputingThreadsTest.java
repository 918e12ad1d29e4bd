package io.upgradeable.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import org.junit.jupiter.api.Test;

final class ComputingThreadsTest {

  @Test
  void pool_allAtWorkAndQueueFull_rejected() {
    CountDownLatch over = new CountDownLatch(1);
    ThreadPoolExecutor pool = ComputingThreads.pool("test", new LinkedBlockingQueue<>(1));
    Runnable work =
        () -> {
          try {
            over.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        };
    try {
      for (int i = 0; i < ComputingThreads.COUNT + 1; i++) {
        pool.execute(work);
      }
      assertThatThrownBy(() -> pool.execute(work)).isInstanceOf(RejectedExecutionException.class);
      assertThat(pool.getPoolSize()).isEqualTo(ComputingThreads.COUNT);
    } finally {
      over.countDown();
      pool.shutdown();
    }
  }

  @Test
  void ofServers_queueIsBounded() {
    ThreadPoolExecutor pool = ComputingThreads.ofServers("test");
    assertThat(pool.getQueue().remainingCapacity()).isLessThanOrEqualTo(1000);
    pool.shutdown();
  }
}
