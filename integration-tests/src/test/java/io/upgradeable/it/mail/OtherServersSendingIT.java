package io.upgradeable.it.mail;

import static org.assertj.core.api.Assertions.assertThat;

import io.upgradeable.it.ContainerTest;
import io.upgradeable.smtp.ContentTransfer;
import io.upgradeable.smtp.DeliveryOutcome;
import io.upgradeable.smtp.DeliveryPhase;
import io.upgradeable.smtp.DeliveryReport;
import io.upgradeable.smtp.Envelope;
import io.upgradeable.smtp.MailContent;
import io.upgradeable.smtp.RecipientReport;
import io.upgradeable.smtp.Smtp;
import io.upgradeable.smtp.SmtpSessionOptions;
import io.upgradeable.tls.TlsPolicy;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Mail for servers that have other extensions and other habits than Postfix. */
@ContainerTest
@Timeout(60)
final class OtherServersSendingIT {

  @RegisterExtension private static final MailServer EXIM = MailServer.of("exim", Smtp.RELAY_PORT);

  @RegisterExtension
  private static final MailServer OPEN_SMTPD = MailServer.of("opensmtpd", Smtp.RELAY_PORT);

  @RegisterExtension
  private static final MailServer DOVECOT = MailServer.of("dovecot", Smtp.LMTP_PORT);

  private static final TlsPolicy POLICY = MailServer.clientPolicy().build();

  private static SmtpSessionOptions by(ContentTransfer transfer) {
    return SmtpSessionOptions.DEFAULTS.withTransfer(transfer);
  }

  private static OpenSession lmtp(ContentTransfer transfer) throws IOException {
    return OpenSession.lmtp(DOVECOT.endpoint(Smtp.LMTP_PORT), POLICY, by(transfer));
  }

  @ParameterizedTest
  @EnumSource(
      value = ContentTransfer.class,
      names = {"DATA", "BDAT"})
  void exim_everyMessage_storedByteForByte(ContentTransfer transfer) throws Exception {
    try (OpenSession open =
        OpenSession.smtp(EXIM.endpoint(Smtp.RELAY_PORT), POLICY, by(transfer))) {
      RoundTrip.run(open.session(), EXIM, RoundTrip.SMALL, MailContent::of);
    }
  }

  @Test
  void openSmtpd_withoutPipelining_everyMessage_storedByteForByte() throws Exception {
    try (OpenSession open = OpenSession.smtp(OPEN_SMTPD.endpoint(Smtp.RELAY_PORT), POLICY)) {
      RoundTrip.run(open.session(), OPEN_SMTPD, RoundTrip.SMALL, MailContent::of);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = ContentTransfer.class,
      names = {"DATA", "BDAT"})
  void dovecotLmtp_everyMessage_storedByteForByte(ContentTransfer transfer) throws Exception {
    try (OpenSession open = lmtp(transfer)) {
      RoundTrip.run(open.session(), DOVECOT, RoundTrip.SMALL, MailContent::of);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = ContentTransfer.class,
      names = {"DATA", "BDAT"})
  void dovecotLmtp_eachRecipientHasAReplyOfItsOwn(ContentTransfer transfer) throws Exception {
    Envelope envelope =
        Envelope.of(
            "ann@client.test",
            "alice@example.test",
            "nobody@example.test",
            "carol@example.test", // is there, but nothing can be stored for her
            "bob@example.test");
    try (OpenSession open = lmtp(transfer)) {
      DeliveryReport report =
          open.session().send(envelope, MailContent.of("Subject: for two\n\nhello\n"));

      assertThat(report.failure()).isEmpty();
      assertEntry(report, 0, DeliveryOutcome.ACCEPTED, DeliveryPhase.END, 250);
      assertEntry(report, 1, DeliveryOutcome.REFUSED_PERMANENT, DeliveryPhase.RCPT, 550);
      assertEntry(report, 2, DeliveryOutcome.REFUSED_TRANSIENT, DeliveryPhase.END, 451);
      assertEntry(report, 3, DeliveryOutcome.ACCEPTED, DeliveryPhase.END, 250);
      assertThat(report.retryable()).containsExactly(envelope.recipients().get(2));

      DeliveryReport next =
          open.session()
              .send(
                  Envelope.of("ann@client.test", "alice@example.test"),
                  MailContent.of("Subject: next\n\nhello\n"));
      assertThat(next.isAcceptedForAll()).isTrue();
    }
    assertThat(DOVECOT.takeAll("alice", 2))
        .extracting(TestMessage::subject)
        .containsExactlyInAnyOrder("for two", "next");
    assertThat(TestMessage.subject(DOVECOT.take("bob"))).isEqualTo("for two");
  }

  private static void assertEntry(
      DeliveryReport report, int index, DeliveryOutcome outcome, DeliveryPhase phase, int code) {
    RecipientReport entry = report.recipients().get(index);
    assertThat(entry.outcome()).as(entry.toString()).isEqualTo(outcome);
    assertThat(entry.phase()).as(entry.toString()).isEqualTo(phase);
    assertThat(entry.reply().orElseThrow().code()).as(entry.toString()).isEqualTo(code);
  }
}
