package io.upgradeable.sasl;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * The client against mutated first messages of a server: it must take what the grammar, written
 * here as a regular expression, allows, and fail in the one way for the rest.
 *
 * <p>A failure names its seed; {@code -Dupgradeable.seed=N} repeats it, and {@code
 * -Dupgradeable.fuzz.runs=N} looks longer.
 */
class ScramFuzzTest {

  private static final int RUNS = Integer.getInteger("upgradeable.fuzz.runs", 1_000);
  private static final String NONCE = "abc";

  private static final Pattern SERVER_FIRST =
      Pattern.compile(
          "r=abc[\\x21-\\x2b\\x2d-\\x7e]+,s=(?<salt>[A-Za-z0-9+/]+={0,2}),i=(?<i>[1-9][0-9]{0,8})"
              + "(?:,[A-Za-ln-z]=[^,\\x00]+)*",
          Pattern.DOTALL);

  private static final String[] PIECES = {
    "r=abc",
    "r=abd",
    "r=",
    "s=",
    "i=",
    "m=",
    "x=",
    ",",
    ",,",
    "=",
    "==",
    "AAAA",
    "QQ==",
    "4096",
    "4097",
    "409",
    "0",
    "9",
    "e=other-error",
    "v=",
    "\0",
    " ",
    "\u00e9",
    "\u0664",
    "def"
  };

  @Test
  void serverFirst_mutated_asTheGrammarSays() {
    long seed = Long.getLong("upgradeable.seed", System.nanoTime());
    int taken = 0;
    int failed = 0;
    for (int run = 0; run < RUNS; run++) {
      Random random = new Random(seed + run);
      byte[] message = mutated(random);
      boolean answered = isAnswered(message, "seed " + (seed + run));
      assertThat(answered)
          .as("seed %d: %s", seed + run, new String(message, StandardCharsets.ISO_8859_1))
          .isEqualTo(isRight(message));
      taken += answered ? 1 : 0;
      failed += answered ? 0 : 1;
    }
    // A generator that makes only one kind would test nothing.
    assertThat(taken).as("taken, seed %d", seed).isGreaterThan(RUNS / 20);
    assertThat(failed).as("failed, seed %d", seed).isGreaterThan(RUNS / 20);
  }

  private static boolean isAnswered(byte[] message, String name) {
    try (SaslExchange exchange =
        new ScramExchange(
            SaslMechanism.SCRAM_SHA_256,
            Fixtures.user("user", Fixtures.PENCIL),
            SaslChannel.plaintext(),
            false,
            NONCE)) {
      exchange.initialResponse();
      byte[] response = exchange.respond(message);
      assertThat(response).as(name).isNotEmpty();
      return true;
    } catch (SaslFailedException e) {
      assertThat(e).as(name).hasMessageNotContaining(Fixtures.PENCIL);
      return false;
    }
  }

  private static boolean isRight(byte[] message) {
    String text = new String(message, StandardCharsets.UTF_8);
    if (!Arrays.equals(text.getBytes(StandardCharsets.UTF_8), message)) {
      return false;
    }
    Matcher matcher = SERVER_FIRST.matcher(text);
    if (!matcher.matches()) {
      return false;
    }
    int iterations = Integer.parseInt(matcher.group("i"));
    return iterations >= 4096 && iterations <= 1_000_000 && isCanonical(matcher.group("salt"));
  }

  private static boolean isCanonical(String base64) {
    try {
      byte[] bytes = Base64.getDecoder().decode(base64);
      return base64.length() % 4 == 0 && Base64.getEncoder().encodeToString(bytes).equals(base64);
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  private static byte[] mutated(Random random) {
    StringBuilder text = new StringBuilder("r=abcdef,s=QUJDRA==,i=4096");
    if (random.nextBoolean()) {
      text.append(",x=").append(PIECES[random.nextInt(PIECES.length)]);
    }
    int mutations = random.nextInt(3);
    for (int i = 0; i < mutations; i++) {
      int at = random.nextInt(text.length());
      switch (random.nextInt(3)) {
        case 0 -> text.insert(at, PIECES[random.nextInt(PIECES.length)]);
        case 1 -> text.deleteCharAt(at);
        default -> text.setCharAt(at, (char) (' ' + random.nextInt(95)));
      }
    }
    byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
    if (random.nextInt(20) == 0) {
      bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
    }
    // A count of many digits that is allowed would only take long.
    return Pattern.compile("i=[0-9]{5,6}(?![0-9])").matcher(text).find() ? mutated(random) : bytes;
  }
}
