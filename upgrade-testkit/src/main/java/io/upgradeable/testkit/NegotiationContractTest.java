package io.upgradeable.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.upgradeable.Limits;
import io.upgradeable.UpgradeException.CertificateRejected;
import io.upgradeable.UpgradeException.LayerTimedOut;
import io.upgradeable.UpgradeException.PeerClosed;
import io.upgradeable.UpgradeException.PlaintextInjected;
import io.upgradeable.negotiation.Negotiation;
import io.upgradeable.negotiation.Role;
import io.upgradeable.negotiation.UnreadPolicy;
import io.upgradeable.testkit.Dialogue.Event;
import io.upgradeable.testkit.Dialogue.Kind;
import io.upgradeable.testkit.Trial.End;
import io.upgradeable.tls.TlsEngine;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.Executable;

/**
 * The contract of a {@link Negotiation}, as tests: extend this class once per role of a protocol,
 * say what a good dialogue is, and the machine is asked for everything that the driver and the
 * peer's safety rely on. In memory: at every split point, truncated, flooded, with garbage, with
 * bytes behind the upgrade. Then through the real driver, on loopback, with each TLS engine that is
 * there.
 *
 * <pre>{@code
 * class PingUpgradeContractTest extends NegotiationContractTest<PingResult> {
 *   @Override
 *   protected Negotiation<PingResult> newNegotiation() {
 *     return PingUpgrade.startTls();
 *   }
 *
 *   @Override
 *   protected Dialogue dialogue() {
 *     return Dialogue.parse("good", "dialogue client LF\nC: PING\nS: PONG ...");
 *   }
 * }
 * }</pre>
 *
 * <p>The result {@code R} must have value equality, as records have. Random inputs name their seed
 * when they fail; {@code -Dupgradeable.seed=N} repeats it.
 *
 * @param <R> the negotiation's result
 */
@Timeout(120)
public abstract class NegotiationContractTest<R> {

  private static final int GARBAGE_RUNS = 300;
  private static final int MAX_GARBAGE = 200;

  /** How long a stuck peer is waited for: short, because it is waited for in full. */
  private static final Duration IMPATIENCE = Duration.ofMillis(250);

  private static final byte[] FIRST_BYTES_OF_TLS = {0x16, 0x03, 0x01, 0x00};

  /** Each new machine is fresh; made by subclasses. */
  protected NegotiationContractTest() {}

  /**
   * A machine for one connection.
   *
   * @return a new one at each call
   */
  protected abstract Negotiation<R> newNegotiation();

  /**
   * A dialogue that succeeds, with the TLS point where the protocol has one. Each turn of the peer
   * should be one message.
   *
   * @return the dialogue, seen from the role under test
   */
  protected abstract Dialogue dialogue();

  /**
   * A dialogue that succeeds and differs from {@link #dialogue()} in what the peer says in
   * plaintext, and in that only: the result must be the same. To be overridden where {@link
   * #dialogue()} starts TLS; without it the contract fails there, and it is not asked for
   * elsewhere.
   *
   * @return the other dialogue
   */
  protected Dialogue plaintextVariant() {
    throw new IllegalStateException(
        "expected plaintextVariant() to be overridden, because this dialogue starts TLS");
  }

  /**
   * What the machine says about unread bytes at the TLS point.
   *
   * @return {@link UnreadPolicy#REJECT} unless overridden
   */
  protected UnreadPolicy unreadPolicy() {
    return UnreadPolicy.REJECT;
  }

  /**
   * Whether an honest peer may send its next message before it heard our answer, within one stretch
   * between TLS points.
   *
   * @return true for a server unless overridden: clients may pipeline, servers must not play ahead
   */
  protected boolean mayPlayAhead() {
    return dialogue().role() == Role.SERVER;
  }

  /**
   * The most bytes that may wait for the rest of their message; one more and the machine fails as
   * misbehaved.
   *
   * @return the driver's default limit unless overridden; a protocol should know better
   */
  protected int longestUnread() {
    return limits().unreadBytes();
  }

  // ---- The good dialogue
  // -------------------------------------------------------------------------

  @Test
  void anyState_goodDialogue_isDone() {
    Outcome<R> outcome = dialogue().play(newNegotiation(), Split.whole());

    assertInstanceOf(Outcome.Done.class, outcome);
  }

  @Test
  void anyState_goodDialogueCutAnywhere_sameBytesAndSameResult() {
    Outcome<R> whole = dialogue().play(newNegotiation(), Split.whole());

    for (Split split : SplitPoints.all(dialogue().peerBytes())) {
      assertEquals(whole, dialogue().play(newNegotiation(), split), split.toString());
    }
  }

