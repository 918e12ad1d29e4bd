package io.upgradeable.smtp;

import static io.upgradeable.smtp.DeliveryOutcome.ACCEPTED;
import static io.upgradeable.smtp.DeliveryOutcome.NOT_SENT;
import static io.upgradeable.smtp.DeliveryOutcome.REFUSED_PERMANENT;
import static io.upgradeable.smtp.DeliveryOutcome.REFUSED_TRANSIENT;
import static io.upgradeable.smtp.DeliveryOutcome.UNKNOWN;
import static io.upgradeable.smtp.SessionFixture.DATA;
import static io.upgradeable.smtp.SessionFixture.GO_AHEAD;
import static io.upgradeable.smtp.SessionFixture.HELLO;
import static io.upgradeable.smtp.SessionFixture.HELLO_ON_WIRE;
import static io.upgradeable.smtp.SessionFixture.LATER;
import static io.upgradeable.smtp.SessionFixture.MAIL;
import static io.upgradeable.smtp.SessionFixture.NO;
import static io.upgradeable.smtp.SessionFixture.OK;
import static io.upgradeable.smtp.SessionFixture.RCPT_B;
import static io.upgradeable.smtp.SessionFixture.RCPT_C;
import static io.upgradeable.smtp.SessionFixture.TO_B;
import static io.upgradeable.smtp.SessionFixture.TO_B_AND_C;
import static io.upgradeable.smtp.SessionFixture.lmtpOffering;
import static io.upgradeable.smtp.SessionFixture.offering;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.upgradeable.UpgradeException.LayerTimedOut;
import io.upgradeable.UpgradeException.PeerClosed;
import io.upgradeable.UpgradeException.PeerMisbehaved;
import io.upgradeable.UpgradeException.PeerRefused;
import io.upgradeable.netty.NettyConnector;
import io.upgradeable.testkit.Script;
import java.io.ByteArrayInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.ClosedChannelException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A session with scripted servers: what leaves when, and what is reported. */
class SmtpSessionTest {

  private static final String PIPELINING = "PIPELINING";
  private static final String ENVELOPE = MAIL + RCPT_B + DATA;
  private static final Duration LIMIT = Duration.ofSeconds(30);

  /** For the one limit that is to pass: whatever comes before it has all the time it needs. */
  private static final Duration SOON = Duration.ofMillis(300);

  /** Between two bytes: a limit that each one extended would never pass. */
  private static final Duration DRIP = Duration.ofMillis(10);

  private static void outcomes(DeliveryReport report, DeliveryOutcome... outcomes) {
    assertThat(report.recipients()).extracting(RecipientReport::outcome).containsExactly(outcomes);
  }

  private static void phases(DeliveryReport report, DeliveryPhase... phases) {
    assertThat(report.recipients()).extracting(RecipientReport::phase).containsExactly(phases);
  }

  /** Returns when the messages that were given before have come to the event loop. */
  private static void awaitTaken(SmtpSession session) throws Exception {
    outcomes(session.sendAsync(TO_B, HELLO, Duration.ofMillis(1)).get(), NOT_SENT);
  }

  // Groups.

  @Test
  void send_pipelining_envelopeInOneGroup() throws IOException {
    try (SessionFixture mail =
        SessionFixture.with(
            offering(PIPELINING)
                .expectOnly(MAIL + RCPT_B + RCPT_C + DATA)
                .send(OK + OK + OK + GO_AHEAD)
                .expectOnly(HELLO_ON_WIRE + ".\r\n")
                .send(OK)
                .expect("QUIT\r\n")
                .send("221 bye\r\n")
                .expectClose())) {
      DeliveryReport report = mail.session().send(TO_B_AND_C, HELLO);

      outcomes(report, ACCEPTED, ACCEPTED);
      assertThat(report.isAcceptedForAll()).isTrue();
      assertThat(report.failure()).isEmpty();
      assertThat(report.recipients().get(0).reply().orElseThrow().enhancedStatus())
          .hasValue(new EnhancedStatus(2, 0, 0));
      mail.session().quit();
      assertThat(mail.session().isOpen()).isFalse();
      mail.peer().awaitPlayed();
    }
  }

  @Test
  void send_noPipelining_oneCommandAtATime() throws IOException {
    try (SessionFixture mail =
        SessionFixture.with(
            offering()
                .expectOnly(MAIL)
                .send(OK)
                .expectOnly(RCPT_B)
                .send(OK)
                .expectOnly(RCPT_C)
                .send(NO)
                .expectOnly(DATA)
                .send(GO_AHEAD)
                .expectOnly(HELLO_ON_WIRE + ".\r\n")
                .send(OK))) {
      DeliveryReport report = mail.session().send(TO_B_AND_C, HELLO);

      outcomes(report, ACCEPTED, REFUSED_PERMANENT);
      phases(report, DeliveryPhase.END, DeliveryPhase.RCPT);
      mail.peer().awaitPlayed();
    }
  }

  @Test
  void sendTwice_pipelining_nextEnvelopeBehindTheContent() throws Exception {
    CountDownLatch given = new CountDownLatch(1);
    try (SessionFixture mail =
        SessionFixture.with(
            offering(PIPELINING)
                .expectOnly(ENVELOPE)
                .await(given)
                .send(OK + OK + GO_AHEAD)
                .expectOnly(HELLO_ON_WIRE + ".\r\n" + MAIL + RCPT_C + DATA)
                .send(OK + OK + OK + GO_AHEAD)
                .expectOnly(HELLO_ON_WIRE + ".\r\n")
                .send(LATER))) {
      CompletableFuture<DeliveryReport> first = mail.session().sendAsync(TO_B, HELLO);
      CompletableFuture<DeliveryReport> second =
          mail.session().sendAsync(Envelope.of("a@example.org", "c@example.net"), HELLO);
      awaitTaken(mail.session());
      given.countDown();

      outcomes(first.join(), ACCEPTED);
      outcomes(second.join(), REFUSED_TRANSIENT);
      mail.peer().awaitPlayed();
    }
  }

  /** The answer to the first and the go-ahead for the second come at once. */
  @Test
  void sendNext_whenTheLastIsReported_leavesWithTheContentThatIsDue() throws Exception {
    CountDownLatch given = new CountDownLatch(1);
    try (SessionFixture mail =
        SessionFixture.with(
            offering(PIPELINING)
                .expectOnly(ENVELOPE)
                .await(given)
                .send(OK + OK + GO_AHEAD)
                .expectOnly(HELLO_ON_WIRE + ".\r\n" + ENVELOPE)
                .send(OK + OK + OK + GO_AHEAD)
                .expectOnly(HELLO_ON_WIRE + ".\r\n" + ENVELOPE)
                .send(OK + OK + OK + GO_AHEAD)
                .expectOnly(HELLO_ON_WIRE + ".\r\n")
                .send(OK))) {
      CompletableFuture<DeliveryReport> third =
          mail.session()
              .sendAsync(TO_B, HELLO)
              .thenCompose(report -> mail.session().sendAsync(TO_B, HELLO));
      CompletableFuture<DeliveryReport> second = mail.session().sendAsync(TO_B, HELLO);
      awaitTaken(mail.session());
      given.countDown();

      outcomes(second.join(), ACCEPTED);
      outcomes(third.join(), ACCEPTED);
      mail.peer().awaitPlayed();
    }
  }

  /** What would come in a segment of its own waits: see the session. */
  @Test
  void sendNext_behindAContentThatHasLeft_waitsForItsAnswer() throws Exception {
    List<String> heard = new CopyOnWriteArrayList<>();
    SmtpObserver observer =
        new SmtpObserver() {
          @Override
          public void command(String line) {
            heard.add(line);
          }

          @Override
          public void reply(SmtpReply reply) {
            heard.add(String.valueOf(reply.code()));
          }
        };
    try (NettyConnector connector = NettyConnector.builder().threads(1).build();
        SpokenServer server = new SpokenServer()) {
      CompletableFuture<SmtpSession> connecting =
          server.connect(connector, SessionFixture.PATIENT.withObserver(observer));
      SpokenServer.Client client = server.accept(PIPELINING);
      SmtpSession session = connecting.get();
      CompletableFuture<DeliveryReport> first = session.sendAsync(TO_B, HELLO);
      client.hear(ENVELOPE);
      client.say(OK + OK + GO_AHEAD);
      client.hear(HELLO_ON_WIRE + ".\r\n");
      CompletableFuture<DeliveryReport> second = session.sendAsync(TO_B, HELLO);
      awaitTaken(session);
      client.say(OK);
      client.hear(ENVELOPE);
      client.say(OK + OK + GO_AHEAD);
      client.hear(HELLO_ON_WIRE + ".\r\n");
      client.say(OK);

      outcomes(first.get(), ACCEPTED);
      outcomes(second.get(), ACCEPTED);
      String group = MAIL.strip() + " " + RCPT_B.strip() + " " + DATA.strip() + " 250 250 354 250";
      assertThat(String.join(" ", heard)).isEqualTo(group + " " + group);
    }
  }

