package io.upgradeable.ldap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.upgradeable.Connection;
import io.upgradeable.Endpoint;
import io.upgradeable.Layer;
import io.upgradeable.LayerStack;
import io.upgradeable.Security;
import io.upgradeable.UpgradeException.CertificateRejected;
import io.upgradeable.UpgradeException.ConnectFailed;
import io.upgradeable.UpgradeException.LayerTimedOut;
import io.upgradeable.UpgradeException.PeerClosed;
import io.upgradeable.UpgradeException.PeerMisbehaved;
import io.upgradeable.UpgradeException.PeerRefused;
import io.upgradeable.UpgradeException.PlaintextInjected;
import io.upgradeable.UpgradeException.TlsFailed;
import io.upgradeable.ldap.LdapOpportunisticResult.InPlaintext;
import io.upgradeable.netty.NettyAcceptor;
import io.upgradeable.netty.NettyConnector;
import io.upgradeable.testkit.Certificates;
import io.upgradeable.testkit.Dialogue;
import io.upgradeable.testkit.Fault;
import io.upgradeable.testkit.Script;
import io.upgradeable.testkit.ScriptedPeer;
import io.upgradeable.tls.ImplicitTls;
import io.upgradeable.tls.TlsPolicy;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** LDAP's layers on real connections: client and server, and a client against faulty servers. */
class LdapTest {

  private static final Certificates CERTIFICATES = Certificates.create();
  private static final TlsPolicy CLIENT =
      TlsPolicy.client().trust(CERTIFICATES.authorities()).build();
  private static final TlsPolicy SERVER =
      TlsPolicy.server().identity(CERTIFICATES.server("localhost", "127.0.0.1").identity()).build();

  @Test
  void server_clientUpgrades_underTls() throws IOException {
    try (NettyAcceptor acceptor = serving(Ldap.server(() -> SERVER));
        NettyConnector connector = NettyConnector.builder().build()) {
      Endpoint peer = acceptor.endpoint();
      LayerStack stack = LayerStack.tcp(peer).then(Ldap.client(peer, CLIENT));

      try (Connection connection = connector.connect(stack)) {
        assertThat(connection.security()).isEqualTo(Security.ORIGIN);
        assertThat(stack).hasToString("tcp(%s) > ldap+tls(127.0.0.1)".formatted(peer));
      }
    }
  }

  @Test
  void server_clientOverImplicitTls_underTls() throws IOException {
    try (NettyAcceptor acceptor = serving(ImplicitTls.server(() -> SERVER), Ldap.serverOverTls());
        NettyConnector connector = NettyConnector.builder().build()) {
      Endpoint peer = acceptor.endpoint();
      LayerStack stack =
          LayerStack.tcp(peer).then(ImplicitTls.client(peer, CLIENT)).then(Ldap.clientOverTls());

      try (Connection connection = connector.connect(stack)) {
        assertThat(connection.security()).isEqualTo(Security.ORIGIN);
        assertThat(connection.path()).isEqualTo("tcp(%s) > tls(127.0.0.1) > ldap".formatted(peer));
      }
    }
  }

  @Test
  void server_clientIsOpportunistic_secured() throws IOException {
    try (NettyAcceptor acceptor = serving(Ldap.server(() -> SERVER));
        NettyConnector connector = NettyConnector.builder().build()) {
      Endpoint peer = acceptor.endpoint();
      Layer<LdapOpportunisticResult> ldap = Ldap.opportunisticClient(peer, CLIENT);

      try (Connection connection = connector.connect(LayerStack.tcp(peer).then(ldap))) {
        assertThat(connection.result(ldap)).isEqualTo(new LdapSecured());
        assertThat(connection.security()).isEqualTo(Security.ORIGIN);
      }
    }
  }

