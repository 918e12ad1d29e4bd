package io.upgradeable.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.InterruptedIOException;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

final class BlockingTest {

  /** What an interrupt does that comes together with the value: it wins. */
  @Test
  void await_interruptedTogetherWithTheValue_valueAndFlag() throws Exception {
    CompletableFuture<String> future =
        new CompletableFuture<>() {
          @Override
          public String get() throws InterruptedException {
            complete("value");
            throw new InterruptedException();
          }
        };
    assertThat(Blocking.await(false, () -> future)).isEqualTo("value");
    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void await_interrupted_cancelsThrowsAndKeepsTheFlag() {
    CompletableFuture<String> future = new CompletableFuture<>();
    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> Blocking.await(false, () -> future))
        .isInstanceOf(InterruptedIOException.class);
    assertThat(Thread.interrupted()).isTrue();
    assertThat(future).isCancelled();
  }
}
