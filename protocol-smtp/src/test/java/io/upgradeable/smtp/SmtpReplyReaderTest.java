package io.upgradeable.smtp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.upgradeable.negotiation.Reason;
import io.upgradeable.smtp.SmtpReplyReader.Broken;
import io.upgradeable.smtp.SmtpReplyReader.Found;
import io.upgradeable.smtp.SmtpReplyReader.Partial;
import io.upgradeable.smtp.SmtpReplyReader.Whole;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class SmtpReplyReaderTest {

  @Test
  void reply_oneLine_codeAndText() {
    assertThat(read("220 mail.example.net ESMTP\r\n"))
        .isEqualTo(whole(220, "mail.example.net ESMTP"));
    assertThat(read("220  two spaces\r\n")).isEqualTo(whole(220, " two spaces"));
    assertThat(read("354 a\tb\r\n")).isEqualTo(whole(354, "a\tb"));
  }

  @Test
  void reply_noText_emptyText() {
    assertThat(read("220\r\n")).isEqualTo(whole(220, ""));
    assertThat(read("220 \r\n")).isEqualTo(whole(220, ""));
    assertThat(read("220-\r\n220\r\n")).isEqualTo(whole(220, "", ""));
  }

  @Test
  void reply_severalLines_allOfThem() {
    assertThat(read("250-mail\r\n250-SIZE 7\r\n250 STARTTLS\r\n"))
        .isEqualTo(whole(250, "mail", "SIZE 7", "STARTTLS"));
  }

  @Test
  void reply_moreBehindIt_consumedAlone() {
    SmtpReplyReader reader = new SmtpReplyReader();
    ByteBuffer input = bytes("250-a\r\n250 b\r\n220 c\r\n5");

    assertThat(reader.read(input)).isEqualTo(whole(250, "a", "b"));
    assertThat(input.position()).isEqualTo(14);
    assertThat(reader.read(input)).isEqualTo(whole(220, "c"));
    assertThat(input.remaining()).isEqualTo(1);
    assertThat(reader.read(input)).isEqualTo(new Partial());
    assertThat(input.remaining()).isEqualTo(1);
  }

  @Test
  void reply_noEndYet_partialAndNothingConsumed() {
    String text = "250-mail\r\n250 STARTTLS\r\n";
    for (int length = 0; length < text.length(); length++) {
      ByteBuffer input = bytes(text.substring(0, length));

      assertThat(new SmtpReplyReader().read(input)).as("%d", length).isEqualTo(new Partial());
      assertThat(input.position()).as("%d", length).isZero();
    }
  }

  @Test
  void reply_everyCode_byItsFirstDigit() {
    for (int code = 0; code < 1000; code++) {
      boolean allowed = code >= 200 && code < 600;
      Found found = read("%03d x\r\n".formatted(code));

      assertThat(found instanceof Whole).as("%03d", code).isEqualTo(allowed);
    }
  }

  @Test
  void reply_codeThatIsNone_broken() {
    for (String text :
        List.of(
            "2x0 x\r\n",
            "22 x\r\n",
            "22\r\n",
            "2\r\n",
            "\r\n",
            "2200 x\r\n",
            "999 x\r\n",
            "-20 x\r\n",
            "+22 x\r\n",
            " 220 x\r\n",
            "220\tx\r\n",
            "220x\r\n",
            "220_x\r\n",
            "220\0x\r\n",
            "SSH-2.0-x\r\n",
            "HTTP/1.1 200 OK\r\n",
            "\u0662\u0662\u0660 x\r\n")) {
      assertThat(read(text)).as(text).isInstanceOf(Broken.class);
    }
  }

  @Test
  void reply_mixedCodes_brokenAtTheFirstOtherDigit() {
    assertThat(read("250-a\r\n251 b\r\n"))
        .isEqualTo(broken("code 250 on each line", "'1' in column 3 of line 2"));
    assertThat(read("250-a\r\n5"))
        .isEqualTo(broken("code 250 on each line", "'5' in column 1 of line 2"));
    assertThat(read("220-a\r\nx")).isInstanceOf(Broken.class);
    assertThat(read("220-a\r\n\r\n")).isInstanceOf(Broken.class);
  }

  @Test
  void reply_bareLfOrCr_broken() {
    assertThat(read("220 a\n"))
        .isEqualTo(broken("a reply of an SMTP server", "a LF without CR in line 1"));
    assertThat(read("220 a\rb\r\n"))
        .isEqualTo(broken("a reply of an SMTP server", "a CR without LF in line 1"));
    for (String text :
        List.of("220\n", "220-a\n220 b\r\n", "220 a\r\r\n", "\n", "2\n", "220 a\r250 b\r\n")) {
      assertThat(read(text)).as(text).isInstanceOf(Broken.class);
    }
  }

  @Test
  void reply_anyByteInTheText_controlsRefused() {
    for (int b = 0; b < 256; b++) {
      byte[] line = {'2', '2', '0', ' ', 'x', (byte) b, 'y', '\r', '\n'};
      boolean allowed = b == '\t' || (b >= ' ' && b != 0x7f);

      assertThat(new SmtpReplyReader().read(ByteBuffer.wrap(line)) instanceof Whole)
          .as("byte 0x%02x", b)
          .isEqualTo(allowed);
    }
  }

  @Test
  void reply_textBeyondAscii_utf8OrReplaced() {
    byte[] utf8 = "220 gr\u00fc\u00df dich\r\n".getBytes(StandardCharsets.UTF_8);
    byte[] latin1 = "220 gr\u00fc\r\n".getBytes(StandardCharsets.ISO_8859_1);

    assertThat(new SmtpReplyReader().read(ByteBuffer.wrap(utf8)))
        .isEqualTo(whole(220, "gr\u00fc\u00df dich"));
    // The broken sequence does not swallow the line's end.
    assertThat(new SmtpReplyReader().read(ByteBuffer.wrap(latin1)))
        .isEqualTo(whole(220, "gr\ufffd"));
  }

  @Test
  void reply_lineAsLongAsAllowed_whole() {
    String longest = "220 " + "A".repeat(SmtpReplyReader.MAX_LINE_BYTES - 6);

    assertThat(read(longest + "\r\n")).isInstanceOf(Whole.class);
    assertThat(read(longest + "\r")).isEqualTo(new Partial());
    assertThat(read(longest + "A\r")).isInstanceOf(Broken.class);
    assertThat(read(longest + "AA")).isInstanceOf(Broken.class);
  }

  @Test
  void reply_asManyLinesAsAllowed_whole() {
    String lines = "250-x\r\n".repeat(SmtpReplyReader.MAX_LINES - 1);

    assertThat(read(lines + "250 x\r\n")).isInstanceOf(Whole.class);
    assertThat(read(lines + "250-x\r")).isEqualTo(new Partial());
    assertThat(read(lines + "250-x\r\n")).isInstanceOf(Broken.class);
  }

  @Test
  void reply_asManyBytesAsAllowed_whole() {
    String line = "250-" + "x".repeat(1018) + "\r\n";
    String lines = line.repeat(SmtpReplyReader.MAX_BYTES / line.length() - 1);
    String last = "250 " + "x".repeat(1018) + "\r\n";

    assertThat(lines.length() + last.length()).isEqualTo(SmtpReplyReader.MAX_BYTES);
    assertThat(read(lines + last)).isInstanceOf(Whole.class);
    assertThat(read(lines + last.substring(0, 1023))).isEqualTo(new Partial());
    assertThat(read(lines + "250 y" + last.substring(4))).isInstanceOf(Broken.class);
    assertThat(read(lines + line)).isInstanceOf(Broken.class);
  }

  @Test
  void reply_byteByByte_eachByteLookedAtOnce() {
    SmtpReplyReader reader = new SmtpReplyReader();

    assertThat(reader.read(bytes("250-abc\r\n250 d"))).isEqualTo(new Partial());

    // A reader that began again would stumble over the NUL.
    assertThat(reader.read(bytes("250-a\0c\r\n250 d\r\n"))).isEqualTo(whole(250, "a\0c", "d"));
  }

  @Test
  void reply_fewerBytesThanBefore_callersMistake() {
    SmtpReplyReader reader = new SmtpReplyReader();
    reader.read(bytes("250-a"));

    assertThatThrownBy(() -> reader.read(bytes("250"))).isInstanceOf(IllegalStateException.class);
  }

  private static Found read(String text) {
    return new SmtpReplyReader().read(bytes(text));
  }

  private static Whole whole(int code, String... lines) {
    return new Whole(new SmtpReply(code, Arrays.asList(lines)));
  }

  private static Broken broken(String expected, String got) {
    return new Broken(Reason.misbehaved(expected, got));
  }

  private static ByteBuffer bytes(String text) {
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)).asReadOnlyBuffer();
  }
}