  @Test
  void server_refuses_peerRefusedWithItsResult() throws IOException {
    try (ScriptedPeer server = refusing();
        NettyConnector connector = NettyConnector.builder().build()) {
      LayerStack stack =
          LayerStack.tcp(server.endpoint()).then(Ldap.client(server.endpoint(), CLIENT));

      PeerRefused refused = catchThrowableOfType(PeerRefused.class, () -> connector.connect(stack));

      assertThat(refused.code()).isEqualTo("unwillingToPerform");
      assertThat(LdapResultCode.of(refused)).contains(LdapResultCode.UNWILLING_TO_PERFORM);
      assertThat(refused.text()).isEqualTo("not today");
      assertThat(refused)
          .hasMessageContaining("> ldap+tls(localhost): ")
          .hasMessageContaining("expected the response to StartTLS, got the refusal");
    }
  }

  @Test
  void server_refusesOpportunisticClient_inPlaintextWithItsResult() throws IOException {
    try (ScriptedPeer server = refusing();
        NettyConnector connector = NettyConnector.builder().build()) {
      Layer<LdapOpportunisticResult> ldap = Ldap.opportunisticClient(server.endpoint(), CLIENT);

      try (Connection connection =
          connector.connect(LayerStack.tcp(server.endpoint()).then(ldap))) {
        assertThat(connection.result(ldap))
            .isEqualTo(
                new InPlaintext(LdapResult.of(LdapResultCode.UNWILLING_TO_PERFORM, "not today")));
        assertThat(connection.security()).isEqualTo(Security.PLAINTEXT);
      }
    }
  }

  private static ScriptedPeer refusing() {
    return ScriptedPeer.server(
        Script.start()
            .expect(ExtendedRequest.write(1, Oid.START_TLS).toByteArray())
            .send(
                Answers.extended(
                    1, LdapResult.of(LdapResultCode.UNWILLING_TO_PERFORM, "not today")))
            .discard());
  }

  @Test
  void server_certificateOfAStranger_rejectedThoughOpportunistic() throws IOException {
    TlsPolicy stranger =
        TlsPolicy.server()
            .identity(Certificates.create().server("localhost", "127.0.0.1").identity())
            .build();
    try (NettyAcceptor acceptor = serving(Ldap.server(() -> stranger));
        NettyConnector connector = NettyConnector.builder().build()) {
      Endpoint peer = acceptor.endpoint();

      // Once TLS has begun there is no way back.
      assertThatThrownBy(
              () ->
                  connector.connect(
                      LayerStack.tcp(peer).then(Ldap.opportunisticClient(peer, CLIENT))))
          .isInstanceOf(CertificateRejected.class);
    }
  }

  private static NettyAcceptor serving(Layer<?>... layers) throws IOException {
    NettyAcceptor.Builder builder = NettyAcceptor.builder().listen(Endpoint.of("127.0.0.1", 0));
    for (Layer<?> layer : layers) {
      builder.layer(layer);
    }
    return builder.start();
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
            Map.entry(Fault.GARBAGE_IN_HANDSHAKE, TlsFailed.class));
    return Stream.of(Fault.values())
        .filter(kinds::containsKey) // The client is done before it hears anything under TLS.
        .map(
            fault ->
                DynamicTest.dynamicTest(
                    fault.toString(),
                    () -> assertThatThrownBy(() -> connect(fault)).isInstanceOf(kinds.get(fault))));
  }

  @Test
  void client_slowServer_underTls() throws IOException {
    assertThat(connect(Fault.SLOW_BYTES)).isEqualTo(Security.ORIGIN);
  }

  private static Security connect(Fault fault) throws IOException {
    Dialogue good = Dialogue.resource(LdapTest.class, "dialogues/client-good.dialogue");
    try (Fault.Server server = fault.start(good, CERTIFICATES.server("localhost"));
        NettyConnector connector = NettyConnector.builder().timeout(patience(fault)).build()) {
      LayerStack stack =
          LayerStack.tcp(server.endpoint()).then(Ldap.client(server.endpoint(), CLIENT));
      try (Connection connection = connector.connect(stack)) {
        return connection.security();
      }
    }
  }

  /** Only a server that hangs is waited for in full. */
  private static Duration patience(Fault fault) {
    return fault.name().startsWith("HANG_") ? Duration.ofMillis(300) : Duration.ofSeconds(30);
  }
}
