package io.upgradeable.ldap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.unboundid.ldap.sdk.EXTERNALBindRequest;
import com.unboundid.ldap.sdk.ExtendedResult;
import com.unboundid.ldap.sdk.LDAPConnection;
import com.unboundid.ldap.sdk.LDAPException;
import com.unboundid.ldap.sdk.PLAINBindRequest;
import com.unboundid.ldap.sdk.ResultCode;
import com.unboundid.ldap.sdk.RootDSE;
import com.unboundid.ldap.sdk.SCRAMSHA256BindRequest;
import com.unboundid.ldap.sdk.SearchScope;
import com.unboundid.ldap.sdk.SimpleBindRequest;
import com.unboundid.ldap.sdk.extensions.StartTLSExtendedRequest;
import com.unboundid.ldap.sdk.extensions.WhoAmIExtendedRequest;
import com.unboundid.ldap.sdk.extensions.WhoAmIExtendedResult;
import io.upgradeable.Connection;
import io.upgradeable.Endpoint;
import io.upgradeable.LayerStack;
import io.upgradeable.Limits;
import io.upgradeable.UpgradeException.PeerRefused;
import io.upgradeable.UpgradeObserver;
import io.upgradeable.netty.NettyConnector;
import io.upgradeable.sasl.SaslCredentials;
import io.upgradeable.sasl.SaslMechanism;
import io.upgradeable.sasl.SaslPreference;
import io.upgradeable.sasl.SaslUsers;
import io.upgradeable.sasl.Secret;
import io.upgradeable.sasl.StoredSecret;
import io.upgradeable.testkit.Certificates;
import io.upgradeable.testkit.Script;
import io.upgradeable.testkit.ScriptedPeer;
import io.upgradeable.tls.ClientAuthentication;
import io.upgradeable.tls.ImplicitTls;
import io.upgradeable.tls.TlsIdentity;
import io.upgradeable.tls.TlsPolicy;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The small server against this module's client, another's, and clients that misbehave. */
@Timeout(60)
class LdapServerTest {

  private static final String ANNA = "uid=anna,dc=example,dc=net";
  private static final Certificates CERTIFICATES = Certificates.create();
  private static final TlsIdentity IDENTITY =
      CERTIFICATES.server("localhost", "127.0.0.1").identity();
  private static final Certificates.Issued BERTA = CERTIFICATES.client("berta");
  private static final SaslUsers USERS =
      SaslUsers.of(
          Map.of(
              ANNA, StoredSecret.of(secret("anna's")), "anna", StoredSecret.of(secret("anna's"))));
  private static final TlsPolicy SERVER =
      TlsPolicy.server()
          .identity(IDENTITY)
          .trust(CERTIFICATES.authorities())
          .clientAuthentication(ClientAuthentication.OPTIONAL)
          .build();
  private static final TlsPolicy CLIENT =
      TlsPolicy.client().trust(CERTIFICATES.authorities()).build();
  private static final NettyConnector CONNECTOR = NettyConnector.builder().threads(1).build();

  @AfterAll
  static void closeConnector() {
    CONNECTOR.close();
  }

  private static LdapServer.Builder server() {
    return LdapServer.builder()
        .listen(Endpoint.of("127.0.0.1", 0))
        .tls(() -> SERVER)
        .users(USERS)
        .threads(1);
  }

  private static Secret secret(String text) {
    return new Secret(text.toCharArray());
  }

  private static LdapSession connect(LdapServer server) throws IOException {
    return connect(server, CLIENT);
  }

  private static LdapSession connect(LdapServer server, TlsPolicy policy) throws IOException {
    Endpoint peer = server.endpoint();
    return LdapSession.connect(CONNECTOR, LayerStack.tcp(peer).then(Ldap.client(peer, policy)));
  }

  // ---- Our client

  @Test
  void simpleBind_rightPassword_bound() throws Exception {
    try (LdapServer server = server().start();
        LdapSession session = connect(server)) {
      assertThat(session.whoAmI()).isEmpty();
      session.bind(ANNA, secret("anna's"));
      assertThat(session.whoAmI()).isEqualTo("dn:" + ANNA);
      session.bindAnonymously();
      assertThat(session.whoAmI()).isEmpty();
      session.unbind();
    }
  }

