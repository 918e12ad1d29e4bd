package io.upgradeable.ldap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.upgradeable.Endpoint;
import io.upgradeable.LayerStack;
import io.upgradeable.Limits;
import io.upgradeable.UpgradeException;
import io.upgradeable.UpgradeException.LayerTimedOut;
import io.upgradeable.UpgradeException.PeerClosed;
import io.upgradeable.UpgradeException.PeerMisbehaved;
import io.upgradeable.UpgradeException.PeerRefused;
import io.upgradeable.netty.NettyConnector;
import io.upgradeable.sasl.SaslCredentials;
import io.upgradeable.sasl.Secret;
import io.upgradeable.testkit.Certificates;
import io.upgradeable.testkit.Script;
import io.upgradeable.testkit.ScriptedPeer;
import io.upgradeable.tls.TlsPolicy;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.channels.ClosedChannelException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A client's session against servers that do what a script says. */
@Timeout(60)
class LdapSessionTest {

  private static final Certificates CERTIFICATES = Certificates.create();
  private static final TlsPolicy CLIENT =
      TlsPolicy.client().trust(CERTIFICATES.authorities()).build();
  private static final NettyConnector CONNECTOR = NettyConnector.builder().threads(1).build();

  private static final int PATIENCE_MILLIS = 30_000;

  private static final LdapResult REFUSED =
      LdapResult.of(LdapResultCode.INSUFFICIENT_ACCESS_RIGHTS, "not for you");

  @AfterAll
  static void closeConnector() {
    CONNECTOR.close();
  }

  private interface Check {
    void on(LdapSession session) throws Exception;
  }

  /** Plays what the server does behind StartTLS. */
  private static void against(Script script, Check check) throws Exception {
    against(script, LdapSessionOptions.DEFAULTS, check);
  }

  private static void against(Script script, LdapSessionOptions options, Check check)
      throws Exception {
    Script whole =
        Script.start()
            .expect(ExtendedRequest.write(1, Oid.START_TLS).toByteArray())
            .send(Answers.extended(1, Answers.SUCCESS))
            .startTls()
            .then(script);
    try (ScriptedPeer server = ScriptedPeer.server(whole, CERTIFICATES.server("localhost"));
        LdapSession session =
            LdapSession.connect(
                CONNECTOR,
                LayerStack.tcp(server.endpoint()).then(Ldap.client(server.endpoint(), CLIENT)),
                options)) {
      check.on(session);
      if (options.operationTimeout().equals(LdapSessionOptions.DEFAULTS.operationTimeout())) {
        session.close();
        server.awaitPlayed();
      } // A script that is too slow is never played to its end.
    }
  }

  private static Script script() {
    return Script.start();
  }

  private static byte[] whoAmI(int id) {
    return ExtendedRequest.write(id, Oid.WHO_AM_I).toByteArray();
  }

  private static byte[] rootDse(int id) {
    return SearchRequest.ofBase("", List.of("*", "+")).write(id).toByteArray();
  }

  private static byte[] bind(int id, String name, String password) {
    return BindRequest.simple(name, password.getBytes(StandardCharsets.UTF_8))
        .write(id)
        .toByteArray();
  }

  private static Secret secret(String text) {
    return new Secret(text.toCharArray());
  }

  // ---- Operations

  @Test
  void whoAmI_answered_identity() throws Exception {
    against(
        script()
            .expect(whoAmI(1))
            .send(Answers.whoAmI(1, "dn:cn=anna"))
            .expect(whoAmI(2))
            .send(Answers.whoAmI(2, ""))
            .expect(whoAmI(3))
            .send(Answers.extended(3, Answers.SUCCESS))
            .discard(),
        session -> {
          assertThat(session.whoAmI()).isEqualTo("dn:cn=anna");
          assertThat(session.whoAmI()).isEmpty();
          assertThat(session.whoAmI()).isEmpty();
        });
  }