  /** The second one's content was due before the first one's report was told. */
  @Test
  void close_whenTheFirstIsReported_theSecondHasLeft() throws Exception {
    CountDownLatch given = new CountDownLatch(1);
    try (SessionFixture mail =
        SessionFixture.with(
            offering(PIPELINING)
                .expectOnly(ENVELOPE)
                .await(given)
                .send(OK + OK + GO_AHEAD)
                .expectOnly(HELLO_ON_WIRE + ".\r\n" + ENVELOPE)
                .send(OK + OK + OK + GO_AHEAD)
                .expectOnly(HELLO_ON_WIRE + ".\r\n")
                .expectClose())) {
      CompletableFuture<Void> closing =
          mail.session().sendAsync(TO_B, HELLO).thenRun(mail.session()::close);
      CompletableFuture<DeliveryReport> second = mail.session().sendAsync(TO_B, HELLO);
      awaitTaken(mail.session());
      given.countDown();

      closing.join();
      outcomes(second.join(), UNKNOWN);
      mail.peer().awaitPlayed();
    }
  }

  @Test
  void sendMany_pipelining_allAcceptedInOrder() throws Exception {
    int count = 200;
    CountDownLatch given = new CountDownLatch(1);
    Script script = offering(PIPELINING);
    script = script.expect(ENVELOPE).await(given).send(OK + OK + GO_AHEAD);
    for (int i = 1; i < count; i++) {
      script =
          script
              .expectOnly(HELLO_ON_WIRE + ".\r\n" + ENVELOPE)
              .send("250 " + i + "\r\n" + OK + OK + GO_AHEAD);
    }
    script = script.expectOnly(HELLO_ON_WIRE + ".\r\n").send("250 " + count + "\r\n");
    try (SessionFixture mail = SessionFixture.with(script)) {
      List<CompletableFuture<DeliveryReport>> all = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        all.add(mail.session().sendAsync(TO_B, HELLO));
      }
      awaitTaken(mail.session());
      given.countDown();
      for (int i = 0; i < count; i++) {
        assertThat(all.get(i).join().recipients().get(0).reply().orElseThrow().text())
            .isEqualTo(String.valueOf(i + 1));
      }
      mail.peer().awaitPlayed();
    }
  }

  // Refusals.

  @Test
  void send_allRefusedButDataGranted_loneDotAndNoReset() throws IOException {
    try (SessionFixture mail =
        SessionFixture.with(
            offering(PIPELINING)
                .expectOnly(ENVELOPE)
                .send(OK + NO + GO_AHEAD)
                .expectOnly(".\r\n")
                .send("554 no valid recipients\r\n")
                .expectOnly(ENVELOPE)
                .send(OK + OK + GO_AHEAD)
                .expect(HELLO_ON_WIRE + ".\r\n")
                .send(OK))) {
      DeliveryReport report = mail.session().send(TO_B, HELLO);

      outcomes(report, REFUSED_PERMANENT);
      phases(report, DeliveryPhase.RCPT);
      assertThat(report.recipients().get(0).reply().orElseThrow().code()).isEqualTo(550);
      outcomes(mail.session().send(TO_B, HELLO), ACCEPTED);
    }
  }

  // Probes.

  private static DeliveryReport probe(SessionFixture mail, DeliveryPhase last) throws IOException {
    return mail.session().probe(TO_B_AND_C, HELLO, last, LIMIT);
  }

  @Test
  void probe_toRcpt_tellsEachReplyAndTakesAllBackAtOnce() throws IOException {
    try (SessionFixture mail =
        SessionFixture.with(
            offering(PIPELINING, "CHUNKING", "SIZE")
                .expectOnly("MAIL FROM:<a@example.org> SIZE=25\r\n" + RCPT_B + RCPT_C)
                .send(OK + OK + NO)
                .expect("RSET\r\n") // What comes next may be behind it.
                .send(OK)
                .expectOnly("NOOP\r\n")
                .send(OK))) {
      DeliveryReport report = probe(mail, DeliveryPhase.RCPT);
      mail.session().noop();

      outcomes(report, NOT_SENT, REFUSED_PERMANENT);
      phases(report, DeliveryPhase.RCPT, DeliveryPhase.RCPT);
      assertThat(report.recipients().get(0).reply().orElseThrow().code()).isEqualTo(250);
      assertThat(report.failure()).isEmpty();
      mail.peer().awaitPlayed();
    }
  }

  @Test
  void probe_toMail_namesNoRecipient() throws IOException {
    try (SessionFixture mail =
        SessionFixture.with(
            offering(PIPELINING)
                .expectOnly(MAIL)
                .send(OK)
                .expect("RSET\r\n") // What comes next may be behind it.
                .send(OK)
                .expectOnly(ENVELOPE)
                .send(OK + OK + GO_AHEAD)
                .expectOnly(HELLO_ON_WIRE + ".\r\n")
                .send(OK))) {
      DeliveryReport report = probe(mail, DeliveryPhase.MAIL);

      outcomes(report, NOT_SENT, NOT_SENT);
      phases(report, DeliveryPhase.MAIL, DeliveryPhase.MAIL);
      outcomes(mail.session().send(TO_B, HELLO), ACCEPTED);
    }
  }

  @Test
  void probe_toMailRefused_nothingToTakeBack() throws IOException {
    try (SessionFixture mail =
        SessionFixture.with(
            offering(PIPELINING).expectOnly(MAIL).send(LATER).expectOnly("NOOP\r\n").send(OK))) {
      DeliveryReport report = probe(mail, DeliveryPhase.MAIL);
      mail.session().noop();

      outcomes(report, REFUSED_TRANSIENT, REFUSED_TRANSIENT);
      phases(report, DeliveryPhase.MAIL, DeliveryPhase.MAIL);
    }
  }

  @Test
  void probe_noPipelining_oneCommandAtATime() throws IOException {
    try (SessionFixture mail =
        SessionFixture.with(
            offering()
                .expectOnly(MAIL)
                .send(OK)
                .expectOnly(RCPT_B)
                .send(LATER)
                .expectOnly(RCPT_C)
                .send(OK)
                .expectOnly("RSET\r\n")
                .send(OK))) {
      outcomes(probe(mail, DeliveryPhase.RCPT), REFUSED_TRANSIENT, NOT_SENT);
      mail.session().noopAsync();
      mail.peer().awaitPlayed();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "552 too many recipients,       REFUSED_TRANSIENT",
    "552 5.5.3 too many recipients, REFUSED_TRANSIENT",
    "552 5.2.2 mailbox full,        REFUSED_PERMANENT",
    "553 5.5.3 no,                  REFUSED_PERMANENT",
  })
  void probe_552ToRcpt_isForNowUnlessItsStatusSaysAnother(String reply, DeliveryOutcome outcome)
      throws IOException {
    try (SessionFixture mail =
        SessionFixture.with(
            offering()
                .expectOnly(MAIL)
                .send(OK)
                .expectOnly(RCPT_B)
                .send(OK)
                .expectOnly(RCPT_C)
                .send(reply + "\r\n")
                .expectOnly("RSET\r\n")
                .send(OK))) {
      outcomes(probe(mail, DeliveryPhase.RCPT), NOT_SENT, outcome);
      mail.session().noopAsync();
      mail.peer().awaitPlayed();
    }
  }

  @Test
  void send_552ToMail_isForGood() throws IOException {
    try (SessionFixture mail =
        SessionFixture.with(
            offering().expectOnly(MAIL).send("552 no\r\n").expectOnly("NOOP\r\n").send(OK))) {
      outcomes(mail.session().send(TO_B, HELLO), REFUSED_PERMANENT);
      mail.session().noop();
    }
  }

  @Test
  void probe_toTheContent_isAMistakeOfTheCaller() throws IOException {
    try (SessionFixture mail = SessionFixture.with(offering())) {
      assertThatThrownBy(() -> probe(mail, DeliveryPhase.END))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void send_allRefused_resetBeforeTheNextOnly() throws IOException {
    try (SessionFixture mail =
        SessionFixture.with(
            offering(PIPELINING)
                .expectOnly(ENVELOPE)
                .send(OK + NO + "503 no recipients\r\n")
                .expectOnly("NOOP\r\n")
                .send(OK)
                .expectOnly("RSET\r\n" + ENVELOPE)
                .send(OK + OK + OK + GO_AHEAD)
                .expectOnly(HELLO_ON_WIRE + ".\r\n")
                .send(OK))) {
      outcomes(mail.session().send(TO_B, HELLO), REFUSED_PERMANENT);
      mail.session().noop();
      outcomes(mail.session().send(TO_B, HELLO), ACCEPTED);
    }
  }

  @Test
  void send_codeBeyondTheGrammar_refusedByItsFirstDigitAndTheSessionGoesOn() throws IOException {
    Script toTheEnd =
        offering(PIPELINING)
            .expectOnly(ENVELOPE)
            .send(OK + OK + GO_AHEAD)
            .expectOnly(HELLO_ON_WIRE + ".\r\n")
            .send("571 5.7.1 not from you\r\n");
    try (SessionFixture mail =
        SessionFixture.with(toTheEnd.expectOnly("NOOP\r\n").send(OK).discard())) {
      DeliveryReport report = mail.session().send(TO_B, HELLO);
      mail.session().noop();

      outcomes(report, REFUSED_PERMANENT);
      assertThat(report.recipients().get(0).reply().orElseThrow().code()).isEqualTo(571);
    }
  }

  @Test
  void send_allRefusedWithoutPipelining_resetAlone() throws IOException {
    try (SessionFixture mail =
        SessionFixture.with(
            offering()
                .expectOnly(MAIL)
                .send(OK)
                .expectOnly(RCPT_B)
                .send(NO)
                .expectOnly("RSET\r\n")
                .send(OK)
                .expectOnly(MAIL)
                .send(NO)
                .expectOnly(MAIL)
                .send(LATER))) {
      outcomes(mail.session().send(TO_B, HELLO), REFUSED_PERMANENT);
      DeliveryReport second = mail.session().send(TO_B, HELLO);
      phases(second, DeliveryPhase.MAIL);
      outcomes(second, REFUSED_PERMANENT);
      outcomes(mail.session().send(TO_B, HELLO), REFUSED_TRANSIENT);
    }
  }

  @Test
  void send_mailRefused_allRefusedByIt() throws IOException {
    try (SessionFixture mail =
        SessionFixture.with(
            offering(PIPELINING)
                .expectOnly(MAIL + RCPT_B + RCPT_C + DATA)
                .send("451 4.3.0 busy\r\n503 MAIL first\r\n503 MAIL first\r\n503 no\r\n")
                .expectOnly(ENVELOPE)
                .send(OK + OK + GO_AHEAD)
                .expect(HELLO_ON_WIRE + ".\r\n")
                .send(OK))) {
      DeliveryReport report = mail.session().send(TO_B_AND_C, HELLO);

      outcomes(report, REFUSED_TRANSIENT, REFUSED_TRANSIENT);
      phases(report, DeliveryPhase.MAIL, DeliveryPhase.MAIL);
      outcomes(mail.session().send(TO_B, HELLO), ACCEPTED);
    }
  }

  @Test
  void send_mailRefusedButRecipientAccepted_neverADot() throws IOException {
    try (SessionFixture mail =
        SessionFixture.with(
            offering(PIPELINING).expectOnly(ENVELOPE).send(NO + OK + GO_AHEAD).expectClose())) {
      DeliveryReport report = mail.session().send(TO_B, HELLO);

      outcomes(report, NOT_SENT);
      assertThat(report.failure()).containsInstanceOf(PeerMisbehaved.class);
      mail.peer().awaitPlayed();
    }
  }

  @Test
  void send_dataRefused_noContentAndReset() throws IOException {
    try (SessionFixture mail =
        SessionFixture.with(
            offering(PIPELINING)
                .expectOnly(MAIL + RCPT_B + RCPT_C + DATA)
                .send(OK + OK + NO + "451 4.3.0 not now\r\n")
                .expectOnly("RSET\r\n" + ENVELOPE)
                .send(OK + NO + NO + NO))) {
      DeliveryReport report = mail.session().send(TO_B_AND_C, HELLO);

      outcomes(report, REFUSED_TRANSIENT, REFUSED_PERMANENT);
      phases(report, DeliveryPhase.DATA, DeliveryPhase.RCPT);
      assertThat(report.retryable())
          .extracting(Recipient::toString)
          .containsExactly("b@example.net");
      outcomes(mail.session().send(TO_B, HELLO), REFUSED_PERMANENT);
    }
  }

  // The connection breaks.

  private static DeliveryReport broken(Script script) throws IOException {
    return broken(script, SessionFixture.PATIENT);
  }

  private static DeliveryReport broken(Script script, SmtpSessionOptions options)
      throws IOException {
    try (SessionFixture mail = SessionFixture.with(script, options)) {
      DeliveryReport report = mail.session().send(TO_B_AND_C, HELLO);
      assertThat(report.failure()).isPresent();
      assertThat(mail.session().isOpen()).isFalse();
      Throwable later = catchThrowable(() -> mail.session().send(TO_B, HELLO));
      assertThat(later).isSameAs(report.failure().orElseThrow());
      return report;
    }
  }

  private static final Script ASKED =
      offering(PIPELINING).expectOnly(MAIL + RCPT_B + RCPT_C + DATA);

  @Test
  void send_closedBeforeAnyReply_notSent() throws IOException {
    DeliveryReport report = broken(ASKED.close());

    outcomes(report, NOT_SENT, NOT_SENT);
    phases(report, DeliveryPhase.MAIL, DeliveryPhase.MAIL);
    assertThat(report.failure()).containsInstanceOf(PeerClosed.class);
  }

  @Test
  void send_resetBehindOneRefusal_refusedAndNotSent() throws IOException {
    DeliveryReport report = broken(ASKED.send(OK + NO + OK).close());

    outcomes(report, REFUSED_PERMANENT, NOT_SENT);
    phases(report, DeliveryPhase.RCPT, DeliveryPhase.DATA);
  }

  @Test
  void send_closedBehindTheDot_unknown() throws IOException {
    DeliveryReport report =
        broken(ASKED.send(OK + OK + NO + GO_AHEAD).expectOnly(HELLO_ON_WIRE + ".\r\n").close());

    outcomes(report, UNKNOWN, REFUSED_PERMANENT);
    phases(report, DeliveryPhase.END, DeliveryPhase.RCPT);
    assertThat(report.retryable()).isEmpty();
  }

  @Test
  void send_garbageBehindTheDot_unknown() throws IOException {
    DeliveryReport report =
        broken(
            ASKED
                .send(OK + OK + OK + GO_AHEAD)
                .expectOnly(HELLO_ON_WIRE + ".\r\n")
                .send("yes\r\n")
                .expectClose());

    outcomes(report, UNKNOWN, UNKNOWN);
    assertThat(report.failure()).containsInstanceOf(PeerMisbehaved.class);
  }

  @Test
  @Timeout(30)
  void send_noReplyToTheDot_unknownInTime() throws IOException {
    DeliveryReport report =
        broken(
            ASKED.send(OK + OK + OK + GO_AHEAD).expectOnly(HELLO_ON_WIRE + ".\r\n").discard(),
            SessionFixture.PATIENT.withFinalReplyTimeout(SOON));

    outcomes(report, UNKNOWN, UNKNOWN);
    assertThat(report.failure()).containsInstanceOf(LayerTimedOut.class);
  }

  @Test
  @Timeout(60)
  void send_replyThatNeverEnds_bytesDoNotExtendTheTime() throws Exception {
    try (NettyConnector connector = NettyConnector.builder().threads(1).build();
        SpokenServer server = new SpokenServer()) {
      CompletableFuture<SmtpSession> connecting =
          server.connect(connector, SessionFixture.PATIENT.withReplyTimeout(SOON));
      SpokenServer.Client client = server.accept(PIPELINING);
      SmtpSession session = connecting.get();
      CompletableFuture<DeliveryReport> sending = session.sendAsync(TO_B, HELLO);
      client.hear(ENVELOPE);
      client.say("250-");
      int most = SmtpReplyReader.MAX_LINE_BYTES / 2; // The length of the line does not decide.
      int said = client.repeatWhile(() -> !isDoneWithin(sending, DRIP), 'x', most);

      assertThat(said).isLessThan(most);
      outcomes(sending.get(), NOT_SENT);
      assertThat(sending.get().failure()).containsInstanceOf(LayerTimedOut.class);
      assertThat(session.failure()).isEqualTo(sending.get().failure());
      assertThat(session.isOpen()).isFalse();
    }
  }

  private static boolean isDoneWithin(CompletableFuture<?> future, Duration time) {
    try {
      future.get(time.toMillis(), TimeUnit.MILLISECONDS);
      return true;
    } catch (TimeoutException e) {
      return false;
    } catch (ExecutionException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void send_lineThatNeverEnds_notSent() throws IOException {
    DeliveryReport report = broken(ASKED.send("250-").flood("x"));

    outcomes(report, NOT_SENT, NOT_SENT);
    assertThat(report.failure()).containsInstanceOf(PeerMisbehaved.class);
  }

  @Test
  void send_421ToMail_refusedForNow() throws IOException {
    DeliveryReport report = broken(ASKED.send("421 4.3.2 going down\r\n").close());

    outcomes(report, REFUSED_TRANSIENT, REFUSED_TRANSIENT);
    phases(report, DeliveryPhase.MAIL, DeliveryPhase.MAIL);
    assertThat(report.failure()).containsInstanceOf(PeerRefused.class);
  }

  @Test
  void send_421BehindTheDot_refusedForNow() throws IOException {
    DeliveryReport report =
        broken(
            ASKED
                .send(OK + OK + OK + GO_AHEAD)
                .expectOnly(HELLO_ON_WIRE + ".\r\n")
                .send("421 4.3.2 going down\r\n")
                .close());

    outcomes(report, REFUSED_TRANSIENT, REFUSED_TRANSIENT);
    phases(report, DeliveryPhase.END, DeliveryPhase.END);
  }

  @Test
  void sendTwice_closedBehindTheFirstDot_unknownAndNotSent() throws Exception {
    CountDownLatch given = new CountDownLatch(1);
    try (SessionFixture mail =
        SessionFixture.with(
            offering(PIPELINING)
                .expectOnly(ENVELOPE)
                .await(given)
                .send(OK + OK + GO_AHEAD)
                .expectOnly(HELLO_ON_WIRE + ".\r\n" + ENVELOPE)
                .close())) {
      CompletableFuture<DeliveryReport> first = mail.session().sendAsync(TO_B, HELLO);
      CompletableFuture<DeliveryReport> second = mail.session().sendAsync(TO_B, HELLO);
      CompletableFuture<DeliveryReport> third = mail.session().sendAsync(TO_B, HELLO);
      awaitTaken(mail.session());
      given.countDown();

      outcomes(first.join(), UNKNOWN);
      outcomes(second.join(), NOT_SENT);
      phases(second.join(), DeliveryPhase.MAIL);
      outcomes(third.join(), NOT_SENT);
      phases(third.join(), DeliveryPhase.QUEUED);
    }
  }

  // Replies nobody asked for.

  @Test
  void idle_421_sessionIsOverAndSaysWhy() throws IOException {
    try (SessionFixture mail =
        SessionFixture.with(offering().send("421 idle too long\r\n").expectClose())) {
      mail.peer().awaitPlayed();
      assertThatThrownBy(() -> mail.session().send(TO_B, HELLO))
          .isInstanceOf(PeerRefused.class)
          .hasMessageContaining("idle too long");
      assertThat(mail.session().failure()).containsInstanceOf(PeerRefused.class);
    }
  }

  @Test
  void send_repliesPlayedAhead_nothingOfTheContentLeaves() throws IOException {
    DeliveryReport report = broken(ASKED.send(OK + OK + OK + GO_AHEAD + OK).expectClose());

    outcomes(report, NOT_SENT, NOT_SENT);
    assertThat(report.failure()).containsInstanceOf(PeerMisbehaved.class);
  }

  @Test
  void send_halfAReplyBehindTheGoAhead_nothingOfTheContentLeaves() throws IOException {
    DeliveryReport report = broken(ASKED.send(OK + OK + OK + GO_AHEAD + "25").expectClose());

    outcomes(report, NOT_SENT, NOT_SENT);
    assertThat(report.failure()).containsInstanceOf(PeerMisbehaved.class);
  }

  @Test
  void send_extraReplyBehindTheLast_nextCallFails() throws IOException {
    try (SessionFixture mail =
        SessionFixture.with(
            offering(PIPELINING)
                .expectOnly(ENVELOPE)
                .send(OK + OK + GO_AHEAD)
                .expectOnly(HELLO_ON_WIRE + ".\r\n")
                .send(OK + OK)
                .expectClose())) {
      outcomes(mail.session().send(TO_B, HELLO), ACCEPTED);
      mail.peer().awaitPlayed();
      assertThatThrownBy(() -> mail.session().send(TO_B, HELLO)).isInstanceOf(PeerMisbehaved.class);
    }
  }

  @Test
  void send_wrongKindOfReply_misbehaved() throws IOException {
    for (String replies :
        List.of(
            GO_AHEAD,
            OK + GO_AHEAD,
            OK + OK + OK + OK,
            OK + OK + OK + "220 hm\r\n",
            OK + OK + OK + "334 \r\n")) {
      DeliveryReport report = broken(ASKED.send(replies).expectClose());

      outcomes(report, NOT_SENT, NOT_SENT);
      assertThat(report.failure()).containsInstanceOf(PeerMisbehaved.class);
    }
  }

  // BDAT.

  private static final SmtpSessionOptions BDAT =
      SessionFixture.PATIENT.withTransfer(ContentTransfer.BDAT);

  @Test
  void send_bdatAndPipelining_allInOneWrite() throws IOException {
    try (SessionFixture mail =
        SessionFixture.with(
            offering(PIPELINING, "CHUNKING")
                .expectOnly(MAIL + RCPT_B + "BDAT 25 LAST\r\n" + HELLO_ON_WIRE)
                .send(OK + OK + OK)
                .expectOnly(MAIL + RCPT_B + "BDAT 25 LAST\r\n" + HELLO_ON_WIRE)
                .send(OK + NO + "554 no valid recipients\r\n")
                .expect("RSET\r\n") // at once: the next message may be with it or not
                .send(OK)
                .expectOnly(MAIL + RCPT_B + "BDAT 25 LAST\r\n" + HELLO_ON_WIRE)
                .close(),
            BDAT)) {
      outcomes(mail.session().send(TO_B, HELLO), ACCEPTED);
      DeliveryReport second = mail.session().send(TO_B, HELLO);
      outcomes(second, REFUSED_PERMANENT);
      phases(second, DeliveryPhase.RCPT);
      outcomes(mail.session().send(TO_B, HELLO), UNKNOWN);
    }
  }

  @Test
  void send_autoWithoutPipelining_bdatSavesARoundTrip() throws IOException {
    try (SessionFixture mail =
        SessionFixture.with(
            offering("CHUNKING")
                .expectOnly(MAIL)
                .send(OK)
                .expectOnly(RCPT_B)
                .send(OK)
                .expectOnly("BDAT 25 LAST\r\n" + HELLO_ON_WIRE)
                .send(OK))) {
      outcomes(mail.session().send(TO_B, HELLO), ACCEPTED);
    }
  }

  @Test
  void send_firstPieceOfBdatFails_everyRecipientIsNotSentAndTheSessionGoesOn() throws IOException {
    try (SessionFixture mail =
        SessionFixture.with(
            offering(PIPELINING, "CHUNKING").expectOnly("NOOP\r\n").send(OK), BDAT)) {
      MailContent unreadable =
          MailContent.ofStream(
              () -> {
                throw new IOException("the disk is gone");
              });
      DeliveryReport report = mail.session().send(TO_B_AND_C, unreadable);

      outcomes(report, NOT_SENT, NOT_SENT);
      phases(report, DeliveryPhase.QUEUED, DeliveryPhase.QUEUED);
      assertThat(report.isAcceptedForAll()).isFalse();
      assertThat(report.failure().orElseThrow()).hasMessage("the disk is gone");
      mail.session().noop();
      mail.peer().awaitPlayed();
    }
  }

  @Test
  void send_firstPieceOfBdatTurnsOut8Bit_everyRecipientIsRefusedHere() throws IOException {
    try (SessionFixture mail =
        SessionFixture.with(
            offering(PIPELINING, "CHUNKING").expectOnly("NOOP\r\n").send(OK), BDAT)) {
      MailContent content =
          MailContent.ofStream(() -> new ByteArrayInputStream(new byte[] {(byte) 0xe9}));
      DeliveryReport report = mail.session().send(TO_B_AND_C, content);

      outcomes(report, REFUSED_PERMANENT, REFUSED_PERMANENT);
      phases(report, DeliveryPhase.BODY, DeliveryPhase.BODY);
      assertThat(report.isAcceptedForAll()).isFalse();
      mail.session().noop();
      mail.peer().awaitPlayed();
    }
  }

  @Test
  void send_halfAReplyBeforeTheFirstBdat_notSentAndNothingLeaves() throws IOException {
    List<String> told = new CopyOnWriteArrayList<>();
    SmtpObserver observer =
        new SmtpObserver() {
          @Override
          public void command(String line) {
            told.add(line);
          }
        };
    try (SessionFixture mail =
        SessionFixture.with(
            offering(PIPELINING, "CHUNKING").expectOnly("NOOP\r\n").send(OK + "25").expectClose(),
            BDAT.withObserver(observer))) {
      mail.session().noop();
      DeliveryReport report = mail.session().send(TO_B, HELLO);

      outcomes(report, NOT_SENT);
      assertThat(report.failure()).containsInstanceOf(PeerMisbehaved.class);
      assertThat(told).containsExactly("NOOP");
      mail.peer().awaitPlayed();
    }
  }

  @Test
  void send_421ToRcptBehindTheLastChunk_unknownForWhomItMayHave() throws IOException {
    try (SessionFixture mail =
        SessionFixture.with(
            offering(PIPELINING, "CHUNKING")
                .expectOnly(MAIL + RCPT_B + RCPT_C + "BDAT 25 LAST\r\n" + HELLO_ON_WIRE)
                .send(OK + OK + "421 4.3.2 going down\r\n")
                .close(),
            BDAT)) {
      DeliveryReport report = mail.session().send(TO_B_AND_C, HELLO);

      outcomes(report, UNKNOWN, REFUSED_TRANSIENT);
      phases(report, DeliveryPhase.END, DeliveryPhase.RCPT);
      assertThat(report.failure()).containsInstanceOf(PeerRefused.class);
    }
  }

  @Test
  void report_aboutNobody_isNoSuccess() {
    assertThat(new DeliveryReport(List.of(), Optional.empty()).isAcceptedForAll()).isFalse();
  }

  @Test
  void send_emptyContent_bdatOfNothing() throws IOException {
    try (SessionFixture mail =
        SessionFixture.with(
            offering(PIPELINING, "CHUNKING")
                .expectOnly(MAIL + RCPT_B + "BDAT 0 LAST\r\n")
                .send(OK + OK + OK),
            BDAT)) {
      outcomes(mail.session().send(TO_B, MailContent.of("")), ACCEPTED);
    }
  }

  @Test
  void send_largeBdat_chunksAndTheLastOnlyWhenAllAreThere() throws IOException {
    String line = "x".repeat(510) + "\r\n";
    try (SessionFixture mail =
        SessionFixture.with(
            offering(PIPELINING, "CHUNKING")
                .expectOnly(MAIL + RCPT_B)
                .send(OK + OK)
                .expect("BDAT 1024\r\n" + line + line)
                .expectOnly("BDAT 1024\r\n" + line + line)
                .send(OK + OK)
                .expectOnly("BDAT 512 LAST\r\n" + line)
                .send(OK),
            BDAT.withChunkSize(1024))) {
      outcomes(mail.session().send(TO_B, MailContent.of(line.repeat(5))), ACCEPTED);
    }
  }

  @Test
  void send_chunkRefused_noMoreChunksAndReset() throws IOException {
    String line = "x".repeat(510) + "\r\n";
    try (SessionFixture mail =
        SessionFixture.with(
            offering("CHUNKING")
                .expectOnly(MAIL)
                .send(OK)
                .expectOnly(RCPT_B)
                .send(OK)
                .expectOnly("BDAT 1024\r\n" + line + line)
                .send("452 4.3.1 full\r\n")
                .expectOnly("RSET\r\n")
                .send(OK),
            BDAT.withChunkSize(1024))) {
      DeliveryReport report = mail.session().send(TO_B, MailContent.of(line.repeat(5)));

      outcomes(report, REFUSED_TRANSIENT);
      phases(report, DeliveryPhase.CONTENT);
      mail.peer().awaitPlayed();
    }
  }

  // LMTP.

  @Test
  void send_lmtp_oneReplyForEachAcceptedRecipient() throws IOException {
    try (SessionFixture mail =
        SessionFixture.lmtp(
            lmtpOffering(PIPELINING)
                .expectOnly(MAIL + RCPT_B + RCPT_C + "RCPT TO:<d@example.net>\r\n" + DATA)
                .send(OK + OK + NO + OK + GO_AHEAD)
                .expectOnly(HELLO_ON_WIRE + ".\r\n")
                .send(OK + LATER)
                .expectOnly(MAIL + RCPT_B + RCPT_C + DATA)
                .send(OK + OK + OK + GO_AHEAD)
                .expect(HELLO_ON_WIRE + ".\r\n")
                .send(OK)
                .close())) {
      DeliveryReport report =
          mail.session()
              .send(
                  Envelope.of("a@example.org", "b@example.net", "c@example.net", "d@example.net"),
                  HELLO);
      outcomes(report, ACCEPTED, REFUSED_PERMANENT, REFUSED_TRANSIENT);

      outcomes(mail.session().send(TO_B_AND_C, HELLO), ACCEPTED, UNKNOWN);
    }
  }

  @Test
  void send_lmtp421BetweenTheFinalReplies_forThatOneAndTheRestIsUnknown() throws IOException {
    try (SessionFixture mail =
        SessionFixture.lmtp(
            lmtpOffering(PIPELINING)
                .expectOnly(MAIL + RCPT_B + RCPT_C + "RCPT TO:<d@example.net>\r\n" + DATA)
                .send(OK + OK + OK + OK + GO_AHEAD)
                .expectOnly(HELLO_ON_WIRE + ".\r\n")
                .send(OK + "421 4.3.2 going down\r\n")
                .close())) {
      DeliveryReport report =
          mail.session()
              .send(
                  Envelope.of("a@example.org", "b@example.net", "c@example.net", "d@example.net"),
                  HELLO);

      outcomes(report, ACCEPTED, REFUSED_TRANSIENT, UNKNOWN);
    }
  }

  @Test
  void send_lmtpAndBdat_oneReplyForEachBehindTheLastChunk() throws IOException {
    try (SessionFixture mail =
        SessionFixture.lmtp(
            lmtpOffering("CHUNKING")
                .expectOnly(MAIL)
                .send(OK)
                .expectOnly(RCPT_B)
                .send(OK)
                .expectOnly(RCPT_C)
                .send(OK)
                .expectOnly("BDAT 25 LAST\r\n" + HELLO_ON_WIRE)
                .send(OK + LATER)
                .expect("RSET\r\n")
                .send(OK)
                .expectOnly("NOOP\r\n")
                .send(OK))) {
      outcomes(mail.session().send(TO_B_AND_C, HELLO), ACCEPTED, REFUSED_TRANSIENT);
      mail.session().noop();
      mail.peer().awaitPlayed();
    }
  }

  // What is decided here.

  @Test
  void send_overTheSizeLimit_refusedHereAndNothingSent() throws IOException {
    try (SessionFixture mail =
        SessionFixture.with(
            offering("SIZE 24").expectOnly("QUIT\r\n").send("221 bye\r\n").expectClose())) {
      DeliveryReport report = mail.session().send(TO_B, HELLO);

      outcomes(report, REFUSED_PERMANENT);
      phases(report, DeliveryPhase.SIZE);
      assertThat(report.recipients().get(0).explanation()).contains("25 bytes", "at most 24");
      mail.session().quit();
      mail.peer().awaitPlayed();
    }
  }

  @Test
  void send_parameters_asOffered() throws IOException {
    Recipient to =
        Recipient.of(Mailbox.parse("b@example.net"))
            .withNotify(Recipient.Notify.FAILURE, Recipient.Notify.SUCCESS)
            .withOriginalRecipient(Mailbox.parse("b+c@example.net"));
    Envelope envelope =
        Envelope.builder()
            .from(Mailbox.parse("a@example.org"))
            .to(to)
            .returned(Envelope.Returned.HDRS)
            .envelopeId("id=1")
            .build();
    MailContent content = MailContent.of("gr\u00fc\u00dfe\n");
    try (SessionFixture mail =
        SessionFixture.with(
            offering("SIZE", "8BITMIME", "DSN")
                .expectOnly(
                    "MAIL FROM:<a@example.org> SIZE=9 BODY=8BITMIME RET=HDRS ENVID=id+3D1\r\n")
                .send(OK)
                .expectOnly(
                    "RCPT TO:<b@example.net> NOTIFY=SUCCESS,FAILURE"
                        + " ORCPT=rfc822;b+2Bc@example.net\r\n")
                .send(NO))) {
      outcomes(mail.session().send(envelope, content), REFUSED_PERMANENT);
    }
    try (SessionFixture mail =
        SessionFixture.with(offering().expectOnly(MAIL).send(NO).discard())) {
      outcomes(mail.session().send(envelope, HELLO), REFUSED_PERMANENT);
      DeliveryReport eightBit = mail.session().send(envelope, content);
      phases(eightBit, DeliveryPhase.BODY);
    }
  }

  @Test
  void send_mailboxBeyondAscii_onlyWithSmtpUtf8AndTheDomainAnyway() throws IOException {
    Envelope envelope =
        Envelope.of("a@example.org", "j\u00fcrgen@example.net", "b@b\u00fccher.example");
    try (SessionFixture mail =
        SessionFixture.with(
            offering(PIPELINING)
                .expectOnly(MAIL + "RCPT TO:<b@xn--bcher-kva.example>\r\n" + DATA)
                .send(OK + NO + NO))) {
      DeliveryReport report = mail.session().send(envelope, HELLO);
      phases(report, DeliveryPhase.SMTPUTF8, DeliveryPhase.RCPT);
    }
    try (SessionFixture mail =
        SessionFixture.with(
            offering(PIPELINING, "SMTPUTF8", "8BITMIME")
                .expectOnly(
                    "MAIL FROM:<a@example.org> SMTPUTF8\r\n"
                        + "RCPT TO:<j\u00fcrgen@example.net>\r\n"
                        + "RCPT TO:<b@xn--bcher-kva.example>\r\n"
                        + DATA)
                .send(OK + OK + NO + NO))) {
      outcomes(mail.session().send(envelope, HELLO), REFUSED_PERMANENT, REFUSED_PERMANENT);
    }
  }

  @Test
  void send_requireTlsInPlaintext_refusedHere() throws IOException {
    Envelope envelope = Envelope.builder().to(Mailbox.parse("b@example.net")).requireTls().build();
    try (SessionFixture mail = SessionFixture.with(offering("REQUIRETLS").discard())) {
      phases(mail.session().send(envelope, HELLO), DeliveryPhase.REQUIRETLS);
    }
  }

  // Contents.

  @Test
  void send_smugglingInTheContent_oneMessage() throws IOException {
    String content = "x\r\n.\nMAIL FROM:<evil@example.org>\n.\r\nRCPT TO:<evil>\r.\rDATA\r\n.\r\n";
    List<String> onWire =
        List.of(
            "x",
            "..",
            "MAIL FROM:<evil@example.org>",
            "..",
            "RCPT TO:<evil>",
            "..",
            "DATA",
            "..",
            ".");
    try (SessionFixture mail =
        SessionFixture.with(
            offering(PIPELINING)
                .expectOnly(ENVELOPE)
                .send(OK + OK + GO_AHEAD)
                .expectOnly(String.join("\r\n", onWire) + "\r\n")
                .send(OK))) {
      outcomes(mail.session().send(TO_B, MailContent.of(content)), ACCEPTED);
    }
  }

  /** Fails instead of ending. */
  private static final class FailingStream extends InputStream {
    private int left;
    private boolean closed;

    FailingStream(int left) {
      this.left = left;
    }

    @Override
    public int read() throws IOException {
      throw new IOException("not byte by byte");
    }

    @Override
    public int read(byte[] to, int offset, int length) throws IOException {
      if (left == 0) {
        throw new IOException("the disk is gone");
      }
      int count = Math.min(left, length);
      Arrays.fill(to, offset, offset + count, (byte) 'x');
      left -= count;
      return count;
    }

    @Override
    public synchronized void close() {
      closed = true;
      notifyAll();
    }

    synchronized void awaitClosed() throws InterruptedException {
      while (!closed) {
        wait();
      }
    }
  }

  @Test
  void send_contentFailsInTheMiddle_neverADot() throws Exception {
    CountDownLatch given = new CountDownLatch(1);
    FailingStream stream = new FailingStream(200_000);
    try (SessionFixture mail =
        SessionFixture.with(
            offering(PIPELINING)
                .expectOnly(ENVELOPE)
                .await(given)
                .send(OK + OK + GO_AHEAD)
                .expect("x".repeat(65_536))
                .discard())) {
      CompletableFuture<DeliveryReport> first =
          mail.session().sendAsync(TO_B, MailContent.ofStream(stream));
      CompletableFuture<DeliveryReport> second = mail.session().sendAsync(TO_B, HELLO);
      awaitTaken(mail.session());
      given.countDown();

      outcomes(first.join(), NOT_SENT);
      phases(first.join(), DeliveryPhase.CONTENT);
      assertThat(first.join().failure().orElseThrow()).hasMessage("the disk is gone");
      outcomes(second.join(), NOT_SENT);
      assertThatThrownBy(() -> mail.session().send(TO_B, HELLO))
          .isInstanceOf(ClosedChannelException.class)
          .hasRootCauseMessage("the disk is gone");
      assertThat(mail.session().failure()).isEmpty();
      stream.awaitClosed();
      mail.peer().awaitPlayed();
    }
  }

  /** Can be read once, and tells when it is closed. */
  private static final class OnceStream extends ByteArrayInputStream {
    private final CountDownLatch closed = new CountDownLatch(1);

    OnceStream() {
      super(new byte[] {'x'});
    }

    @Override
    public void close() {
      closed.countDown();
    }
  }

  @Test
  @Timeout(20)
  void send_streamThatIsNeverRead_closedAtTheEndWhateverItIs() throws Exception {
    for (Script server :
        List.of(
            offering().expectOnly(MAIL).send(OK).expectOnly(RCPT_B).send(NO).discard(),
            offering(PIPELINING).expectOnly(ENVELOPE).send(OK + NO + NO).discard(),
            offering(PIPELINING).expectOnly(ENVELOPE).send(OK + OK + NO).discard(),
            offering(PIPELINING).expectOnly(ENVELOPE).send(OK + OK).close(),
            offering("SIZE 1").discard())) {
      OnceStream once = new OnceStream();
      try (SessionFixture mail = SessionFixture.with(server)) {
        MailContent content = MailContent.ofStream(once).withSize(3);
        DeliveryReport report = mail.session().send(TO_B, content);

        assertThat(report.isAcceptedForAll()).isFalse();
        once.closed.await();
        assertThatThrownBy(() -> mail.session().send(TO_B, content))
            .isInstanceOf(IllegalStateException.class);
      }
    }
  }

  @Test
  @Timeout(20)
  void send_streamOnASessionThatIsOverOrCancelled_closed() throws Exception {
    OnceStream cancelled = new OnceStream();
    OnceStream tooLate = new OnceStream();
    try (SessionFixture mail = SessionFixture.with(offering().expectOnly(MAIL).discard())) {
      mail.session().sendAsync(TO_B, HELLO);
      mail.session().sendAsync(TO_B, MailContent.ofStream(cancelled)).cancel(false);
      cancelled.closed.await();
      mail.session().closeAsync().join();

      assertThatThrownBy(() -> mail.session().send(TO_B, MailContent.ofStream(tooLate)))
          .isInstanceOf(ClosedChannelException.class);
      tooLate.closed.await();
    }
  }

  @Test
  void send_streamAndItsCopyWithASize_readOnceInAll() throws IOException {
    try (SessionFixture mail =
        SessionFixture.with(
            offering(PIPELINING)
                .expectOnly(ENVELOPE)
                .send(OK + OK + GO_AHEAD)
                .expectOnly("x\r\n.\r\n")
                .send(OK)
                .discard())) {
      MailContent once = MailContent.ofStream(new OnceStream());
      outcomes(mail.session().send(TO_B, once), ACCEPTED);

      assertThatThrownBy(() -> mail.session().send(TO_B, once.withSize(3)))
          .isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void send_streamByBdatAndPipelining_notReadBeforeTheEnvelopeIsAnswered() throws IOException {
    try (SessionFixture mail =
        SessionFixture.with(
            offering(PIPELINING, "CHUNKING")
                .expectOnly(MAIL + RCPT_B)
                .send(OK + LATER)
                .expect("RSET\r\n")
                .send(OK)
                .expectOnly(MAIL + RCPT_B)
                .send(OK + OK)
                .expectOnly("BDAT 3 LAST\r\nx\r\n")
                .send(OK),
            BDAT)) {
      DeliveryReport refused =
          mail.session().send(TO_B, MailContent.ofStream(new FailingStream(0)));
      outcomes(refused, REFUSED_TRANSIENT);
      phases(refused, DeliveryPhase.RCPT);

      outcomes(mail.session().send(TO_B, MailContent.ofStream(new OnceStream())), ACCEPTED);
    }
  }

  @Test
  void send_contentShorterThanItsSize_neverADot(@TempDir Path folder) throws IOException {
    Path file = Files.writeString(folder.resolve("mail"), "Subject: hello\n\nhello\n");
    MailContent cut = MailContent.of(file);
    Files.writeString(file, "Subject: hello\n");
    MailContent wrong = MailContent.ofStream(() -> new ByteArrayInputStream(new byte[24]));
    for (MailContent content : List.of(cut, wrong.withSize(27))) {
      try (SessionFixture mail =
          SessionFixture.with(
              offering(PIPELINING).expectOnly(ENVELOPE).send(OK + OK + GO_AHEAD).expectClose())) {
        DeliveryReport report = mail.session().send(TO_B, content);

        outcomes(report, NOT_SENT);
        assertThat(report.failure().orElseThrow()).hasMessageContaining("bytes, got");
        mail.peer().awaitPlayed();
      }
    }
  }

  @Test
  void send_contentOfItsSizeAndDots_accepted() throws IOException {
    byte[] dots = ".\n.\n.\n".getBytes(StandardCharsets.US_ASCII);
    try (SessionFixture mail =
        SessionFixture.with(
            offering(PIPELINING)
                .expectOnly(ENVELOPE)
                .send(OK + OK + GO_AHEAD)
                .expectOnly("..\r\n..\r\n..\r\n.\r\n")
                .send(OK))) {
      MailContent content = MailContent.ofStream(() -> new ByteArrayInputStream(dots));
      outcomes(mail.session().send(TO_B, content.withSize(9)), ACCEPTED);
    }
  }

  @Test
  @Timeout(20)
  void send_contentThrowsAnError_reported() throws IOException {
    MailContent content =
        MailContent.ofStream(
            () -> {
              throw new AssertionError("not an exception");
            });
    try (SessionFixture mail =
        SessionFixture.with(
            offering(PIPELINING).expectOnly(ENVELOPE).send(OK + OK + GO_AHEAD).expectClose())) {
      DeliveryReport report = mail.session().send(TO_B, content);

      outcomes(report, NOT_SENT);
      assertThat(report.failure().orElseThrow())
          .isInstanceOf(IOException.class)
          .hasCauseInstanceOf(AssertionError.class);
    }
  }

  @Test
  @Timeout(20)
  void send_streamThatReadsNothingAtATime_goesOnByteByByte() throws IOException {
    InputStream lazy =
        new FilterInputStream(new ByteArrayInputStream(new byte[] {'x', 'y'})) {
          @Override
          public int read(byte[] to, int offset, int length) {
            return 0;
          }
        };
    try (SessionFixture mail =
        SessionFixture.with(
            offering(PIPELINING)
                .expectOnly(ENVELOPE)
                .send(OK + OK + GO_AHEAD)
                .expectOnly("xy\r\n.\r\n")
                .send(OK))) {
      outcomes(mail.session().send(TO_B, MailContent.ofStream(lazy)), ACCEPTED);
    }
  }

  @Test
  void send_contentFailsInTheMiddleOfBdat_resetAndTheSessionGoesOn() throws IOException {
    try (SessionFixture mail =
        SessionFixture.with(
            offering(PIPELINING, "CHUNKING")
                .expectOnly(MAIL + RCPT_B)
                .send(OK + OK)
                .expect("BDAT 1024\r\n" + "x".repeat(1024))
                .send(OK)
                .expect("BDAT 1024\r\n" + "x".repeat(1024))
                .send(OK)
                .expect("RSET\r\n")
                .send(OK)
                .expectOnly("NOOP\r\n")
                .send(OK),
            BDAT.withChunkSize(1024))) {
      // Its reader fails where it would fill its second buffer.
      DeliveryReport report =
          mail.session().send(TO_B, MailContent.ofStream(new FailingInPieces(3)));

      outcomes(report, NOT_SENT);
      mail.session().noop();
      mail.peer().awaitPlayed();
    }
  }

  /** Gives 1024 bytes at a time, and fails instead of the last time. */
  private static final class FailingInPieces extends InputStream {
    private int pieces;

    FailingInPieces(int pieces) {
      this.pieces = pieces;
    }

    @Override
    public int read() throws IOException {
      throw new IOException("pieces only");
    }

    @Override
    public int read(byte[] to, int offset, int length) throws IOException {
      if (--pieces == 0) {
        throw new IOException("the disk is gone");
      }
      Arrays.fill(to, offset, offset + 1024, (byte) 'x');
      return 1024;
    }
  }

  @Test
  void send_unknownContentTurnsOut8Bit_refusedWhereNotOffered() throws IOException {
    try (SessionFixture mail =
        SessionFixture.with(
            offering(PIPELINING).expectOnly(ENVELOPE).send(OK + OK + GO_AHEAD).expectClose())) {
      MailContent content =
          MailContent.ofStream(new ByteArrayInputStream(new byte[] {(byte) 0xe9}));
      DeliveryReport report = mail.session().send(TO_B, content);

      outcomes(report, REFUSED_PERMANENT);
      phases(report, DeliveryPhase.BODY);
      mail.peer().awaitPlayed();
      assertThatThrownBy(() -> mail.session().send(TO_B, content))
          .isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  @Timeout(30)
  void send_peerThatDoesNotRead_contentIsReadNoFurther() throws Exception {
    CountDownLatch stopped = new CountDownLatch(1);
    InputStream endless =
        new InputStream() {
          private long read;

          @Override
          public int read() {
            return 'x';
          }

          @Override
          public int read(byte[] to, int offset, int length) {
            read += length;
            assertThat(read).isLessThan(32L << 20);
            return length;
          }

          @Override
          public void close() {
            stopped.countDown();
          }
        };
    try (SessionFixture mail =
        SessionFixture.with(
            offering(PIPELINING).expectOnly(ENVELOPE).send(OK + OK + GO_AHEAD).stall(),
            SessionFixture.PATIENT.withWriteTimeout(SOON))) {
      DeliveryReport report = mail.session().send(TO_B, MailContent.ofStream(endless));

      outcomes(report, NOT_SENT);
      phases(report, DeliveryPhase.CONTENT);
      assertThat(report.failure()).containsInstanceOf(LayerTimedOut.class);
      stopped.await();
    }
  }

  @Test
  void send_errorInTheMiddleOfTheContent_refusedByIt() throws Exception {
    CountDownLatch reported = new CountDownLatch(1);
    InputStream waiting =
        new InputStream() {
          private boolean second;

          @Override
          public int read() {
            return 'x';
          }

          @Override
          public int read(byte[] to, int offset, int length) throws IOException {
            if (second) {
              await(reported);
            }
            second = true;
            Arrays.fill(to, offset, offset + length, (byte) 'x');
            return length;
          }
        };
    try (SessionFixture mail =
        SessionFixture.with(
            offering(PIPELINING)
                .expectOnly(ENVELOPE)
                .send(OK + OK + GO_AHEAD)
                .expect("x".repeat(65_536))
                .send("552 5.3.4 too large\r\n")
                .discard())) {
      DeliveryReport report = mail.session().send(TO_B, MailContent.ofStream(waiting));
      reported.countDown();

      outcomes(report, REFUSED_PERMANENT);
      phases(report, DeliveryPhase.CONTENT);
      assertThat(report.failure()).containsInstanceOf(PeerRefused.class);
      mail.peer().awaitPlayed();
    }
  }

  private static void await(CountDownLatch latch) throws IOException {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }

  // Time, cancellation, the end.

  @Test
  void send_limitPassesInTheQueue_onlyThatMessageIsNotSent() throws IOException {
    try (SessionFixture mail = SessionFixture.with(offering().expectOnly(MAIL).discard())) {
      CompletableFuture<DeliveryReport> first = mail.session().sendAsync(TO_B, HELLO);
      DeliveryReport second = mail.session().send(TO_B, HELLO, Duration.ofMillis(50));

      outcomes(second, NOT_SENT);
      phases(second, DeliveryPhase.QUEUED);
      assertThat(second.failure()).containsInstanceOf(LayerTimedOut.class);
      assertThat(first).isNotDone();
      assertThat(mail.session().isOpen()).isTrue();
    }
  }

  @Test
  void send_limitPassesUnderWay_sessionIsOver() throws IOException {
    try (SessionFixture mail = SessionFixture.with(offering().expectOnly(MAIL).expectClose())) {
      DeliveryReport report = mail.session().send(TO_B, HELLO, Duration.ofMillis(50));

      outcomes(report, NOT_SENT);
      phases(report, DeliveryPhase.MAIL);
      assertThat(mail.session().failure()).containsInstanceOf(LayerTimedOut.class);
      mail.peer().awaitPlayed();
    }
  }

  @Test
  @Timeout(60)
  void send_limitPassesBehindAMessageWithoutItsAnswer_thatOneGetsItsAnswer() throws Exception {
    try (NettyConnector connector = NettyConnector.builder().threads(1).build();
        SpokenServer server = new SpokenServer()) {
      CompletableFuture<SmtpSession> connecting = server.connect(connector, SessionFixture.PATIENT);
      SpokenServer.Client client = server.accept(PIPELINING);
      SmtpSession session = connecting.get();
      CompletableFuture<DeliveryReport> first = session.sendAsync(TO_B, HELLO);
      client.hear(ENVELOPE);
      CompletableFuture<DeliveryReport> second =
          session.sendAsync(TO_B, HELLO, Duration.ofSeconds(10));
      CompletableFuture<DeliveryReport> third = session.sendAsync(TO_B, HELLO);
      awaitTaken(session);
      client.say(OK + OK + GO_AHEAD);
      client.hear(HELLO_ON_WIRE + ".\r\n" + ENVELOPE);

      outcomes(second.get(), NOT_SENT);
      assertThat(second.get().failure()).containsInstanceOf(LayerTimedOut.class);
      assertThat(first).isNotDone();
      assertThat(session.isOpen()).isFalse();
      client.say(OK + OK + OK + GO_AHEAD);
      client.hearClose();
      outcomes(first.get(), ACCEPTED);
      outcomes(third.get(), NOT_SENT);
      assertThat(session.failure()).containsInstanceOf(LayerTimedOut.class);
    }
  }

  @Test
  @Timeout(20)
  void cancel_behindAMessageWithoutItsAnswer_thatOneGetsItsAnswer() throws Exception {
    try (NettyConnector connector = NettyConnector.builder().threads(1).build();
        SpokenServer server = new SpokenServer()) {
      CompletableFuture<SmtpSession> connecting = server.connect(connector, SessionFixture.PATIENT);
      SpokenServer.Client client = server.accept(PIPELINING);
      SmtpSession session = connecting.get();
      CompletableFuture<DeliveryReport> first = session.sendAsync(TO_B, HELLO);
      client.hear(ENVELOPE);
      CompletableFuture<DeliveryReport> second = session.sendAsync(TO_B, HELLO);
      awaitTaken(session);
      client.say(OK + OK + GO_AHEAD);
      client.hear(HELLO_ON_WIRE + ".\r\n" + ENVELOPE);

      second.cancel(false);
      assertThatThrownBy(() -> session.noopAsync().get())
          .hasCauseInstanceOf(ClosedChannelException.class);
      assertThat(first).isNotDone();
      client.say(OK);
      client.hearClose();
      outcomes(first.get(), ACCEPTED);
      assertThat(session.failure()).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void givenUp_inTheQueue_neverSent(boolean byTime) throws Exception {
    try (SessionFixture mail = SessionFixture.with(offering().expectOnly(MAIL).expectClose())) {
      CompletableFuture<DeliveryReport> first = mail.session().sendAsync(TO_B, HELLO);
      awaitTaken(mail.session());
      CompletableFuture<DeliveryReport> second = mail.session().sendAsync(TO_B, HELLO);
      SessionFixture.giveUp(second, byTime);
      assertThat(mail.session().isOpen()).isTrue();
      SessionFixture.giveUp(first, byTime);

      mail.peer().awaitPlayed();
      assertThatThrownBy(() -> mail.session().send(TO_B, HELLO))
          .isInstanceOf(ClosedChannelException.class);
    }
  }

  @Test
  @Timeout(20)
  void cancel_beforeTheEventLoopHeardOfIt_neverSent() throws Exception {
    CountDownLatch given = new CountDownLatch(1);
    CountDownLatch held = new CountDownLatch(1);
    CompletableFuture<Void> cancelled = new CompletableFuture<>();
    try (SessionFixture mail =
        SessionFixture.with(
            offering()
                .expectOnly("NOOP\r\n")
                .await(given) // Or the dependent would run on this thread.
                .send("250 ok\r\n")
                .expectOnly("QUIT\r\n")
                .send("221 bye\r\n")
                .expectClose())) {
      mail.session()
          .noopAsync()
          .thenRun(
              () -> {
                held.countDown();
                cancelled.join();
              });
      given.countDown();
      held.await();
      mail.session().sendAsync(TO_B, HELLO).cancel(false);
      cancelled.complete(null);
      mail.session().quit();

      mail.peer().awaitPlayed();
    }
  }

  @Test
  void quit_serverSaysNothing_goneInTime() throws IOException {
    try (SessionFixture mail =
        SessionFixture.with(
            offering().expectOnly("QUIT\r\n").expectClose(),
            SessionFixture.PATIENT.withGoodbyeTimeout(Duration.ofMillis(100)))) {
      mail.session().quit();

      assertThat(mail.session().failure()).isEmpty();
      mail.session().quit();
      assertThatThrownBy(() -> mail.session().noop()).isInstanceOf(ClosedChannelException.class);
      mail.peer().awaitPlayed();
    }
  }

  @Test
  void close_messageUnderWay_notSent() throws IOException {
    try (SessionFixture mail = SessionFixture.with(offering().expectOnly(MAIL).expectClose())) {
      CompletableFuture<DeliveryReport> report = mail.session().sendAsync(TO_B, HELLO);
      mail.session().closeAsync().join();

      outcomes(report.join(), NOT_SENT);
      assertThat(report.join().failure()).containsInstanceOf(ClosedChannelException.class);
    }
  }

  @Test
  void observer_dialogue_commandsRepliesAndCounts() throws IOException {
    List<String> told = new CopyOnWriteArrayList<>();
    SmtpObserver observer =
        new SmtpObserver() {
          @Override
          public void command(String line) {
            told.add("C: " + line);
          }

          @Override
          public void content(long bytes) {
            told.add("C: " + bytes + " bytes");
          }

          @Override
          public void reply(SmtpReply reply) {
            told.add("S: " + reply);
            throw new AssertionError("logged, and no more");
          }
        };
    try (SessionFixture mail =
        SessionFixture.with(
            offering(PIPELINING)
                .expectOnly(ENVELOPE)
                .send(OK + OK + GO_AHEAD)
                .expectOnly(HELLO_ON_WIRE + ".\r\n")
                .send(OK),
            SessionFixture.PATIENT.withObserver(observer))) {
      mail.session().send(TO_B, HELLO);

      assertThat(told)
          .containsExactly(
              "C: MAIL FROM:<a@example.org>",
              "C: RCPT TO:<b@example.net>",
              "C: DATA",
              "S: 250 2.0.0 ok",
              "S: 250 2.0.0 ok",
              "S: 354 go ahead",
              "C: 25 bytes",
              "S: 250 2.0.0 ok");
    }
  }
}