  @Test
  void simpleBind_nameThatIsPrepared_boundAsTheStoreHasIt() throws Exception {
    try (LdapServer server = server().start();
        LdapSession session = connect(server)) {
      session.bind(ANNA.replace("anna", "an\u00adna"), secret("anna's")); // a soft hyphen
      assertThat(session.whoAmI()).isEqualTo("dn:" + ANNA);
    }
  }

  @Test
  void simpleBind_wrongNameOrPassword_sameRefusalAndNobodyIsBound() throws Exception {
    try (LdapServer server = server().start();
        LdapSession session = connect(server)) {
      session.bind(ANNA, secret("anna's"));

      for (String name : new String[] {ANNA, "uid=nobody", ANNA.toUpperCase(Locale.ROOT)}) {
        assertThatThrownBy(() -> session.bind(name, secret("wrong")))
            .isInstanceOfSatisfying(
                PeerRefused.class,
                refused -> {
                  assertThat(refused.code()).isEqualTo("invalidCredentials");
                  assertThat(refused.text()).isEmpty();
                });
        assertThat(session.whoAmI()).isEmpty();
      }
    }
  }

  @Test
  void scram_certificateReplacedDuringTheHandshake_boundToTheOneThatWasShown() throws Exception {
    AtomicReference<TlsPolicy> policy = new AtomicReference<>(SERVER);
    TlsPolicy renewed =
        TlsPolicy.server().identity(CERTIFICATES.server("localhost").identity()).build();
    UpgradeObserver reloading =
        new UpgradeObserver() {
          @Override
          public void handshakeStarted(String path) {
            policy.set(renewed);
          }
        };
    try (LdapServer server = server().tls(policy::get).observer(reloading).start();
        LdapSession session = connect(server)) {
      assertThat(session.authenticate(SaslCredentials.password("anna", secret("anna's"))))
          .isEqualTo(SaslMechanism.SCRAM_SHA_256_PLUS);
      assertThat(policy).hasValue(renewed);
    }
  }

  @Test
  void scram_boundToTheChannel_bothSidesProve() throws Exception {
    try (LdapServer server = server().start();
        LdapSession session = connect(server)) {
      assertThat(session.authenticate(SaslCredentials.password("anna", secret("anna's"))))
          .isEqualTo(SaslMechanism.SCRAM_SHA_256_PLUS);
      assertThat(session.whoAmI()).isEqualTo("u:anna");

      assertThatThrownBy(
              () -> session.authenticate(SaslCredentials.password("anna", secret("wrong"))))
          .isInstanceOf(PeerRefused.class);
      assertThat(session.whoAmI()).isEmpty();
      assertThat(
              session.authenticate(
                  SaslCredentials.password("anna", secret("anna's")),
                  SaslPreference.only(SaslMechanism.SCRAM_SHA_256)))
          .isEqualTo(SaslMechanism.SCRAM_SHA_256);
    }
  }

  @Test
  void sasl_nothingFits_refusedAndTheSessionGoesOn() throws Exception {
    try (LdapServer server = server().start();
        LdapSession session = connect(server)) {
      PeerRefused refused =
          catchThrowableOfType(
              PeerRefused.class,
              () ->
                  session.authenticate(
                      SaslCredentials.password("anna", secret("x")),
                      SaslPreference.only(SaslMechanism.CRAM_MD5)));

      assertThat(refused.code()).isEqualTo("supportedSASLMechanisms");
      assertThat(LdapResultCode.of(refused)).isEmpty(); // The server was not even asked.
      assertThat(refused.text()).contains("SCRAM-SHA-256-PLUS, SCRAM-SHA-256, PLAIN");
      assertThat(session.whoAmI()).isEmpty();
    }
  }