  @Test
  void anyState_peerPlaysAhead_sameResultOrRefused() {
    if (mayPlayAhead()) {
      Outcome<R> whole = dialogue().play(newNegotiation(), Split.whole());
      Dialogue coalesced = dialogue().coalesced();
      for (Split split : SplitPoints.all(coalesced.peerBytes())) {
        assertEquals(whole, coalesced.play(newNegotiation(), split), split.toString());
      }
    } else {
      forEachTurn(this::assertRefusesMoreThan);
    }
  }

  /**
   * More than a reply is refused before the next command leaves; behind the last reply it may be.
   */
  private void assertRefusesMoreThan(int turn) {
    byte[] message = dialogue().events().get(turn).bytes();
    boolean last = !dialogue().speaksAfter(turn);
    for (byte[] extra : List.of(message, Arrays.copyOf(message, 1))) {
      DialoguePlayer<R> player = player(Split.whole());
      MemoryDriver<R> driver = player.playBefore(turn);
      player.deliver(Bytes.join(message, extra));
      assertTrue(
          last || (driver.isOver() && !isDone(driver)),
          () -> at(turn) + " and more: expected a refusal, got " + driver.outcome());
      assertFalse(
          player.saidNext(turn), () -> at(turn) + " and more: the next command left nevertheless");
    }
  }

  @TestFactory
  Stream<DynamicTest> secured_otherPlaintextBefore_sameResult() {
    return ifTlsStarts(
        "the result",
        () -> {
          Dialogue variant = plaintextVariant();
          assertNotEquals(peersPart(dialogue(), false), peersPart(variant, false), "not a variant");
          assertEquals(peersPart(dialogue(), true), peersPart(variant, true), "another dialogue");
          assertEquals(
              dialogue().play(newNegotiation(), Split.whole()),
              variant.play(newNegotiation(), Split.whole()));
        });
  }

  @Test
  void over_begunAgain_refused() {
    Negotiation<R> negotiation = newNegotiation();
    dialogue().play(negotiation, Split.whole());

    assertThrows(IllegalStateException.class, negotiation::begin);
  }

  // ---- The peer goes away
  // ------------------------------------------------------------------------

  @Test
  void anyState_inputTruncated_failsAsClosed() {
    forEachTurn(
        turn -> {
          byte[] message = dialogue().events().get(turn).bytes();
          for (int length = 0; length < message.length; length++) {
            DialoguePlayer<R> player = player(Split.whole());
            MemoryDriver<R> driver = player.playBefore(turn);
            player.deliver(Arrays.copyOf(message, length));
            assertFalse(
                driver.isOver() || driver.isSecuring(),
                at(turn) + " cut to " + length + " bytes: expected a machine that awaits the rest");
            driver.closeInput();
            assertEquals("Closed", kind(driver), at(turn) + " cut to " + length + " bytes");
          }
        });
  }

  // ---- Bytes across the upgrade
  // ------------------------------------------------------------------

  @TestFactory
  Stream<DynamicTest> startingTls_plaintextBehindTheLastMessage_leftUnreadForTheHook() {
    return withEachInjection(
        extra -> {
          MemoryDriver<R> driver = deliverBeforeTls(extra, Split.whole());
          assertEquals(new Outcome.Injected<>(extra.length), driver.outcome().orElse(null));
        });
  }

  @TestFactory
  Stream<DynamicTest> startingTls_plaintextBehindTheLastMessageCutAnywhere_injected() {
    return withEachInjection(
        extra -> {
          for (Split split : SplitPoints.all(dialogue().peerBytes() + extra.length)) {
            assertEquals(
                "PlaintextInjected", kind(deliverBeforeTls(extra, split)), split.toString());
          }
        });
  }

  @TestFactory
  Stream<DynamicTest> startingTls_handshakeBehindTheLastMessage_asThePolicySays() {
    return ifTlsStarts(
        unreadPolicy().toString(),
        () -> {
          MemoryDriver<R> driver = deliverBeforeTls(FIRST_BYTES_OF_TLS, Split.whole());
          if (unreadPolicy() == UnreadPolicy.TLS_RECORD) {
            assertTrue(driver.isSecuring(), () -> "expected a handshake, got " + driver.outcome());
            assertEquals(FIRST_BYTES_OF_TLS.length, driver.handshakeBytes());
          } else {
            assertEquals("PlaintextInjected", kind(driver));
          }
        });
  }

