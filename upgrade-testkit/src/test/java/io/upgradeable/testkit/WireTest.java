package io.upgradeable.testkit;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.upgradeable.testkit.ToyNegotiation.Defect;
import org.junit.jupiter.api.Test;

class WireTest {

  @Test
  void bothWaitForTheOther_talk_failsInsteadOfHanging() {
    assertThatThrownBy(() -> Wire.talk(new ToyNegotiation(), new ToyNegotiation(), Split.whole()))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("wait for each other");
  }

  @Test
  void brokenRule_talk_failsWithTheRule() {
    assertThatThrownBy(
            () ->
                Wire.talk(
                    new ToyNegotiation(Defect.SAYS_NOT_WHAT_IT_AWAITS),
                    new ToyNegotiation(),
                    Split.whole()))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("Await says what is waited for");
  }
}
