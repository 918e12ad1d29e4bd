package io.upgradeable.smtp;

import static org.assertj.core.api.Assertions.assertThat;

import io.upgradeable.smtp.SmtpContentReader.Problem;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SmtpContentReaderTest {

  private static final long SEED = Long.getLong("seed", System.nanoTime());

  /** What one content came to. */
  private record Read(String content, boolean over, int consumed, Optional<Problem> problem) {}

  private static Read read(SmtpContentReader reader, byte[] bytes, int... cuts) {
    ByteArrayOutputStream content = new ByteArrayOutputStream();
    int start = 0;
    int consumed = 0;
    for (int i = 0; i <= cuts.length && !reader.isOver(); i++) {
      int end = i == cuts.length ? bytes.length : cuts[i];
      byte[] piece = Arrays.copyOfRange(bytes, start, end);
      int length = reader.read(piece, piece.length);
      content.write(piece, 0, length);
      consumed += reader.consumed();
      start = end;
    }
    return new Read(
        content.toString(StandardCharsets.ISO_8859_1), reader.isOver(), consumed, reader.problem());
  }

  private static byte[] bytes(String text) {
    return text.replace("\\r", "\r").replace("\\n", "\n").getBytes(StandardCharsets.ISO_8859_1);
  }

  @ParameterizedTest
  @CsvSource({
    ".\\r\\nQUIT, '', 3",
    "a\\r\\n.\\r\\nQUIT, a\\r\\n, 6",
    "..\\r\\n...\\r\\n.\\r\\n, .\\r\\n..\\r\\n, 12",
    ".a\\r\\n.\\r\\n, a\\r\\n, 7",
    "a.\\r\\nb\\r\\n.\\r\\n, a.\\r\\nb\\r\\n, 10",
    "\\r\\n\\r\\n.\\r\\n, \\r\\n\\r\\n, 7",
  })
  void untilDot_goodContent_unstuffedHoweverItIsCut(String text, String content, int consumed) {
    byte[] bytes = bytes(text);
    String expected = new String(bytes(content), StandardCharsets.ISO_8859_1);
    for (int cut = 0; cut <= bytes.length; cut++) {
      assertThat(read(SmtpContentReader.untilDot(), bytes, cut))
          .as("cut at %d", cut)
          .isEqualTo(new Read(expected, true, consumed, Optional.empty()));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "a\\n.\\n",
    "a\\n.\\r\\n",
    "a\\r\\n.\\n",
    "a\\r.\\r",
    "a\\r.\\r\\n",
    "a\\r\\n.\\r",
    "a\\r\\n.\\ra",
    "\\n",
    ".\\n",
    "\\r\\r\\n",
    "\\r\\n.\\r\\r\\n"
  })
  void untilDot_almostAnEnd_isNone(String text) {
    byte[] almost = bytes(text + "x");
    byte[] whole = bytes(text + "x\\r\\n.\\r\\n");
    for (int cut = 0; cut < almost.length; cut++) {
      assertThat(read(SmtpContentReader.untilDot(), almost, cut).over()).isFalse();
      Read read = read(SmtpContentReader.untilDot(), whole, cut);
      assertThat(read.over()).isTrue();
      assertThat(read.consumed()).isEqualTo(whole.length);
      assertThat(read.problem()).hasValue(Problem.BARE_LINE_END);
    }
  }

  @Test
  void ofChunks_dots_areDots() {
    SmtpContentReader reader = SmtpContentReader.ofChunks();

    Read read = read(reader, bytes(".\\r\\n..\\r\\n"), 2);

    assertThat(read).isEqualTo(new Read(".\r\n..\r\n", false, 7, Optional.empty()));
  }

  @Test
  void ofChunks_crAtTheEnd_noted() {
    SmtpContentReader reader = SmtpContentReader.ofChunks();
    read(reader, bytes("a\\r"));
    assertThat(reader.problem()).isEmpty();

    reader.end();

    assertThat(reader.problem()).hasValue(Problem.BARE_LINE_END);
    assertThat(reader.mayHideCommands()).isFalse();
  }

  /** Against a reader that knows the whole text, at random cuts. */
  @Test
  void untilDot_randomContent_asASimpleReaderReadsIt() {
    Random random = new Random(SEED);
    for (int round = 0; round < 20_000; round++) {
      StringBuilder text = new StringBuilder();
      for (int i = random.nextInt(20); i >= 0; i--) {
        text.append(new String[] {"\r\n", "\r", "\n", ".", "a", "\r\n."}[random.nextInt(6)]);
      }
      text.append("\r\n.\r\nQUIT\r\n");
      byte[] bytes = text.toString().getBytes(StandardCharsets.ISO_8859_1);
      int first = random.nextInt(bytes.length);
      int second = first + random.nextInt(bytes.length - first);

      Read read = read(SmtpContentReader.untilDot(), bytes, first, second);

      String stuffed = ("\r\n" + text);
      int end = stuffed.indexOf("\r\n.\r\n");
      String content = stuffed.substring(0, end + 2).replace("\r\n.", "\r\n").substring(2);
      boolean good = !content.replace("\r\n", "").matches("(?s).*[\r\n].*");
      String as = "seed %d, round %d".formatted(SEED, round);
      assertThat(read.consumed()).as(as).isEqualTo(end + 3);
      assertThat(read.problem().isEmpty()).as(as).isEqualTo(good);
      if (good) {
        assertThat(read.content()).as(as).isEqualTo(content);
      }
    }
  }
}