  /** The last plaintext message with something behind it. */
  private MemoryDriver<R> deliverBeforeTls(byte[] extra, Split split) {
    int turn = lastTurnBeforeTls();
    DialoguePlayer<R> player = player(split);
    MemoryDriver<R> driver = player.playBefore(turn);
    player.deliver(Bytes.join(dialogue().events().get(turn).bytes(), extra));
    return driver;
  }

  // ---- Floods and garbage
  // ------------------------------------------------------------------------

  @Test
  void anyState_messageWithoutEnd_misbehavedWithinTheLimit() {
    forEachTurn(
        turn -> {
          byte[] message = dialogue().events().get(turn).bytes();
          byte[] half = Arrays.copyOf(message, message.length / 2);
          for (byte filling : new byte[] {'A', ' ', 0, (byte) 0xff}) {
            byte[] endless = new byte[longestUnread() + 1];
            Arrays.fill(endless, filling);
            assertMisbehaves(turn, endless);
            assertMisbehaves(turn, Bytes.join(half, endless));
          }
        });
  }

  private void assertMisbehaves(int turn, byte[] endless) {
    for (Split split : List.of(Split.whole(), Split.everyByte())) {
      DialoguePlayer<R> player = player(split);
      MemoryDriver<R> driver = player.playBefore(turn);
      player.deliver(endless);
      assertEquals(
          "Misbehaved", kind(driver), at(turn) + ", without end: " + Escaped.text(endless));
      assertTrue(
          driver.mostUnread() <= longestUnread(),
          at(turn) + ": " + driver.mostUnread() + " bytes were awaited with");
    }
  }

  @Test
  void anyState_messageRepeatedForEver_ends() {
    forEachTurn(
        turn -> {
          byte[] message = dialogue().events().get(turn).bytes();
          DialoguePlayer<R> player = player(Split.whole());
          MemoryDriver<R> driver = player.playBefore(turn);
          int times = 2 + limits().plaintextBytes() / message.length;
          for (int i = 0; i < times && !driver.isOver(); i++) {
            player.deliver(message);
          }
          assertTrue(driver.isOver(), at(turn) + ": " + times + " times and not over");
        });
  }

  @Test
  void anyState_randomGarbage_neverThrowsAndNeverGoesOn() {
    long seed = Seed.next();
    for (int run = 0; run < GARBAGE_RUNS; run++) {
      Random random = new Random(seed + run);
      String name = "seed " + seed + ", run " + run;
      forEachTurn(
          turn -> {
            byte[] garbage = garbage(random, dialogue().events().get(turn).bytes());
            DialoguePlayer<R> player = player(Split.random(random.nextLong()));
            MemoryDriver<R> driver = player.playBefore(turn);
            player.deliver(garbage);
            assertFalse(
                driver.isSecuring() || kind(driver).equals("PlaintextInjected"),
                () -> name + ": TLS after " + Escaped.text(garbage));
            driver.closeInput();
            assertFalse(isDone(driver), () -> name + ": done after " + Escaped.text(garbage));
          });
    }
  }

  @Test
  void anyState_oneByteChanged_neverThrows() {
    long seed = Seed.next();
    Random random = new Random(seed);
    forEachTurn(
        turn -> {
          byte[] message = dialogue().events().get(turn).bytes();
          for (int index = 0; index < message.length; index++) {
            byte[] changed = message.clone();
            changed[index] ^= (byte) (1 + random.nextInt(255));
            DialoguePlayer<R> player = player(Split.everyByte());
            MemoryDriver<R> driver = player.playBefore(turn);
            player.deliver(changed);
            driver.closeInput();
            assertTrue(driver.isOver(), "seed " + seed + ": " + Escaped.text(changed));
          }
        });
  }

  // ---- Through the real driver
  // -------------------------------------------------------------------

  @TestFactory
  Stream<DynamicTest> driver_goodPeer_isDone() {
    return withEachEngine(engine -> assertDone(trial(engine).runWhole(Script.of(dialogue()))));
  }

  @TestFactory
  Stream<DynamicTest> driver_goodPeerByteByByte_isDone() {
    return withEachEngine(
        engine -> assertDone(trial(engine).runWhole(Script.dripping(dialogue()))));
  }

  @TestFactory
  Stream<DynamicTest> driver_clientHelloInTheSameSegment_isDone() {
    boolean possible =
        dialogue().role() == Role.SERVER && unreadPolicy() == UnreadPolicy.TLS_RECORD;
    return !possible || !dialogue().startsTls()
        ? Stream.empty()
        : withEachEngine(engine -> assertDone(trial(engine).runWhole(withHelloInTheSameSegment())));
  }

