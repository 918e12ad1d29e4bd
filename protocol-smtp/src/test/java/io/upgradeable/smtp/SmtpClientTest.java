package io.upgradeable.smtp;

import static io.upgradeable.smtp.DeliveryOutcome.ACCEPTED;
import static io.upgradeable.smtp.DeliveryOutcome.NOT_SENT;
import static io.upgradeable.smtp.DeliveryOutcome.REFUSED_TRANSIENT;
import static io.upgradeable.smtp.DeliveryOutcome.UNKNOWN;
import static io.upgradeable.smtp.SessionFixture.DATA;
import static io.upgradeable.smtp.SessionFixture.GO_AHEAD;
import static io.upgradeable.smtp.SessionFixture.HELLO;
import static io.upgradeable.smtp.SessionFixture.HELLO_ON_WIRE;
import static io.upgradeable.smtp.SessionFixture.MAIL;
import static io.upgradeable.smtp.SessionFixture.OK;
import static io.upgradeable.smtp.SessionFixture.RCPT_B;
import static io.upgradeable.smtp.SessionFixture.TO_B;
import static io.upgradeable.smtp.SessionFixture.offering;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.upgradeable.Endpoint;
import io.upgradeable.Layer;
import io.upgradeable.LayerStack;
import io.upgradeable.UpgradeException.ConnectFailed;
import io.upgradeable.UpgradeException.PeerRefused;
import io.upgradeable.negotiation.Negotiation;
import io.upgradeable.negotiation.Reason;
import io.upgradeable.negotiation.Step;
import io.upgradeable.negotiation.TlsFacts;
import io.upgradeable.netty.NettyConnector;
import io.upgradeable.sasl.SaslCredentials;
import io.upgradeable.sasl.SaslMechanism;
import io.upgradeable.sasl.SaslPreference;
import io.upgradeable.sasl.Secret;
import io.upgradeable.testkit.RefusingPort;
import io.upgradeable.testkit.Script;
import io.upgradeable.testkit.ScriptedPeer;
import io.upgradeable.tls.TlsPolicy;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The pool with scripted servers. */
class SmtpClientTest {

  private static final String ENVELOPE = MAIL + RCPT_B + DATA;
  private static final Script HELLO_PIPELINING = offering("PIPELINING");

  private final NettyConnector connector = NettyConnector.builder().threads(1).build();
  private final AtomicInteger opened = new AtomicInteger();
  private final List<SmtpSession> sessions = new CopyOnWriteArrayList<>();
  private final List<Boolean> onlyOne = new CopyOnWriteArrayList<>();

  @AfterEach
  void closeConnector() {
    connector.close();
  }

  private static Script accepting(Script script) {
    return script
        .expectOnly(ENVELOPE)
        .send(OK + OK + GO_AHEAD)
        .expectOnly(HELLO_ON_WIRE + ".\r\n")
        .send(OK);
  }

  private SmtpClient.Builder client(Endpoint first, Endpoint... more) {
    return SmtpClient.builder(this::open).endpoints(first, more);
  }

  private CompletableFuture<SmtpSession> open(Endpoint endpoint) {
    opened.incrementAndGet();
    Layer<SmtpOpportunisticResult> layer =
        Smtp.opportunisticClient(endpoint, TlsPolicy.client().build(), TestOptions.CLIENT);
    return SmtpSession.connectOpportunisticAsync(
        connector, LayerStack.tcp(endpoint).then(layer), layer, SmtpSessionOptions.DEFAULTS);
  }

  /** Notes whether what was opened before was gone by then. */
  private CompletableFuture<SmtpSession> openNoting(Endpoint endpoint, SmtpSessionOptions options) {
    opened.incrementAndGet();
    onlyOne.add(sessions.stream().allMatch(before -> before.quitAsync().isDone()));
    Layer<SmtpOpportunisticResult> layer =
        Smtp.opportunisticClient(endpoint, TlsPolicy.client().build(), TestOptions.CLIENT);
    return SmtpSession.connectOpportunisticAsync(
            connector, LayerStack.tcp(endpoint).then(layer), layer, options)
        .whenComplete(
            (session, error) -> {
              if (error == null) {
                sessions.add(session);
              }
            });
  }

