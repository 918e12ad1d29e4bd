package io.upgradeable.smtp;

import static io.upgradeable.smtp.SessionFixture.offering;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.upgradeable.Connection;
import io.upgradeable.Layer;
import io.upgradeable.LayerStack;
import io.upgradeable.UpgradeException.PeerMisbehaved;
import io.upgradeable.UpgradeException.PeerRefused;
import io.upgradeable.netty.NettyConnector;
import io.upgradeable.sasl.SaslCredentials;
import io.upgradeable.sasl.SaslMechanism;
import io.upgradeable.sasl.SaslPreference;
import io.upgradeable.sasl.Secret;
import io.upgradeable.testkit.Script;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** AUTH with scripted servers. */
class SmtpAuthenticationTest {

  private static final SaslPreference PLAIN = SaslPreference.only(SaslMechanism.PLAIN);
  private static final SaslPreference LOGIN = SaslPreference.only(SaslMechanism.LOGIN);
  private static final String PLAIN_RESPONSE = base64("\0user\0password");
  private static final String DONE = "235 2.7.0 welcome\r\n";

  private final List<String> told = new CopyOnWriteArrayList<>();

  private final SmtpSessionOptions options =
      SessionFixture.PATIENT
          .withInsecureAuthInPlaintext()
          .withObserver(
              new SmtpObserver() {
                @Override
                public void command(String line) {
                  told.add(line);
                }

                @Override
                public void reply(SmtpReply reply) {
                  told.add(reply.toString());
                }
              });

  private static SaslCredentials credentials() {
    return SaslCredentials.password("user", new Secret("password".toCharArray()));
  }

