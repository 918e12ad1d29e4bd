package io.upgradeable.smtp;

import static org.assertj.core.api.Assertions.assertThat;

import io.upgradeable.smtp.SmtpReplyReader.Broken;
import io.upgradeable.smtp.SmtpReplyReader.Found;
import io.upgradeable.smtp.SmtpReplyReader.Partial;
import io.upgradeable.smtp.SmtpReplyReader.Whole;
import io.upgradeable.testkit.Split;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * The reader against random bytes, mutated replies among them: it must agree with the grammar as a
 * regular expression says it, however the bytes are cut.
 *
 * <p>A failure names its seed; {@code -Dupgradeable.seed=N} repeats it, and {@code
 * -Dupgradeable.fuzz.runs=N} looks longer.
 */
class SmtpReplyReaderFuzzTest {

  private static final int RUNS = Integer.getInteger("upgradeable.fuzz.runs", 20_000);

  /** A whole reply at the start of the bytes, read as Latin-1; no limits. */
  private static final Pattern REPLY =
      Pattern.compile(
          "(?:(?<code>[2-5][0-9]{2})-[\\t\\x20-\\x7e\\x80-\\xff]*\\r\\n"
              + "(?:\\k<code>-[\\t\\x20-\\x7e\\x80-\\xff]*\\r\\n)*+"
              + "\\k<code>|[2-5][0-9]{2})(?: [\\t\\x20-\\x7e\\x80-\\xff]*)?\\r\\n");

  private static final String[] PIECES = {
    "220 ",
    "250-",
    "250 ",
    "250",
    "251-",
    "421 ",
    "\r\n",
    "\r\n250 ",
    "\r\n250-",
    "\r",
    "\n",
    "\0",
    "2",
    "5",
    "9",
    "x",
    " ",
    "-",
    "STARTTLS",
    "\t",
    "\u00e9",
    "\u007f",
    "\u0016\u0003",
    "22 ",
    "2x0 "
  };

  @Test
  void anyBytes_cutAnywhere_asTheGrammarSays() {
    long seed = Long.getLong("upgradeable.seed", System.nanoTime());
    int wholes = 0;
    int brokens = 0;
    for (int run = 0; run < RUNS; run++) {
      Random random = new Random(seed + run);
      byte[] bytes = random.nextBoolean() ? pieces(random) : mutatedReply(random);
      Found found = check(bytes, Split.random(random.nextLong()), "seed " + (seed + run));
      wholes += found instanceof Whole ? 1 : 0;
      brokens += found instanceof Broken ? 1 : 0;
    }
    // A generator that makes only one kind would test nothing.
    assertThat(wholes).as("whole replies, seed %d", seed).isGreaterThan(RUNS / 20);
    assertThat(brokens).as("broken replies, seed %d", seed).isGreaterThan(RUNS / 20);
  }

  private static Found check(byte[] bytes, Split split, String name) {
    String description = name + ": " + HexFormat.of().formatHex(bytes);
    ByteBuffer atOnce = ByteBuffer.wrap(bytes).asReadOnlyBuffer();
    Found found = new SmtpReplyReader().read(atOnce);
    Matcher matcher = REPLY.matcher(new String(bytes, StandardCharsets.ISO_8859_1));
    if (matcher.lookingAt()) {
      assertThat(found).as(description).isInstanceOf(Whole.class);
      assertThat(atOnce.position()).as(description).isEqualTo(matcher.end());
    } else {
      assertThat(found).as(description).isNotInstanceOf(Whole.class);
      assertThat(atOnce.position()).as(description).isZero();
      if (found instanceof Partial) {
        assertThat(canStillMatch(bytes)).as("hopeless, but awaited; " + description).isTrue();
      } else {
        assertThat(canStillMatch(bytes)).as("given up too early; " + description).isFalse();
      }
    }
    assertThat(inSegments(bytes, split)).as("%s, %s", description, split).isEqualTo(found);
    return found;
  }

  /** Whether more bytes could make a reply of it: one of the shortest endings does. */
  private static boolean canStillMatch(byte[] bytes) {
    String text = new String(bytes, StandardCharsets.ISO_8859_1);
    int digits = Math.min(text.length(), 3);
    String code = text.substring(0, digits) + "200".substring(digits);
    return Stream.of("", "\n", "\r\n", "\n" + code + "\r\n", "\r\n" + code + "\r\n")
            .anyMatch(ending -> REPLY.matcher(text + ending).matches())
        || IntStream.range(0, 3)
            .anyMatch(from -> REPLY.matcher(text + code.substring(from) + "\r\n").matches());
  }

  private static Found inSegments(byte[] bytes, Split split) {
    SmtpReplyReader reader = new SmtpReplyReader();
    int delivered = 0;
    Found found = new Partial();
    for (byte[] segment : split.cut(bytes)) {
      delivered += segment.length;
      ByteBuffer input = ByteBuffer.wrap(bytes, 0, delivered).asReadOnlyBuffer();
      found = reader.read(input);
      if (!(found instanceof Partial)) {
        return found;
      }
      assertThat(input.position()).isZero();
    }
    return found;
  }

  private static byte[] pieces(Random random) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    int count = 1 + random.nextInt(12);
    for (int i = 0; i < count; i++) {
      String piece = PIECES[random.nextInt(PIECES.length)];
      bytes.writeBytes(piece.getBytes(StandardCharsets.ISO_8859_1));
    }
    return bytes.toByteArray();
  }

  private static byte[] mutatedReply(Random random) {
    StringBuilder reply = new StringBuilder();
    int code = (2 + random.nextInt(4)) * 100 + random.nextInt(10) * 10 + random.nextInt(10);
    int lines = 1 + random.nextInt(4);
    for (int line = 1; line <= lines; line++) {
      reply.append(code).append(line == lines ? ' ' : '-');
      int length = random.nextInt(12);
      for (int i = 0; i < length; i++) {
        reply.append((char) (' ' + random.nextInt(95)));
      }
      reply.append("\r\n");
    }
    byte[] bytes = reply.toString().getBytes(StandardCharsets.ISO_8859_1);
    int mutations = random.nextInt(3);
    for (int i = 0; i < mutations && bytes.length > 1; i++) {
      bytes = mutated(bytes, random);
    }
    return bytes;
  }

  private static byte[] mutated(byte[] bytes, Random random) {
    int at = random.nextInt(bytes.length);
    switch (random.nextInt(4)) {
      case 0 -> {
        byte[] changed = bytes.clone();
        changed[at] = (byte) random.nextInt(256);
        return changed;
      }
      case 1 -> {
        return Arrays.copyOf(bytes, Math.max(1, at));
      }
      case 2 -> {
        byte[] shorter = Arrays.copyOf(bytes, bytes.length - 1);
        System.arraycopy(bytes, at + 1, shorter, at, bytes.length - at - 1);
        return shorter;
      }
      default -> {
        byte[] longer = Arrays.copyOf(bytes, bytes.length + 1);
        System.arraycopy(bytes, at, longer, at + 1, bytes.length - at);
        longer[at] = bytes[random.nextInt(bytes.length)];
        return longer;
      }
    }
  }
}