  private SmtpClient.Builder oneConnection(Endpoint endpoint, Duration goodbye) {
    SmtpSessionOptions options = SmtpSessionOptions.DEFAULTS.withGoodbyeTimeout(goodbye);
    return SmtpClient.builder(to -> openNoting(to, options)).endpoints(endpoint).maxConnections(1);
  }

  private static void serveOne(SpokenServer.Client served) throws IOException {
    served.hear(ENVELOPE);
    served.say(OK + OK + GO_AHEAD);
    served.hear(HELLO_ON_WIRE + ".\r\n");
    served.say(OK);
  }

  private static void partFrom(SpokenServer.Client served) throws IOException {
    served.say("221 bye\r\n");
    served.hearClose();
    served.close();
  }

  private static DeliveryOutcome outcome(DeliveryReport report) {
    return report.recipients().get(0).outcome();
  }

  @Test
  void send_twoMessages_oneConnectionAndGoodbye() throws IOException {
    Script twice =
        accepting(accepting(HELLO_PIPELINING))
            .expectOnly("QUIT\r\n")
            .send("221 bye\r\n")
            .expectClose();
    try (ScriptedPeer peer = ScriptedPeer.server(twice);
        SmtpClient client = client(peer.endpoint()).build()) {
      assertThat(outcome(client.send(TO_B, HELLO))).isEqualTo(ACCEPTED);
      assertThat(outcome(client.send(TO_B, HELLO))).isEqualTo(ACCEPTED);
      client.close();
      peer.awaitPlayed();

      assertThat(opened).hasValue(1);
      assertThatThrownBy(() -> client.send(TO_B, HELLO)).isInstanceOf(ClosedChannelException.class);
    }
  }

  @Test
  void send_enoughMessages_connectionIsReplaced() throws IOException {
    Script once =
        accepting(HELLO_PIPELINING).expectOnly("QUIT\r\n").send("221 bye\r\n").expectClose();
    try (ScriptedPeer peer = ScriptedPeer.server(once);
        SmtpClient client = client(peer.endpoint()).maxMessagesPerConnection(1).build()) {
      client.send(TO_B, HELLO);
      client.send(TO_B, HELLO);

      assertThat(opened).hasValue(2);
      peer.awaitPlayed();
    }
  }

  @Test
  void send_connectionClosesBeforeTheDot_freshOneOnce() throws IOException {
    try (TinySmtpServer server = new TinySmtpServer(mail -> mail == 2);
        SmtpClient client = client(server.endpoint()).build()) {
      assertThat(outcome(client.send(TO_B, HELLO))).isEqualTo(ACCEPTED);
      assertThat(outcome(client.send(TO_B, HELLO))).isEqualTo(ACCEPTED);
      assertThat(outcome(client.send(TO_B, HELLO))).isEqualTo(ACCEPTED);
      assertThat(opened).hasValue(2);
      assertThat(server.accepted).hasValue(3);
    }
  }

  @Test
  void send_connectionsCloseAgainAndAgain_onceMoreOnly() throws IOException {
    try (TinySmtpServer server = new TinySmtpServer(mail -> true);
        SmtpClient client = client(server.endpoint()).build()) {
      assertThat(outcome(client.send(TO_B, HELLO))).isEqualTo(NOT_SENT);
      assertThat(opened).hasValue(2);
    }
  }

  @Test
  void send_421BeforeTheDotEachTime_onceMoreOnly() throws IOException {
    Script busy = HELLO_PIPELINING.expectOnly(ENVELOPE).send("421 busy\r\n").close();
    try (ScriptedPeer peer = ScriptedPeer.server(busy);
        SmtpClient client = client(peer.endpoint()).build()) {
      assertThat(outcome(client.send(TO_B, HELLO))).isEqualTo(REFUSED_TRANSIENT);
      assertThat(opened).hasValue(2);
    }
  }

  @Test
  void send_closedBehindTheDot_neverTwice() throws IOException {
    Script lost =
        HELLO_PIPELINING
            .expectOnly(ENVELOPE)
            .send(OK + OK + GO_AHEAD)
            .expectOnly(HELLO_ON_WIRE + ".\r\n")
            .close();
    try (ScriptedPeer peer = ScriptedPeer.server(lost);
        SmtpClient client = client(peer.endpoint()).build()) {
      assertThat(outcome(client.send(TO_B, HELLO))).isEqualTo(UNKNOWN);
      assertThat(opened).hasValue(1);
    }
  }

