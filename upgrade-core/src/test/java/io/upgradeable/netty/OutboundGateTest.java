package io.upgradeable.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

final class OutboundGateTest {

  private final OutboundGate gate = new OutboundGate();
  private final List<String> written = new ArrayList<>();

  private void outlet(ByteBuffer bytes, CompletableFuture<Void> done) {
    written.add(StandardCharsets.US_ASCII.decode(bytes).toString());
    done.complete(null);
  }

  /** What a session's write does. */
  private CompletableFuture<Void> write(String text) {
    ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII));
    CompletableFuture<Void> done = new CompletableFuture<>();
    if (!gate.holdBack(bytes, done)) {
      outlet(bytes, done);
    }
    return done;
  }

  @Test
  void open_letsEverythingPass() {
    assertThat(write("1")).isCompleted();
    assertThat(written).containsExactly("1");
    assertThat(gate.isClosed()).isFalse();
  }

  @Test
  void closed_holdsEverythingBackUntilItOpensInOrder() {
    gate.close();
    CompletableFuture<Void> first = write("1");
    CompletableFuture<Void> second = write("2");
    assertThat(written).isEmpty();
    assertThat(first).isNotDone();
    gate.open(this::outlet);
    assertThat(written).containsExactly("1", "2");
    assertThat(first).isCompleted();
    assertThat(second).isCompleted();
    assertThat(gate.isClosed()).isFalse();
    assertThat(write("3")).isCompleted();
  }

  @Test
  void opening_writeFromTheCompletionOfAnother_comesBehindThoseThatWait() {
    gate.close();
    write("1").thenRun(() -> write("4").thenRun(() -> write("5")));
    write("2");
    write("3");
    gate.open(this::outlet);
    assertThat(written).containsExactly("1", "2", "3", "4", "5");
  }

  @Test
  void opening_writeThatWasCancelledMeanwhile_isLeftOut() {
    gate.close();
    write("1");
    write("2").cancel(false);
    write("3");
    gate.open(this::outlet);
    assertThat(written).containsExactly("1", "3");
  }

  @Test
  void closed_limitIsOfBytesThatWait_andIsGivenBack() {
    String half = "x".repeat(OutboundGate.MAX_WAITING_BYTES / 2);
    for (int round = 0; round < 3; round++) {
      gate.close();
      assertThat(write(half)).isNotDone();
      assertThat(write(half)).isNotDone();
      CompletableFuture<Void> refused = write("x");
      assertThatThrownBy(refused::join).hasCauseInstanceOf(IllegalStateException.class);
      assertThat(write("")).isNotDone();
      gate.open(this::outlet);
      assertThat(written).containsExactly(half, half, "");
      written.clear();
    }
  }

  @Test
  void fail_failsAllThatWaits_alsoWhatIsWrittenMeanwhile() {
    gate.close();
    IOException cause = new IOException("the negotiation failed");
    CompletableFuture<Void> first = write("1");
    List<CompletableFuture<Void>> later = new ArrayList<>();
    first.whenComplete((nothing, error) -> later.add(write("from a failure")));
    CompletableFuture<Void> second = write("2");
    gate.fail(() -> cause);
    assertThatThrownBy(first::join).hasCause(cause);
    assertThatThrownBy(second::join).hasCause(cause);
    assertThat(later).hasSize(1);
    assertThatThrownBy(() -> later.get(0).join()).hasCause(cause);
    assertThat(written).isEmpty();
  }

  @Test
  void fail_staysClosed() {
    gate.close();
    gate.fail(() -> new IOException("the negotiation failed"));
    assertThat(write("1")).isNotDone();
    assertThat(written).isEmpty();
  }
}
