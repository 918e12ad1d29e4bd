package io.upgradeable.ping;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class PingLineTest {

  @Test
  void line_endsInLfOrCrlf_sameText() {
    assertThat(read("PING\n")).isEqualTo(new PingLine.Whole("PING"));
    assertThat(read("PING\r\n")).isEqualTo(new PingLine.Whole("PING"));
    assertThat(read("\n")).isEqualTo(new PingLine.Whole(""));
  }

  @Test
  void line_moreBehindIt_consumedAlone() {
    ByteBuffer input = bytes("PING\nSTARTTLS\n");

    PingLine.read(input);

    assertThat(input.position()).isEqualTo(5);
  }

  @Test
  void line_noEndYet_partialAndNothingConsumed() {
    for (String text : new String[] {"", "P", "PING", "PING\r"}) {
      ByteBuffer input = bytes(text);

      assertThat(PingLine.read(input)).as(text).isEqualTo(new PingLine.Partial());
      assertThat(input.position()).as(text).isZero();
    }
  }

  @Test
  void line_asLongAsAllowed_whole() {
    String longest = "A".repeat(PingLine.MAX_BYTES - 1);

    assertThat(read(longest + "\n")).isEqualTo(new PingLine.Whole(longest));
    assertThat(read(longest)).isEqualTo(new PingLine.Partial());
  }

  @Test
  void line_oneByteTooLong_broken() {
    String tooLong = "A".repeat(PingLine.MAX_BYTES);

    assertThat(read(tooLong)).isInstanceOf(PingLine.Broken.class);
    assertThat(read(tooLong + "\n")).isInstanceOf(PingLine.Broken.class);
  }

  @Test
  void line_anyByteThatIsNotPrintable_broken() {
    for (int b = 0; b < 256; b++) {
      byte[] line = {'P', (byte) b, 'G', '\n'};
      boolean allowed = (b >= ' ' && b <= '~') || b == '\n';

      assertThat(PingLine.read(ByteBuffer.wrap(line)) instanceof PingLine.Whole)
          .as("byte 0x%02x", b)
          .isEqualTo(allowed);
    }
  }

  private static PingLine read(String text) {
    return PingLine.read(bytes(text));
  }

  private static ByteBuffer bytes(String text) {
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.ISO_8859_1)).asReadOnlyBuffer();
  }
}
