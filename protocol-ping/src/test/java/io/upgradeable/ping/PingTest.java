package io.upgradeable.ping;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.upgradeable.Connection;
import io.upgradeable.Endpoint;
import io.upgradeable.Layer;
import io.upgradeable.LayerStack;
import io.upgradeable.Security;
import io.upgradeable.UpgradeException.ConnectFailed;
import io.upgradeable.UpgradeException.LayerTimedOut;
import io.upgradeable.UpgradeException.PeerClosed;
import io.upgradeable.UpgradeException.PeerMisbehaved;
import io.upgradeable.UpgradeException.PlaintextInjected;
import io.upgradeable.UpgradeException.TlsFailed;
import io.upgradeable.netty.NettyAcceptor;
import io.upgradeable.netty.NettyConnector;
import io.upgradeable.testkit.Certificates;
import io.upgradeable.testkit.Dialogue;
import io.upgradeable.testkit.Fault;
import io.upgradeable.tls.ImplicitTls;
import io.upgradeable.tls.TlsPolicy;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Ping's layers on real connections: client and server, and a client against faulty servers. */
class PingTest {

  private static final Certificates CERTIFICATES = Certificates.create();
  private static final TlsPolicy CLIENT =
      TlsPolicy.client().trust(CERTIFICATES.authorities()).build();
  private static final TlsPolicy SERVER =
      TlsPolicy.server().identity(CERTIFICATES.server("localhost", "127.0.0.1").identity()).build();

  @Test
  void server_clientUpgrades_pongUnderTls() throws IOException {
    try (NettyAcceptor acceptor = listening().layer(Ping.server(() -> SERVER)).start();
        NettyConnector connector = NettyConnector.builder().build()) {
      Endpoint peer = acceptor.endpoint();
      Layer<PingResult> ping = Ping.client(peer, CLIENT);
      LayerStack stack = LayerStack.tcp(peer).then(ping);

      try (Connection connection = connector.connect(stack)) {
        assertThat(connection.result(ping)).isEqualTo(new PingResult(1));
        assertThat(connection.security()).isEqualTo(Security.ORIGIN);
        assertThat(stack).hasToString("tcp(%s) > ping+tls(127.0.0.1)".formatted(peer));
      }
    }
  }

  @Test
  void server_clientOverImplicitTls_pongUnderTls() throws IOException {
    try (NettyAcceptor acceptor =
            listening()
                .layer(ImplicitTls.server(() -> SERVER))
                .layer(Ping.serverOverTls())
                .start();
        NettyConnector connector = NettyConnector.builder().build()) {
      Endpoint peer = acceptor.endpoint();
      Layer<PingResult> ping = Ping.clientOverTls();
      LayerStack stack = LayerStack.tcp(peer).then(ImplicitTls.client(peer, CLIENT)).then(ping);

      try (Connection connection = connector.connect(stack)) {
        assertThat(connection.result(ping)).isEqualTo(new PingResult(1));
        assertThat(connection.security()).isEqualTo(Security.ORIGIN);
      }
    }
  }

  private static NettyAcceptor.Builder listening() {
    return NettyAcceptor.builder().listen(Endpoint.of("127.0.0.1", 0));
  }

  @TestFactory
  Stream<DynamicTest> client_faultyServer_failsWithItsKind() {
    Map<Fault, Class<? extends IOException>> kinds =
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
    return Stream.of(Fault.values())
        .filter(fault -> fault != Fault.SLOW_BYTES)
        .map(
            fault ->
                DynamicTest.dynamicTest(
                    fault.toString(),
                    () -> assertThatThrownBy(() -> ping(fault)).isInstanceOf(kinds.get(fault))));
  }

  @Test
  void client_slowServer_pongUnderTls() throws IOException {
    assertThat(ping(Fault.SLOW_BYTES)).isEqualTo(new PingResult(1));
  }

  private static PingResult ping(Fault fault) throws IOException {
    Dialogue good = Dialogue.resource(PingTest.class, "dialogues/client-good.dialogue");
    try (Fault.Server server = fault.start(good, CERTIFICATES.server("localhost"));
        NettyConnector connector = NettyConnector.builder().timeout(patience(fault)).build()) {
      Layer<PingResult> ping = Ping.client(server.endpoint(), CLIENT);
      try (Connection connection =
          connector.connect(LayerStack.tcp(server.endpoint()).then(ping))) {
        return connection.result(ping);
      }
    }
  }

  /** Only a server that hangs is waited for in full. */
  private static Duration patience(Fault fault) {
    return fault.name().startsWith("HANG_") ? Duration.ofMillis(300) : Duration.ofSeconds(30);
  }
}