  @Test
  void send_contentThatIsGone_neverTwice() throws IOException {
    Script lost =
        HELLO_PIPELINING.expectOnly(ENVELOPE).send(OK + OK + GO_AHEAD).expect("x").reset();
    try (ScriptedPeer peer = ScriptedPeer.server(lost);
        SmtpClient client = client(peer.endpoint()).build()) {
      MailContent once = MailContent.ofStream(new ByteArrayInputStream(new byte[] {'x'}));
      client.send(TO_B, once);

      assertThat(opened).hasValue(1);
    }
  }

  @Test
  void send_firstServerIsDownOrBusy_nextOne() throws IOException {
    try (RefusingPort nobody = RefusingPort.open();
        ScriptedPeer busy = ScriptedPeer.server(Script.start().send("421 too many\r\n").close());
        ScriptedPeer good = ScriptedPeer.server(accepting(HELLO_PIPELINING).discard());
        SmtpClient client = client(nobody.endpoint(), busy.endpoint(), good.endpoint()).build()) {
      assertThat(outcome(client.send(TO_B, HELLO))).isEqualTo(ACCEPTED);
      assertThat(opened).hasValue(3);
    }
  }

  @Test
  void send_refusedForGood_noOtherServerIsAsked() throws IOException {
    try (ScriptedPeer no = ScriptedPeer.server(Script.start().send("554 no\r\n").discard());
        SmtpClient client = client(no.endpoint(), no.endpoint()).build()) {
      DeliveryReport report = client.send(TO_B, HELLO);

      assertThat(outcome(report)).isEqualTo(NOT_SENT);
      assertThat(report.failure()).containsInstanceOf(PeerRefused.class);
      assertThat(opened).hasValue(1);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"502", "5"})
  void send_proxyCannotReachTheFirstServer_nextOne(String code) throws IOException {
    try (ScriptedPeer proxy = ScriptedPeer.server(Script.start().send("no\r\n").discard());
        ScriptedPeer good = ScriptedPeer.server(accepting(HELLO_PIPELINING).discard());
        SmtpClient client =
            SmtpClient.builder(
                    endpoint ->
                        endpoint.equals(good.endpoint())
                            ? open(endpoint)
                            : openThrough(refusingProxy(code, endpoint), proxy, endpoint))
                .endpoints(Endpoint.of("mx1.example.net", 25), good.endpoint())
                .build()) {
      assertThat(outcome(client.send(TO_B, HELLO))).isEqualTo(ACCEPTED);
      assertThat(opened).hasValue(2);
    }
  }

  private CompletableFuture<SmtpSession> openThrough(
      Layer<String> tunnel, ScriptedPeer proxy, Endpoint endpoint) {
    opened.incrementAndGet();
    Layer<SmtpOpportunisticResult> layer =
        Smtp.opportunisticClient(endpoint, TlsPolicy.client().build(), TestOptions.CLIENT);
    return SmtpSession.connectOpportunisticAsync(
        connector,
        LayerStack.tcp(proxy.endpoint()).then(tunnel).then(layer),
        layer,
        SmtpSessionOptions.DEFAULTS);
  }

  /** A tunnel's layer that takes whatever the proxy says for a refusal with this code. */
  private static Layer<String> refusingProxy(String code, Endpoint target) {
    return Layer.of(
            "connect",
            () ->
                new Negotiation<String>() {
                  @Override
                  public Step<String> begin() {
                    return Step.await("the proxy's answer");
                  }

                  @Override
                  public Step<String> receive(ByteBuffer input) {
                    input.position(input.limit());
                    return Step.fail(Reason.refused(code, "unreachable"));
                  }

                  @Override
                  public Step<String> secured(TlsFacts facts) {
                    throw new AssertionError("a tunnel without TLS");
                  }
                })
        .target(target)
        .tunnel()
        .build();
  }