  @Test
  void sasl_secretClosedTooEarly_callersMistake() throws Exception {
    try (LdapServer server = server().start();
        LdapSession session = connect(server)) {
      Secret closed = secret("anna's");
      SaslCredentials credentials = SaslCredentials.password("anna", closed);
      closed.close();

      assertThatThrownBy(() -> session.authenticate(credentials))
          .isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void external_certificateShown_itsSubject() throws Exception {
    TlsPolicy policy =
        TlsPolicy.client().trust(CERTIFICATES.authorities()).identity(BERTA.identity()).build();
    try (LdapServer server = server().start();
        LdapSession session = connect(server, policy)) {
      assertThat(session.rootDse().offersSasl("EXTERNAL")).isTrue();
      assertThat(session.authenticate(SaslCredentials.external()))
          .isEqualTo(SaslMechanism.EXTERNAL);
      assertThat(session.whoAmI()).isEqualTo("dn:CN=berta");
      session.authenticate(SaslCredentials.external().actingAs("dn:CN=berta"));
      assertThatThrownBy(
              () -> session.authenticate(SaslCredentials.external().actingAs("dn:CN=admin")))
          .isInstanceOf(PeerRefused.class);
      assertThat(session.whoAmI()).isEmpty();
    }
  }

  @Test
  void external_noCertificate_notOffered() throws Exception {
    try (LdapServer server = server().start();
        LdapSession session = connect(server)) {
      assertThat(session.rootDse().offersSasl("EXTERNAL")).isFalse();
      assertThatThrownBy(() -> session.authenticate(SaslCredentials.external()))
          .isInstanceOfSatisfying(
              PeerRefused.class,
              refused -> assertThat(refused.code()).isEqualTo("authMethodNotSupported"));
    }
  }

  @Test
  void rootDse_asAsked() throws Exception {
    try (LdapServer server = server().start();
        LdapSession session = connect(server)) {
      RootDse rootDse = session.rootDse();

      assertThat(rootDse.supportedLdapVersions()).containsExactly(3);
      assertThat(rootDse.supportedExtensions()).containsExactly(Oid.WHO_AM_I, Oid.START_TLS);
      assertThat(rootDse.supportedSaslMechanisms())
          .containsExactly("SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "PLAIN");
      assertThat(rootDse.vendorName()).contains("Upgradeable");
      assertThat(rootDse.values("objectClass")).containsExactly("top");
    }
  }

  @Test
  void implicitTls_sameServerBehind() throws Exception {
    try (LdapServer server = server().implicitTls().start()) {
      Endpoint peer = server.endpoint();
      LayerStack stack =
          LayerStack.tcp(peer).then(ImplicitTls.client(peer, CLIENT)).then(Ldap.clientOverTls());
      try (LdapSession session = LdapSession.connect(CONNECTOR, stack)) {
        session.bind(ANNA, secret("anna's"));
        assertThat(session.whoAmI()).isEqualTo("dn:" + ANNA);
        assertThat(session.rootDse().supportsStartTls()).isFalse();
      }
    }
  }

  @Test
  void shutdown_clientsConnected_theyHearANotice() throws Exception {
    LdapServer server = server().start();
    try (LdapSession session = connect(server)) {
      session.whoAmI();
      server.shutdownAsync(Duration.ofSeconds(20)).get(20, TimeUnit.SECONDS);

      assertThatThrownBy(session::whoAmI)
          .isInstanceOfSatisfying(
              PeerRefused.class,
              refused -> {
                assertThat(refused.code()).isEqualTo("unavailable");
                assertThat(refused.text())
                    .isEqualTo("in a Notice of Disconnection: The server shuts down");
              });
      assertThat(server.connectionCount()).isZero();
    }
  }

  @Test
  void shutdown_handshakeUnderWay_noticeBehindIt() throws Exception {
    CountDownLatch accepted = new CountDownLatch(1);
    UpgradeObserver observer =
        new UpgradeObserver() {
          @Override
          public void connectCompleted(String path, SocketAddress remote) {
            accepted.countDown();
          }
        };
    try (LdapServer server = server().implicitTls().observer(observer).start();
        Socket silent = new Socket(InetAddress.getLoopbackAddress(), server.endpoint().port())) {
      silent.setSoTimeout(30_000);
      assertThat(accepted.await(30, TimeUnit.SECONDS)).isTrue();
      CompletableFuture<Void> ended = server.shutdownAsync(Duration.ofDays(1));
      try (Socket client =
          unboundIdTls(false).createSocket(silent, "localhost", silent.getPort(), true)) {
        assertThat(client.getInputStream().readAllBytes())
            .isEqualTo(
                Notices.write(LdapResultCode.UNAVAILABLE, "The server shuts down").toByteArray());
      }
      ended.get(30, TimeUnit.SECONDS);
    }
  }

  @Test
  void tenthFailedBind_noticeAndEnd() throws Exception {
    try (LdapServer server = server().start();
        LdapSession session = connect(server)) {
      for (int i = 0; i < 10; i++) {
        assertThatThrownBy(() -> session.bind(ANNA, secret("wrong")))
            .isInstanceOfSatisfying(
                PeerRefused.class,
                refused -> assertThat(refused.code()).isEqualTo("invalidCredentials"));
      }
      assertThatThrownBy(session::whoAmI)
          .isInstanceOfSatisfying(
              PeerRefused.class,
              refused ->
                  assertThat(refused.text())
                      .contains("Notice of Disconnection: Too many requests in vain"));
    }
  }

  @Test
  void idleClient_noticeInTime() throws Exception {
    LdapServerLimits impatient =
        LdapServerLimits.DEFAULTS.withTimeouts(Duration.ofMillis(200), Duration.ofMillis(200));
    try (LdapServer server = server().limits(impatient).start();
        LdapSession session = connect(server)) {
      while (session.isOpen()) {
        Thread.sleep(1);
      }
      assertThat(session.failure().orElseThrow())
          .hasMessageContaining("Notice of Disconnection: Nothing complete in time");
    }
  }

  @Test
  void tooManyConnections_noticeInPlaintext() throws Exception {
    try (LdapServer server = server().maxConnections(1).start();
        LdapSession first = connect(server)) {
      assertThatThrownBy(() -> connect(server))
          .isInstanceOfSatisfying(
              PeerRefused.class,
              refused -> {
                assertThat(refused.code()).isEqualTo("busy");
                assertThat(refused.text()).contains("Too many connections");
              });
      assertThat(first.whoAmI()).isEmpty();
    }
  }

  @Test
  void tooManyConnections_implicitTls_closedWithoutPlaintext() throws Exception {
    try (LdapServer server = server().implicitTls().maxConnections(1).start();
        Socket first = new Socket(InetAddress.getLoopbackAddress(), server.endpoint().port());
        Socket second = new Socket(InetAddress.getLoopbackAddress(), server.endpoint().port())) {
      second.setSoTimeout(20_000);
      assertThat(second.getInputStream().read()).isEqualTo(-1);
      assertThat(first.isClosed()).isFalse();
    }
  }

  @Test
  void tooManyConnectionsOfOneAddress_refused() throws Exception {
    try (LdapServer server = server().maxConnectionsPerAddress(1).start();
        LdapSession first = connect(server)) {
      assertThatThrownBy(() -> connect(server))
          .isInstanceOfSatisfying(
              PeerRefused.class, refused -> assertThat(refused.code()).isEqualTo("busy"));
      assertThat(first.whoAmI()).isEmpty();
    }
  }

  @Test
  void silentClient_layerLimits_closedInTime() throws Exception {
    try (LdapServer server =
            server().layerLimits(Limits.SERVER.withStepTimeout(Duration.ofMillis(100))).start();
        Socket silent = new Socket(InetAddress.getLoopbackAddress(), server.endpoint().port())) {
      silent.setSoTimeout(20_000);
      assertThat(silent.getInputStream().read()).isEqualTo(-1);
    }
  }

  @Test
  void binds_observed_inOrder() throws Exception {
    List<String> seen = new CopyOnWriteArrayList<>();
    LdapServerObserver observer =
        new LdapServerObserver() {
          @Override
          public void bound(Connection connection, String authorizationId) {
            seen.add(connection.security() + " " + authorizationId);
            throw new AssertionError("an observer's own trouble");
          }

          @Override
          public void bindRefused(Connection connection, LdapResult result) {
            seen.add(result.toString());
          }
        };
    try (LdapServer server = server().bindObserver(observer).start();
        LdapSession session = connect(server)) {
      session.bind(ANNA, secret("anna's"));
      session.authenticate(SaslCredentials.password("anna", secret("anna's")));
      assertThatThrownBy(() -> session.bind(ANNA, secret("wrong"))).isInstanceOf(PeerRefused.class);
      session.bindAnonymously();
    }
    assertThat(seen)
        .containsExactly(
            "ORIGIN dn:" + ANNA, "ORIGIN u:anna", "invalidCredentials (49)", "ORIGIN ");
  }

  // ---- Binds that take long, or fail

  @Test
  void bind_noThreadIsFree_busyAndNobodyIsBound() throws Exception {
    AtomicBoolean busy = new AtomicBoolean();
    Executor threads =
        task -> {
          if (busy.get()) {
            throw new RejectedExecutionException();
          }
          task.run();
        };
    try (LdapServer server = server().threadsOfBinds(threads).start();
        LdapSession session = connect(server)) {
      session.bind(ANNA, secret("anna's"));
      busy.set(true);
      assertThatThrownBy(() -> session.bind(ANNA, secret("anna's")))
          .isInstanceOfSatisfying(
              PeerRefused.class, refused -> assertThat(refused.code()).isEqualTo("busy"));
      assertThat(session.whoAmI()).isEmpty();
      busy.set(false);
      session.bind(ANNA, secret("anna's"));
      assertThat(session.whoAmI()).isEqualTo("dn:" + ANNA);
    }
  }

  @Test
  void bind_storeFailsWithAnError_otherAndTheSessionGoesOn() throws Exception {
    SaslUsers broken =
        user -> {
          throw new NoClassDefFoundError("a store's own trouble");
        };
    try (LdapServer server = server().users(broken).start();
        LdapSession session = connect(server)) {
      assertThatThrownBy(() -> session.bind(ANNA, secret("anna's")))
          .isInstanceOfSatisfying(
              PeerRefused.class,
              refused -> {
                assertThat(refused.code()).isEqualTo("other");
                assertThat(refused.text()).isEqualTo("Internal error");
              });
      assertThat(session.whoAmI()).isEmpty();
    }
  }

  @Test
  void bind_storeNeverAnswers_noticeInTime() throws Exception {
    CountDownLatch over = new CountDownLatch(1);
    SaslUsers silent =
        user -> {
          try {
            over.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          return Optional.empty();
        };
    LdapServerLimits impatient =
        LdapServerLimits.DEFAULTS.withTimeouts(Duration.ofSeconds(30), Duration.ofMillis(200));
    Executor threads =
        task -> {
          Thread thread = new Thread(task, "silent-store");
          thread.setDaemon(true);
          thread.start();
        };
    try (LdapServer server =
            server().users(silent).limits(impatient).threadsOfBinds(threads).start();
        LdapSession session = connect(server)) {
      assertThatThrownBy(() -> session.bind(ANNA, secret("anna's")))
          .isInstanceOf(PeerRefused.class)
          .hasMessageContaining("in time, goodbye");
    } finally {
      over.countDown();
    }
  }

  // ---- Clients that misbehave

  private static void under(Script tls) throws Exception {
    under(server(), tls);
  }

  private static void under(LdapServer.Builder builder, Script tls) throws Exception {
    try (LdapServer server = builder.start()) {
      InetSocketAddress address =
          new InetSocketAddress(server.endpoint().host(), server.endpoint().port());
      Script script =
          Script.start()
              .send(ExtendedRequest.write(1, Oid.START_TLS).toByteArray())
              .expect(
                  new ExtendedResponse(
                          Answers.SUCCESS, Optional.of(Oid.START_TLS), Optional.empty())
                      .write(1)
                      .toByteArray())
              .startTls()
              .then(tls);
      try (ScriptedPeer client = ScriptedPeer.client(address, script)) {
        client.awaitPlayed();
      }
    }
  }

  private static byte[] result(int id, LdapOperation operation, LdapResultCode code, String words) {
    return LdapMessage.write(id, operation, LdapResult.of(code, words)::write).toByteArray();
  }

  private static byte[] request(int id, LdapOperation operation) {
    return LdapMessage.write(id, operation, content -> {}).toByteArray();
  }

  @Test
  void startTlsUnderTls_operationsError() throws Exception {
    under(
        Script.start()
            .send(ExtendedRequest.write(2, Oid.START_TLS).toByteArray())
            .expect(
                result(
                    2,
                    LdapOperation.EXTENDED_RESPONSE,
                    LdapResultCode.OPERATIONS_ERROR,
                    "TLS is there already")));
  }

  @Test
  void otherOperations_unwillingToPerform() throws Exception {
    under(
        Script.start()
            .send(request(2, LdapOperation.ADD_REQUEST))
            .expect(
                result(
                    2,
                    LdapOperation.ADD_RESPONSE,
                    LdapResultCode.UNWILLING_TO_PERFORM,
                    "There is no directory here"))
            .send(LdapMessage.write(3, LdapOperation.ABANDON_REQUEST, c -> {}).toByteArray())
            .send(
                new SearchRequest("dc=net", 2, false, Optional.of("objectClass"), List.of())
                    .write(4)
                    .toByteArray())
            .expect(
                result(
                    4,
                    LdapOperation.SEARCH_RESULT_DONE,
                    LdapResultCode.UNWILLING_TO_PERFORM,
                    "There is nothing but a root DSE here"))
            .send(ExtendedRequest.write(5, "1.2.3.4").toByteArray())
            .expect(
                result(
                    5,
                    LdapOperation.EXTENDED_RESPONSE,
                    LdapResultCode.PROTOCOL_ERROR,
                    "Unknown extended operation"))
            .send(Unbind.write(6).toByteArray())
            .expectClose());
  }

  @Test
  void nameWithoutPassword_unwillingToPerform() throws Exception {
    under(
        Script.start()
            .send(BindRequest.simple(ANNA, new byte[0]).write(2).toByteArray())
            .expect(
                result(
                    2,
                    LdapOperation.BIND_RESPONSE,
                    LdapResultCode.UNWILLING_TO_PERFORM,
                    "Expected a password")));
  }

  @Test
  void otherRequestInsideASaslBind_operationsErrorAndTheBindIsOver() throws Exception {
    byte[] scram = BindRequest.sasl("SCRAM-SHA-256", Optional.empty()).write(2).toByteArray();
    byte[] challenge =
        new BindResponse(
                LdapResult.of(LdapResultCode.SASL_BIND_IN_PROGRESS, ""), Optional.of(new byte[0]))
            .write(2)
            .toByteArray();
    under(
        Script.start()
            .send(scram)
            .expect(challenge)
            .send(ExtendedRequest.write(3, Oid.WHO_AM_I).toByteArray())
            .expect(
                result(
                    3,
                    LdapOperation.EXTENDED_RESPONSE,
                    LdapResultCode.OPERATIONS_ERROR,
                    "Expected the next step of the SASL bind"))
            .send(ExtendedRequest.write(4, Oid.WHO_AM_I).toByteArray())
            .expect(Answers.whoAmI(4, "")));
  }

  @Test
  void requestsBehindABind_answeredBehindIt() throws Exception {
    byte[] bind =
        BindRequest.simple(ANNA, "anna's".getBytes(StandardCharsets.US_ASCII))
            .write(2)
            .toByteArray();
    byte[] whoAmI = ExtendedRequest.write(3, Oid.WHO_AM_I).toByteArray();
    byte[] both = Arrays.copyOf(bind, bind.length + whoAmI.length);
    System.arraycopy(whoAmI, 0, both, bind.length, whoAmI.length);
    under(
        Script.start()
            .send(both)
            .expect(Answers.bind(2, Answers.SUCCESS))
            .expect(Answers.whoAmI(3, "dn:" + ANNA)));
  }

  @Test
  void malformedRequests_noticeAndEnd() throws Exception {
    for (byte[] malformed :
        new byte[][] {
          {0x30, 0x00},
          {0x30, (byte) 0x80},
          {0x30, (byte) 0x84, 0x7f, 0, 0, 0},
          "GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII)
        }) {
      under(
          Script.start()
              .send(malformed)
              .expect(
                  Answers.notice(LdapResultCode.PROTOCOL_ERROR, "That is no LDAP message, goodbye"))
              .expectClose());
    }
    for (LdapOperation operation :
        new LdapOperation[] {LdapOperation.BIND_REQUEST, LdapOperation.SEARCH_REQUEST}) {
      under(
          Script.start()
              .send(request(2, operation))
              .expect(Answers.notice(LdapResultCode.PROTOCOL_ERROR, "Malformed request, goodbye"))
              .expectClose());
    }
    under(
        Script.start()
            .send(request(2, LdapOperation.BIND_RESPONSE))
            .expect(Answers.notice(LdapResultCode.PROTOCOL_ERROR, "That is no request, goodbye"))
            .expectClose());
  }

  @Test
  void halfARequest_noticeInTime() throws Exception {
    LdapServerLimits impatient =
        LdapServerLimits.DEFAULTS.withTimeouts(Duration.ofMillis(200), Duration.ofSeconds(60));
    under(
        server().limits(impatient),
        Script.start()
            .send(ExtendedRequest.write(2, Oid.WHO_AM_I).toByteArray())
            .expect(Answers.whoAmI(2, ""))
            .send(new byte[] {0x30, 0x20, 0x02})
            .expect(Answers.notice(LdapResultCode.UNAVAILABLE, "Nothing complete in time, goodbye"))
            .expectClose());
  }

  // ---- Another client: UnboundID's

  private static SSLSocketFactory unboundIdTls(boolean withCertificate) throws Exception {
    KeyStore trust = KeyStore.getInstance("PKCS12");
    trust.load(null, null);
    trust.setCertificateEntry("authority", CERTIFICATES.authorities().get(0));
    TrustManagerFactory trusting = TrustManagerFactory.getInstance("PKIX");
    trusting.init(trust);
    KeyStore keys = KeyStore.getInstance("PKCS12");
    keys.load(null, null);
    if (withCertificate) {
      keys.setKeyEntry(
          "berta", BERTA.key(), new char[0], BERTA.chain().toArray(Certificate[]::new));
    }
    KeyManagerFactory showing = KeyManagerFactory.getInstance("PKIX");
    showing.init(keys, new char[0]);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(showing.getKeyManagers(), trusting.getTrustManagers(), null);
    return context.getSocketFactory();
  }

  private static LDAPConnection unboundId(LdapServer server) throws LDAPException {
    return new LDAPConnection("localhost", server.endpoint().port());
  }

  @Test
  void unboundId_startTls_bindWhoAmIAndRootDse() throws Exception {
    try (LdapServer server = server().start();
        LDAPConnection client = unboundId(server)) {
      assertThatThrownBy(() -> client.bind(ANNA, "anna's"))
          .isInstanceOfSatisfying(
              LDAPException.class,
              refused ->
                  assertThat(refused.getResultCode())
                      .isEqualTo(ResultCode.CONFIDENTIALITY_REQUIRED));

      ExtendedResult startTls =
          client.processExtendedOperation(new StartTLSExtendedRequest(unboundIdTls(false)));
      assertThat(startTls.getResultCode()).isEqualTo(ResultCode.SUCCESS);

      assertThat(client.bind(new SimpleBindRequest(ANNA, "anna's")).getResultCode())
          .isEqualTo(ResultCode.SUCCESS);
      WhoAmIExtendedResult whoAmI =
          (WhoAmIExtendedResult) client.processExtendedOperation(new WhoAmIExtendedRequest());
      assertThat(whoAmI.getAuthorizationID()).isEqualTo("dn:" + ANNA);

      RootDSE rootDse = client.getRootDSE();
      assertThat(rootDse.supportsExtendedOperation(Oid.START_TLS)).isTrue();
      assertThat(rootDse.supportsLDAPVersion(3)).isTrue();

      assertThatThrownBy(() -> client.search("dc=example,dc=net", SearchScope.SUB, "(uid=anna)"))
          .isInstanceOfSatisfying(
              LDAPException.class,
              refused ->
                  assertThat(refused.getResultCode()).isEqualTo(ResultCode.UNWILLING_TO_PERFORM));
    }
  }

  @Test
  void unboundId_saslMechanisms_bound() throws Exception {
    try (LdapServer server = server().start();
        LDAPConnection client = unboundId(server)) {
      client.processExtendedOperation(new StartTLSExtendedRequest(unboundIdTls(true)));

      client.bind(new SCRAMSHA256BindRequest("anna", "anna's"));
      assertThat(identity(client)).isEqualTo("u:anna");
      client.bind(new PLAINBindRequest("anna", "anna's"));
      assertThat(identity(client)).isEqualTo("u:anna");
      client.bind(new EXTERNALBindRequest(""));
      assertThat(identity(client)).isEqualTo("dn:CN=berta");
    }
  }

  private static String identity(LDAPConnection client) throws LDAPException {
    return ((WhoAmIExtendedResult) client.processExtendedOperation(new WhoAmIExtendedRequest()))
        .getAuthorizationID();
  }
}
