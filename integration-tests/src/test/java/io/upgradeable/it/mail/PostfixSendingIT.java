package io.upgradeable.it.mail;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.upgradeable.it.ContainerTest;
import io.upgradeable.smtp.ContentTransfer;
import io.upgradeable.smtp.DeliveryOutcome;
import io.upgradeable.smtp.DeliveryPhase;
import io.upgradeable.smtp.DeliveryReport;
import io.upgradeable.smtp.Envelope;
import io.upgradeable.smtp.Envelope.Body;
import io.upgradeable.smtp.Envelope.Returned;
import io.upgradeable.smtp.MailContent;
import io.upgradeable.smtp.Mailbox;
import io.upgradeable.smtp.Recipient;
import io.upgradeable.smtp.Recipient.Notify;
import io.upgradeable.smtp.RecipientReport;
import io.upgradeable.smtp.SmtpReply;
import io.upgradeable.smtp.SmtpSessionOptions;
import io.upgradeable.tls.TlsEngine;
import io.upgradeable.tls.TlsPolicy;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Mail for Postfix: what is stored is what was sent, and what is reported is what became of it. */
@ContainerTest
@Timeout(120)
final class PostfixSendingIT {

  @RegisterExtension private static final MailServer POSTFIX = Postfix.server();

  private static final TlsPolicy POLICY = MailServer.clientPolicy().build();

  private static OpenSession open(int port) throws IOException {
    return OpenSession.smtp(POSTFIX.endpoint(port), POLICY);
  }

  private static OpenSession open(int port, ContentTransfer transfer) throws IOException {
    return OpenSession.smtp(
        POSTFIX.endpoint(port), POLICY, SmtpSessionOptions.DEFAULTS.withTransfer(transfer));
  }

  private static MailContent message(String subject) {
    return MailContent.of("Subject: " + subject + "\n\nHello.\n");
  }

  @Test
  void everyMessage_byData_storedByteForByte() throws Exception {
    TlsPolicy policy = MailServer.clientPolicy().engine(TlsEngine.JDK).build();
    SmtpSessionOptions options = SmtpSessionOptions.DEFAULTS.withTransfer(ContentTransfer.DATA);
    try (OpenSession open = OpenSession.smtp(POSTFIX.endpoint(Postfix.RELAY), policy, options)) {
      RoundTrip.run(open.session(), POSTFIX, RoundTrip.ALL, MailContent::of);
      assertThat(open.commands())
          .contains("DATA")
          .noneMatch(line -> line.startsWith("BDAT"))
          .anyMatch(line -> line.startsWith("MAIL") && line.endsWith(" BODY=8BITMIME"));
    }
  }

  @Test
  void everyMessage_byBdatFromStreams_storedByteForByte() throws Exception {
    TlsPolicy policy = MailServer.clientPolicy().engine(TlsEngine.OPENSSL).build();
    SmtpSessionOptions options = SmtpSessionOptions.DEFAULTS.withTransfer(ContentTransfer.BDAT);
    try (OpenSession open = OpenSession.smtp(POSTFIX.endpoint(Postfix.RELAY), policy, options)) {
      RoundTrip.run(
          open.session(),
          POSTFIX,
          RoundTrip.ALL,
          bytes -> MailContent.ofStream(new ByteArrayInputStream(bytes)));
      assertThat(open.commands())
          .doesNotContain("DATA")
          .anyMatch(line -> line.matches("BDAT \\d+"))
          .anyMatch(line -> line.matches("BDAT \\d+ LAST"));
    }
  }

  @Test
  void manyMessagesAtOnce_eachArrivesOnce() throws Exception {
    int count = 200;
    List<String> subjects = IntStream.range(0, count).mapToObj(i -> "message " + i).toList();
    Envelope envelope = Envelope.of("ann@client.test", "bob@example.test");
    try (OpenSession open = open(Postfix.RELAY)) {
      List<CompletableFuture<DeliveryReport>> reports =
          subjects.stream()
              .map(subject -> open.session().sendAsync(envelope, message(subject)))
              .toList();
      assertThat(reports).allMatch(report -> report.join().isAcceptedForAll());
    }
    Postfix.awaitDelivery(POSTFIX);
    assertThat(POSTFIX.takeSubjects("bob")).containsExactlyInAnyOrderElementsOf(subjects);
  }

  @ParameterizedTest
  @EnumSource(
      value = ContentTransfer.class,
      names = {"DATA", "BDAT"})
  void someRecipientsRefused_reportedOneByOne(ContentTransfer transfer) throws Exception {
    Envelope envelope =
        Envelope.of(
            "ann@client.test",
            "nobody@example.test",
            "alice@example.test",
            "someone@elsewhere.test",
            "bob@example.test");
    try (OpenSession open = open(Postfix.RELAY, transfer)) {
      DeliveryReport report = open.session().send(envelope, message("for two"));

      assertThat(report.failure()).isEmpty();
      assertRefused(report.recipients().get(0), DeliveryPhase.RCPT, 550, "5.1.1");
      assertAccepted(report.recipients().get(1));
      assertRefused(report.recipients().get(2), DeliveryPhase.RCPT, 554, "5.7.1");
      assertAccepted(report.recipients().get(3));
    }
    assertThat(TestMessage.subject(POSTFIX.take("alice"))).isEqualTo("for two");
    assertThat(TestMessage.subject(POSTFIX.take("bob"))).isEqualTo("for two");
  }

