package io.upgradeable.smtp;

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
import io.upgradeable.UpgradeException.TlsNotOffered;
import io.upgradeable.netty.NettyAcceptor;
import io.upgradeable.netty.NettyConnector;
import io.upgradeable.smtp.SmtpOpportunisticResult.InPlaintext;
import io.upgradeable.smtp.SmtpOpportunisticResult.Secured;
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

/** SMTP's layers on real connections: client and server, and a client against faulty servers. */
class SmtpTest {

  private static final Certificates CERTIFICATES = Certificates.create();
  private static final TlsPolicy CLIENT =
      TlsPolicy.client().trust(CERTIFICATES.authorities()).build();
  private static final TlsPolicy SERVER =
      TlsPolicy.server().identity(CERTIFICATES.server("localhost", "127.0.0.1").identity()).build();

  @Test
  void server_clientUpgrades_capabilitiesUnderTls() throws IOException {
    try (NettyAcceptor acceptor = serving(Smtp.server(() -> SERVER, TestOptions.SERVER));
        NettyConnector connector = NettyConnector.builder().build()) {
      Endpoint peer = acceptor.endpoint();
      Layer<SmtpResult> smtp = Smtp.client(peer, CLIENT);
      LayerStack stack = LayerStack.tcp(peer).then(smtp);

      try (Connection connection = connector.connect(stack)) {
        assertThat(connection.result(smtp).serverName()).isEqualTo("mail.example.net");
        assertThat(connection.result(smtp).capabilities().maxMessageSize()).hasValue(10_485_760);
        assertThat(connection.result(smtp).capabilities().offers("STARTTLS")).isFalse();
        assertThat(connection.security()).isEqualTo(Security.ORIGIN);
        assertThat(stack).hasToString("tcp(%s) > smtp+tls(127.0.0.1)".formatted(peer));
      }
    }
  }

  @Test
  void server_clientOverImplicitTls_capabilitiesUnderTls() throws IOException {
    try (NettyAcceptor acceptor =
            serving(ImplicitTls.server(() -> SERVER), Smtp.serverOverTls(TestOptions.SERVER));
        NettyConnector connector = NettyConnector.builder().build()) {
      Endpoint peer = acceptor.endpoint();
      Layer<SmtpResult> smtp = Smtp.clientOverTls(TestOptions.CLIENT);
      LayerStack stack = LayerStack.tcp(peer).then(ImplicitTls.client(peer, CLIENT)).then(smtp);

      try (Connection connection = connector.connect(stack)) {
        assertThat(connection.result(smtp).capabilities().authMechanisms())
            .containsExactly("PLAIN");
        assertThat(connection.security()).isEqualTo(Security.ORIGIN);
      }
    }
  }

  @Test
  void server_lmtp_ofThatName() throws IOException {
    try (NettyAcceptor acceptor = serving(Smtp.server(() -> SERVER, TestOptions.LMTP_SERVER));
        NettyConnector connector = NettyConnector.builder().build()) {
      Endpoint peer = acceptor.endpoint();
      Layer<SmtpResult> lmtp = Smtp.client(peer, CLIENT, TestOptions.LMTP_CLIENT);

      try (Connection connection = connector.connect(LayerStack.tcp(peer).then(lmtp))) {
        assertThat(connection.security()).isEqualTo(Security.ORIGIN);
        assertThat(connection.path()).isEqualTo("tcp(%s) > lmtp+tls(127.0.0.1)", peer);
      }
    }
  }

  @Test
  void opportunisticClient_serverWithTls_secured() throws IOException {
    try (NettyAcceptor acceptor = serving(Smtp.server(() -> SERVER, TestOptions.SERVER));
        NettyConnector connector = NettyConnector.builder().build()) {
      Endpoint peer = acceptor.endpoint();
      Layer<SmtpOpportunisticResult> smtp =
          Smtp.opportunisticClient(peer, CLIENT, TestOptions.CLIENT);

      try (Connection connection = connector.connect(LayerStack.tcp(peer).then(smtp))) {
        assertThat(connection.result(smtp)).isInstanceOf(Secured.class);
        assertThat(connection.security()).isEqualTo(Security.ORIGIN);
      }
    }
  }

