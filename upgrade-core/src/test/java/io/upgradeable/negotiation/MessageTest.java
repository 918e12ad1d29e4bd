package io.upgradeable.negotiation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class MessageTest {

  @ParameterizedTest
  @ValueSource(strings = {"QUIT\nEVIL", "QUIT\rEVIL", "QUIT\0", "\n"})
  void line_withCrLfOrNul_isRefusedWithoutQuotingIt(String line) {
    assertThatThrownBy(() -> Message.line(line, "\r\n"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("expected one line of text, got U+00")
        .hasMessageNotContaining("EVIL");
  }

  @Test
  void line_plain_isSentWithItsEnd() {
    assertThat(Message.line("PING", "\r\n").bytes()).isEqualTo(ascii("PING\r\n"));
  }

  @Test
  void secret_shownAs_neverShowsItsBytes() {
    Message message =
        Message.shownAs(
            "AUTH PLAIN c2VjcmV0\r\n".getBytes(StandardCharsets.US_ASCII), "AUTH PLAIN <redacted>");
    assertThat(message.toString()).isEqualTo("AUTH PLAIN <redacted>");
    assertThat(message.bytes()).isEqualTo(ascii("AUTH PLAIN c2VjcmV0\r\n"));
    assertThat(Step.send(message, "the answer").toString()).doesNotContain("c2VjcmV0");
  }

  @Test
  void bytes_readByOne_areStillThereForTheNext() {
    Message message = Message.text("PING");
    message.bytes().get();
    assertThat(message.bytes().remaining()).isEqualTo(4);
    assertThat(message.bytes().isReadOnly()).isTrue();
  }

  private static ByteBuffer ascii(String text) {
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII));
  }
}
