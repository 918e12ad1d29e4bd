package io.upgradeable.ping;

import static org.assertj.core.api.Assertions.assertThat;

import io.upgradeable.testkit.Outcome;
import io.upgradeable.testkit.Split;
import io.upgradeable.testkit.SplitPoints;
import io.upgradeable.testkit.Wire;
import org.junit.jupiter.api.Test;

/** The two machines talk to each other, with their bytes cut at every split point. */
class PingPairTest {

  /** More than either side says. */
  private static final int LONGEST_STREAM = 48;

  @Test
  void plaintext_bothUpgrade_sameDialogueAtEverySplitPoint() {
    for (Split split : SplitPoints.all(LONGEST_STREAM)) {
      Wire.Talk<PingResult, PingServerResult> talk =
          Wire.talk(PingUpgrade.startTls(), PingServerUpgrade.startTls(), split);

      assertThat(talk.client()).as("%s", split).isEqualTo(done(new PingResult(1)));
      assertThat(talk.server()).as("%s", split).isEqualTo(done(new PingServerResult(1)));
      assertThat(talk.transcript())
          .as("%s", split)
          .containsExactly(
              "C: PING\\n",
              "S: PONG\\n",
              "C: STARTTLS\\n",
              "=TLS=",
              "C: PING\\n",
              "S: PONG\\n",
              "C: QUIT\\n",
              "S closes");
    }
  }

  @Test
  void underTls_bothOverTls_sameDialogueAtEverySplitPoint() {
    for (Split split : SplitPoints.all(LONGEST_STREAM)) {
      Wire.Talk<PingResult, PingServerResult> talk =
          Wire.talk(PingUpgrade.overTls(), PingServerUpgrade.overTls(), split);

      assertThat(talk.client()).as("%s", split).isEqualTo(done(new PingResult(1)));
      assertThat(talk.server()).as("%s", split).isEqualTo(done(new PingServerResult(1)));
      assertThat(talk.transcript())
          .as("%s", split)
          .containsExactly("C: PING\\n", "S: PONG\\n", "C: QUIT\\n", "S closes");
    }
  }

  @Test
  void plaintext_serverWithoutStartTls_clientHearsItClose() {
    Wire.Talk<PingResult, PingServerResult> talk =
        Wire.talk(PingUpgrade.startTls(), PingServerUpgrade.overTls(), Split.whole());

    assertThat(talk.server().kind()).isEqualTo("Misbehaved");
    assertThat(talk.client().kind()).isEqualTo("Closed");
  }

  private static <R> Outcome<R> done(R result) {
    return new Outcome.Done<>(result, 0);
  }
}
