package io.upgradeable.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@Timeout(60)
class PromiseTest {

  private final Promise<String> promise = new Promise<>();
  private final CompletableFuture<String> future = promise.future();
  private final List<String> heard = new ArrayList<>();

  static Stream<Consumer<CompletableFuture<String>>> waysToGiveUp() {
    return Stream.of(
        future -> future.cancel(true),
        future -> future.complete("not the maker's"),
        future -> future.completeAsync(() -> "not the maker's", Runnable::run),
        future -> future.completeAsync(PromiseTest::noValue, Runnable::run),
        future -> future.completeExceptionally(new TimeoutException()));
  }

  private static String noValue() {
    throw new IllegalStateException("no value");
  }

  @ParameterizedTest
  @MethodSource("waysToGiveUp")
  void somebodyElseCompletes_toldOnceBehindTheDependents(Consumer<CompletableFuture<String>> way) {
    promise.whenGivenUp(() -> heard.add("given up"));
    future.whenComplete((value, error) -> heard.add("dependent"));
    way.accept(future);
    way.accept(future);

    assertThat(promise.complete("late")).isFalse();
    assertThat(promise.fail(new IOException("late"))).isFalse();
    assertThat(heard).containsExactly("dependent", "given up");
  }

  /** A dependent that brings the operation to its end does not make it the maker's completion. */
  @ParameterizedTest
  @MethodSource("waysToGiveUp")
  void makerIsSecondInsideADependent_stillGivenUp(Consumer<CompletableFuture<String>> way) {
    promise.whenGivenUp(() -> heard.add("given up"));
    future.whenComplete((value, error) -> heard.add("lost: " + !promise.complete("late")));
    way.accept(future);

    assertThat(heard).containsExactly("lost: true", "given up");
  }

  @Test
  void whenGivenUp_afterTheFact_runsAtOnce() {
    future.cancel(false);
    promise.whenGivenUp(() -> heard.add("given up"));

    assertThat(heard).containsExactly("given up");
    assertThatThrownBy(future::join).isInstanceOf(CancellationException.class);
    assertThat(future.cancel(false)).isTrue();
  }

  @Test
  void orTimeout_givesUp() throws Exception {
    CompletableFuture<Void> told = new CompletableFuture<>();
    promise.whenGivenUp(() -> told.complete(null));
    CompletableFuture<String> limited = future.orTimeout(1, TimeUnit.MILLISECONDS);

    told.get(20, TimeUnit.SECONDS);
    assertThatThrownBy(limited::get).hasCauseInstanceOf(TimeoutException.class);
  }

  @Test
  void makerCompletes_nobodyHasGivenUp() throws ExecutionException, InterruptedException {
    promise.whenGivenUp(() -> heard.add("given up"));

    assertThat(promise.isDone()).isFalse();
    assertThat(promise.complete("value")).isTrue();
    assertThat(promise.isDone()).isTrue();
    assertThat(future.cancel(true)).isFalse();
    assertThat(future.complete("another")).isFalse();
    assertThat(future.get()).isEqualTo("value");
    assertThat(heard).isEmpty();
  }

  /** Or whoever keeps the futures of many messages keeps all that the messages had. */
  @Test
  void makerCompletes_taskIsLetGo() throws InterruptedException {
    ReferenceQueue<Object> collected = new ReferenceQueue<>();
    Reference<?> task = registerTask(collected);
    promise.complete("value");

    Reference<?> gone = null;
    while (gone == null) {
      System.gc();
      gone = collected.remove(100);
    }
    assertThat(gone).isSameAs(task);
    assertThat(future).isCompleted();
  }

  private Reference<?> registerTask(ReferenceQueue<Object> collected) {
    Object held = new Object();
    promise.whenGivenUp(() -> heard.add(held.toString()));
    return new WeakReference<>(held, collected);
  }

  @Test
  void makerFails_nobodyHasGivenUp() {
    promise.whenGivenUp(() -> heard.add("given up"));

    assertThat(promise.fail(new IOException("why"))).isTrue();
    assertThat(future.cancel(true)).isFalse();
    assertThatThrownBy(future::get).hasRootCauseMessage("why");
    assertThat(heard).isEmpty();
  }
}