  @Test
  void operation_refused_sessionGoesOn() throws Exception {
    against(
        script()
            .expect(whoAmI(1))
            .send(Answers.extended(1, REFUSED))
            .expect(whoAmI(2))
            .send(Answers.whoAmI(2, "u:anna"))
            .discard(),
        session -> {
          PeerRefused refused = catchThrowableOfType(PeerRefused.class, session::whoAmI);

          assertThat(refused.code()).isEqualTo("insufficientAccessRights");
          assertThat(refused.text()).isEqualTo("not for you");
          assertThat(session.isOpen()).isTrue();
          assertThat(session.whoAmI()).isEqualTo("u:anna");
        });
  }

  @Test
  void operation_referred_referralShownAndNotFollowed() throws Exception {
    LdapResult referral =
        new LdapResult(LdapResultCode.REFERRAL, "", "ask there", List.of("ldap://a.example.net/"));
    against(
        script().expect(whoAmI(1)).send(Answers.extended(1, referral)).discard(),
        session -> {
          PeerRefused refused = catchThrowableOfType(PeerRefused.class, session::whoAmI);

          assertThat(refused.code()).isEqualTo("referral");
          assertThat(refused.text())
              .isEqualTo("ask there (referral to ldap://a.example.net/, not followed)");
        });
  }

  @Test
  void rootDse_answered_typed() throws Exception {
    against(
        script()
            .expect(rootDse(1))
            .send(
                Answers.entry(
                    1,
                    "",
                    LdapAttribute.of("objectClass", "top"),
                    LdapAttribute.of("supportedextension", Oid.WHO_AM_I, Oid.START_TLS),
                    LdapAttribute.of("supportedControl", "1.2.840.113556.1.4.319"),
                    LdapAttribute.of("supportedFeatures", "1.3.6.1.4.1.4203.1.5.1"),
                    LdapAttribute.of("supportedSASLMechanisms", "EXTERNAL", "SCRAM-SHA-256"),
                    LdapAttribute.of("supportedLDAPVersion", "2", "3", "three"),
                    LdapAttribute.of("namingContexts", "dc=example,dc=net"),
                    LdapAttribute.of("vendorName", "Example"),
                    LdapAttribute.of("vendorVersion", "1.0\u001b[2J")))
            .send(Answers.reference(1))
            .send(Answers.done(1, Answers.SUCCESS))
            .discard(),
        session -> {
          RootDse rootDse = session.rootDse();

          assertThat(rootDse.supportedExtensions()).containsExactly(Oid.WHO_AM_I, Oid.START_TLS);
          assertThat(rootDse.supportsStartTls()).isTrue();
          assertThat(rootDse.supportedControls()).containsExactly("1.2.840.113556.1.4.319");
          assertThat(rootDse.supportedFeatures()).containsExactly("1.3.6.1.4.1.4203.1.5.1");
          assertThat(rootDse.supportedSaslMechanisms())
              .containsExactly("EXTERNAL", "SCRAM-SHA-256");
          assertThat(rootDse.offersSasl("external")).isTrue();
          assertThat(rootDse.offersSasl("PLAIN")).isFalse();
          assertThat(rootDse.supportedLdapVersions()).containsExactly(2, 3);
          assertThat(rootDse.namingContexts()).containsExactly("dc=example,dc=net");
          assertThat(rootDse.vendorName()).contains("Example");
          assertThat(rootDse.vendorVersion()).contains("1.0\u001b[2J");
          assertThat(rootDse.values("OBJECTCLASS")).containsExactly("top");
          assertThat(rootDse.values("subschemaSubentry")).isEmpty();
        });
  }

  @Test
  void rootDse_noEntry_empty() throws Exception {
    against(
        script().expect(rootDse(1)).send(Answers.done(1, Answers.SUCCESS)).discard(),
        session -> assertThat(session.rootDse().attributes()).isEmpty());
  }

