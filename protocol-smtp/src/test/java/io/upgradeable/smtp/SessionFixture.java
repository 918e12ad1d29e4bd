package io.upgradeable.smtp;

import io.upgradeable.Layer;
import io.upgradeable.LayerStack;
import io.upgradeable.netty.NettyConnector;
import io.upgradeable.testkit.Certificates;
import io.upgradeable.testkit.Script;
import io.upgradeable.testkit.ScriptedPeer;
import io.upgradeable.tls.TlsPolicy;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;

/** A session with a scripted server, in plaintext: what is told about TLS is told elsewhere. */
final class SessionFixture implements AutoCloseable {

  static final String MAIL = "MAIL FROM:<a@example.org>\r\n";
  static final String RCPT_B = "RCPT TO:<b@example.net>\r\n";
  static final String RCPT_C = "RCPT TO:<c@example.net>\r\n";
  static final String DATA = "DATA\r\n";
  static final String OK = "250 2.0.0 ok\r\n";
  static final String GO_AHEAD = "354 go ahead\r\n";
  static final String NO = "550 5.1.1 no such user\r\n";
  static final String LATER = "450 4.2.0 later\r\n";

  static final Envelope TO_B = Envelope.of("a@example.org", "b@example.net");
  static final Envelope TO_B_AND_C = Envelope.of("a@example.org", "b@example.net", "c@example.net");
  static final MailContent HELLO = MailContent.of("Subject: hello\n\nhello");
  static final String HELLO_ON_WIRE = "Subject: hello\r\n\r\nhello\r\n";

  static final SmtpSessionOptions PATIENT = SmtpSessionOptions.DEFAULTS;

  private static final TlsPolicy POLICY =
      TlsPolicy.client().trust(Certificates.create().authorities()).build();

  private final ScriptedPeer peer;
  private final NettyConnector connector = NettyConnector.builder().threads(1).build();
  private final SmtpSession session;

  private SessionFixture(Script script, SmtpOptions hello, SmtpSessionOptions options)
      throws IOException {
    peer = ScriptedPeer.server(script);
    Layer<SmtpOpportunisticResult> layer = Smtp.opportunisticClient(peer.endpoint(), POLICY, hello);
    session =
        SmtpSession.connectOpportunistic(
            connector, LayerStack.tcp(peer.endpoint()).then(layer), layer, options);
  }

  static SessionFixture with(Script script) throws IOException {
    return with(script, PATIENT);
  }

  static SessionFixture with(Script script, SmtpSessionOptions options) throws IOException {
    return new SessionFixture(script, TestOptions.CLIENT, options);
  }

  static SessionFixture lmtp(Script script) throws IOException {
    return new SessionFixture(script, TestOptions.LMTP_CLIENT, PATIENT);
  }

  /** A server that offers these. */
  static Script offering(String... capabilities) {
    return offering("EHLO", capabilities);
  }

  static Script lmtpOffering(String... capabilities) {
    return offering("LHLO", capabilities);
  }

  private static Script offering(String hello, String... capabilities) {
    StringBuilder reply = new StringBuilder();
    for (String capability : capabilities) {
      reply.append("250-").append(capability).append("\r\n");
    }
    return Script.start()
        .send("220 mail.example.net\r\n")
        .expect(hello + " client.example.org\r\n")
        .send("250-mail.example.net\r\n" + reply + "250 HELP\r\n");
  }

  SmtpSession session() {
    return session;
  }

  ScriptedPeer peer() {
    return peer;
  }

  @Override
  public void close() {
    session.close();
    connector.close();
    peer.close();
  }

  /** As a caller does who no longer wants it, or as {@code CompletableFuture.orTimeout} does. */
  static void giveUp(CompletableFuture<?> future, boolean byTime) {
    if (byTime) {
      future.completeExceptionally(new TimeoutException());
    } else {
      future.cancel(false);
    }
  }
}