  private Script withHelloInTheSameSegment() {
    int turn = lastTurnBeforeTls();
    List<Event> events = dialogue().events();
    int tls = dialogue().indicesOf(Kind.TLS).get(0);
    return Script.of(events.subList(0, turn))
        .startTlsBehind(events.get(turn).bytes())
        .then(Script.of(events.subList(tls + 1, events.size())));
  }

  @TestFactory
  Stream<DynamicTest> driver_plaintextInTheSegmentOfTheLastMessage_plaintextInjected() {
    return withEachEngineAndInjection(
        (engine, extra) -> {
          int turn = lastTurnBeforeTls();
          byte[] message = dialogue().events().get(turn).bytes();
          Script script =
              Script.of(dialogue().events().subList(0, turn))
                  .send(Bytes.join(message, extra))
                  .discard();
          PlaintextInjected injected =
              assertFailure(PlaintextInjected.class, trial(engine).run(script));
          assertEquals(extra.length, injected.byteCount());
        });
  }

  @TestFactory
  Stream<DynamicTest> driver_plaintextInTheSegmentAfterTheLastMessage_plaintextInjected() {
    return withEachEngineAndInjection(
        (engine, extra) ->
            assertFailure(
                PlaintextInjected.class,
                trial(engine).run(Script.untilTls(dialogue()).send(extra).discard())));
  }

  @TestFactory
  Stream<DynamicTest> driver_stuckPeer_layerTimedOut() {
    List<DynamicTest> tests = new ArrayList<>();
    forEachTurn(
        turn ->
            tests.add(
                dynamicTest(
                    "before " + at(turn),
                    () -> {
                      Script before = Script.of(dialogue().events().subList(0, turn));
                      assertFailure(LayerTimedOut.class, impatient(before));
                    })));
    if (dialogue().startsTls()) {
      tests.add(
          dynamicTest(
              "in the handshake",
              () -> assertFailure(LayerTimedOut.class, impatient(Script.untilTls(dialogue())))));
    }
    return tests.stream();
  }

  /** On a loaded machine the peer may be stuck before it is meant to be: the end is the same. */
  private End<R> impatient(Script untilStuck) {
    return trial(TlsEngine.AUTO).patience(IMPATIENCE).run(untilStuck.mayBeLeft().discard());
  }

  @TestFactory
  Stream<DynamicTest> driver_peerClosesEarly_peerClosed() {
    List<DynamicTest> tests = new ArrayList<>();
    forEachTurn(
        turn -> {
          Script before = Script.of(dialogue().events().subList(0, turn));
          byte[] message = dialogue().events().get(turn).bytes();
          Script within = before.send(Arrays.copyOf(message, message.length / 2));
          tests.add(closesEarly("before " + at(turn), before.close()));
          tests.add(closesEarly("within " + at(turn), within.close()));
          tests.add(closesEarly("no notice before " + at(turn), before.closeWithoutNotify()));
          if (dialogue().heardUsBefore(turn)) {
            // A reset that comes before our connect() is finished is a failed connect, rightly.
            tests.add(closesEarly("reset before " + at(turn), before.reset()));
          }
        });
    if (dialogue().startsTls()) {
      tests.add(closesEarly("in the handshake", Script.untilTls(dialogue()).close()));
    }
    return tests.stream();
  }

  private DynamicTest closesEarly(String name, Script script) {
    return dynamicTest(
        name, () -> assertFailure(PeerClosed.class, trial(TlsEngine.AUTO).run(script)));
  }

  @TestFactory
  Stream<DynamicTest> driver_certificateForAnotherName_certificateRejected() {
    return dialogue().role() == Role.SERVER || !dialogue().startsTls()
        ? Stream.empty()
        : withEachEngine(
            engine -> {
              End<R> end = trial(engine).wrongName().run(Script.untilTls(dialogue()).startTls());
              CertificateRejected rejected = assertFailure(CertificateRejected.class, end);
              assertFalse(rejected.chain().isEmpty(), "the chain can still be shown");
            });
  }

  // ---- Helpers
  // -----------------------------------------------------------------------------------

  private Limits limits() {
    return dialogue().role() == Role.CLIENT ? Limits.CLIENT : Limits.SERVER;
  }

  private DialoguePlayer<R> player(Split split) {
    return new DialoguePlayer<>(dialogue(), newNegotiation(), split);
  }

  private interface Turn {
    void at(int index);
  }

  private void forEachTurn(Turn check) {
    dialogue().indicesOf(Kind.PEER_SAYS).forEach(check::at);
  }

