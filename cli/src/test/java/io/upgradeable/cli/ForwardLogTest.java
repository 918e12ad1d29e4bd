package io.upgradeable.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ForwardLogTest {

  private final List<String> lines = Collections.synchronizedList(new ArrayList<>());

  @Test
  void nobodyReads_tell_returnsAndTheLineComesLater() {
    CountDownLatch read = new CountDownLatch(1);
    try (ForwardLog log =
        new ForwardLog(
            line -> {
              await(read);
              lines.add(line);
            },
            false,
            Duration.ofSeconds(30))) {
      log.ended("a", "cut", false); // An event loop would wait here for good.
      log.ended("b", "ended", true);
      log.tell("c");
      read.countDown();
    }

    assertThat(lines).containsExactly("a: cut", "c");
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
