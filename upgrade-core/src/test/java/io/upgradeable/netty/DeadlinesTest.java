package io.upgradeable.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.util.concurrent.DefaultEventExecutor;
import io.netty.util.concurrent.EventExecutor;
import java.time.Duration;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Which limit is told, and what does not move it. */
@Timeout(60)
final class DeadlinesTest {

  private static final Duration SHORT = Duration.ofMillis(30);
  private static final Duration LONG = Duration.ofMinutes(10);

  private final EventExecutor loop = new DefaultEventExecutor();
  private final LinkedBlockingQueue<Duration> expired = new LinkedBlockingQueue<>();

  @AfterEach
  void stop() {
    loop.shutdownGracefully(0, 0, TimeUnit.SECONDS);
  }

  /** Runs on the loop, as the driver does. */
  private void start(
      Duration layer, Deadlines.@Nullable Deadline overall, Consumer<Deadlines> steps)
      throws Exception {
    loop.submit(() -> steps.accept(new Deadlines(loop, layer, overall, expired::add)))
        .get(20, TimeUnit.SECONDS);
  }

  private Duration told() throws InterruptedException {
    Duration limit = expired.poll(20, TimeUnit.SECONDS);
    return limit == null ? Duration.ZERO : limit;
  }

  @Test
  void step_isTheShortest_isTold() throws Exception {
    start(LONG, null, deadlines -> deadlines.startStep(SHORT));
    assertThat(told()).isEqualTo(SHORT);
  }

  @Test
  void layer_isTheShortest_isTold() throws Exception {
    start(SHORT, null, deadlines -> deadlines.startStep(LONG));
    assertThat(told()).isEqualTo(SHORT);
  }

  @Test
  void wholeSetUp_isTheShortest_isTold() throws Exception {
    start(LONG, Deadlines.Deadline.in(SHORT), deadlines -> deadlines.startStep(LONG));
    assertThat(told()).isEqualTo(SHORT);
  }

  @Test
  void wholeSetUp_passedAlready_isToldAtOnce() throws Exception {
    Deadlines.Deadline past = new Deadlines.Deadline(SHORT, System.nanoTime() - 1);
    start(LONG, past, deadlines -> deadlines.startStep(LONG));
    assertThat(told()).isEqualTo(SHORT);
    assertThat(past.remaining()).isZero();
  }

  @Test
  void newSteps_doNotMoveTheLayersEnd() throws Exception {
    start(
        SHORT,
        null,
        deadlines -> {
          for (int i = 0; i < 100; i++) {
            deadlines.startStep(LONG);
          }
        });
    assertThat(told()).isEqualTo(SHORT);
  }

  @Test
  void step_replacedByALaterOne_isNotTold() throws Exception {
    Duration layer = SHORT.multipliedBy(4);
    start(
        layer,
        null,
        deadlines -> {
          deadlines.startStep(SHORT);
          deadlines.startStep(LONG); // the timer of the first still fires, and is armed again
        });
    assertThat(told()).isEqualTo(layer);
    assertThat(expired).isEmpty();
  }

  @Test
  void step_replacedByAnEarlierOne_isToldInTime() throws Exception {
    start(
        LONG,
        null,
        deadlines -> {
          deadlines.startStep(LONG);
          deadlines.startStep(SHORT);
        });
    assertThat(told()).isEqualTo(SHORT);
  }

  @Test
  void cancelled_isNotTold() throws Exception {
    start(
        LONG,
        null,
        deadlines -> {
          deadlines.startStep(SHORT);
          deadlines.cancel();
          deadlines.cancel();
        });
    // A timer that was set later for the same time comes behind the cancelled one.
    start(LONG, null, deadlines -> deadlines.startStep(SHORT.plusMillis(1)));
    assertThat(told()).isEqualTo(SHORT.plusMillis(1));
    assertThat(expired).isEmpty();
  }
}