  @Test
  void send_nobodyThere_reportedAndThePlaceIsFree() throws IOException {
    try (RefusingPort nobody = RefusingPort.open();
        SmtpClient client = client(nobody.endpoint()).maxConnections(1).build()) {
      for (int i = 0; i < 3; i++) {
        assertThat(client.send(TO_B, HELLO).failure()).containsInstanceOf(ConnectFailed.class);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  @Timeout(20)
  void send_tooManyWait_rejectedUntilOneIsGivenUp(boolean byTime) throws Exception {
    try (SpokenServer server = new SpokenServer();
        SmtpClient client = client(server.endpoint()).maxConnections(1).maxWaiting(1).build()) {
      CompletableFuture<DeliveryReport> first = client.sendAsync(TO_B, HELLO);
      SpokenServer.Client busy = server.accept("PIPELINING");
      busy.hear(ENVELOPE);
      CompletableFuture<DeliveryReport> second = client.sendAsync(TO_B, HELLO);
      assertThatThrownBy(() -> client.sendAsync(TO_B, HELLO))
          .isInstanceOf(RejectedExecutionException.class);

      assertThat(first).isNotDone();
      assertThat(second).isNotDone();
      SessionFixture.giveUp(second, byTime);
      CompletableFuture<DeliveryReport> third = client.sendAsync(TO_B, HELLO);
      third.cancel(false);
      first.cancel(false);
      busy.hearClose();
    }
  }

  @Test
  @Timeout(20)
  void send_allConnectionsBusy_waitsAndNotForEver() throws Exception {
    try (SpokenServer server = new SpokenServer();
        SmtpClient client =
            client(server.endpoint()).maxConnections(1).waitLimit(Duration.ofMillis(100)).build()) {
      CompletableFuture<DeliveryReport> first = client.sendAsync(TO_B, HELLO);
      SpokenServer.Client busy = server.accept("PIPELINING");
      busy.hear(ENVELOPE);
      DeliveryReport second = client.send(TO_B, HELLO);

      assertThat(second.failure()).containsInstanceOf(TimeoutException.class);
      assertThat(outcome(second)).isEqualTo(NOT_SENT);
      assertThat(first).isNotDone();
      assertThat(opened).hasValue(1);
      first.cancel(false);
      busy.hearClose();
    }
  }

  @Test
  @Timeout(20)
  void send_waitedTooLong_dependentsRunOnAThreadOfTheClients() throws Exception {
    try (SmtpClient client =
        SmtpClient.builder(endpoint -> new CompletableFuture<>())
            .endpoints(Endpoint.of("localhost", 1))
            .maxConnections(1)
            .waitLimit(Duration.ofMillis(100))
            .build()) {
      client.sendAsync(TO_B, HELLO);
      String thread =
          client.sendAsync(TO_B, HELLO).thenApply(report -> Thread.currentThread().getName()).get();

      assertThat(thread).doesNotContain("CompletableFutureDelayScheduler");
    }
  }

  @Test
  @Timeout(20)
  void cancel_whileItsConnectionOpens_notSentAndTheConnectionServesTheNext() throws Exception {
    CompletableFuture<SmtpSession> opening = new CompletableFuture<>();
    try (SpokenServer server = new SpokenServer();
        SmtpClient client =
            SmtpClient.builder(
                    endpoint -> {
                      opened.incrementAndGet();
                      return opening;
                    })
                .endpoints(server.endpoint())
                .maxConnections(1)
                .build()) {
      CompletableFuture<SmtpSession> connecting =
          server.connect(connector, SmtpSessionOptions.DEFAULTS);
      SpokenServer.Client served = server.accept("PIPELINING");
      client.sendAsync(Envelope.of("x@example.org", "cancelled@example.net"), HELLO).cancel(false);
      CompletableFuture<DeliveryReport> second = client.sendAsync(TO_B, HELLO);
      opening.complete(connecting.get());

      served.hear(ENVELOPE);
      served.say(OK + OK + GO_AHEAD);
      served.hear(HELLO_ON_WIRE + ".\r\n");
      served.say(OK);
      assertThat(outcome(second.get())).isEqualTo(ACCEPTED);
      assertThat(opened).hasValue(1);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  @Timeout(20)
  void givenUp_underWay_theNextOneGetsAConnectionOfItsOwn(boolean byTime) throws Exception {
    try (SpokenServer server = new SpokenServer();
        SmtpClient client = oneConnection(server.endpoint(), Duration.ofMinutes(5)).build()) {
      CompletableFuture<DeliveryReport> first = client.sendAsync(TO_B, HELLO);
      SpokenServer.Client dying = server.accept("PIPELINING");
      dying.hear(ENVELOPE);
      CompletableFuture<DeliveryReport> second = client.sendAsync(TO_B, HELLO);
      SessionFixture.giveUp(first, byTime);
      dying.hearClose();
      dying.close();

      SpokenServer.Client fresh = server.accept("PIPELINING");
      fresh.hear(ENVELOPE);
      fresh.say(OK + OK + GO_AHEAD);
      fresh.hear(HELLO_ON_WIRE + ".\r\n");
      fresh.say(OK);
      assertThat(outcome(second.get())).isEqualTo(ACCEPTED);
      assertThat(onlyOne).containsExactly(true, true);
    }
  }

  @Test
  @Timeout(20)
  void send_connectionSaysGoodbye_itsPlaceIsWaitedForUntilItIsGone() throws Exception {
    try (SpokenServer server = new SpokenServer();
        SmtpClient client =
            oneConnection(server.endpoint(), Duration.ofMinutes(5))
                .maxMessagesPerConnection(1)
                .maxWaiting(1)
                .waitLimit(Duration.ofMillis(100))
                .build()) {
      CompletableFuture<DeliveryReport> first = client.sendAsync(TO_B, HELLO);
      SpokenServer.Client served = server.accept("PIPELINING");
      serveOne(served);
      assertThat(outcome(first.get())).isEqualTo(ACCEPTED);
      served.hear("QUIT\r\n");
      CompletableFuture<DeliveryReport> second = client.sendAsync(TO_B, HELLO);
      // Has no place to come, and so tells that the second one's time is over.
      assertThat(client.send(TO_B, HELLO).failure()).containsInstanceOf(TimeoutException.class);
      partFrom(served);

      serveOne(server.accept("PIPELINING"));
      assertThat(outcome(second.get())).isEqualTo(ACCEPTED);
      assertThat(onlyOne).containsExactly(true, true);
    }
  }

  @Test
  @Timeout(20)
  void send_idleConnectionSaysGoodbye_freshOneOnceItIsGone() throws Exception {
    try (SpokenServer server = new SpokenServer();
        SmtpClient client =
            oneConnection(server.endpoint(), Duration.ofMinutes(5))
                .idleLimit(Duration.ofMillis(50))
                .build()) {
      CompletableFuture<DeliveryReport> first = client.sendAsync(TO_B, HELLO);
      SpokenServer.Client served = server.accept("PIPELINING");
      serveOne(served);
      assertThat(outcome(first.get())).isEqualTo(ACCEPTED);
      served.hear("QUIT\r\n");
      CompletableFuture<DeliveryReport> second = client.sendAsync(TO_B, HELLO);
      partFrom(served);

      serveOne(server.accept("PIPELINING"));
      assertThat(outcome(second.get())).isEqualTo(ACCEPTED);
      assertThat(onlyOne).containsExactly(true, true);
    }
  }

  @Test
  @Timeout(20)
  void send_idleConnectionDied_freshOneInItsPlace() throws Exception {
    try (SpokenServer server = new SpokenServer();
        SmtpClient client = oneConnection(server.endpoint(), Duration.ofMinutes(5)).build()) {
      CompletableFuture<DeliveryReport> first = client.sendAsync(TO_B, HELLO);
      SpokenServer.Client served = server.accept("PIPELINING");
      serveOne(served);
      assertThat(outcome(first.get())).isEqualTo(ACCEPTED);
      served.say("421 enough\r\n");
      served.hearClose();
      CompletableFuture<DeliveryReport> second = client.sendAsync(TO_B, HELLO);

      serveOne(server.accept("PIPELINING"));
      assertThat(outcome(second.get())).isEqualTo(ACCEPTED);
      assertThat(onlyOne).containsExactly(true, true);
    }
  }

  @Test
  void send_connectionDies_onceMoreOnceItIsGone() throws IOException {
    try (TinySmtpServer server = new TinySmtpServer(mail -> mail == 1);
        SmtpClient client = oneConnection(server.endpoint(), Duration.ofMinutes(5)).build()) {
      assertThat(outcome(client.send(TO_B, HELLO))).isEqualTo(ACCEPTED);
      assertThat(onlyOne).containsExactly(true, true);
    }
  }

  @Test
  @Timeout(20)
  void idle_tooLongAndSilent_goodbyeDoesNotWaitForTheReplyToNoop() throws Exception {
    try (SpokenServer server = new SpokenServer();
        SmtpClient client =
            oneConnection(server.endpoint(), Duration.ofMillis(100))
                .idleLimit(Duration.ofMillis(200))
                .keepAlive(Duration.ofMillis(20))
                .build()) {
      SpokenServer.Client served = serveUntilIdle(client, server);
      while (!served.hearLine().equals("NOOP")) { // This test was held up for the idle limit.
        served.close();
        served = serveUntilIdle(client, server);
      }
      served.hearClose();
    }
  }

  private static SpokenServer.Client serveUntilIdle(SmtpClient client, SpokenServer server)
      throws Exception {
    CompletableFuture<DeliveryReport> sending = client.sendAsync(TO_B, HELLO);
    SpokenServer.Client served = server.accept("PIPELINING");
    serveOne(served);
    assertThat(outcome(sending.get())).isEqualTo(ACCEPTED);
    return served;
  }

  @Test
  @Timeout(30)
  void send_openerFailsAtOnceForALongQueue_everyMessageIsReportedAndThePlaceIsFree()
      throws Exception {
    CompletableFuture<SmtpSession> opening = new CompletableFuture<>();
    try (SmtpClient client =
        SmtpClient.builder(
                endpoint ->
                    opened.incrementAndGet() == 1
                        ? opening
                        : CompletableFuture.failedFuture(new IOException("nobody there")))
            .endpoints(Endpoint.of("localhost", 1))
            .maxConnections(1)
            .maxWaiting(5000)
            .waitLimit(Duration.ofMinutes(5))
            .build()) {
      List<CompletableFuture<DeliveryReport>> all = new ArrayList<>();
      for (int i = 0; i < 5001; i++) {
        all.add(client.sendAsync(TO_B, HELLO));
      }
      opening.completeExceptionally(new IOException("nobody there"));

      for (CompletableFuture<DeliveryReport> each : all) {
        assertThat(outcome(each.get())).isEqualTo(NOT_SENT);
        assertThat(each.get().failure().orElseThrow()).hasMessage("nobody there");
      }
      client.send(TO_B, HELLO);
      assertThat(opened).hasValue(5002);
    }
  }

  @Test
  void send_openerThrowsOrGivesNothing_toldAndThePlaceIsFree() {
    List<Function<Endpoint, CompletableFuture<SmtpSession>>> openers =
        List.of(
            endpoint -> {
              throw new AssertionError("an error");
            },
            endpoint -> CompletableFuture.completedFuture(null));
    for (Function<Endpoint, CompletableFuture<SmtpSession>> opener : openers) {
      try (SmtpClient client =
          SmtpClient.builder(opener)
              .endpoints(Endpoint.of("localhost", 1))
              .maxConnections(1)
              .build()) {
        for (int i = 0; i < 3; i++) {
          assertThatThrownBy(() -> client.send(TO_B, HELLO))
              .isInstanceOfAny(AssertionError.class, NullPointerException.class);
        }
      }
    }
  }

  @Test
  @Timeout(20)
  void send_streamAndADeadConnection_readOverTheFreshOneAndClosed() throws Exception {
    CountDownLatch streamClosed = new CountDownLatch(1);
    InputStream once =
        new ByteArrayInputStream(new byte[] {'x'}) {
          @Override
          public void close() {
            streamClosed.countDown();
          }
        };
    try (TinySmtpServer server = new TinySmtpServer(mail -> mail == 1);
        SmtpClient client = client(server.endpoint()).build()) {
      assertThat(outcome(client.send(TO_B, MailContent.ofStream(once)))).isEqualTo(ACCEPTED);
      streamClosed.await();
    }
  }

  @Test
  void send_streamThatWentElsewhereBeforeTheFreshConnection_reportedAsNotSent() throws IOException {
    MailContent once = MailContent.ofStream(new ByteArrayInputStream(new byte[] {'x'}));
    try (TinySmtpServer server = new TinySmtpServer(mail -> mail == 1);
        SmtpClient client =
            SmtpClient.builder(
                    endpoint -> {
                      if (opened.get() == 1) {
                        once.discard();
                      }
                      return open(endpoint);
                    })
                .endpoints(server.endpoint())
                .build()) {
      DeliveryReport report = client.send(TO_B, once);

      assertThat(outcome(report)).isEqualTo(NOT_SENT);
      assertThat(report.failure()).containsInstanceOf(IllegalStateException.class);
      assertThat(opened).hasValue(2);
      assertThat(outcome(client.send(TO_B, HELLO))).isEqualTo(ACCEPTED);
    }
  }

  @Test
  @Timeout(20)
  void authenticate_refused_reportedAndTheConnectionIsClosed() throws Exception {
    SaslCredentials credentials =
        SaslCredentials.password("user", new Secret("password".toCharArray()));
    try (SpokenServer server = new SpokenServer();
        SmtpClient client =
            SmtpClient.builder(
                    endpoint ->
                        server.connect(
                            connector, SmtpSessionOptions.DEFAULTS.withInsecureAuthInPlaintext()))
                .endpoints(server.endpoint(), server.endpoint())
                .authenticate(() -> credentials, SaslPreference.only(SaslMechanism.LOGIN))
                .build()) {
      CompletableFuture<DeliveryReport> report = client.sendAsync(TO_B, HELLO);
      SpokenServer.Client served = server.accept("AUTH LOGIN");
      served.hear("AUTH LOGIN\r\n");
      served.say("535 5.7.8 no\r\n");
      served.hearClose();
      served.close();

      assertThat(outcome(report.get())).isEqualTo(NOT_SENT);
      assertThat(report.get().failure()).containsInstanceOf(PeerRefused.class);
    }
  }

  @Test
  @Timeout(20)
  void authenticate_refusedForGoodWhileOthersWait_allReportedAfterOneLogin() throws Exception {
    SaslCredentials credentials =
        SaslCredentials.password("user", new Secret("password".toCharArray()));
    SmtpSessionOptions options = SmtpSessionOptions.DEFAULTS.withInsecureAuthInPlaintext();
    try (SpokenServer server = new SpokenServer();
        SmtpClient client =
            SmtpClient.builder(to -> openNoting(to, options))
                .endpoints(server.endpoint(), server.endpoint())
                .maxConnections(1)
                .authenticate(() -> credentials, SaslPreference.only(SaslMechanism.LOGIN))
                .build()) {
      List<CompletableFuture<DeliveryReport>> all = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        all.add(client.sendAsync(TO_B, HELLO));
      }
      refuseLogin(server);
      for (CompletableFuture<DeliveryReport> each : all) {
        assertThat(outcome(each.get())).isEqualTo(NOT_SENT);
        assertThat(each.get().failure()).containsInstanceOf(PeerRefused.class);
      }
      assertThat(opened).hasValue(1);

      CompletableFuture<DeliveryReport> later = client.sendAsync(TO_B, HELLO);
      refuseLogin(server);
      assertThat(outcome(later.get())).isEqualTo(NOT_SENT);
      assertThat(opened).hasValue(2);
    }
  }

  private static void refuseLogin(SpokenServer server) throws IOException {
    SpokenServer.Client served = server.accept("AUTH LOGIN");
    served.hear("AUTH LOGIN\r\n");
    served.say("535 5.7.8 no\r\n");
    served.hearClose();
    served.close();
  }

  @Test
  @Timeout(20)
  void send_refusedForGoodAtTheGreetingWhileOthersWait_allReported() throws Exception {
    CountDownLatch allWait = new CountDownLatch(1);
    try (ScriptedPeer no =
            ScriptedPeer.server(Script.start().await(allWait).send("554 no\r\n").discard());
        SmtpClient client = client(no.endpoint()).maxConnections(1).build()) {
      List<CompletableFuture<DeliveryReport>> all = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        all.add(client.sendAsync(TO_B, HELLO));
      }
      allWait.countDown();

      for (CompletableFuture<DeliveryReport> each : all) {
        assertThat(outcome(each.get())).isEqualTo(NOT_SENT);
        assertThat(each.get().failure()).containsInstanceOf(PeerRefused.class);
      }
      assertThat(opened).hasValue(1);
    }
  }

  @Test
  @Timeout(20)
  void authenticate_refusedForNow_nextServerOnceTheConnectionIsGone() throws Exception {
    SaslCredentials credentials =
        SaslCredentials.password("user", new Secret("password".toCharArray()));
    SmtpSessionOptions options = SmtpSessionOptions.DEFAULTS.withInsecureAuthInPlaintext();
    try (SpokenServer server = new SpokenServer();
        SmtpClient client =
            SmtpClient.builder(to -> openNoting(to, options))
                .endpoints(server.endpoint(), server.endpoint())
                .authenticate(() -> credentials, SaslPreference.only(SaslMechanism.LOGIN))
                .build()) {
      CompletableFuture<DeliveryReport> report = client.sendAsync(TO_B, HELLO);
      for (int i = 0; i < 2; i++) {
        SpokenServer.Client served = server.accept("AUTH LOGIN");
        served.hear("AUTH LOGIN\r\n");
        served.say("454 4.7.0 later\r\n");
        served.hearClose();
        served.close();
      }

      assertThat(outcome(report.get())).isEqualTo(NOT_SENT);
      assertThat(onlyOne).containsExactly(true, true);
    }
  }

  @Test
  void send_manyAtOnce_overTheConnectionsAllowed() throws IOException {
    try (TinySmtpServer server = new TinySmtpServer(mail -> mail % 10 == 0);
        SmtpClient client =
            client(server.endpoint()).maxConnections(3).maxMessagesPerConnection(7).build()) {
      CompletableFuture<?>[] all = new CompletableFuture<?>[200];
      AtomicInteger accepted = new AtomicInteger();
      for (int i = 0; i < all.length; i++) {
        all[i] =
            client
                .sendAsync(TO_B, HELLO)
                .thenAccept(report -> accepted.addAndGet(outcome(report) == ACCEPTED ? 1 : 0));
      }
      CompletableFuture.allOf(all).join();

      assertThat(accepted).hasValue(server.accepted.get());
      assertThat(accepted.get()).isGreaterThan(150); // some may meet two closed ones in a row
      assertThat(opened.get()).isGreaterThanOrEqualTo(200 / 7);
    }
  }

  @Test
  @Timeout(20)
  void idle_keptAlive() throws Exception {
    try (TinySmtpServer server = new TinySmtpServer(mail -> false);
        SmtpClient client =
            client(server.endpoint())
                .idleLimit(Duration.ofMinutes(5))
                .keepAlive(Duration.ofMillis(50))
                .build()) {
      client.send(TO_B, HELLO);
      server.awaitNoop();
      assertThat(outcome(client.send(TO_B, HELLO))).isEqualTo(ACCEPTED);
      assertThat(opened).hasValue(1);
    }
  }

  @Test
  @Timeout(20)
  void idle_tooLong_gone() throws Exception {
    try (TinySmtpServer server = new TinySmtpServer(mail -> false);
        SmtpClient client =
            client(server.endpoint())
                .idleLimit(Duration.ofMillis(200))
                .keepAlive(Duration.ofMillis(50)) // It does not make the idle time shorter.
                .build()) {
      client.send(TO_B, HELLO);
      server.awaitQuit();
      assertThat(outcome(client.send(TO_B, HELLO))).isEqualTo(ACCEPTED);
      assertThat(opened).hasValue(2);
    }
  }

  @Test
  void forDomain_firstExchangerUnreachable_theNextOneGetsTheMail() throws Exception {
    // Nobody listens at 127.0.0.2.
    MailExchangers exchangers =
        domain ->
            CompletableFuture.completedFuture(
                List.of(new MailExchanger("127.0.0.2", 10), new MailExchanger("127.0.0.1", 20)));
    try (TinySmtpServer server = new TinySmtpServer(mail -> false);
        SmtpClient client =
            SmtpClient.forDomain("example.test", server.endpoint().port(), exchangers, this::open)
                .get()
                .build()) {
      assertThat(outcome(client.send(TO_B, HELLO))).isEqualTo(ACCEPTED);
      assertThat(opened).hasValue(2);
    }
  }

  @Test
  void forDomain_thatTakesNoMail_failsAsTheLookupDoes() {
    IOException nullMx = new IOException("takes no mail");
    assertThatThrownBy(
            () ->
                SmtpClient.forDomain(
                        "example.test",
                        Smtp.RELAY_PORT,
                        domain -> CompletableFuture.failedFuture(nullMx),
                        this::open)
                    .get())
        .hasCause(nullMx);
    assertThat(opened).hasValue(0);
  }
}
