package io.upgradeable.testkit;

import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.upgradeable.Connection;
import io.upgradeable.Layer;
import io.upgradeable.LayerStack;
import io.upgradeable.UpgradeException.ConnectFailed;
import io.upgradeable.UpgradeException.LayerTimedOut;
import io.upgradeable.UpgradeException.PeerClosed;
import io.upgradeable.UpgradeException.PeerMisbehaved;
import io.upgradeable.UpgradeException.PlaintextInjected;
import io.upgradeable.UpgradeException.TlsFailed;
import io.upgradeable.negotiation.Negotiation;
import io.upgradeable.netty.NettyConnector;
import io.upgradeable.testkit.Certificates.Issued;
import io.upgradeable.tls.TlsPolicy;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;

/**
 * Each fault has its one kind of failure: for a client that says the last plaintext word, and for
 * one that waits for the server's go-ahead.
 */
@Timeout(120)
class FaultTest {

  private static final Certificates CERTIFICATES = Certificates.create();
  private static final Issued IDENTITY = CERTIFICATES.server("localhost");
  private static final TlsPolicy CLIENT =
      TlsPolicy.client().trust(CERTIFICATES.authorities()).build();

  private static final Dialogue AT_ONCE = Dialogue.parse("toy", ToyNegotiation.DIALOGUE);
  private static final Dialogue GO_AHEAD = Dialogue.parse("go-ahead", GoAheadNegotiation.DIALOGUE);

  private static final Map<Fault, Class<? extends IOException>> KINDS =
      Map.ofEntries(
          Map.entry(Fault.REFUSE_CONNECTION, ConnectFailed.class),
          Map.entry(Fault.HANG_AFTER_ACCEPT, LayerTimedOut.class),
          Map.entry(Fault.CLOSE_AFTER_ACCEPT, PeerClosed.class),
          Map.entry(Fault.CLOSE_MID_LINE, PeerClosed.class),
          Map.entry(Fault.FLOOD, PeerMisbehaved.class),
          Map.entry(Fault.INJECT_AT_UPGRADE, PlaintextInjected.class),
          Map.entry(Fault.HANG_IN_HANDSHAKE, LayerTimedOut.class),
          Map.entry(Fault.CLOSE_IN_HANDSHAKE, PeerClosed.class),
          Map.entry(Fault.RESET_IN_HANDSHAKE, PeerClosed.class),
          Map.entry(Fault.GARBAGE_IN_HANDSHAKE, TlsFailed.class),
          Map.entry(Fault.HANG_UNDER_TLS, LayerTimedOut.class),
          Map.entry(Fault.CUT_UNDER_TLS, PeerClosed.class));

  @TestFactory
  Stream<DynamicTest> faultyServer_clientGoesAheadAtOnce_failsWithItsKind() {
    return failures(ToyNegotiation::new, AT_ONCE);
  }

  @TestFactory
  Stream<DynamicTest> faultyServer_clientWaitsForGoAhead_failsWithItsKind() {
    return failures(GoAheadNegotiation::new, GO_AHEAD);
  }

  @TestFactory
  Stream<DynamicTest> slowServer_eitherClient_isDone() {
    return Stream.of(
        DynamicTest.dynamicTest(
            "at once",
            () ->
                assertEquals(
                    new ToyNegotiation.Result("WELCOME"),
                    run(Fault.SLOW_BYTES, ToyNegotiation::new, AT_ONCE))),
        DynamicTest.dynamicTest(
            "go-ahead",
            () ->
                assertEquals("WELCOME", run(Fault.SLOW_BYTES, GoAheadNegotiation::new, GO_AHEAD))));
  }

  private static <R> Stream<DynamicTest> failures(
      Supplier<Negotiation<R>> negotiation, Dialogue dialogue) {
    return Arrays.stream(Fault.values())
        .filter(fault -> fault != Fault.SLOW_BYTES)
        .map(
            fault ->
                DynamicTest.dynamicTest(
                    fault.toString(),
                    () ->
                        assertThatThrownBy(() -> run(fault, negotiation, dialogue))
                            .isInstanceOf(KINDS.get(fault))));
  }

  private static <R> R run(Fault fault, Supplier<Negotiation<R>> negotiation, Dialogue dialogue)
      throws IOException {
    try (Fault.Server server = fault.start(dialogue, IDENTITY);
        NettyConnector connector = NettyConnector.builder().timeout(patience(fault)).build()) {
      Layer<R> layer = Layer.of("toy", negotiation).target(server.endpoint()).tls(CLIENT).build();
      try (Connection connection =
          connector.connect(LayerStack.tcp(server.endpoint()).then(layer))) {
        return connection.result(layer);
      }
    }
  }

  /** Only a server that hangs is waited for in full. */
  private static Duration patience(Fault fault) {
    return fault.name().startsWith("HANG_") ? Duration.ofMillis(300) : Duration.ofSeconds(30);
  }
}