  @ParameterizedTest
  @EnumSource(
      value = ContentTransfer.class,
      names = {"DATA", "BDAT"})
  void allRecipientsRefused_nothingArrives_nextMessageGoes(ContentTransfer transfer)
      throws Exception {
    try (OpenSession open = open(Postfix.RELAY, transfer)) {
      DeliveryReport report =
          open.session()
              .send(
                  Envelope.of("ann@client.test", "nobody@example.test", "nil@example.test"),
                  message("for nobody"));
      assertThat(report.recipients())
          .hasSize(2)
          .allSatisfy(entry -> assertRefused(entry, DeliveryPhase.RCPT, 550, "5.1.1"));

      DeliveryReport next =
          open.session()
              .send(Envelope.of("ann@client.test", "alice@example.test"), message("for alice"));
      assertThat(next.isAcceptedForAll()).isTrue();
    }
    Postfix.awaitDelivery(POSTFIX);
    assertThat(POSTFIX.takeSubjects("alice")).containsExactly("for alice");
  }

  @Test
  void largerThanTheServersLimit_knownSize_refusedHere() throws Exception {
    MailContent large = MailContent.of(new byte[Postfix.SMALL_SIZE]); // its last line gets an end
    try (OpenSession open = open(Postfix.SMALL)) {
      DeliveryReport report =
          open.session().send(Envelope.of("ann@client.test", "alice@example.test"), large);

      RecipientReport entry = report.recipients().get(0);
      assertThat(entry.outcome()).isEqualTo(DeliveryOutcome.REFUSED_PERMANENT);
      assertThat(entry.phase()).isEqualTo(DeliveryPhase.SIZE);
      assertThat(entry.reply()).isEmpty();
      assertThat(entry.explanation()).contains("20002").contains("20000");
      assertThat(open.commands()).isEmpty();
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = ContentTransfer.class,
      names = {"DATA", "BDAT"})
  void largerThanTheServersLimit_unknownSize_refusedThere_nextMessageGoes(ContentTransfer transfer)
      throws Exception {
    byte[] large = TestMessage.LONG_LINE.body().repeat(10).getBytes(UTF_8);
    Envelope envelope = Envelope.of("ann@client.test", "alice@example.test");
    try (OpenSession open = open(Postfix.SMALL, transfer)) {
      DeliveryReport report =
          open.session().send(envelope, MailContent.ofStream(new ByteArrayInputStream(large)));
      assertRefused(report.recipients().get(0), DeliveryPhase.END, 552, "5.3.4");

      assertThat(open.session().send(envelope, message("small")).isAcceptedForAll()).isTrue();
    }
    Postfix.awaitDelivery(POSTFIX);
    assertThat(POSTFIX.takeSubjects("alice")).containsExactly("small");
  }

  @Test
  void addressesBeyondAscii_delivered() throws Exception {
    Envelope envelope = Envelope.of("änn@client.test", "jörg@example.test", "jörg@bücher.test");
    try (OpenSession open = open(Postfix.RELAY)) {
      DeliveryReport report = open.session().send(envelope, message("für Jörg"));

      assertThat(report.recipients()).hasSize(2).allSatisfy(PostfixSendingIT::assertAccepted);
    }
    List<String> files = new ArrayList<>();
    for (byte[] file : POSTFIX.takeAll("jörg", 2)) {
      files.add(new String(file, UTF_8));
    }
    assertThat(files)
        .allMatch(file -> file.contains("Return-Path: <änn@client.test>\n"))
        .allMatch(file -> file.contains("Subject: für Jörg\n"))
        .anyMatch(file -> file.contains("Delivered-To: jörg@example.test\n"))
        .anyMatch(file -> file.contains("Delivered-To: jörg@bücher.test\n"));
  }

  @Test
  void notificationAskedFor_successIsNotified() throws Exception {
    Envelope envelope =
        Envelope.builder()
            .from(Mailbox.parse("alice@example.test"))
            .to(
                Recipient.of(Mailbox.parse("bob@example.test"))
                    .withNotify(Notify.SUCCESS, Notify.FAILURE)
                    .withOriginalRecipient(Mailbox.parse("carol+x@elsewhere.test")))
            .body(Body.EIGHT_BIT)
            .returned(Returned.HDRS)
            .envelopeId("order 7+1=8")
            .build();
    try (OpenSession open = open(Postfix.RELAY)) {
      MailContent content = MailContent.of("Subject: grüß Gott\n\na secret\n");
      assertThat(open.session().send(envelope, content).isAcceptedForAll()).isTrue();

      assertThat(open.commands().get(0))
          .isEqualTo(
              "MAIL FROM:<alice@example.test> SIZE=34 BODY=8BITMIME RET=HDRS"
                  + " ENVID=order+207+2B1+3D8");
    }
    POSTFIX.take("bob");
    assertThat(new String(POSTFIX.take("alice"), UTF_8))
        .contains("Original-Envelope-Id: order 7+1=8\n")
        .contains("Original-Recipient: rfc822;carol+x@elsewhere.test\n")
        .contains("Action: delivered\n")
        .doesNotContain("a secret");
  }

  private static void assertAccepted(RecipientReport entry) {
    assertThat(entry.outcome()).as(entry.toString()).isEqualTo(DeliveryOutcome.ACCEPTED);
    assertThat(entry.phase()).isEqualTo(DeliveryPhase.END);
    assertThat(entry.reply().map(SmtpReply::code)).hasValue(250);
  }

  private static void assertRefused(
      RecipientReport entry, DeliveryPhase phase, int code, String status) {
    assertThat(entry.outcome()).as(entry.toString()).isEqualTo(DeliveryOutcome.REFUSED_PERMANENT);
    assertThat(entry.phase()).isEqualTo(phase);
    SmtpReply reply = entry.reply().orElseThrow();
    assertThat(reply.code()).isEqualTo(code);
    assertThat(reply.enhancedStatus().orElseThrow()).hasToString(status);
  }
}
