package io.upgradeable.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.upgradeable.negotiation.Negotiation;
import io.upgradeable.testkit.ToyNegotiation.Defect;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** For each defect that a negotiation may have, the contract has a test that finds it. */
class ContractDefectsTest {

  private static final Map<Defect, Consumer<ToyContractTest>> FOUND_BY =
      new EnumMap<>(Defect.class);

  static {
    FOUND_BY.put(
        Defect.AWAITS_AFTER_CONSUMING,
        ToyContractTest::anyState_goodDialogueCutAnywhere_sameBytesAndSameResult);
    FOUND_BY.put(Defect.SENDS_WITHOUT_CONSUMING, ToyContractTest::anyState_goodDialogue_isDone);
    FOUND_BY.put(
        Defect.SWALLOWS_BYTES_AT_TLS,
        ToyContractTest::startingTls_plaintextBehindTheLastMessage_leftUnreadForTheHook);
    FOUND_BY.put(
        Defect.LETS_THE_HANDSHAKE_COME_EARLY,
        ToyContractTest::startingTls_handshakeBehindTheLastMessage_asThePolicySays);
    FOUND_BY.put(
        Defect.KEEPS_WHAT_PLAINTEXT_SAID, ToyContractTest::secured_otherPlaintextBefore_sameResult);
    FOUND_BY.put(
        Defect.READS_WITHOUT_LIMIT,
        ToyContractTest::anyState_messageWithoutEnd_misbehavedWithinTheLimit);
    FOUND_BY.put(
        Defect.THROWS_AT_GARBAGE,
        ToyContractTest::anyState_randomGarbage_neverThrowsAndNeverGoesOn);
    FOUND_BY.put(
        Defect.GOES_ON_AFTER_GARBAGE,
        ToyContractTest::anyState_randomGarbage_neverThrowsAndNeverGoesOn);
    FOUND_BY.put(Defect.IS_DONE_AT_EOF, ToyContractTest::anyState_inputTruncated_failsAsClosed);
    FOUND_BY.put(
        Defect.TAKES_HALF_A_LINE,
        ToyContractTest::anyState_goodDialogueCutAnywhere_sameBytesAndSameResult);
    FOUND_BY.put(
        Defect.HEARS_A_PLAYED_AHEAD_ANSWER,
        ToyContractTest::anyState_peerPlaysAhead_sameResultOrRefused);
    FOUND_BY.put(Defect.BEGINS_AGAIN, ToyContractTest::over_begunAgain_refused);
    FOUND_BY.put(Defect.READS_FROM_INDEX_ZERO, ToyContractTest::anyState_goodDialogue_isDone);
    FOUND_BY.put(Defect.SAYS_NOT_WHAT_IT_AWAITS, ToyContractTest::anyState_goodDialogue_isDone);
  }

  @TestFactory
  Stream<DynamicTest> defect_contractAsked_isFound() {
    return FOUND_BY.entrySet().stream()
        .map(
            entry ->
                dynamicTest(
                    entry.getKey().toString(),
                    () -> {
                      assertThatThrownBy(
                              () -> entry.getValue().accept(new Defective(entry.getKey())))
                          .isInstanceOf(AssertionError.class);
                      entry.getValue().accept(new ToyContractTest());
                    }));
  }

  @Test
  void everyDefect_listed_hasItsTest() {
    assertThat(FOUND_BY.keySet()).containsExactlyInAnyOrder(Defect.values());
  }

  @Test
  void swallowedBytes_throughTheDriver_areFoundToo() {
    ToyContractTest broken = new Defective(Defect.SWALLOWS_BYTES_AT_TLS);
    List<DynamicTest> tests =
        broken.driver_plaintextInTheSegmentOfTheLastMessage_plaintextInjected().toList();

    assertThat(tests).isNotEmpty();
    for (DynamicTest test : tests) {
      assertThatThrownBy(() -> test.getExecutable().execute())
          .as(test.getDisplayName())
          .isInstanceOf(AssertionError.class)
          .hasMessageContaining("LayerTimedOut");
    }
  }

  private static final class Defective extends ToyContractTest {
    private final Defect defect;

    Defective(Defect defect) {
      this.defect = defect;
    }

    @Override
    protected Negotiation<ToyNegotiation.Result> newNegotiation() {
      return new ToyNegotiation(defect);
    }

    @Override
    Duration patience() {
      return Duration.ofMillis(250);
    }
  }
}
