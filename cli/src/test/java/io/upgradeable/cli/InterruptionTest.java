package io.upgradeable.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class InterruptionTest {

  /** What the user does not do. */
  private final CompletableFuture<Integer> typed = new CompletableFuture<>();

  @Test
  @Timeout(60) // less than the patience with a command that can hear
  void threadReadsFromTerminal_shutdown_toldAndNotWaitedFor() throws Exception {
    CompletableFuture<Void> waiting = new CompletableFuture<>();
    assertNotWaitedFor(
        "interrupted behind a prompt",
        waiting,
        () ->
            Interruption.deafBehindPrompt(
                () -> {
                  waiting.complete(null);
                  return typedByUser();
                }));
  }

  @Test
  @Timeout(60)
  void threadReadsSecretFromStdin_shutdown_toldAndNotWaitedFor() throws Exception {
    CompletableFuture<Void> waiting = new CompletableFuture<>();
    SecretOption option =
        new SecretOption("a password", "--password") {
          @Override
          protected Sources sources() {
            return new Sources(Optional.empty(), Optional.empty(), true);
          }
        };
    InputStream before = System.in;
    System.setIn(
        new InputStream() {
          @Override
          public int read() {
            waiting.complete(null);
            return typedByUser();
          }

          @Override
          public int read(byte[] bytes, int offset, int length) {
            return read();
          }
        });
    try {
      assertNotWaitedFor("interrupted", waiting, () -> option.read("a test"));
    } finally {
      System.setIn(before);
    }
  }

  /** As a read from a pipe, which hears of no interrupt. */
  private int typedByUser() {
    while (!typed.isDone()) {
      LockSupport.parkNanos(Duration.ofMillis(5).toNanos());
    }
    return typed.join();
  }

  private void assertNotWaitedFor(
      String expected, CompletableFuture<Void> waiting, Interruption.Wait<?> wait)
      throws Exception {
    List<String> told = new ArrayList<>();
    CompletableFuture<Interruption> interruption = new CompletableFuture<>();
    Thread command =
        new Thread(
            () -> {
              interruption.complete(
                  new Interruption(
                      behindPrompt ->
                          told.add("interrupted" + (behindPrompt ? " behind a prompt" : "")),
                      Duration.ofHours(1)));
              try {
                wait.result();
              } catch (IOException e) {
                told.add("too early");
              }
            });
    command.start();
    waiting.get();

    assertThat(interruption.get().onShutdown()).hasValue(130);
    assertThat(told).containsExactly(expected);
    typed.complete(-1);
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