  @Test
  void opportunisticClient_serverWithoutTls_inPlaintextAndSaysSo() throws IOException {
    // A server that was told that TLS is below it: here it is not, and nothing is offered.
    try (NettyAcceptor acceptor = serving(Smtp.serverOverTls(TestOptions.SERVER));
        NettyConnector connector = NettyConnector.builder().build()) {
      Endpoint peer = acceptor.endpoint();
      Layer<SmtpOpportunisticResult> smtp =
          Smtp.opportunisticClient(peer, CLIENT, TestOptions.CLIENT);

      try (Connection connection = connector.connect(LayerStack.tcp(peer).then(smtp))) {
        assertThat(connection.result(smtp)).isInstanceOf(InPlaintext.class);
        assertThat(connection.security()).isEqualTo(Security.PLAINTEXT);
        assertThat(connection.tls()).isEmpty();
      }
    }
  }

  @Test
  void client_serverWithoutTls_tlsNotOffered() throws IOException {
    try (NettyAcceptor acceptor = serving(Smtp.serverOverTls(TestOptions.SERVER));
        NettyConnector connector = NettyConnector.builder().build()) {
      Endpoint peer = acceptor.endpoint();

      assertThatThrownBy(
              () -> connector.connect(LayerStack.tcp(peer).then(Smtp.client(peer, CLIENT))))
          .isInstanceOf(TlsNotOffered.class)
          .hasMessageContaining("STARTTLS");
    }
  }

  @Test
  void client_serverOfTheOtherDialect_peerRefusedWithItsReply() throws IOException {
    try (NettyAcceptor acceptor = serving(Smtp.server(() -> SERVER, TestOptions.LMTP_SERVER));
        NettyConnector connector = NettyConnector.builder().build()) {
      Endpoint peer = acceptor.endpoint();

      PeerRefused refused =
          catchThrowableOfType(
              PeerRefused.class,
              () -> connector.connect(LayerStack.tcp(peer).then(Smtp.client(peer, CLIENT))));
      assertThat(refused.code()).isEqualTo("500");
      assertThat(refused).hasMessageContaining("5.5.2 Unknown command");
    }
  }

  @Test
  void opportunisticClient_certificateOfAnother_certificateRejected() throws IOException {
    TlsPolicy stranger =
        TlsPolicy.server().identity(CERTIFICATES.server("stranger.test").identity()).build();
    try (NettyAcceptor acceptor = serving(Smtp.server(() -> stranger, TestOptions.SERVER));
        NettyConnector connector = NettyConnector.builder().build()) {
      Endpoint peer = acceptor.endpoint();

      // Once TLS has begun there is no way back.
      assertThatThrownBy(
              () ->
                  connector.connect(
                      LayerStack.tcp(peer)
                          .then(Smtp.opportunisticClient(peer, CLIENT, TestOptions.CLIENT))))
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
            Map.entry(Fault.GARBAGE_IN_HANDSHAKE, TlsFailed.class),
            Map.entry(Fault.HANG_UNDER_TLS, LayerTimedOut.class),
            Map.entry(Fault.CUT_UNDER_TLS, PeerClosed.class));
    return Stream.of(Fault.values())
        .filter(fault -> fault != Fault.SLOW_BYTES)
        .map(
            fault ->
                DynamicTest.dynamicTest(
                    fault.toString(),
                    () -> assertThatThrownBy(() -> connect(fault)).isInstanceOf(kinds.get(fault))));
  }

  @Test
  void client_slowServer_capabilitiesUnderTls() throws IOException {
    assertThat(connect(Fault.SLOW_BYTES).serverName()).isEqualTo("mail.example.net");
  }

  private static SmtpResult connect(Fault fault) throws IOException {
    Dialogue good = Dialogue.resource(SmtpTest.class, "dialogues/client-good.dialogue");
    try (Fault.Server server = fault.start(good, CERTIFICATES.server("localhost"));
        NettyConnector connector = NettyConnector.builder().timeout(patience(fault)).build()) {
      Layer<SmtpResult> smtp = Smtp.client(server.endpoint(), CLIENT, TestOptions.CLIENT);
      try (Connection connection =
          connector.connect(LayerStack.tcp(server.endpoint()).then(smtp))) {
        return connection.result(smtp);
      }
    }
  }

  /** Only a server that hangs is waited for in full. */
  private static Duration patience(Fault fault) {
    return fault.name().startsWith("HANG_") ? Duration.ofMillis(300) : Duration.ofSeconds(30);
  }
}