  @Test
  void rootDse_refusedAnonymously_sessionGoesOn() throws Exception {
    LdapResult first =
        LdapResult.of(
            LdapResultCode.OPERATIONS_ERROR, "a successful bind must be completed first\0");
    against(
        script().expect(rootDse(1)).send(Answers.done(1, first)).discard(),
        session -> {
          assertThatThrownBy(session::rootDse)
              .isInstanceOfSatisfying(
                  PeerRefused.class,
                  refused ->
                      assertThat(LdapResultCode.of(refused))
                          .contains(LdapResultCode.OPERATIONS_ERROR));
          assertThat(session.isOpen()).isTrue();
        });
  }

  @Test
  void bind_success_resultOfTheServer() throws Exception {
    LdapResult words = LdapResult.of(LdapResultCode.SUCCESS, "your password expires soon");
    against(
        script()
            .expect(bind(1, "cn=anna", "gr\u00fc\u00df dich"))
            .send(Answers.bind(1, words))
            .discard(),
        session ->
            assertThat(session.bind("cn=anna", secret("gr\u00fc\u00df dich"))).isEqualTo(words));
  }

  @Test
  void bind_wrongPassword_refusedAndAnotherTryPossible() throws Exception {
    LdapResult wrong = LdapResult.of(LdapResultCode.INVALID_CREDENTIALS, "");
    against(
        script()
            .expect(bind(1, "cn=anna", "wrong"))
            .send(Answers.bind(1, wrong))
            .expect(bind(2, "cn=anna", "right"))
            .send(Answers.bind(2, Answers.SUCCESS))
            .expect(bind(3, "", ""))
            .send(Answers.bind(3, Answers.SUCCESS))
            .discard(),
        session -> {
          assertThatThrownBy(() -> session.bind("cn=anna", secret("wrong")))
              .isInstanceOf(PeerRefused.class)
              .hasMessageContaining("the refusal invalidCredentials")
              .hasMessageNotContaining("wrong");
          session.bind("cn=anna", secret("right"));
          session.bindAnonymously();
        });
  }

  @Test
  void bind_saslInProgressToASimpleOne_refused() throws Exception {
    LdapResult progress = LdapResult.of(LdapResultCode.SASL_BIND_IN_PROGRESS, "");
    against(
        script().expect(bind(1, "cn=anna", "x")).send(Answers.bind(1, progress)).discard(),
        session ->
            assertThatThrownBy(() -> session.bind("cn=anna", secret("x")))
                .isInstanceOf(PeerRefused.class));
  }

  @Test
  void bind_badArgument_refusedBeforeAnythingIsSent() throws Exception {
    against(
        script().expect(whoAmI(1)).send(Answers.whoAmI(1, "")).discard(),
        session -> {
          assertIllegal(session, "", "x");
          assertIllegal(session, "cn=anna", "");
          assertIllegal(session, "cn=anna\n", "x");
          assertIllegal(session, "cn=anna\r", "x");
          assertIllegal(session, "cn=\0", "x");
          assertIllegal(session, "x".repeat(8193), "x");
          assertIllegal(session, "cn=anna", "secret\n");
          assertIllegal(session, "cn=anna", "sec\0ret");
          assertIllegal(session, "cn=anna", "secret\r");
          assertIllegal(session, "cn=anna", "secret\ud800");
          assertIllegal(session, "cn=anna", "x".repeat(1025));
          assertThat(session.whoAmI()).isEmpty();
        });
  }

