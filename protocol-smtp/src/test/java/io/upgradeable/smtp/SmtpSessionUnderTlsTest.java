package io.upgradeable.smtp;

import static io.upgradeable.smtp.SessionFixture.GO_AHEAD;
import static io.upgradeable.smtp.SessionFixture.HELLO;
import static io.upgradeable.smtp.SessionFixture.HELLO_ON_WIRE;
import static io.upgradeable.smtp.SessionFixture.OK;
import static io.upgradeable.smtp.SessionFixture.RCPT_B;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.upgradeable.Endpoint;
import io.upgradeable.Layer;
import io.upgradeable.LayerStack;
import io.upgradeable.Security;
import io.upgradeable.UpgradeException.PeerClosed;
import io.upgradeable.UpgradeException.TlsNotOffered;
import io.upgradeable.netty.NettyConnector;
import io.upgradeable.sasl.SaslCredentials;
import io.upgradeable.sasl.SaslMechanism;
import io.upgradeable.sasl.Secret;
import io.upgradeable.testkit.Certificates;
import io.upgradeable.testkit.Script;
import io.upgradeable.testkit.ScriptedPeer;
import io.upgradeable.tls.TlsPolicy;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;

/** A session where TLS is required: AUTH, REQUIRETLS, and an end without goodbye. */
class SmtpSessionUnderTlsTest {

  private static final int PATIENCE_MILLIS = 30_000;
  private static final Certificates CERTIFICATES = Certificates.create();
  private static final TlsPolicy CLIENT =
      TlsPolicy.client().trust(CERTIFICATES.authorities()).build();

  private static final Script SECURED =
      Script.start()
          .send("220 mail.example.net\r\n")
          .expect("EHLO client.example.org\r\n")
          .send("250-mail.example.net\r\n250-AUTH LOGIN\r\n250 STARTTLS\r\n")
          .expect("STARTTLS\r\n")
          .send("220 go\r\n")
          .startTls()
          .expect("EHLO client.example.org\r\n")
          .send("250-mail.example.net\r\n250-REQUIRETLS\r\n250-PIPELINING\r\n250 AUTH PLAIN\r\n");

  private static SmtpSession connect(NettyConnector connector, ScriptedPeer peer)
      throws IOException {
    Layer<SmtpResult> smtp = Smtp.client(peer.endpoint(), CLIENT, TestOptions.CLIENT);
    return SmtpSession.connect(
        connector, LayerStack.tcp(peer.endpoint()).then(smtp), smtp, SmtpSessionOptions.DEFAULTS);
  }

  @Test
  void send_authenticatedAndRequiringTls_cutBehindTheDotIsUnknown() throws IOException {
    Script script =
        SECURED
            .expectOnly("AUTH PLAIN AHVzZXIAcGFzc3dvcmQ=\r\n")
            .send("235 2.7.0 welcome\r\n")
            .expectOnly("MAIL FROM:<a@example.org> REQUIRETLS\r\n" + RCPT_B + "DATA\r\n")
            .send(OK + OK + GO_AHEAD)
            .expectOnly(HELLO_ON_WIRE + ".\r\n")
            .closeWithoutNotify();
    try (ScriptedPeer peer = ScriptedPeer.server(script, CERTIFICATES.server("localhost"));
        NettyConnector connector = NettyConnector.builder().threads(1).build();
        SmtpSession session = connect(connector, peer);
        Secret password = new Secret("password".toCharArray())) {
      assertThat(session.connection().security()).isEqualTo(Security.ORIGIN);
      assertThat(session.capabilities().authMechanisms()).containsExactly("PLAIN");
      assertThat(session.authenticate(SaslCredentials.password("user", password)))
          .isEqualTo(SaslMechanism.PLAIN);
      DeliveryReport report =
          session.send(
              Envelope.builder()
                  .from(Mailbox.parse("a@example.org"))
                  .to(Mailbox.parse("b@example.net"))
                  .requireTls()
                  .build(),
              HELLO);

      assertThat(report.recipients().get(0).outcome()).isEqualTo(DeliveryOutcome.UNKNOWN);
      assertThat(report.failure()).containsInstanceOf(PeerClosed.class);
    }
  }

  @Test
  void connecting_completedBySomebodyElse_connectionIsClosed() throws Exception {
    try (ServerSocket listening = new ServerSocket(0);
        NettyConnector connector = NettyConnector.builder().threads(1).build()) {
      Endpoint server = Endpoint.of("localhost", listening.getLocalPort());
      Layer<SmtpResult> smtp = Smtp.client(server, CLIENT, TestOptions.CLIENT);
      CompletableFuture<SmtpSession> connecting =
          SmtpSession.connectAsync(
              connector, LayerStack.tcp(server).then(smtp), smtp, SmtpSessionOptions.DEFAULTS);
      listening.setSoTimeout(PATIENCE_MILLIS);
      try (Socket peer = listening.accept()) { // It never greets.
        peer.setSoTimeout(PATIENCE_MILLIS);
        connecting.completeExceptionally(new TimeoutException()); // as orTimeout() does
        assertThat(peer.getInputStream().read()).isEqualTo(-1);
      }
    }
  }

  @Test
  void connect_noStartTls_noSession() {
    Script script = SessionFixture.offering("AUTH PLAIN").expect("QUIT\r\n");
    try (ScriptedPeer peer = ScriptedPeer.server(script);
        NettyConnector connector = NettyConnector.builder().threads(1).build()) {
      assertThatThrownBy(() -> connect(connector, peer)).isInstanceOf(TlsNotOffered.class);
    }
  }
}
