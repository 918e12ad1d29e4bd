package io.upgradeable.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class InterruptionTest {

  @Test
  @Timeout(8) // less than the patience with a command that can hear
  void threadReadsFromTerminal_shutdown_toldAndNotWaitedFor() throws Exception {
    List<String> told = new ArrayList<>();
    CompletableFuture<Interruption> waiting = new CompletableFuture<>();
    CompletableFuture<String> typed = new CompletableFuture<>();
    Thread command =
        new Thread(
            () -> {
              Interruption interruption = new Interruption(() -> told.add("interrupted"));
              try {
                Interruption.deaf(
                    () -> {
                      waiting.complete(interruption);
                      while (!typed.isDone()) {
                        LockSupport.parkNanos(Duration.ofMillis(5).toNanos());
                      }
                      return "";
                    });
              } catch (InterruptedIOException e) {
                told.add("too early");
              }
            });
    command.start();
    waiting.get().onShutdown();

    assertThat(told).containsExactly("interrupted");
    typed.complete("");
    command.join();
  }

  @Test
  void interruptedBefore_readsFromTerminal_doesNotBegin() {
    AtomicReference<String> asked = new AtomicReference<>("no");
    Thread.currentThread().interrupt();
    try {
      assertThatThrownBy(
              () ->
                  Interruption.deaf(
                      () -> {
                        asked.set("yes");
                        return "";
                      }))
          .isInstanceOf(InterruptedIOException.class);
      assertThat(asked).hasValue("no");
    } finally {
      assertThat(Thread.interrupted()).isTrue();
    }
  }
}