  private static void assertIllegal(LdapSession session, String dn, String password) {
    assertThatThrownBy(() -> session.bindAsync(dn, secret(password)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageNotContaining("secret");
  }

  @Test
  void bind_plaintext_refused() throws Exception {
    try (ScriptedPeer server = ScriptedPeer.server(script().expectClose());
        LdapSession session = LdapSession.connect(CONNECTOR, LayerStack.tcp(server.endpoint()))) {
      assertThatThrownBy(() -> session.bind("cn=anna", secret("x")))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("got plaintext");
      assertThatThrownBy(() -> session.authenticate(SaslCredentials.password("anna", secret("x"))))
          .isInstanceOf(IllegalStateException.class);
      session.close();
      server.awaitPlayed();
    }
  }

  @Test
  void bind_plaintextAndTheRiskNamed_sent() throws Exception {
    Script plaintext =
        script().expect(bind(1, "cn=anna", "x")).send(Answers.bind(1, Answers.SUCCESS)).discard();
    try (ScriptedPeer server = ScriptedPeer.server(plaintext);
        LdapSession session =
            LdapSession.connect(
                CONNECTOR,
                LayerStack.tcp(server.endpoint()),
                LdapSessionOptions.DEFAULTS.exposingSecretsWithoutVerifiedTls())) {
      assertThat(session.bind("cn=anna", secret("x"))).isEqualTo(Answers.SUCCESS);
      session.close();
      server.awaitPlayed();
    }
  }

  @Test
  void bind_serverNotVerified_refused() throws Exception {
    TlsPolicy careless = TlsPolicy.client().insecureTrustAnyone().insecureSkipNameCheck().build();
    Script script =
        script()
            .expect(ExtendedRequest.write(1, Oid.START_TLS).toByteArray())
            .send(Answers.extended(1, Answers.SUCCESS))
            .startTls()
            .discard();
    try (ScriptedPeer server = ScriptedPeer.server(script, CERTIFICATES.server("elsewhere.test"));
        LdapSession session =
            LdapSession.connect(
                CONNECTOR,
                LayerStack.tcp(server.endpoint()).then(Ldap.client(server.endpoint(), careless)))) {
      assertThatThrownBy(() -> session.bind("cn=anna", secret("x")))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("TLS without verification");
    }
  }

  @Test
  void unbind_operationsBefore_theyAreAnsweredAndTheServerHearsIt() throws Exception {
    against(
        script()
            .expect(whoAmI(1))
            .send(Answers.whoAmI(1, "u:anna"))
            .expect(Unbind.write(2).toByteArray())
            .expectClose(),
        session -> {
          CompletableFuture<String> whoAmI = session.whoAmIAsync();
          CompletableFuture<Void> gone = session.unbindAsync();
          CompletableFuture<String> tooLate = session.whoAmIAsync();

          gone.get(20, TimeUnit.SECONDS);
          assertThat(whoAmI).isCompletedWithValue("u:anna");
          assertThat(session.failure()).isEmpty();
          assertThat(session.isOpen()).isFalse();
          assertThatThrownBy(tooLate::get).hasCauseInstanceOf(ClosedChannelException.class);
        });
  }

  @Test
  void unbindAndClose_oneCallerGivesUp_othersHearTheEnd() throws Exception {
    against(
        script().expect(Unbind.write(1).toByteArray()).expectClose(),
        session -> {
          session.unbindAsync().completeExceptionally(new IllegalStateException("given up"));
          session.closeAsync().cancel(false);

          session.closeAsync().get(20, TimeUnit.SECONDS);
          session.unbindAsync().get(20, TimeUnit.SECONDS);
        });
  }

  // ---- Several at a time

  @Test
  void operations_several_answeredInAnyOrder() throws Exception {
    against(
        script()
            .expect(whoAmI(1))
            .expect(whoAmI(2))
            .expect(rootDse(3))
            .send(Answers.done(3, Answers.SUCCESS))
            .send(Answers.whoAmI(2, "u:second"))
            .send(Answers.whoAmI(1, "u:first"))
            .discard(),
        session -> {
          CompletableFuture<String> first = session.whoAmIAsync();
          CompletableFuture<String> second = session.whoAmIAsync();
          CompletableFuture<RootDse> third = session.rootDseAsync();

          assertThat(first.get(20, TimeUnit.SECONDS)).isEqualTo("u:first");
          assertThat(second).isCompletedWithValue("u:second");
          assertThat(third).isCompleted();
        });
  }

  @Test
  void bind_othersBeforeAndBehind_nothingIsOutstandingBesideIt() throws Exception {
    against(
        script()
            .expect(whoAmI(1))
            .send(Answers.whoAmI(1, ""))
            .expect(bind(2, "cn=anna", "x"))
            .drip(Answers.bind(2, Answers.SUCCESS))
            .expect(whoAmI(3))
            .send(Answers.whoAmI(3, "dn:cn=anna"))
            .discard(),
        session -> {
          CompletableFuture<String> before = session.whoAmIAsync();
          CompletableFuture<LdapResult> bind = session.bindAsync("cn=anna", secret("x"));
          CompletableFuture<String> behind = session.whoAmIAsync();

          assertThat(behind.get(20, TimeUnit.SECONDS)).isEqualTo("dn:cn=anna");
          assertThat(before).isCompletedWithValue("");
          assertThat(bind).isCompleted();
        });
  }

  @Test
  void operation_askedByADependent_sent() throws Exception {
    against(
        script()
            .expect(whoAmI(1))
            .send(Answers.whoAmI(1, "u:1"))
            .expect(whoAmI(2))
            .send(Answers.whoAmI(2, "u:2"))
            .discard(),
        session ->
            assertThat(
                    session
                        .whoAmIAsync()
                        .thenCompose(ignored -> session.whoAmIAsync())
                        .get(20, TimeUnit.SECONDS))
                .isEqualTo("u:2"));
  }

  @Test
  void operation_cancelledBeforeItWasSent_neverSent() throws Exception {
    CountDownLatch cancelled = new CountDownLatch(1);
    against(
        script()
            .expect(bind(1, "cn=anna", "x"))
            .await(cancelled) // Nothing goes out behind a bind that has no answer.
            .send(Answers.bind(1, Answers.SUCCESS))
            .expect(whoAmI(2))
            .send(Answers.whoAmI(2, "dn:cn=anna"))
            .discard(),
        session -> {
          CompletableFuture<LdapResult> bind = session.bindAsync("cn=anna", secret("x"));
          session.rootDseAsync().cancel(false);
          CompletableFuture<String> behind = session.whoAmIAsync();
          cancelled.countDown();

          assertThat(behind.get(20, TimeUnit.SECONDS)).isEqualTo("dn:cn=anna");
          assertThat(bind).isCompleted();
        });
  }

  @Test
  void operation_cancelledBeforeTheEventLoopHeardOfIt_neverSent() throws Exception {
    CountDownLatch given = new CountDownLatch(1);
    CountDownLatch held = new CountDownLatch(1);
    CompletableFuture<Void> cancelled = new CompletableFuture<>();
    against(
        script()
            .expect(whoAmI(1))
            .await(given) // Or the dependent would run on this thread.
            .send(Answers.whoAmI(1, ""))
            .expect(whoAmI(2))
            .send(Answers.whoAmI(2, "dn:cn=anna"))
            .discard(),
        session -> {
          session
              .whoAmIAsync()
              .thenRun(
                  () -> {
                    held.countDown();
                    cancelled.join();
                  });
          given.countDown();
          held.await();
          session.rootDseAsync().cancel(false);
          cancelled.complete(null);

          assertThat(session.whoAmI()).isEqualTo("dn:cn=anna");
        });
  }

  /** As a caller does who no longer wants it, or as {@code CompletableFuture.orTimeout} does. */
  private static void giveUp(CompletableFuture<?> future, boolean byTime) {
    if (byTime) {
      future.completeExceptionally(new TimeoutException());
    } else {
      future.cancel(false);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void operation_givenUpAfterItWasSent_sessionClosed(boolean byTime) throws Exception {
    against(
        script()
            .expect(whoAmI(1))
            .expect(whoAmI(2))
            .expect(whoAmI(3))
            .send(Answers.whoAmI(3, ""))
            .expectClose(),
        session -> {
          CompletableFuture<String> givenUp = session.whoAmIAsync();
          CompletableFuture<String> other = session.whoAmIAsync();
          session.whoAmI(); // They are sent in this order.
          giveUp(givenUp, byTime);

          assertThatThrownBy(() -> other.get(20, TimeUnit.SECONDS))
              .hasCauseInstanceOf(ClosedChannelException.class);
          assertThat(session.isOpen()).isFalse();
        });
  }

  @Test
  void connecting_completedBySomebodyElse_connectionIsClosed() throws Exception {
    try (ServerSocket listening = new ServerSocket(0)) {
      Endpoint server = Endpoint.of("localhost", listening.getLocalPort());
      Limits patient = Limits.CLIENT.withStepTimeout(Limits.CLIENT.layerTimeout());
      CompletableFuture<LdapSession> connecting =
          LdapSession.connectAsync(
              CONNECTOR,
              LayerStack.tcp(server).then(Ldap.client(server, CLIENT).withLimits(patient)),
              LdapSessionOptions.DEFAULTS);
      listening.setSoTimeout(PATIENCE_MILLIS);
      try (Socket peer = listening.accept()) {
        peer.setSoTimeout(PATIENCE_MILLIS);
        int request = ExtendedRequest.write(1, Oid.START_TLS).toByteArray().length;
        assertThat(peer.getInputStream().readNBytes(request)).hasSize(request);
        connecting.completeExceptionally(new TimeoutException()); // as orTimeout() does
        assertThat(peer.getInputStream().read()).isEqualTo(-1);
      }
    }
  }

  // ---- What nobody asked for

  @Test
  void notice_betweenOperations_endsTheSession() throws Exception {
    against(
        script()
            .expect(whoAmI(1))
            .send(Answers.whoAmI(1, ""))
            .send(Answers.notice(LdapResultCode.UNAVAILABLE, "going down"))
            .discard(),
        session -> {
          session.whoAmI();
          awaitEnd(session);

          assertNotice(session.failure().orElseThrow());
          assertThatThrownBy(session::whoAmI).isSameAs(session.failure().orElseThrow());
        });
  }

  @Test
  void notice_insteadOfTheAnswer_isReportedAsSuch() throws Exception {
    against(
        script()
            .expect(whoAmI(1))
            .send(Answers.notice(LdapResultCode.UNAVAILABLE, "going down"))
            .discard(),
        session -> assertNotice(catchThrowableOfType(UpgradeException.class, session::whoAmI)));
  }

  private static void assertNotice(UpgradeException failure) {
    assertThat(failure)
        .isInstanceOfSatisfying(
            PeerRefused.class,
            refused -> {
              assertThat(refused.code()).isEqualTo("unavailable");
              assertThat(refused.text()).isEqualTo("in a Notice of Disconnection: going down");
            });
  }

  private static void awaitEnd(LdapSession session) throws InterruptedException {
    while (session.isOpen()) {
      Thread.sleep(1);
    }
  }

  @Test
  void unsolicitedNotificationsAndIntermediateResponses_ignored() throws Exception {
    byte[] notification =
        new ExtendedResponse(Answers.SUCCESS, Optional.of("1.2.3.4"), Optional.of("news"))
            .write(LdapMessage.UNSOLICITED)
            .toByteArray();
    against(
        script()
            .send(notification)
            .expect(whoAmI(1))
            .send(notification)
            .send(Answers.intermediate(1))
            .send(Answers.whoAmI(1, "u:anna"))
            .discard(),
        session -> assertThat(session.whoAmI()).isEqualTo("u:anna"));
  }

  @Test
  void response_otherIdOrKind_misbehaved() throws Exception {
    for (byte[] wrong :
        List.of(
            Answers.whoAmI(2, "u:anna"),
            Answers.bind(1, Answers.SUCCESS),
            Answers.done(1, Answers.SUCCESS),
            whoAmI(1),
            new ExtendedResponse(Answers.SUCCESS, Optional.of(Oid.START_TLS), Optional.empty())
                .write(1)
                .toByteArray(),
            Answers.bind(0, Answers.SUCCESS))) {
      assertMisbehaved(script().expect(whoAmI(1)).send(wrong).discard(), LdapSession::whoAmI);
    }
  }

  @Test
  void rootDse_twoEntriesOrAName_misbehaved() throws Exception {
    byte[] entry = Answers.entry(1, "", LdapAttribute.of("objectClass", "top"));
    assertMisbehaved(
        script().expect(rootDse(1)).send(entry).send(entry).discard(), LdapSession::rootDse);
    assertMisbehaved(
        script().expect(rootDse(1)).send(Answers.entry(1, "dc=net")).discard(),
        LdapSession::rootDse);
  }

  @Test
  void rootDse_moreAttributesThanAllowed_misbehaved() throws Exception {
    List<LdapAttribute> many =
        new ArrayList<>(
            Collections.nCopies(RootDse.MAX_ATTRIBUTES, LdapAttribute.of("objectClass", "top")));
    byte[] most = Answers.entry(1, "", many.toArray(LdapAttribute[]::new));
    against(
        script().expect(rootDse(1)).send(most).send(Answers.done(1, Answers.SUCCESS)).discard(),
        session -> assertThat(session.rootDse().values("objectclass")).hasSize(1000));

    many.add(LdapAttribute.of("one", "more"));
    assertMisbehaved(
        script()
            .expect(rootDse(1))
            .send(Answers.entry(1, "", many.toArray(LdapAttribute[]::new)))
            .discard(),
        LdapSession::rootDse);
  }

  @Test
  void responses_withoutEnd_misbehaved() throws Exception {
    Script references = script().expect(rootDse(1));
    for (int i = 0; i < 1001; i++) {
      references = references.send(Answers.reference(1));
    }
    assertMisbehaved(references.discard(), LdapSession::rootDse);
  }

  @Test
  void response_beforeTheRequest_misbehaved() throws Exception {
    against(
        script().send(Answers.whoAmI(1, "u:mallory")).discard(),
        session -> {
          awaitEnd(session);

          assertThat(session.failure()).containsInstanceOf(PeerMisbehaved.class);
          assertThatThrownBy(session::whoAmI).isInstanceOf(PeerMisbehaved.class);
        });
  }

  private static void assertMisbehaved(Script script, Check operation) throws Exception {
    against(
        script,
        session -> {
          assertThatThrownBy(() -> operation.on(session)).isInstanceOf(PeerMisbehaved.class);
          assertThat(session.isOpen()).isFalse();
        });
  }

  // ---- Size and time

  @Test
  void response_asLongAsAllowed_readHoweverItComes() throws Exception {
    String longest = "u:" + "x".repeat(LdapMessageReader.SESSION_BYTES - 27);
    byte[] answer = Answers.whoAmI(1, longest);
    assertThat(answer).hasSize(LdapMessageReader.SESSION_BYTES);
    Script pieces = script().expect(whoAmI(1)).expect(whoAmI(2));
    for (int from = 0; from < answer.length; from += 10_000) {
      pieces =
          pieces.send(Arrays.copyOfRange(answer, from, Math.min(from + 10_000, answer.length)));
    }
    against(
        pieces.send(Answers.whoAmI(2, "u:2")).discard(),
        session -> {
          CompletableFuture<String> first = session.whoAmIAsync();
          CompletableFuture<String> second = session.whoAmIAsync();

          assertThat(first.get(20, TimeUnit.SECONDS)).isEqualTo(longest);
          assertThat(second.get(20, TimeUnit.SECONDS)).isEqualTo("u:2");
        });
  }

  @Test
  void response_longer_misbehavedByItsLength() throws Exception {
    byte[] answer = Answers.whoAmI(1, "u:" + "x".repeat(LdapMessageReader.SESSION_BYTES - 26));
    assertMisbehaved(
        script().expect(whoAmI(1)).send(Arrays.copyOf(answer, 5)).discard(), LdapSession::whoAmI);
  }

  @Test
  void operation_silentServer_timesOutAndSoDoThoseBehind() throws Exception {
    against(
        script().expect(whoAmI(1)).discard(),
        LdapSessionOptions.DEFAULTS.withOperationTimeout(Duration.ofMillis(200)),
        session -> {
          CompletableFuture<String> first = session.whoAmIAsync();
          CompletableFuture<LdapResult> second = session.bindAsync("cn=anna", secret("x"));

          assertThatThrownBy(() -> first.get(20, TimeUnit.SECONDS))
              .hasCauseInstanceOf(LayerTimedOut.class)
              .hasMessageContaining("the response to Who am I?");
          assertThatThrownBy(() -> second.get(20, TimeUnit.SECONDS))
              .hasCauseInstanceOf(LayerTimedOut.class);
        });
  }

  @Test
  void operation_tricklingServer_timesOutAllTheSame() throws Exception {
    Script trickle = script().expect(whoAmI(1));
    for (int i = 0; i < 1000; i++) {
      trickle = trickle.drip(Answers.intermediate(1));
    }
    against(
        trickle.discard(),
        LdapSessionOptions.DEFAULTS.withOperationTimeout(Duration.ofMillis(200)),
        session -> assertThatThrownBy(session::whoAmI).isInstanceOf(LayerTimedOut.class));
  }

  // ---- The end

  @Test
  void server_closes_peerClosed() throws Exception {
    for (Script end :
        List.of(
            script().expect(whoAmI(1)).close(),
            script().expect(whoAmI(1)).closeWithoutNotify(),
            script().expect(whoAmI(1)).send(new byte[] {0x30, 0x0c, 0x02}).close())) {
      against(
          end,
          session -> {
            assertThatThrownBy(session::whoAmI).isInstanceOf(PeerClosed.class);
            assertThat(session.failure()).containsInstanceOf(PeerClosed.class);
          });
    }
  }

  @Test
  void close_operationUnderWay_failsAsClosedByThisSide() throws Exception {
    against(
        script().expect(whoAmI(1)).expectClose(),
        session -> {
          CompletableFuture<String> whoAmI = session.whoAmIAsync();
          session.closeAsync().get(20, TimeUnit.SECONDS);

          assertThatThrownBy(whoAmI::get).hasCauseInstanceOf(ClosedChannelException.class);
          assertThatThrownBy(session::whoAmI).isInstanceOf(ClosedChannelException.class);
          assertThat(session.failure()).isEmpty();
        });
  }

  @Test
  void blockingForm_onTheEventLoop_illegal() throws Exception {
    CountDownLatch attached = new CountDownLatch(1); // Else this thread would run the dependent.
    against(
        script().expect(whoAmI(1)).await(attached).send(Answers.whoAmI(1, "")).discard(),
        session -> {
          CompletableFuture<Void> nested =
              session
                  .whoAmIAsync()
                  .thenAccept(
                      ignored -> {
                        try {
                          session.whoAmI();
                        } catch (IOException e) {
                          throw new IllegalArgumentException(e);
                        }
                      });
          attached.countDown();
          assertThatThrownBy(() -> nested.get(20, TimeUnit.SECONDS))
              .hasCauseInstanceOf(IllegalStateException.class);
        });
  }

  @Test
  void observer_hearsWhatMessagesAreAndNoSecret() throws Exception {
    List<String> lines = Collections.synchronizedList(new ArrayList<>());
    LdapObserver observer =
        new LdapObserver() {
          @Override
          public void sent(String line) {
            lines.add("C: " + line);
          }

          @Override
          public void received(String line) {
            lines.add("S: " + line);
            throw new AssertionError("an observer's mistake");
          }
        };
    LdapResult wrong = LdapResult.of(LdapResultCode.INVALID_CREDENTIALS, "no\nS: faked line");
    against(
        script()
            .expect(bind(1, "cn=anna", "s3cret"))
            .send(Answers.bind(1, wrong))
            .expect(whoAmI(2))
            .send(Answers.whoAmI(2, "u:anna"))
            .discard(),
        LdapSessionOptions.DEFAULTS.withObserver(observer),
        session -> {
          assertThatThrownBy(() -> session.bind("cn=anna", secret("s3cret")))
              .isInstanceOf(PeerRefused.class);
          session.whoAmI();

          assertThat(lines)
              .containsExactly(
                  "C: BindRequest #1 simple <redacted>",
                  "S: BindResponse #1 invalidCredentials (49) no\\x0aS: faked line",
                  "C: ExtendedRequest #2 Who am I?",
                  "S: ExtendedResponse #2 success (0)");
        });
  }
}
