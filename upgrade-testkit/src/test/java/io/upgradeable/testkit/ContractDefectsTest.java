package io.upgradeable.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.upgradeable.negotiation.Negotiation;
import io.upgradeable.testkit.ToyNegotiation.Defect;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.function.Executable;

/** For each defect that a negotiation may have, the contract has a test that finds it. */
class ContractDefectsTest {

  private static final Map<Defect, Function<ToyContractTest, Stream<Executable>>> FOUND_BY =
      new EnumMap<>(Defect.class);

  static {
    test(
        Defect.AWAITS_AFTER_CONSUMING,
        ToyContractTest::anyState_goodDialogueCutAnywhere_sameBytesAndSameResult);
    test(Defect.SENDS_WITHOUT_CONSUMING, ToyContractTest::anyState_goodDialogue_isDone);
    factory(
        Defect.SWALLOWS_BYTES_AT_TLS,
        ToyContractTest::startingTls_plaintextBehindTheLastMessage_leftUnreadForTheHook);
    factory(
        Defect.LETS_THE_HANDSHAKE_COME_EARLY,
        ToyContractTest::startingTls_handshakeBehindTheLastMessage_asThePolicySays);
    factory(
        Defect.KEEPS_WHAT_PLAINTEXT_SAID, ToyContractTest::secured_otherPlaintextBefore_sameResult);
    test(
        Defect.READS_WITHOUT_LIMIT,
        ToyContractTest::anyState_messageWithoutEnd_misbehavedWithinTheLimit);
    test(
        Defect.THROWS_AT_GARBAGE,
        ToyContractTest::anyState_randomGarbage_neverThrowsAndNeverGoesOn);
    test(
        Defect.GOES_ON_AFTER_GARBAGE,
        ToyContractTest::anyState_randomGarbage_neverThrowsAndNeverGoesOn);
    test(Defect.IS_DONE_AT_EOF, ToyContractTest::anyState_inputTruncated_failsAsClosed);
    test(
        Defect.TAKES_HALF_A_LINE,
        ToyContractTest::anyState_goodDialogueCutAnywhere_sameBytesAndSameResult);
    test(
        Defect.HEARS_A_PLAYED_AHEAD_ANSWER,
        ToyContractTest::anyState_peerPlaysAhead_sameResultOrRefused);
    test(Defect.BEGINS_AGAIN, ToyContractTest::over_begunAgain_refused);
    test(Defect.READS_FROM_INDEX_ZERO, ToyContractTest::anyState_goodDialogue_isDone);
    test(Defect.SAYS_NOT_WHAT_IT_AWAITS, ToyContractTest::anyState_goodDialogue_isDone);
  }

  private static void test(Defect defect, Consumer<ToyContractTest> test) {
    FOUND_BY.put(defect, contract -> Stream.of(() -> test.accept(contract)));
  }

  private static void factory(
      Defect defect, Function<ToyContractTest, Stream<DynamicTest>> factory) {
    FOUND_BY.put(defect, contract -> factory.apply(contract).map(DynamicTest::getExecutable));
  }

  @TestFactory
  Stream<DynamicTest> defect_contractAsked_isFound() {
    return FOUND_BY.entrySet().stream()
        .map(
            entry ->
                dynamicTest(
                    entry.getKey().toString(),
                    () -> assertEachFails(entry.getValue().apply(new Defective(entry.getKey())))));
  }

  @Test
  void everyDefect_listed_hasItsTest() {
    assertThat(FOUND_BY.keySet()).containsExactlyInAnyOrder(Defect.values());
  }

  @Test
  void swallowedBytes_throughTheDriver_areFoundToo() {
    assertEachFails(
        new Defective(Defect.SWALLOWS_BYTES_AT_TLS)
            .driver_plaintextInTheSegmentOfTheLastMessage_plaintextInjected()
            .map(DynamicTest::getExecutable));
  }

  private static void assertEachFails(Stream<Executable> tests) {
    assertThat(tests.toList())
        .isNotEmpty()
        .allSatisfy(test -> assertThatThrownBy(test::execute).isInstanceOf(AssertionError.class));
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