  private static String base64(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void authenticate_inPlaintext_callersMistakeAndNothingSent() throws IOException {
    try (SessionFixture mail =
        SessionFixture.with(offering("AUTH PLAIN").expectOnly("NOOP\r\n").send("250 ok\r\n"))) {
      assertThatThrownBy(
              () ->
                  mail.session()
                      .authenticate(credentials(), PLAIN.exposingSecretsWithoutVerifiedTls()))
          .isInstanceOf(IllegalStateException.class);
      mail.session().noop();
      mail.peer().awaitPlayed();
    }
  }

  @Test
  void authenticate_plain_withInitialResponseOnce() throws IOException {
    try (SessionFixture mail =
        SessionFixture.with(
            offering("AUTH LOGIN PLAIN")
                .expectOnly("AUTH PLAIN " + PLAIN_RESPONSE + "\r\n")
                .send(DONE)
                .discard(),
            options)) {
      assertThat(mail.session().authenticate(credentials(), PLAIN)).isEqualTo(SaslMechanism.PLAIN);
      assertThatThrownBy(() -> mail.session().authenticate(credentials(), PLAIN))
          .isInstanceOf(IllegalStateException.class);
      assertThat(told).containsExactly("AUTH PLAIN <redacted>", "235 2.7.0 welcome");
    }
  }

  @Test
  void authenticate_login_challengesAnswered() throws IOException {
    try (SessionFixture mail =
        SessionFixture.with(
            offering("AUTH LOGIN")
                .expectOnly("AUTH LOGIN\r\n")
                .send("334 VXNlcm5hbWU6\r\n")
                .expectOnly(base64("user") + "\r\n")
                .send("334 UGFzc3dvcmQ6\r\n")
                .expectOnly(base64("password") + "\r\n")
                .send(DONE),
            options)) {
      mail.session().authenticate(credentials(), LOGIN);

      assertThat(told)
          .containsExactly(
              "AUTH LOGIN",
              "334 <redacted>",
              "<redacted>",
              "334 <redacted>",
              "<redacted>",
              "235 2.7.0 welcome");
    }
  }

  /** A byte in the segment of a challenge, for every mechanism that answers one. */
  @Test
  void authenticate_byteBehindTheChallenge_failureWithoutTheSecret() throws IOException {
    String longPassword = "x".repeat(600);
    record Case(SaslPreference mechanism, String offered, SaslCredentials who, Script server) {}
    Secret secret = new Secret("password".toCharArray());
    List<Case> cases =
        List.of(
            new Case(
                LOGIN,
                "LOGIN",
                credentials(),
                Script.start()
                    .expectOnly("AUTH LOGIN\r\n")
                    .send("334 VXNlcm5hbWU6\r\n")
                    .expectOnly(base64("user") + "\r\n")
                    .send("334 UGFzc3dvcmQ6\r\n2")),
            new Case(
                PLAIN,
                "PLAIN",
                SaslCredentials.password("user", new Secret(longPassword.toCharArray())),
                Script.start().expectOnly("AUTH PLAIN\r\n").send("334 \r\n2")),
            new Case(
                SaslPreference.only(SaslMechanism.CRAM_MD5),
                "CRAM-MD5",
                credentials(),
                Script.start()
                    .expectOnly("AUTH CRAM-MD5\r\n")
                    .send("334 " + base64("<1@example.net>") + "\r\n2")),
            new Case(
                SaslPreference.only(SaslMechanism.XOAUTH2),
                "XOAUTH2",
                SaslCredentials.token("user", secret),
                Script.start()
                    .expect("AUTH XOAUTH2 ")
                    .send("334 " + base64("{\"status\":\"401\"}") + "\r\n2")));
    for (Case each : cases) {
      try (SessionFixture mail =
          SessionFixture.with(
              offering("AUTH " + each.offered()).then(each.server()).discard(), options)) {
        Throwable failure =
            catchThrowable(() -> mail.session().authenticate(each.who(), each.mechanism()));

        assertThat(failure)
            .as(each.offered())
            .isInstanceOf(PeerMisbehaved.class)
            .hasMessageContaining("nothing before <redacted>");
        assertThat(told.toString() + failure)
            .doesNotContain(base64("password"))
            .doesNotContain(base64("\0user\0" + longPassword).substring(0, 40));
      }
    }
  }

  @Test
  void authenticate_refused_sessionGoesOnAndNoEchoIsShown() throws IOException {
    try (SessionFixture mail =
        SessionFixture.with(
            offering("AUTH PLAIN")
                .expectOnly("AUTH PLAIN " + PLAIN_RESPONSE + "\r\n")
                .send("535 5.7.8 bad: AUTH PLAIN " + PLAIN_RESPONSE.substring(0, 12) + "\r\n")
                .expectOnly("AUTH PLAIN " + PLAIN_RESPONSE + "\r\n")
                .send("421 too many: " + PLAIN_RESPONSE + "\r\n"),
            options)) {
      PeerRefused refused =
          catchThrowableOfType(
              PeerRefused.class, () -> mail.session().authenticate(credentials(), PLAIN));
      Throwable second = catchThrowable(() -> mail.session().authenticate(credentials(), PLAIN));

      assertThat(refused.code()).isEqualTo("535");
      assertThat(refused).hasMessageContaining("bad: AUTH PLAIN <redacted>");
      assertThat(second).isInstanceOf(PeerRefused.class).hasMessageContaining("too many");
      for (String text : List.of(refused.toString(), second.toString(), told.toString())) {
        assertThat(text).doesNotContain(PLAIN_RESPONSE.substring(0, 12));
      }
    }
  }

  @Test
  void authenticate_badChallenge_cancelled() throws IOException {
    for (String challenge : List.of("=", "VXNl cm5h", "VXNlcm5hbWU", "VXNlcm5hbWV=", "\u00fc")) {
      try (SessionFixture mail =
          SessionFixture.with(
              offering("AUTH LOGIN")
                  .expectOnly("AUTH LOGIN\r\n")
                  .send("334 " + challenge + "\r\n")
                  .expectOnly("*\r\n")
                  .send("501 cancelled\r\n")
                  .expectOnly("NOOP\r\n")
                  .send("250 ok\r\n"),
              options)) {
        assertThatThrownBy(() -> mail.session().authenticate(credentials(), LOGIN))
            .as(challenge)
            .isInstanceOf(PeerMisbehaved.class);
        mail.session().noop();
      }
    }
  }

  @Test
  void authenticate_challengesWithoutEnd_cancelled() throws IOException {
    try (SessionFixture mail =
        SessionFixture.with(
            offering("AUTH LOGIN")
                .expectOnly("AUTH LOGIN\r\n")
                .send("334 VXNlcm5hbWU6\r\n")
                .expectOnly(base64("user") + "\r\n")
                .send("334 UGFzc3dvcmQ6\r\n")
                .expectOnly(base64("password") + "\r\n")
                .send("334 UGFzc3dvcmQ6\r\n")
                .expectOnly("*\r\n")
                .send("501 cancelled\r\n"),
            options)) {
      assertThatThrownBy(() -> mail.session().authenticate(credentials(), LOGIN))
          .isInstanceOf(PeerMisbehaved.class);
    }
  }

  @Test
  void authenticate_initialResponseTooLong_sentOnTheChallenge() throws IOException {
    String password = "x".repeat(600);
    String response = base64("\0user\0" + password);
    try (SessionFixture mail =
        SessionFixture.with(
            offering("AUTH PLAIN")
                .expectOnly("AUTH PLAIN\r\n")
                .send("334 \r\n")
                .expectOnly(response + "\r\n")
                .send(DONE),
            options)) {
      mail.session()
          .authenticate(
              SaslCredentials.password("user", new Secret(password.toCharArray())), PLAIN);
    }
  }

  @Test
  void authenticate_emptyInitialResponse_equalsSign() throws IOException {
    try (SessionFixture mail =
        SessionFixture.with(
            offering("AUTH EXTERNAL").expectOnly("AUTH EXTERNAL =\r\n").send(DONE), options)) {
      mail.session().authenticate(SaslCredentials.external(), SaslPreference.strongest());
    }
  }

  @Test
  void authenticate_successWithoutTheServersProof_sessionIsOver() throws IOException {
    try (SessionFixture mail =
        SessionFixture.with(
            offering("AUTH SCRAM-SHA-256").expect("AUTH SCRAM-SHA-256 ").send(DONE).discard(),
            options)) {
      assertThatThrownBy(
              () -> mail.session().authenticate(credentials(), SaslPreference.strongest()))
          .isInstanceOf(PeerMisbehaved.class);
      assertThat(mail.session().isOpen()).isFalse();
    }
  }

  @Test
  void authenticate_scramServerThatProvesNothing_sessionIsOver() throws IOException {
    String anothersNonce = base64("r=another,s=c2FsdA==,i=4096");
    try (SessionFixture mail =
        SessionFixture.with(
            offering("AUTH SCRAM-SHA-256")
                .expect("AUTH SCRAM-SHA-256 ")
                .send("334 " + anothersNonce + "\r\n")
                .discard(),
            options)) {
      assertThatThrownBy(
              () -> mail.session().authenticate(credentials(), SaslPreference.strongest()))
          .isInstanceOf(PeerMisbehaved.class);
      assertThat(mail.session().isOpen()).isFalse();
    }
  }

  @Test
  void authenticate_cancelledExchangeIsAnsweredWithSuccess_sessionIsOver() throws IOException {
    for (String answer : List.of(DONE, "334 \r\n", "250 ok\r\n")) {
      try (SessionFixture mail =
          SessionFixture.with(
              offering("AUTH LOGIN")
                  .expectOnly("AUTH LOGIN\r\n")
                  .send("334 =\r\n")
                  .expectOnly("*\r\n")
                  .send(answer)
                  .expectClose(),
              options)) {
        assertThatThrownBy(() -> mail.session().authenticate(credentials(), LOGIN))
            .as(answer)
            .isInstanceOf(PeerMisbehaved.class)
            .hasMessageContaining("501");
        assertThat(mail.session().isOpen()).isFalse();
      }
    }
  }

  @Test
  @Timeout(20)
  void authenticate_cancelledInTheQueue_nothingSentAndTheSessionGoesOn() throws IOException {
    CountDownLatch cancelled = new CountDownLatch(1);
    try (SessionFixture mail =
        SessionFixture.with(
            offering("AUTH PLAIN")
                .expectOnly("NOOP\r\n")
                .await(cancelled)
                .send("250 ok\r\n")
                .expectOnly("QUIT\r\n")
                .send("221 bye\r\n")
                .expectClose(),
            options)) {
      CompletableFuture<Void> noop = mail.session().noopAsync();
      mail.session().authenticateAsync(credentials(), PLAIN).cancel(false);
      cancelled.countDown();
      noop.join();
      mail.session().quit();

      mail.peer().awaitPlayed();
    }
  }

  @Test
  @Timeout(20)
  void authenticate_cancelledAtAChallenge_calledOffAndTheSessionGoesOn() throws IOException {
    CompletableFuture<CompletableFuture<SaslMechanism>> login = new CompletableFuture<>();
    SmtpSessionOptions cancelling =
        options.withObserver(
            new SmtpObserver() {
              @Override
              public void reply(SmtpReply reply) {
                if (reply.code() == 334) {
                  login.join().cancel(false);
                }
              }
            });
    try (SessionFixture mail =
        SessionFixture.with(
            offering("AUTH LOGIN")
                .expectOnly("AUTH LOGIN\r\n")
                .send("334 VXNlcm5hbWU6\r\n")
                .expectOnly("*\r\n")
                .send("501 cancelled\r\n")
                .expectOnly("QUIT\r\n")
                .send("221 bye\r\n")
                .expectClose(),
            cancelling)) {
      login.complete(mail.session().authenticateAsync(credentials(), LOGIN));
      mail.session().quit();

      mail.peer().awaitPlayed();
    }
  }

  @Test
  @Timeout(20)
  void authenticate_cancelledWhileComputing_calledOffAndTheSessionGoesOn() throws Exception {
    CompletableFuture<SmtpDialogue> running = new CompletableFuture<>();
    CompletableFuture<CompletableFuture<SaslMechanism>> login = new CompletableFuture<>();
    SmtpSessionOptions cancelling =
        options.withObserver(
            new SmtpObserver() {
              @Override
              public void reply(SmtpReply reply) {
                if (reply.code() == 334) {
                  // Behind the start of the computing, and before the task that brings its result.
                  running.join().executor().execute(() -> login.join().cancel(false));
                }
              }
            });
    try (NettyConnector connector = NettyConnector.builder().threads(1).build();
        SpokenServer server = new SpokenServer()) {
      Layer<SmtpOpportunisticResult> layer = server.layer();
      SmtpDialogue dialogue =
          new SmtpDialogue(
              connection -> connection.result(layer).capabilities(), SmtpDialect.SMTP, cancelling);
      running.complete(dialogue);
      CompletableFuture<Connection> connecting =
          connector.connectAsync(LayerStack.tcp(server.endpoint()).then(layer), dialogue);
      SpokenServer.Client client = server.accept("AUTH SCRAM-SHA-256");
      connecting.get();
      SmtpSession session = new SmtpSession(dialogue);
      login.complete(session.authenticateAsync(credentials(), SaslPreference.strongest()));
      String first = client.hearLine().substring("AUTH SCRAM-SHA-256 ".length());
      String text = new String(Base64.getDecoder().decode(first), StandardCharsets.UTF_8);
      String nonce = text.substring(text.indexOf("r=") + 2);
      client.say("334 " + base64("r=" + nonce + "more,s=c2FsdA==,i=4096") + "\r\n");
      client.hear("*\r\n");
      client.say("501 cancelled\r\n");
      CompletableFuture<Void> goodbye = session.quitAsync();
      client.hear("QUIT\r\n");
      client.say("221 bye\r\n");
      goodbye.get();
    }
  }

  @Test
  void authenticate_secretClosedBeforeItsTurn_callersMistakeAndTheSessionGoesOn()
      throws IOException {
    Secret secret = new Secret("password".toCharArray());
    SaslCredentials credentials = SaslCredentials.password("user", secret);
    secret.close();
    for (String mechanism : List.of("PLAIN", "SCRAM-SHA-256")) {
      try (SessionFixture mail =
          SessionFixture.with(
              offering("AUTH " + mechanism).expectOnly("NOOP\r\n").send("250 ok\r\n"), options)) {
        assertThatThrownBy(
                () -> mail.session().authenticate(credentials, SaslPreference.strongest()))
            .as(mechanism)
            .isInstanceOf(IllegalStateException.class);
        mail.session().noop();
        mail.peer().awaitPlayed();
      }
    }
  }

  @Test
  void authenticate_secretClosedBeforeTheChallenge_calledOffAndTheSessionGoesOn()
      throws IOException {
    Secret secret = new Secret("password".toCharArray());
    SmtpSessionOptions closing =
        options.withObserver(
            new SmtpObserver() {
              @Override
              public void reply(SmtpReply reply) {
                secret.close();
              }
            });
    try (SessionFixture mail =
        SessionFixture.with(
            offering("AUTH LOGIN")
                .expectOnly("AUTH LOGIN\r\n")
                .send("334 VXNlcm5hbWU6\r\n")
                .expectOnly(base64("user") + "\r\n")
                .send("334 UGFzc3dvcmQ6\r\n")
                .expectOnly("*\r\n")
                .send("501 cancelled\r\n")
                .expectOnly("NOOP\r\n")
                .send("250 ok\r\n"),
            closing)) {
      assertThatThrownBy(
              () -> mail.session().authenticate(SaslCredentials.password("user", secret), LOGIN))
          .isInstanceOf(IllegalStateException.class);
      mail.session().noop();
      mail.peer().awaitPlayed();
    }
  }

  @Test
  void authenticate_nothingThatFits_refusedAndNothingSent() throws IOException {
    try (SessionFixture mail =
        SessionFixture.with(
            offering("AUTH GSSAPI").expectOnly("NOOP\r\n").send("250 ok\r\n"), options)) {
      assertThatThrownBy(() -> mail.session().authenticate(credentials(), PLAIN))
          .isInstanceOf(PeerRefused.class)
          .hasMessageContaining("GSSAPI");
      mail.session().noop();
      assertThat(Optional.of(told)).hasValue(List.of("NOOP", "250 ok"));
    }
  }
}
