package io.upgradeable.smtp;

import static org.assertj.core.api.Assertions.assertThat;

import io.upgradeable.smtp.SmtpCommandLine.Broken;
import io.upgradeable.smtp.SmtpCommandLine.Partial;
import io.upgradeable.smtp.SmtpCommandLine.Whole;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class SmtpCommandLineTest {

  @Test
  void line_anyCaseAndSpaces_verbAndArgument() {
    assertThat(read("EHLO a\r\n")).isEqualTo(new Whole("EHLO", "a"));
    assertThat(read("ehlo   a \r\n")).isEqualTo(new Whole("EHLO", "a"));
    assertThat(read("Mail FROM:<> SIZE=1\r\n")).isEqualTo(new Whole("MAIL", "FROM:<> SIZE=1"));
    assertThat(read("QUIT\r\n")).isEqualTo(new Whole("QUIT", ""));
    assertThat(read("\r\n")).isEqualTo(new Whole("", ""));
    assertThat(read(" NOOP\r\n")).isEqualTo(new Whole("", "NOOP"));
  }

  @Test
  void line_moreBehindIt_consumedAlone() {
    ByteBuffer input = bytes("STARTTLS\r\nEHLO a\r\n");

    SmtpCommandLine.read(input);

    assertThat(input.position()).isEqualTo(10);
  }

  @Test
  void line_noEndYet_partialAndNothingConsumed() {
    for (String text : new String[] {"", "E", "EHLO a", "EHLO a\r"}) {
      ByteBuffer input = bytes(text);

      assertThat(SmtpCommandLine.read(input)).as(text).isEqualTo(new Partial());
      assertThat(input.position()).as(text).isZero();
    }
  }

  @Test
  void line_bareLfOrCr_broken() {
    for (String text : new String[] {"\n", "NOOP\n", "NOOP\rNOOP\r\n", "\r\r\n"}) {
      assertThat(read(text)).as(text).isInstanceOf(Broken.class);
    }
  }

  @Test
  void line_anyByteThatIsNotPrintable_broken() {
    for (int b = 0; b < 256; b++) {
      byte[] line = {'N', (byte) b, 'P', '\r', '\n'};

      assertThat(SmtpCommandLine.read(ByteBuffer.wrap(line)) instanceof Whole)
          .as("byte 0x%02x", b)
          .isEqualTo(b >= ' ' && b <= '~');
    }
  }

  @Test
  void line_asLongAsAllowed_whole() {
    String longest = "A".repeat(SmtpCommandLine.MAX_BYTES - 2);

    assertThat(read(longest + "\r\n")).isEqualTo(new Whole(longest, ""));
    assertThat(read(longest + "\r")).isEqualTo(new Partial());
    assertThat(read(longest + "A\r\n")).isInstanceOf(Broken.class);
    assertThat(read(longest + "AA")).isInstanceOf(Broken.class);
  }

  private static SmtpCommandLine read(String text) {
    return SmtpCommandLine.read(bytes(text));
  }

  private static ByteBuffer bytes(String text) {
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.ISO_8859_1)).asReadOnlyBuffer();
  }
}
