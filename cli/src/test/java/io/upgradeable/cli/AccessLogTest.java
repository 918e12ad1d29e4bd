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
class AccessLogTest {

  /** Lines that are read are to be written, however long a busy machine takes for it. */
  private static final Duration LONG = Duration.ofSeconds(30);

  private final CountDownLatch read = new CountDownLatch(1);
  private final CountDownLatch writing = new CountDownLatch(1);
  private final List<String> written = Collections.synchronizedList(new ArrayList<>());

  static void awaitUninterrupted(CountDownLatch latch) {
    boolean open = false;
    while (!open) {
      try {
        latch.await();
        open = true;
      } catch (InterruptedException e) {
        // A write to a pipe does not hear of it either.
      }
    }
  }

  @Test
  void linesAreRead_end_allWritten() {
    AccessLog log = new AccessLog(written::add, LONG);
    log.tell("one");
    log.tell("two");

    assertThat(log.end()).isZero();
    assertThat(log.isStuck()).isFalse();
    assertThat(written).containsExactly("one", "two");
  }

  @Test
  void nobodyReads_end_countsWhatIsLost() throws Exception {
    AccessLog log =
        new AccessLog(
            line -> {
              writing.countDown();
              awaitUninterrupted(read);
            });
    log.tell("one");
    writing.await();
    log.tell("two");
    log.tell("three");

    assertThat(log.end()).isEqualTo(3);
    assertThat(log.isStuck()).isTrue();
    read.countDown();
  }

  @Test
  void nobodyReads_moreThanItHolds_tellGoesOnAndTheLostAreCounted() throws Exception {
    AccessLog log =
        new AccessLog(
            line -> {
              writing.countDown();
              awaitUninterrupted(read);
              written.add(line);
            },
            LONG);
    log.tell("first");
    writing.await();
    for (int i = 0; i < 10_007; i++) {
      log.tell("more");
    }
    read.countDown();

    assertThat(log.end()).isZero();
    assertThat(written).hasSize(10_002).contains("(7 lines lost: nobody read them fast enough)");
  }
}
