package io.upgradeable.smtp;

import static org.assertj.core.api.Assertions.assertThat;

import io.upgradeable.Endpoint;
import io.upgradeable.Layer;
import io.upgradeable.LayerStack;
import io.upgradeable.netty.NettyConnector;
import io.upgradeable.sasl.SaslCredentials;
import io.upgradeable.sasl.SaslMechanism;
import io.upgradeable.sasl.SaslUsers;
import io.upgradeable.sasl.Secret;
import io.upgradeable.sasl.StoredSecret;
import io.upgradeable.testkit.Certificates;
import io.upgradeable.tls.TlsPolicy;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** This project's client and this project's server, session against session. */
@Timeout(60)
class SmtpServerPairTest {

  private static final Certificates CERTIFICATES = Certificates.create();
  private static final TlsPolicy CLIENT =
      TlsPolicy.client().trust(CERTIFICATES.authorities()).build();
  private static final TlsPolicy SERVER =
      TlsPolicy.server().identity(CERTIFICATES.server("localhost", "127.0.0.1").identity()).build();

  private final ReceivedMessages mailbox = new ReceivedMessages();

  private static SmtpServer.Builder server(SmtpServerHandler handler) {
    return SmtpServer.builder().listen(Endpoint.of("127.0.0.1", 0)).tls(SERVER).handler(handler);
  }

  private static SmtpSession connect(
      NettyConnector connector, SmtpServer server, SmtpDialect dialect, SmtpSessionOptions options)
      throws IOException {
    Layer<SmtpResult> smtp =
        Smtp.client(server.endpoint(), CLIENT, TestOptions.CLIENT.withDialect(dialect));
    return SmtpSession.connect(
        connector, LayerStack.tcp(server.endpoint()).then(smtp), smtp, options);
  }

  @ParameterizedTest
  @CsvSource({
    "SMTP, DATA, NONE",
    "SMTP, BDAT, NONE",
    "LMTP, DATA, NONE",
    "LMTP, BDAT, NONE",
    "SMTP, DATA, PIPELINING",
    "SMTP, BDAT, PIPELINING"
  })
  void manyMessages_receivedInOrder(SmtpDialect dialect, ContentTransfer transfer, String hidden)
      throws Exception {
    SmtpServerFaults faults = SmtpServerFaults.parse(List.of("hide=" + hidden));
    Envelope envelope = Envelope.of("a@example.org", "b@example.net", "c@example.net");
    try (SmtpServer server = server(mailbox).dialect(dialect).faults(faults).start();
        NettyConnector connector = NettyConnector.builder().build();
        SmtpSession session =
            connect(
                connector, server, dialect, SmtpSessionOptions.DEFAULTS.withTransfer(transfer))) {
      List<CompletableFuture<DeliveryReport>> reports = new ArrayList<>();
      for (int i = 0; i < 100; i++) {
        String text = "Subject: " + i + "\r\n\r\n.\r\n" + "x".repeat(70 * i) + "\r\n..\r\n";
        reports.add(session.sendAsync(envelope, MailContent.of(text)));
      }
      for (CompletableFuture<DeliveryReport> report : reports) {
        assertThat(report.get().isAcceptedForAll()).isTrue();
      }
      session.quit();
    }
    List<ReceivedMessage> messages = mailbox.await(100, Duration.ofSeconds(30));
    for (int i = 0; i < 100; i++) {
      assertThat(messages.get(i).text())
          .isEqualTo("Subject: " + i + "\r\n\r\n.\r\n" + "x".repeat(70 * i) + "\r\n..\r\n");
    }
  }

  @Test
  void authenticate_strongestMechanism_boundToTheChannel() throws Exception {
    SaslUsers users =
        SaslUsers.of(Map.of("user", StoredSecret.of(new Secret("pencil".toCharArray()))));
    try (SmtpServer server = server(mailbox).users(users).start();
        NettyConnector connector = NettyConnector.builder().build();
        SmtpSession session =
            connect(connector, server, SmtpDialect.SMTP, SmtpSessionOptions.DEFAULTS);
        Secret password = new Secret("pencil".toCharArray())) {
      assertThat(session.authenticate(SaslCredentials.password("user", password)))
          .isEqualTo(SaslMechanism.SCRAM_SHA_256_PLUS);
      assertThat(
              session
                  .send(Envelope.of("a@example.org", "b@example.net"), MailContent.of("x\r\n"))
                  .isAcceptedForAll())
          .isTrue();
    }
    assertThat(mailbox.list().get(0).envelope().peer().user()).hasValue("user");
  }

  @Test
  void everyParameter_arrives() throws Exception {
    Envelope envelope =
        Envelope.builder()
            .from(Mailbox.parse("größe@example.org"))
            .to(
                Recipient.of(Mailbox.parse("b@example.net"))
                    .withNotify(Recipient.Notify.SUCCESS, Recipient.Notify.DELAY)
                    .withOriginalRecipient(Mailbox.parse("o@example.net")))
            .requireTls()
            .returned(Envelope.Returned.HDRS)
            .envelopeId("id +1")
            .build();
    try (SmtpServer server =
            server(mailbox)
                .offer(SmtpServerExtension.DSN)
                .offer(SmtpServerExtension.REQUIRETLS)
                .start();
        NettyConnector connector = NettyConnector.builder().build();
        SmtpSession session =
            connect(connector, server, SmtpDialect.SMTP, SmtpSessionOptions.DEFAULTS)) {
      DeliveryReport report = session.send(envelope, MailContent.of("Subject: ü\r\n\r\n"));
      assertThat(report.isAcceptedForAll()).as("%s", report).isTrue();
    }
    ReceivedEnvelope received = mailbox.list().get(0).envelope();
    assertThat(received.sender().address()).isEqualTo("größe@example.org");
    assertThat(received.sender().parameters())
        .containsKeys("SMTPUTF8", "REQUIRETLS", "SIZE", "BODY")
        .containsEntry("RET", "HDRS")
        .containsEntry("ENVID", "id+20+2B1");
    assertThat(received.recipients().get(0).parameters())
        .containsKeys("ORCPT")
        .hasEntrySatisfying(
            "NOTIFY",
            value ->
                assertThat(value.split(",", -1)).containsExactlyInAnyOrder("SUCCESS", "DELAY"));
  }

  @Test
  void handlerRefuses_reportTellsWhom() throws Exception {
    SmtpServerHandler choosy =
        new SmtpServerHandler() {
          @Override
          public CompletionStage<SmtpReply> onRecipient(
              SmtpServerPeer peer, ReceivedSender sender, ReceivedRecipient recipient) {
            return recipient.address().startsWith("b@")
                ? ACCEPTED
                : SmtpServerHandler.refused(SmtpReply.of(550, "5.1.1 No such mailbox"));
          }

          @Override
          public SmtpServerSink onMessage(ReceivedEnvelope envelope) {
            return mailbox.onMessage(envelope);
          }
        };
    try (SmtpServer server = server(choosy).start();
        NettyConnector connector = NettyConnector.builder().build();
        SmtpSession session =
            connect(connector, server, SmtpDialect.SMTP, SmtpSessionOptions.DEFAULTS)) {
      DeliveryReport report =
          session.send(
              Envelope.of("a@example.org", "b@example.net", "x@example.net"),
              MailContent.of("x\r\n"));

      assertThat(report.recipients())
          .extracting(RecipientReport::outcome)
          .containsExactly(DeliveryOutcome.ACCEPTED, DeliveryOutcome.REFUSED_PERMANENT);
    }
  }
}
