package io.upgradeable.connect;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ChallengeTest {

  @Test
  void fields_severalChallengesInOneAndInMore_allInOrder() {
    assertThat(
            Challenge.parse(
                List.of(
                    "Negotiate, NTLM",
                    "Basic realm=\"a, b\", Digest realm=\"c\",nonce = n , qop=\"auth,auth-int\"",
                    "Bearer")))
        .containsExactly(
            new Challenge("negotiate", Map.of()),
            new Challenge("ntlm", Map.of()),
            new Challenge("basic", Map.of("realm", "a, b")),
            new Challenge("digest", Map.of("realm", "c", "nonce", "n", "qop", "auth,auth-int")),
            new Challenge("bearer", Map.of()));
  }

  @Test
  void token68_isSkipped() {
    assertThat(Challenge.parse(List.of("Negotiate YIIJ/+==, Basic realm=x")))
        .containsExactly(
            new Challenge("negotiate", Map.of()), new Challenge("basic", Map.of("realm", "x")));
  }

  @Test
  void parameterTwice_orNoEnd_endsTheField() {
    assertThat(Challenge.parse(List.of("Basic realm=x, realm=y, Digest a=b")))
        .containsExactly(new Challenge("basic", Map.of("realm", "x")));
    assertThat(Challenge.parse(List.of("Basic realm=\"x"))).hasSize(1);
  }

  @Test
  void anything_neverThrowsAndEnds() {
    long seed = Long.getLong("upgradeable.seed", System.nanoTime());
    String alphabet = "aB=\", \\\t/+~Digest ";
    for (int run = 0; run < 50_000; run++) {
      Random random = new Random(seed + run);
      StringBuilder text = new StringBuilder();
      for (int i = random.nextInt(40); i > 0; i--) {
        text.append(alphabet.charAt(random.nextInt(alphabet.length())));
      }
      assertThat(Challenge.parse(List.of(text.toString())))
          .as("seed %d, run %d", seed, run)
          .hasSizeLessThanOrEqualTo(16);
    }
  }
}
