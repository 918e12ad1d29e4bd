package io.upgradeable.smtp;

import static org.assertj.core.api.Assertions.assertThat;

import io.upgradeable.smtp.SmtpOpportunisticResult.Secured;
import io.upgradeable.testkit.Outcome;
import io.upgradeable.testkit.Split;
import io.upgradeable.testkit.SplitPoints;
import io.upgradeable.testkit.Wire;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The two machines talk to each other, with their bytes cut at every split point. */
class SmtpPairTest {

  /** More than either side says. */
  private static final int LONGEST_STREAM = 256;

  private static final SmtpResult HEARD =
      new SmtpResult(
          "mail.example.net",
          new SmtpCapabilities(
              Map.of(
                  "ENHANCEDSTATUSCODES",
                  List.of(),
                  "SIZE",
                  List.of("10485760"),
                  "AUTH",
                  List.of("PLAIN"))));

  private static final SmtpServerResult GREETED = new SmtpServerResult("client.example.org", true);

  @Test
  void plaintext_bothUpgrade_sameDialogueAtEverySplitPoint() {
    for (Split split : SplitPoints.all(LONGEST_STREAM)) {
      Wire.Talk<SmtpResult, SmtpServerResult> talk =
          Wire.talk(
              SmtpUpgrade.startTls(TestOptions.CLIENT),
              SmtpServerUpgrade.startTls(TestOptions.SERVER),
              split);

      assertThat(talk.client()).as("%s", split).isEqualTo(done(HEARD));
      assertThat(talk.server()).as("%s", split).isEqualTo(done(GREETED));
      assertThat(talk.transcript())
          .as("%s", split)
          .startsWith(
              "S: 220 mail.example.net ESMTP\\r\\n",
              "C: EHLO client.example.org\\r\\n",
              "S: 250-mail.example.net\\r\\n250-ENHANCEDSTATUSCODES\\r\\n250 STARTTLS\\r\\n",
              "C: STARTTLS\\r\\n",
              "S: 220 2.0.0 Go ahead\\r\\n",
              "=TLS=",
              "C: EHLO client.example.org\\r\\n",
              "S: 250-mail.example.net\\r\\n250-ENHANCEDSTATUSCODES\\r\\n"
                  + "250-SIZE 10485760\\r\\n250 AUTH PLAIN\\r\\n");
    }
  }

  @Test
  void underTls_bothOverTls_sameResultsAtEverySplitPoint() {
    for (Split split : SplitPoints.all(LONGEST_STREAM)) {
      Wire.Talk<SmtpResult, SmtpServerResult> talk =
          Wire.talk(
              SmtpUpgrade.overTls(TestOptions.CLIENT),
              SmtpServerUpgrade.overTls(TestOptions.SERVER),
              split);

      assertThat(talk.client()).as("%s", split).isEqualTo(done(HEARD));
      assertThat(talk.server()).as("%s", split).isEqualTo(done(GREETED));
    }
  }

  @Test
  void plaintext_lmtp_sameResultsAtEverySplitPoint() {
    for (Split split : SplitPoints.all(LONGEST_STREAM)) {
      Wire.Talk<SmtpResult, SmtpServerResult> talk =
          Wire.talk(
              SmtpUpgrade.startTls(TestOptions.LMTP_CLIENT),
              SmtpServerUpgrade.startTls(TestOptions.LMTP_SERVER),
              split);

      assertThat(talk.client()).as("%s", split).isEqualTo(done(HEARD));
      assertThat(talk.server()).as("%s", split).isEqualTo(done(GREETED));
    }
  }

  @Test
  void plaintext_opportunisticClient_secured() {
    Wire.Talk<SmtpOpportunisticResult, SmtpServerResult> talk =
        Wire.talk(
            SmtpUpgrade.opportunistic(TestOptions.CLIENT),
            SmtpServerUpgrade.startTls(TestOptions.SERVER),
            Split.everyByte());

    assertThat(talk.client()).isEqualTo(done(new Secured(HEARD)));
  }

  @Test
  void plaintext_serverOfTheOtherDialect_refusedAndTheServerHearsQuit() {
    Wire.Talk<SmtpResult, SmtpServerResult> talk =
        Wire.talk(
            SmtpUpgrade.startTls(TestOptions.LMTP_CLIENT),
            SmtpServerUpgrade.startTls(TestOptions.SERVER),
            Split.whole());

    // An SMTP server knows no LHLO: the client gives up, politely.
    assertThat(talk.client().kind()).isEqualTo("Refused");
    assertThat(talk.server().kind()).isEqualTo("Closed");
    assertThat(talk.transcript())
        .contains(
            "S: 500 5.5.2 Unknown command\\r\\n", "C: QUIT\\r\\n", "S: 221 2.0.0 Goodbye\\r\\n");
  }

  private static <R> Outcome<R> done(R result) {
    return new Outcome.Done<>(result, 0);
  }
}
