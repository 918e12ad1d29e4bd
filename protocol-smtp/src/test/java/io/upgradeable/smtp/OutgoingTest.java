package io.upgradeable.smtp;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What leaves in one write, and what stays of it. */
class OutgoingTest {

  private final List<ByteBuffer> written = new ArrayList<>();
  private final List<Runnable> afterwards = new ArrayList<>();
  private final Outgoing outgoing = new Outgoing();

  private void flush() {
    outgoing.flush(
        (bytes, after) -> {
          written.add(bytes);
          afterwards.add(after);
        });
  }

  @Test
  void lines_written_nothingStaysOfThem() {
    String response = "c2VjcmV0".repeat(200);
    outgoing.line("NOOP");
    outgoing.line("AUTH PLAIN " + response);
    flush();
    assertThat(written)
        .extracting(bytes -> StandardCharsets.UTF_8.decode(bytes.duplicate()).toString())
        .containsExactly("NOOP\r\nAUTH PLAIN " + response + "\r\n");
    assertThat(outgoing.isEmpty()).isTrue();

    afterwards.forEach(Runnable::run);

    assertThat(written.get(0).array()).containsOnly(0);
  }

  @Test
  void lines_forgotten_neverLeave() {
    outgoing.line("AUTH PLAIN " + "c2VjcmV0".repeat(200));
    outgoing.clear();
    assertThat(outgoing.isEmpty()).isTrue();
    outgoing.line("QUIT");
    flush();
    assertThat(StandardCharsets.UTF_8.decode(written.get(0)).toString()).isEqualTo("QUIT\r\n");
  }
}
