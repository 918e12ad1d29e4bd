package io.upgradeable.smtp;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The encoder against one that is too simple to be wrong. */
class ContentEncoderTest {

  private static final String ALPHABET = "\r\n..ab\u00e9";

  @TestFactory
  Stream<DynamicTest> content_known_asExpected() {
    return Stream.of(
            List.of("", ""),
            List.of("a", "a\r\n"),
            List.of("a\r\n", "a\r\n"),
            List.of("a\n", "a\r\n"),
            List.of("a\r", "a\r\n"),
            List.of("\r", "\r\n"),
            List.of("\n\r", "\r\n\r\n"),
            List.of("\r\r\n", "\r\n\r\n"),
            List.of("\r\n\n", "\r\n\r\n"),
            List.of(".", "..\r\n"),
            List.of("..", "...\r\n"),
            List.of("a.\n.b", "a.\r\n..b\r\n"),
            // What other servers took for the end of a message (CVE-2023-51764 and relatives).
            List.of("x\n.\nMAIL", "x\r\n..\r\nMAIL\r\n"),
            List.of("x\n.\r\nMAIL", "x\r\n..\r\nMAIL\r\n"),
            List.of("x\r.\rMAIL", "x\r\n..\r\nMAIL\r\n"),
            List.of("x\r.\r\nMAIL", "x\r\n..\r\nMAIL\r\n"),
            List.of("x\r\n.\r\nMAIL", "x\r\n..\r\nMAIL\r\n"),
            List.of("x\r\n.\nMAIL", "x\r\n..\r\nMAIL\r\n"),
            List.of("x\r\n\0.\r\nMAIL", "x\r\n\0.\r\nMAIL\r\n"))
        .map(
            pair ->
                DynamicTest.dynamicTest(
                    "content " + pair.get(0).replace("\r", "CR").replace("\n", "LF"),
                    () -> everySplit(bytes(pair.get(0)), bytes(pair.get(1)))));
  }

  private static void everySplit(byte[] content, byte[] stuffed) {
    for (int first = 0; first <= content.length; first++) {
      for (int second = first; second <= content.length; second++) {
        assertThat(encoded(content, true, 64, first, second)).isEqualTo(stuffed);
      }
    }
  }

  @Test
  void content_random_likeTheNaiveEncoder() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int round = 0; round < 20_000; round++) {
      byte[] content = randomContent(random);
      boolean stuffs = random.nextBoolean();
      byte[] naive = naive(content, stuffs);
      int first = random.nextInt(content.length + 1);
      int second = first + random.nextInt(content.length - first + 1);
      int room = 2 + random.nextInt(40);

      assertThat(encoded(content, stuffs, room, first, second))
          .as("seed %d, round %d", seed, round)
          .isEqualTo(naive);
    }
  }

  @Test
  void content_random_surveyedAsItIsEncoded() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int round = 0; round < 20_000; round++) {
      byte[] content = randomContent(random);
      ContentEncoder.Survey survey = ContentEncoder.survey(content);
      boolean eightBit = false;
      for (byte b : content) {
        eightBit |= b < 0;
      }

      assertThat(survey)
          .as("seed %d, round %d", seed, round)
          .isEqualTo(
              new ContentEncoder.Survey(
                  naive(content, false).length,
                  naive(content, true).length - naive(content, false).length,
                  eightBit));
    }
  }

  @Test
  void content_random_noBareLineEndAndNoLoneDot() {
    Random random = new Random(42);
    for (int round = 0; round < 5_000; round++) {
      byte[] content = randomContent(random);
      String sent =
          new String(
              encoded(content, true, 64, content.length / 2, content.length),
              StandardCharsets.ISO_8859_1);

      assertThat(sent.replace("\r\n", "")).doesNotContain("\r", "\n");
      assertThat("\r\n" + sent).doesNotContain("\r\n.\r\n");
    }
  }

  private static byte[] randomContent(Random random) {
    StringBuilder text = new StringBuilder();
    int length = random.nextInt(60);
    int plain = random.nextInt(3);
    for (int i = 0; i < length; i++) {
      text.append(
          random.nextInt(3) < plain ? 'x' : ALPHABET.charAt(random.nextInt(ALPHABET.length())));
    }
    return bytes(text.toString());
  }

  /** Three pieces in, pieces of some room out. */
  private static byte[] encoded(byte[] content, boolean stuffs, int room, int first, int second) {
    ContentEncoder encoder = stuffs ? ContentEncoder.stuffingDots() : ContentEncoder.verbatimDots();
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    ByteBuffer out = ByteBuffer.allocate(room);
    List<ByteBuffer> pieces = new ArrayList<>();
    pieces.add(ByteBuffer.wrap(content, 0, first));
    pieces.add(ByteBuffer.wrap(content, first, second - first).slice());
    pieces.add(ByteBuffer.wrap(content, second, content.length - second));
    for (ByteBuffer piece : pieces) {
      while (piece.hasRemaining()) {
        encoder.encode(piece, out);
        drain(out, all);
      }
    }
    encoder.finish(out);
    drain(out, all);
    return all.toByteArray();
  }

  private static void drain(ByteBuffer out, ByteArrayOutputStream all) {
    byte[] bytes = new byte[out.flip().remaining()];
    out.get(bytes).clear();
    all.writeBytes(bytes);
  }

  private static byte[] naive(byte[] content, boolean stuffs) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    String text = new String(content, StandardCharsets.ISO_8859_1);
    String[] lines = text.split("\r\n|\r|\n", -1);
    for (int i = 0; i < lines.length; i++) {
      if (i == lines.length - 1 && lines[i].isEmpty()) {
        break;
      }
      String dot = stuffs && lines[i].startsWith(".") ? "." : "";
      all.writeBytes((dot + lines[i] + "\r\n").getBytes(StandardCharsets.ISO_8859_1));
    }
    return all.toByteArray();
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