  private int lastTurnBeforeTls() {
    int tls = dialogue().indicesOf(Kind.TLS).get(0);
    return dialogue().indicesOf(Kind.PEER_SAYS).stream()
        .filter(index -> index < tls)
        .reduce((earlier, later) -> later)
        .orElseThrow(() -> new IllegalStateException("expected the peer to speak before TLS"));
  }

  /** What may be injected behind the last plaintext message: it is the most credible forgery. */
  private Map<String, byte[]> injections() {
    byte[] message = dialogue().events().get(lastTurnBeforeTls()).bytes();
    Map<String, byte[]> injections = new LinkedHashMap<>();
    injections.put("a whole message", message);
    injections.put("half a message", Arrays.copyOf(message, message.length / 2));
    injections.put("one byte", Arrays.copyOf(message, 1));
    return injections;
  }

  private String at(int turn) {
    Event event = dialogue().events().get(turn);
    return "\"%s\" (line %d)".formatted(Escaped.text(event.bytes()), event.line());
  }

  /** What the peer says before, or after, the TLS point. */
  private static String peersPart(Dialogue dialogue, boolean afterTls) {
    int tls = dialogue.indicesOf(Kind.TLS).get(0);
    StringBuilder part = new StringBuilder();
    for (int index : dialogue.indicesOf(Kind.PEER_SAYS)) {
      if (index > tls == afterTls) {
        part.append(Escaped.text(dialogue.events().get(index).bytes()));
      }
    }
    return part.toString();
  }

  /** Bytes, or lines of text; some end as the message ends that they stand for. */
  private static byte[] garbage(Random random, byte[] message) {
    byte[] garbage = new byte[1 + random.nextInt(MAX_GARBAGE)];
    random.nextBytes(garbage);
    if (random.nextBoolean()) {
      for (int i = 0; i < garbage.length; i++) {
        boolean end = random.nextInt(20) == 0;
        garbage[i] = end ? message[message.length - 1] : (byte) (' ' + (garbage[i] & 0x3f));
      }
    }
    int end = Math.min(random.nextInt(3), message.length);
    return Bytes.join(garbage, Arrays.copyOfRange(message, message.length - end, message.length));
  }

  private static boolean isDone(MemoryDriver<?> driver) {
    return driver.outcome().map(Outcome::kind).orElse("").equals("Done");
  }

  private static String kind(MemoryDriver<?> driver) {
    return driver.outcome().map(Outcome::kind).orElse("still waiting");
  }

  private Trial<R> trial(TlsEngine engine) {
    return new Trial<>(dialogue().role(), this::newNegotiation, dialogue().startsTls(), engine)
        .patience(patience());
  }

  /** How long the driver waits for one message; only a broken machine needs all of it. */
  Duration patience() {
    return Duration.ofSeconds(10);
  }

  private void assertDone(End<R> end) {
    Outcome<R> inMemory = dialogue().play(newNegotiation(), Split.whole());
    assertEquals(Optional.empty(), end.failure());
    assertEquals(inMemory, new Outcome.Done<>(end.result().orElseThrow(), 0));
  }

  private static <E extends Throwable> E assertFailure(Class<E> kind, End<?> end) {
    return assertInstanceOf(
        kind, end.failure().orElse(null), () -> "expected a failure, got " + end);
  }

  private interface EngineCheck {
    void check(TlsEngine engine);
  }

  private static Stream<DynamicTest> withEachEngine(EngineCheck check) {
    return Trial.ENGINES.stream()
        .map(engine -> dynamicTest(engine.toString(), () -> check.check(engine)));
  }

  private interface InjectionCheck {
    void check(byte[] extra);
  }

  private Stream<DynamicTest> withEachInjection(InjectionCheck check) {
    return dialogue().startsTls()
        ? injections().entrySet().stream()
            .map(
                injection ->
                    dynamicTest(injection.getKey(), () -> check.check(injection.getValue())))
        : Stream.empty();
  }

  private Stream<DynamicTest> ifTlsStarts(String name, Executable check) {
    return dialogue().startsTls() ? Stream.of(dynamicTest(name, check)) : Stream.empty();
  }

  private interface EngineInjectionCheck {
    void check(TlsEngine engine, byte[] extra);
  }

  private Stream<DynamicTest> withEachEngineAndInjection(EngineInjectionCheck check) {
    return dialogue().startsTls()
        ? Trial.ENGINES.stream()
            .flatMap(
                engine ->
                    injections().entrySet().stream()
                        .map(
                            injection ->
                                dynamicTest(
                                    engine + ", " + injection.getKey(),
                                    () -> check.check(engine, injection.getValue()))))
        : Stream.empty();
  }
}
