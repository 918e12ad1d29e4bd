package io.upgradeable.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class PrintableTest {

  @Test
  void plainText_of_unchanged() {
    assertThat(Printable.of("PONG ~ é 日本 😀")).isEqualTo("PONG ~ é 日本 😀");
  }

  @Test
  void controls_of_escaped() {
    assertThat(Printable.of("a\u001b[2J\r\n\t\0\u007f\u009b"))
        .isEqualTo("a\\x1b[2J\\r\\n\\t\\x00\\x7f\\x9b");
  }

  @Test
  void bidiAndInvisible_of_escaped() {
    assertThat(Printable.of("\u202e\u2066\u200f\u200b\ufeff\u2028\ue000"))
        .isEqualTo("\\u202e\\u2066\\u200f\\u200b\\ufeff\\u2028\\ue000");
  }

  @Test
  void loneSurrogate_of_escaped() {
    assertThat(Printable.of("\ud800x")).isEqualTo("\\ud800x");
  }

  @Test
  void bytesThatAreNoUtf8_of_escapedByteByByte() {
    assertThat(Printable.of(ByteBuffer.wrap(new byte[] {'a', (byte) 0xff, 0x1b, 'b'})))
        .isEqualTo("a\\xff\\x1bb");
  }

  @Test
  void utf8Bytes_of_decoded() {
    assertThat(Printable.of(ByteBuffer.wrap("é\u202e".getBytes(StandardCharsets.UTF_8))))
        .isEqualTo("é\\u202e");
  }

  @Test
  void longText_line_cut() {
    assertThat(Printable.line("x".repeat(1_000_000))).hasSizeLessThan(5000).endsWith("...");
    assertThat(Printable.line("\u001b".repeat(1_000_000))).hasSizeLessThan(5000).endsWith("...");
  }
}
