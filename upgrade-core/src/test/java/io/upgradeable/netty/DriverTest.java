package io.upgradeable.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.upgradeable.Connection;
import io.upgradeable.Endpoint;
import io.upgradeable.Layer;
import io.upgradeable.LayerStack;
import io.upgradeable.Limits;
import io.upgradeable.LoopbackFixture;
import io.upgradeable.Security;
import io.upgradeable.TestIdentity;
import io.upgradeable.UpgradeException;
import io.upgradeable.UpgradeException.CertificateRejected;
import io.upgradeable.UpgradeException.ConnectFailed;
import io.upgradeable.UpgradeException.LayerTimedOut;
import io.upgradeable.UpgradeException.PeerClosed;
import io.upgradeable.UpgradeException.PeerMisbehaved;
import io.upgradeable.UpgradeException.PeerRefused;
import io.upgradeable.UpgradeException.PlaintextInjected;
import io.upgradeable.UpgradeException.TlsFailed;
import io.upgradeable.UpgradeObserver;
import io.upgradeable.negotiation.Message;
import io.upgradeable.negotiation.Negotiation;
import io.upgradeable.negotiation.Reason;
import io.upgradeable.negotiation.Step;
import io.upgradeable.negotiation.TlsFacts;
import io.upgradeable.tls.ImplicitTls;
import io.upgradeable.tls.InvalidTlsConfigurationException;
import io.upgradeable.tls.ReloadableTlsPolicy;
import io.upgradeable.tls.TlsEngine;
import io.upgradeable.tls.TlsIdentity;
import io.upgradeable.tls.TlsPolicy;
import io.upgradeable.tls.TlsVersion;
import java.io.IOException;
import java.io.InputStream;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.StandardConstants;
import javax.net.ssl.TrustManager;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The driver and the hook over real sockets: what they do with each step, and with each peer. */
@Timeout(60)
final class DriverTest extends LoopbackFixture {

  private static final TestIdentity IDENTITY = TestIdentity.forNames("localhost");

  private final LinkedBlockingQueue<Throwable> serverFailures = new LinkedBlockingQueue<>();
  private final LinkedBlockingQueue<TlsFacts> serverFacts = new LinkedBlockingQueue<>();
  private final NettyConnector connector = closing(NettyConnector.builder().threads(1).build());

  private NettyAcceptor serve(Layer<?>... layers) throws IOException {
    return closing(acceptor(layers).start());
  }

  private NettyAcceptor.Builder acceptor(Layer<?>... layers) {
    NettyAcceptor.Builder builder =
        NettyAcceptor.builder()
            .listen(LOOPBACK)
            .threads(1)
            .observer(
                new UpgradeObserver() {
                  @Override
                  public void layerFailed(String path, Throwable cause) {
                    serverFailures.add(cause);
                  }

                  @Override
                  public void handshakeCompleted(String path, TlsFacts facts) {
                    serverFacts.add(facts);
                  }
                });
    for (Layer<?> layer : layers) {
      builder.layer(layer);
    }
    return builder;
  }

  private static Layer<List<String>> serverLayer(TlsEngine engine) {
    return Layer.of("line", LineNegotiation::server).tls(IDENTITY.server(engine)).build();
  }

  private static Layer<List<String>> clientLayer(TlsEngine engine) {
    return Layer.of("line", LineNegotiation::client).tls(IDENTITY.client(engine)).build();
  }

  private Throwable serverFailure() throws InterruptedException {
    Throwable failure = serverFailures.poll(20, TimeUnit.SECONDS);
    return failure == null ? new AssertionError("the server did not fail") : failure;
  }

  // --- the upgrade itself

  @ParameterizedTest
  @EnumSource(TlsEngine.class)
  void startTls_server_factsHaveTheCertificateThatItShowed(TlsEngine engine) throws Exception {
    NettyAcceptor server = serve(serverLayer(engine));
    Layer<List<String>> layer = clientLayer(engine);
    for (int i = 0; i < 3; i++) { // The later ones may resume the first one's session.
      Connection connection =
          closing(connector.connect(LayerStack.tcp(server.endpoint()).then(layer)));
      assertThat(connection.tls().orElseThrow().localChain()).isEmpty();
      TlsFacts facts = serverFacts.poll(20, TimeUnit.SECONDS);
      assertThat(facts).isNotNull();
      assertThat(facts.localChain()).containsExactly(IDENTITY.certificate());
    }
  }

  @ParameterizedTest
  @EnumSource(TlsEngine.class)
  void startTls_bothRoles_secured(TlsEngine engine) throws Exception {
    NettyAcceptor server = serve(serverLayer(engine));
    Layer<List<String>> layer = clientLayer(engine);
    Connection connection =
        closing(connector.connect(LayerStack.tcp(server.endpoint()).then(layer)));
    TlsFacts facts = connection.tls().orElseThrow();
    assertThat(facts.protocol()).isEqualTo("TLSv1.3");
    assertThat(facts.peerChain()).containsExactly(IDENTITY.certificate());
    assertThat(facts.verification()).isEqualTo(TlsFacts.Verification.CHAIN_AND_NAME);
    assertThat(connection.result(layer)).isEmpty();
    assertThat(connection.security()).isEqualTo(Security.ORIGIN);
    assertThat(connection.path()).isEqualTo("tcp(" + server.endpoint() + ") > line+tls");
  }

  @ParameterizedTest
  @ValueSource(strings = {"localhost", "localhost."})
  void startTls_byName_serverSeesTheNameOfTheEndpoint(String name) throws Exception {
    for (TlsEngine engine : List.of(TlsEngine.JDK, TlsEngine.OPENSSL)) {
      NettyAcceptor server = serve(serverLayer(engine));
      Layer<List<String>> layer =
          Layer.of("line", LineNegotiation::client)
              .target(Endpoint.of(name, server.endpoint().port()))
              .tls(IDENTITY.client(engine))
              .build();
      closing(connector.connect(LayerStack.tcp(server.endpoint()).then(layer)));
      TlsFacts seen = serverFacts.poll(20, TimeUnit.SECONDS);
      assertThat(seen).isNotNull();
      assertThat(seen.serverName()).as(engine.name()).contains("localhost");
    }
  }

  /** OpenSSL lets names through that are none, and stumbles over them when it is asked for them. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "localhost.",
        "a-label-of-64-letters-and-digits-is-longer-by-one-than-labels-be.test"
      })
  void openSslServer_nameThatIsNone_upgradesAsWithoutAName(String name) throws Exception {
    SSLSocket client = jdkClient(serve(serverLayer(TlsEngine.OPENSSL)), "TLSv1.3");
    askFor(client, name);
    client.startHandshake();
    say(client, "A\n");
    assertThat(hear(client, 2)).isEqualTo("A\n");
    TlsFacts seen = serverFacts.poll(20, TimeUnit.SECONDS);
    assertThat(seen).isNotNull();
    assertThat(seen.serverName()).isEmpty();
  }

  @Test
  void jdkServer_nameThatIsNone_failsTheHandshake() throws Exception {
    SSLSocket client = jdkClient(serve(serverLayer(TlsEngine.JDK)), "TLSv1.3");
    askFor(client, "localhost.");
    assertThatThrownBy(client::startHandshake).isInstanceOf(IOException.class);
    assertThat(serverFailure()).isInstanceOf(TlsFailed.class);
  }

  /** Sends a name as it is; {@code SNIHostName} would refuse it. */
  private static void askFor(SSLSocket client, String name) {
    SSLParameters parameters = client.getSSLParameters();
    parameters.setServerNames(
        List.of(
            new SNIServerName(
                StandardConstants.SNI_HOST_NAME, name.getBytes(StandardCharsets.US_ASCII)) {}));
    client.setSSLParameters(parameters);
  }

  @ParameterizedTest
  @EnumSource(
      value = TlsEngine.class,
      names = {"JDK", "OPENSSL"})
  void serverName_overridden_isSentAndVerified(TlsEngine engine) throws Exception {
    TestIdentity other = TestIdentity.forNames("other.example.net");
    Layer<List<String>> serving =
        Layer.of("line", LineNegotiation::server).tls(other.server(engine)).build();
    NettyAcceptor server = serve(serving);
    TlsPolicy policy = other.client().engine(engine).serverName("other.example.net").build();
    Layer<List<String>> layer = Layer.of("line", LineNegotiation::client).tls(policy).build();
    closing(
        connector.connect(
            LayerStack.tcp(Endpoint.of("localhost", server.endpoint().port())).then(layer)));
    TlsFacts seen = serverFacts.poll(20, TimeUnit.SECONDS);
    assertThat(seen).isNotNull();
    assertThat(seen.serverName()).contains("other.example.net");
  }

  @Test
  void verifyName_differsFromServerName_bothAreHonoured() throws Exception {
    for (TlsEngine engine : List.of(TlsEngine.JDK, TlsEngine.OPENSSL)) {
      TestIdentity other = TestIdentity.forNames("verified.example.net");
      Layer<List<String>> serving =
          Layer.of("line", LineNegotiation::server).tls(other.server(engine)).build();
      NettyAcceptor server = serve(serving);
      TlsPolicy policy =
          other
              .client()
              .engine(engine)
              .serverName("sent.example.net")
              .verifyName("verified.example.net")
              .build();
      Layer<List<String>> layer = Layer.of("line", LineNegotiation::client).tls(policy).build();
      closing(connector.connect(LayerStack.tcp(server.endpoint()).then(layer)));
      TlsFacts seen = serverFacts.poll(20, TimeUnit.SECONDS);
      assertThat(seen).isNotNull();
      assertThat(seen.serverName()).as(engine.name()).contains("sent.example.net");
    }
  }

  @Test
  void withoutServerName_noneIsSent_nameStillVerified() throws Exception {
    NettyAcceptor server = serve(serverLayer(TlsEngine.AUTO));
    TlsPolicy policy = IDENTITY.client().withoutServerName().build();
    Layer<List<String>> layer = Layer.of("line", LineNegotiation::client).tls(policy).build();
    Endpoint byName = Endpoint.of("localhost", server.endpoint().port());
    closing(connector.connect(LayerStack.tcp(byName).then(layer)));
    TlsFacts seen = serverFacts.poll(20, TimeUnit.SECONDS);
    assertThat(seen).isNotNull();
    assertThat(seen.serverName()).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(
      value = TlsEngine.class,
      names = {"JDK", "OPENSSL"})
  void tlsInTls_threeDeep_eachLayerVerifiedByItsOwnName(TlsEngine engine) throws Exception {
    TestIdentity outer = TestIdentity.forNames("outer.test.example");
    TestIdentity middle = TestIdentity.forNames("middle.test.example");
    NettyAcceptor server =
        serve(
            ImplicitTls.server(outer.server(engine)),
            ImplicitTls.server(middle.server(engine)),
            serverLayer(engine));
    Layer<TlsFacts> first =
        ImplicitTls.client(Endpoint.of("outer.test.example", 1), outer.client(engine));
    Layer<TlsFacts> second =
        ImplicitTls.client(Endpoint.of("middle.test.example", 1), middle.client(engine));
    Layer<List<String>> third =
        Layer.of("line", LineNegotiation::client)
            .target(Endpoint.of("localhost", 1))
            .tls(IDENTITY.client(engine))
            .build();
    Connection connection =
        closing(
            connector.connect(
                LayerStack.tcp(server.endpoint()).then(first).then(second).then(third)));
    assertThat(connection.result(first).peerChain()).containsExactly(outer.certificate());
    assertThat(connection.result(second).peerChain()).containsExactly(middle.certificate());
    assertThat(connection.tls().orElseThrow().peerChain()).containsExactly(IDENTITY.certificate());
    assertThat(connection.path())
        .isEqualTo(
            "tcp("
                + server.endpoint()
                + ") > tls(outer.test.example) > tls(middle.test.example) > line+tls(localhost)");
  }

  @ParameterizedTest
  @ValueSource(strings = {"x25519", "secp384r1", "X25519MLKEM768"})
  void group_chosen_isToldToBothSides(String group) throws Exception {
    TlsPolicy policy = IDENTITY.client().engine(TlsEngine.OPENSSL).groups(group).build();
    NettyAcceptor server =
        serve(
            Layer.of("line", LineNegotiation::server)
                .tls(IDENTITY.server().engine(TlsEngine.OPENSSL).groups(group).build())
                .build());
    Layer<List<String>> layer = Layer.of("line", LineNegotiation::client).tls(policy).build();
    Connection connection =
        closing(connector.connect(LayerStack.tcp(server.endpoint()).then(layer)));
    assertThat(connection.tls().orElseThrow().group()).contains(group);
    assertThat(serverFacts.poll(20, TimeUnit.SECONDS))
        .isNotNull()
        .extracting(TlsFacts::group)
        .isEqualTo(Optional.of(group));
  }

  @ParameterizedTest
  @ValueSource(strings = {"MORE\n", "MO", "M", "\n", "\u0016\u0003\u0001"})
  void serverAnswered_bytesBehindRequest_failsClosedWithoutGoAhead(String injected)
      throws Exception {
    NettyAcceptor server = serve(serverLayer(TlsEngine.AUTO));
    Socket client = dial(server);
    say(client, "GO\n" + injected);
    assertThat(serverFailure())
        .isInstanceOfSatisfying(
            PlaintextInjected.class, e -> assertThat(e.byteCount()).isEqualTo(injected.length()))
        .hasMessageNotContaining("MO");
    assertThat(client.getInputStream().readAllBytes()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"MORE\n", "MO", "M", "\u0016\u0003\u0009", "\u0016\u0002"})
  void serverAtOnce_bytesBehindAreNoHandshake_failsAsInjected(String injected) throws Exception {
    NettyAcceptor server = serve(serverLayer(TlsEngine.AUTO));
    Socket client = dial(server);
    say(client, "GO AT ONCE\n" + injected);
    assertThat(serverFailure())
        .isInstanceOfSatisfying(
            PlaintextInjected.class, e -> assertThat(e.byteCount()).isEqualTo(injected.length()));
    assertThat(client.getInputStream().readAllBytes()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"OK\nMORE\n", "OK\nMO", "OK\nM"})
  void clientAnswered_bytesBehindGoAhead_failsClosed(String answer) throws Exception {
    try (ServerSocket listening = new ServerSocket(0)) {
      CompletableFuture<Connection> connecting = connectTo(listening, clientLayer(TlsEngine.AUTO));
      try (Socket peer = accept(listening)) {
        assertThat(new String(peer.getInputStream().readNBytes(3), StandardCharsets.US_ASCII))
            .isEqualTo("GO\n");
        say(peer, answer);
        assertThatThrownBy(connecting::get).hasCauseInstanceOf(PlaintextInjected.class);
        assertThat(peer.getInputStream().readAllBytes()).isEmpty();
      }
    }
  }

  @Test
  void handshake_endlessTinyRecords_endsAtItsByteBudget() throws Exception {
    Limits limits = Limits.SERVER.withHandshakeBytes(4096);
    Layer<List<String>> layer =
        Layer.of("line", LineNegotiation::server)
            .tls(IDENTITY.server(TlsEngine.JDK))
            .limits(limits)
            .build();
    NettyAcceptor server = serve(layer);
    Socket client = dial(server);
    say(client, "GO\n");
    client.getInputStream().readNBytes(3);
    // A ClientHello that claims 28 KiB, one byte in each record: valid as far as it goes.
    byte[] many = new byte[6 * 2000];
    for (int i = 0; i < many.length; i += 6) {
      byte content = (byte) (i == 0 ? 1 : i == 12 ? 0x70 : 0);
      System.arraycopy(new byte[] {22, 3, 1, 0, 1, content}, 0, many, i, 6);
    }
    client.getOutputStream().write(many);
    assertThat(serverFailure())
        .isInstanceOf(PeerMisbehaved.class)
        .hasMessageContaining("at most 4096 bytes");
  }

  @Test
  void handshake_thatNeverEnds_timesOut() throws Exception {
    Limits limits = Limits.SERVER.withHandshakeTimeout(Duration.ofMillis(200));
    Layer<List<String>> layer =
        Layer.of("line", LineNegotiation::server)
            .tls(IDENTITY.server(TlsEngine.AUTO))
            .limits(limits)
            .build();
    Socket client = dial(serve(layer));
    say(client, "GO\n");
    assertThat(serverFailure())
        .isInstanceOf(LayerTimedOut.class)
        .hasMessageContaining("a TLS handshake");
  }

  @Test
  void versions_withoutOverlap_handshakeFails() throws Exception {
    TlsPolicy old = IDENTITY.server().versions(TlsVersion.TLS_1_2, TlsVersion.TLS_1_2).build();
    NettyAcceptor server = serve(Layer.of("line", LineNegotiation::server).tls(old).build());
    TlsPolicy modern = IDENTITY.client().versions(TlsVersion.TLS_1_3, TlsVersion.TLS_1_3).build();
    Layer<List<String>> layer = Layer.of("line", LineNegotiation::client).tls(modern).build();
    assertThatThrownBy(() -> connector.connect(LayerStack.tcp(server.endpoint()).then(layer)))
        .isInstanceOf(io.upgradeable.UpgradeException.TlsFailed.class);
  }

  @Test
  void badPolicy_unknownGroup_failsWithoutTouchingThePeer() throws Exception {
    try (ServerSocket listening = new ServerSocket(0)) {
      TlsPolicy policy =
          IDENTITY.client().engine(TlsEngine.OPENSSL).groups("no-such-group").build();
      Layer<List<String>> layer = Layer.of("line", LineNegotiation::client).tls(policy).build();
      assertThatThrownBy(() -> connectTo(listening, layer))
          .isInstanceOf(InvalidTlsConfigurationException.class);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = TlsEngine.class,
      names = {"JDK", "OPENSSL"})
  void client_rejectsCertificate_serverHearsAnAlertThatFits(TlsEngine engine) throws Exception {
    NettyAcceptor server = serve(serverLayer(engine));
    TlsPolicy trustsAnother = TestIdentity.forNames("localhost").client(engine);
    Layer<List<String>> layer =
        Layer.of("line", LineNegotiation::client).tls(trustsAnother).build();
    assertThatThrownBy(() -> connector.connect(LayerStack.tcp(server.endpoint()).then(layer)))
        .isInstanceOf(CertificateRejected.class);
    assertThat(serverFailure().toString().replace('_', ' '))
        .containsPattern("(?i)unknown ca|certificate unknown")
        .doesNotContain("OPENSSL");
  }

  @Test
  void client_renegotiates_connectionFails() throws Exception {
    SSLSocket client = jdkClient(serve(serverLayer(TlsEngine.JDK)), "TLSv1.2");
    client.startHandshake();
    client.getOutputStream().write("A\n".getBytes(UTF_8));
    assertThat(client.getInputStream().readNBytes(2)).isEqualTo("A\n".getBytes(UTF_8));
    try {
      client.startHandshake();
      assertThat(client.getInputStream().read()).as("the end, and no answer").isEqualTo(-1);
    } catch (IOException reset) {
      // As good an end, if it comes before the client's handshake is through.
    }
    assertThat(serverFailure())
        .isInstanceOf(PeerMisbehaved.class)
        .hasMessageContaining("expected one TLS handshake, got a renegotiation");
  }

  @Test
  void client_updatesKeysForEver_connectionFails() throws Exception {
    SSLSocket client = jdkClient(serve(serverLayer(TlsEngine.JDK)), "TLSv1.3");
    client.startHandshake();
    assertThatThrownBy(
            () -> {
              while (true) {
                client.startHandshake(); // under TLS 1.3 that is a key update
              }
            })
        .isInstanceOf(IOException.class);
    assertThat(serverFailure())
        .isInstanceOf(PeerMisbehaved.class)
        .hasMessageContaining("bytes of TLS without data");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "TLS_RSA_WITH_AES_128_GCM_SHA256",
        "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
        "TLS_RSA_WITH_AES_256_CBC_SHA"
      })
  void cipherSuite_withoutForwardSecrecyOrAead_isRefused(String suite) throws Exception {
    for (TlsEngine engine : List.of(TlsEngine.JDK, TlsEngine.OPENSSL)) {
      SSLSocket client = jdkClient(serve(serverLayer(engine)), "TLSv1.2");
      client.setEnabledCipherSuites(new String[] {suite});
      assertThatThrownBy(client::startHandshake).as(engine.name()).isInstanceOf(IOException.class);
    }
  }

  /** A client on the JDK's sockets that has said GO and heard OK. */
  private SSLSocket jdkClient(NettyAcceptor server, String version) throws Exception {
    Socket socket = dial(server);
    say(socket, "GO\n");
    socket.getInputStream().readNBytes(3);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, new TrustManager[] {IDENTITY.client(TlsEngine.JDK).trustManager()}, null);
    SSLSocket tls =
        (SSLSocket)
            context.getSocketFactory().createSocket(socket, "localhost", socket.getPort(), true);
    tls.setEnabledProtocols(new String[] {version});
    return tls;
  }

  @Test
  void server_withEd25519Key_upgradesByTheJdkEngine() throws Exception {
    TlsIdentity identity = TestIdentity.ed25519("localhost");
    TlsPolicy.Builder policy = TlsPolicy.server().identity(identity);
    NettyAcceptor server =
        serve(Layer.of("line", LineNegotiation::server).tls(policy.build()).build());
    TlsPolicy client = TlsPolicy.client().trust(identity.chain()).engine(TlsEngine.JDK).build();
    Connection connection = connectTrusting(server, client);
    assertThat(connection.tls().orElseThrow().peerChain()).isEqualTo(identity.chain());
    assertThatThrownBy(
            () ->
                serve(
                    Layer.of("line", LineNegotiation::server)
                        .tls(policy.engine(TlsEngine.OPENSSL).build())
                        .build()))
        .isInstanceOf(InvalidTlsConfigurationException.class)
        .hasMessageContaining("Ed25519");
  }

  @Test
  void limit_ofCenturies_isRefusedAndDoesNotOverflow() {
    assertThatThrownBy(() -> Limits.CLIENT.withStepTimeout(Duration.ofDays(200_000)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("at most 365 days");
    assertThatThrownBy(() -> NettyConnector.builder().timeout(Duration.ofDays(366)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void name_withUnderscore_isRefusedAsAName() throws Exception {
    for (TlsEngine engine : List.of(TlsEngine.JDK, TlsEngine.OPENSSL)) {
      NettyAcceptor server = serve(serverLayer(engine));
      Layer<List<String>> layer =
          Layer.of("line", LineNegotiation::client)
              .target(Endpoint.of("a_b.example.net", 1))
              .tls(IDENTITY.client(engine))
              .build();
      // The JDK's own check knows no such names; it must not be told as a matter of trust.
      assertThatThrownBy(() -> connector.connect(LayerStack.tcp(server.endpoint()).then(layer)))
          .isInstanceOf(CertificateRejected.class)
          .hasMessageContaining("not for a_b.example.net");
    }
  }

  // --- steps

  @Test
  void oneBytePerSegment_wholeDialogue_succeeds() throws Exception {
    Socket client = dial(serve(serverLayer(TlsEngine.AUTO)));
    client.setTcpNoDelay(true);
    for (byte b : "HELLO\n".getBytes(StandardCharsets.US_ASCII)) {
      client.getOutputStream().write(b);
      client.getOutputStream().flush();
    }
    assertThat(client.getInputStream().readNBytes(6)).isEqualTo("HELLO\n".getBytes(UTF_8));
  }

  @Test
  void manyLinesInOneSegment_allAnsweredInOrder() throws Exception {
    Socket client = dial(serve(serverLayer(TlsEngine.AUTO)));
    say(client, "A\nB\nC\n");
    assertThat(client.getInputStream().readNBytes(6)).isEqualTo("A\nB\nC\n".getBytes(UTF_8));
  }

  @Test
  void fail_withFinalMessage_peerReadsItAllTheSame() throws Exception {
    Socket client = dial(serve(serverLayer(TlsEngine.AUTO)));
    say(client, "REFUSE\n" + "unread".repeat(1000));
    assertThat(client.getInputStream().readNBytes(4)).isEqualTo("454\n".getBytes(UTF_8));
    assertThat(serverFailure())
        .isInstanceOfSatisfying(PeerRefused.class, e -> assertThat(e.code()).isEqualTo("454"));
  }

  @Test
  void message_overUnreadLimit_failsInsteadOfGrowing() throws Exception {
    Limits limits = Limits.SERVER.withUnreadBytes(100);
    Socket client = dial(serve(Layer.of("line", LineNegotiation::server).limits(limits).build()));
    say(client, "x".repeat(101));
    assertThat(serverFailure())
        .isInstanceOf(PeerMisbehaved.class)
        .hasMessageContaining("at most 100 bytes");
  }

  @Test
  void dialogue_overPlaintextLimit_failsInsteadOfGoingOn() throws Exception {
    Limits limits = Limits.SERVER.withPlaintextBytes(1000);
    Socket client = dial(serve(Layer.of("line", LineNegotiation::server).limits(limits).build()));
    say(client, "line\n".repeat(201));
    assertThat(serverFailure())
        .isInstanceOf(PeerMisbehaved.class)
        .hasMessageContaining("at most 1000 bytes");
  }

  @Test
  void step_trickledByteByByte_timesOutAllTheSame() throws Exception {
    Limits limits = Limits.SERVER.withStepTimeout(Duration.ofMillis(400));
    Socket client = dial(serve(Layer.of("line", LineNegotiation::server).limits(limits).build()));
    client.setTcpNoDelay(true);
    CountDownLatch over = new CountDownLatch(1);
    Thread trickle =
        new Thread(
            () -> {
              try {
                while (!over.await(20, TimeUnit.MILLISECONDS)) {
                  client.getOutputStream().write('x');
                }
              } catch (IOException | InterruptedException e) {
                over.countDown();
              }
            });
    trickle.start();
    assertThat(serverFailure())
        .isInstanceOf(LayerTimedOut.class)
        .hasMessageContaining("expected a line, got nothing complete within 400 ms");
    over.countDown();
    trickle.join();
  }

  @Test
  void layer_ofManyQuickSteps_timesOutInAll() throws Exception {
    Limits limits =
        Limits.SERVER
            .withPlaintextBytes(Integer.MAX_VALUE)
            .withLayerTimeout(Duration.ofMillis(400))
            .withStepTimeout(Duration.ofSeconds(30));
    Socket client = dial(serve(Layer.of("line", LineNegotiation::server).limits(limits).build()));
    InputStream in = client.getInputStream();
    while (serverFailures.isEmpty()) {
      try {
        say(client, "tick\n");
        in.readNBytes(5);
      } catch (IOException reset) {
        break;
      }
    }
    assertThat(serverFailure()).isInstanceOf(LayerTimedOut.class).hasMessageContaining("400 ms");
  }

  @Test
  void peer_closesInsideMessage_saysSo() throws Exception {
    Socket client = dial(serve(serverLayer(TlsEngine.AUTO)));
    say(client, "half");
    client.close();
    assertThat(serverFailure())
        .isInstanceOf(PeerClosed.class)
        .hasMessageContaining("inside a message");
  }

  @Test
  void peer_resets_failsAsClosed() throws Exception {
    Socket client = dial(serve(serverLayer(TlsEngine.AUTO)));
    say(client, "A\n");
    client.getInputStream().readNBytes(2);
    client.setSoLinger(true, 0);
    client.close();
    assertThat(serverFailure()).isInstanceOf(PeerClosed.class);
  }

  @Test
  void peer_thatNeverReadsAnswers_isNotReadFrom() throws Exception {
    Limits limits = Limits.SERVER.withPlaintextBytes(Integer.MAX_VALUE);
    String big = "x".repeat(1000);
    Socket client = dial(serve(Layer.of("line", LineNegotiation::server).limits(limits).build()));
    AtomicLong written = new AtomicLong();
    Thread flood =
        new Thread(
            () -> {
              byte[] line = (big + "\n").getBytes(StandardCharsets.US_ASCII);
              try {
                for (long total = 0; total < 512L * 1024 * 1024; total += line.length) {
                  client.getOutputStream().write(line);
                  written.set(total);
                }
              } catch (IOException closed) {
                return;
              }
            });
    flood.start();
    CountDownLatch never = new CountDownLatch(1);
    long before = -1;
    while (written.get() == 0 || before != written.get()) {
      before = written.get();
      never.await(500, TimeUnit.MILLISECONDS);
    }
    assertThat(written.get()).isBetween(1L, 64L * 1024 * 1024);
    client.close();
    flood.join();
  }

  @Test
  void machine_awaitsAfterConsuming_isAProgrammersMistake() throws Exception {
    Negotiation<String> broken =
        new Negotiation<>() {
          @Override
          public Step<String> begin() {
            return Step.await("anything");
          }

          @Override
          public Step<String> receive(ByteBuffer input) {
            input.get();
            return Step.await("more");
          }

          @Override
          public Step<String> secured(TlsFacts facts) {
            return Step.done("");
          }
        };
    Socket client = dial(serve(Layer.of("broken", () -> broken).build()));
    say(client, "x");
    assertThat(serverFailure())
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("awaits after it consumed");
    assertThat(client.getInputStream().readAllBytes()).isEmpty();
  }

  @Test
  void machine_sendsWithoutConsuming_isAProgrammersMistake() throws Exception {
    Negotiation<String> broken =
        new Negotiation<>() {
          @Override
          public Step<String> begin() {
            return Step.await("anything");
          }

          @Override
          public Step<String> receive(ByteBuffer input) {
            return Step.send(Message.text("again"), "more");
          }

          @Override
          public Step<String> secured(TlsFacts facts) {
            return Step.done("");
          }
        };
    Socket client = dial(serve(Layer.of("broken", () -> broken).build()));
    say(client, "x");
    assertThat(serverFailure()).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void machine_startsTlsWithoutPolicy_isAProgrammersMistake() throws Exception {
    Socket client = dial(serve(Layer.of("line", LineNegotiation::server).build()));
    say(client, "GO\n");
    assertThat(serverFailure())
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("expected a TLS policy");
    assertThat(client.getInputStream().readAllBytes()).isEmpty();
  }

  @Test
  void unreadBytes_behindALayer_reachTheNextOne() throws Exception {
    Layer<List<String>> first = Layer.of("first", LineNegotiation::server).build();
    Layer<List<String>> second = Layer.of("second", LineNegotiation::server).build();
    Socket client = dial(serve(first, second));
    say(client, "END\nHELLO\n");
    assertThat(client.getInputStream().readNBytes(6)).isEqualTo("HELLO\n".getBytes(UTF_8));
  }

  // --- connecting

  @Test
  void connect_nobodyListens_says() throws Exception {
    int port = closing(deaf()).getLocalPort();
    assertThatThrownBy(() -> connector.connect(LayerStack.tcp(Endpoint.of("127.0.0.1", port))))
        .isInstanceOf(ConnectFailed.class)
        .hasMessageEndingWith(
            "expected a TCP connection, got 127.0.0.1:" + port + ": Connection refused");
  }

  @Test
  @Timeout(120)
  void connect_unknownHost_says() {
    // A system whose name servers cannot be reached takes its time to say so.
    NettyConnector patient =
        closing(
            NettyConnector.builder()
                .threads(1)
                .connectTimeout(Duration.ofSeconds(60))
                .timeout(Duration.ofSeconds(90))
                .build());
    assertThatThrownBy(
            () -> patient.connect(LayerStack.tcp(Endpoint.of("does-not-exist.invalid", 1))))
        .isInstanceOf(ConnectFailed.class)
        .hasMessageContaining("no such host");
  }

  @Test
  void connect_firstAddressRefuses_triesTheNext() throws Exception {
    // "localhost" has ::1 and 127.0.0.1 on many systems; the listener has only the second.
    NettyAcceptor server = serve(serverLayer(TlsEngine.AUTO));
    Endpoint byName = Endpoint.of("localhost", server.endpoint().port());
    closing(connector.connect(LayerStack.tcp(byName).then(clientLayer(TlsEngine.AUTO))));
    assertThat(server.connectionCount()).isEqualTo(1);
  }

  @Test
  void setUp_wholeTimeout_coversAllLayers() throws Exception {
    try (ServerSocket listening = new ServerSocket(0);
        NettyConnector impatient =
            NettyConnector.builder().threads(1).timeout(Duration.ofMillis(300)).build()) {
      assertThatThrownBy(
              () ->
                  impatient.connect(
                      LayerStack.tcp(endpoint(listening)).then(clientLayer(TlsEngine.AUTO))))
          .isInstanceOf(LayerTimedOut.class)
          .hasMessageContaining("300 ms")
          .hasMessageContaining("a line");
    }
  }

  @Test
  void connectAsync_cancelled_closesTheConnection() throws Exception {
    try (ServerSocket listening = new ServerSocket(0)) {
      CompletableFuture<Connection> connecting = connectTo(listening, clientLayer(TlsEngine.AUTO));
      try (Socket peer = accept(listening)) {
        peer.getInputStream().readNBytes(3);
        connecting.cancel(true);
        assertThat(peer.getInputStream().readAllBytes()).isEmpty();
      }
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Transport.class,
      names = {"NIO", "EPOLL"})
  void transports_upgradeAlike(Transport transport) throws Exception {
    try (NettyAcceptor server = acceptor(serverLayer(TlsEngine.AUTO)).transport(transport).start();
        NettyConnector client = NettyConnector.builder().threads(1).transport(transport).build()) {
      Connection connection =
          client.connect(LayerStack.tcp(server.endpoint()).then(clientLayer(TlsEngine.AUTO)));
      assertThat(connection.security()).isEqualTo(Security.ORIGIN);
    }
  }

  // --- the server's door

  @Test
  void maxConnections_oneMore_isRefusedWithTheMessage() throws Exception {
    NettyAcceptor server =
        closing(
            acceptor(serverLayer(TlsEngine.AUTO))
                .maxConnections(1)
                .refusal(Message.text("421 busy\r\n"))
                .start());
    Socket first = dial(server);
    say(first, "A\n");
    assertThat(first.getInputStream().readNBytes(2)).isEqualTo("A\n".getBytes(UTF_8));
    Socket second = dial(server);
    assertThat(second.getInputStream().readAllBytes()).isEqualTo("421 busy\r\n".getBytes(UTF_8));
    say(first, "B\n");
    assertThat(first.getInputStream().readNBytes(2)).isEqualTo("B\n".getBytes(UTF_8));
    say(first, "END\n");
    assertThat(first.getInputStream().readAllBytes()).isEmpty();
    while (server.connectionCount() > 0) {
      Thread.onSpinWait();
    }
    Socket third = dial(server);
    say(third, "C\n");
    assertThat(third.getInputStream().readNBytes(2)).isEqualTo("C\n".getBytes(UTF_8));
  }

  @Test
  void maxConnectionsPerAddress_oneMore_isRefused() throws Exception {
    NettyAcceptor server =
        closing(acceptor(serverLayer(TlsEngine.AUTO)).maxConnectionsPerAddress(1).start());
    Socket first = dial(server);
    say(first, "A\n");
    first.getInputStream().readNBytes(2);
    assertThat(dial(server).getInputStream().readAllBytes()).isEmpty();
  }

  @Test
  void shutdown_withGrace_letsTheOpenConnectionEnd() throws Exception {
    NettyAcceptor server = serve(serverLayer(TlsEngine.AUTO));
    Socket client = dial(server);
    say(client, "A\n");
    client.getInputStream().readNBytes(2);
    CompletableFuture<Void> ended = server.shutdownAsync(Duration.ofSeconds(30));
    assertThatThrownBy(
            () -> {
              // The listening socket closes in its own time; afterwards nobody is let in.
              while (true) {
                dial(server).getInputStream().read();
              }
            })
        .isInstanceOf(IOException.class);
    say(client, "B\n");
    assertThat(client.getInputStream().readNBytes(2)).isEqualTo("B\n".getBytes(UTF_8));
    assertThat(ended).isNotDone();
    say(client, "END\n");
    ended.get(20, TimeUnit.SECONDS);
  }

  @Test
  void shutdown_graceOver_closesWhatRemains() throws Exception {
    NettyAcceptor server = serve(serverLayer(TlsEngine.AUTO));
    Socket client = dial(server);
    say(client, "A\n");
    client.getInputStream().readNBytes(2);
    server.shutdownAsync(Duration.ofMillis(50)).get(20, TimeUnit.SECONDS);
    assertThat(client.getInputStream().readAllBytes()).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(
      value = Transport.class,
      names = {"AUTO", "NIO"})
  void shutdown_openConnection_itsSessionHasHeardOfTheEndBefore(Transport transport)
      throws Exception {
    AtomicBoolean told = new AtomicBoolean();
    RecordingSession session =
        new RecordingSession() {
          @Override
          public void closed(Optional<UpgradeException> cause) {
            told.set(true);
          }
        };
    NettyAcceptor server =
        closing(acceptor().transport(transport).session(connection -> session).start());
    say(dial(server), "A\n");
    assertThat(session.next()).isEqualTo("received A\n");
    CompletableFuture<Boolean> toldWhenItEnded =
        server.shutdownAsync(Duration.ofDays(1)).thenApply(ended -> told.get());
    server.shutdownAsync(Duration.ZERO);
    assertThat(toldWhenItEnded.get(20, TimeUnit.SECONDS)).isTrue();
    assertThat(server.connectionCount()).isZero();
  }

  @Test
  void close_behindAShutdownWithALongGrace_doesNotWaitForIt() throws Exception {
    NettyAcceptor server = serve(serverLayer(TlsEngine.AUTO));
    Socket client = dial(server);
    say(client, "A\n");
    client.getInputStream().readNBytes(2);
    CompletableFuture<Void> ended = server.shutdownAsync(Duration.ofDays(1));
    server.close();
    assertThat(client.getInputStream().readAllBytes()).isEmpty();
    ended.get(20, TimeUnit.SECONDS);
  }

  @Test
  void shutdown_itsFutureCompletedByACaller_othersStillWait() throws Exception {
    NettyAcceptor server = serve(serverLayer(TlsEngine.AUTO));
    Socket client = dial(server);
    say(client, "A\n");
    client.getInputStream().readNBytes(2);
    server.shutdownAsync(Duration.ofDays(1)).complete(null);
    CompletableFuture<Void> ended = server.shutdownAsync(Duration.ofDays(1));
    assertThat(ended).isNotDone();
    say(client, "END\n");
    ended.get(20, TimeUnit.SECONDS);
  }

  @Test
  void close_afterTheLenderOfItsEventLoops_ends() throws Exception {
    NettyConnector lender = closing(NettyConnector.builder().threads(1).build());
    NettyAcceptor server = acceptor(serverLayer(TlsEngine.AUTO)).eventLoopsOf(lender).start();
    Socket client = dial(server);
    say(client, "A\n");
    client.getInputStream().readNBytes(2);
    lender.close();
    assertThat(client.getInputStream().read()).isEqualTo(-1);
    server.close();
    assertThat(server.connectionCount()).isZero();
  }

  @Test
  void start_onAnEventLoop_isRefused() throws Exception {
    CompletableFuture<Throwable> refused = new CompletableFuture<>();
    NettyAcceptor server =
        closing(
            NettyAcceptor.builder()
                .listen(LOOPBACK)
                .session(
                    connection -> {
                      refused.complete(failureOf(NettyAcceptor.builder().listen(LOOPBACK)));
                      return RecordingSession.silent();
                    })
                .start());
    dial(server);
    assertThat(refused.get(20, TimeUnit.SECONDS)).isInstanceOf(IllegalStateException.class);
  }

  private static Throwable failureOf(NettyAcceptor.Builder starting) {
    try (NettyAcceptor started = starting.start()) {
      return new AssertionError(started.endpoint());
    } catch (IllegalStateException | IOException e) {
      return e;
    }
  }

  @Test
  void certificate_reloaded_newConnectionsGetItAndOldOnesStay() throws Exception {
    TestIdentity renewed = TestIdentity.forNames("localhost");
    Queue<TestIdentity> identities = new ArrayDeque<>(List.of(IDENTITY, renewed));
    ReloadableTlsPolicy policy =
        ReloadableTlsPolicy.of(() -> identities.remove().server(TlsEngine.AUTO));
    NettyAcceptor server = serve(Layer.of("line", LineNegotiation::server).tls(policy).build());
    TlsPolicy trustBoth =
        TlsPolicy.client().trust(List.of(IDENTITY.certificate(), renewed.certificate())).build();
    Connection before = connectTrusting(server, trustBoth);
    policy.reload();
    Connection after = connectTrusting(server, trustBoth);
    assertThat(before.tls().orElseThrow().peerChain()).containsExactly(IDENTITY.certificate());
    assertThat(after.tls().orElseThrow().peerChain()).containsExactly(renewed.certificate());
    assertThat(server.connectionCount()).isEqualTo(2);
  }

  private Connection connectTrusting(NettyAcceptor server, TlsPolicy policy) throws IOException {
    Layer<List<String>> layer = Layer.of("line", LineNegotiation::client).tls(policy).build();
    return closing(connector.connect(LayerStack.tcp(server.endpoint()).then(layer)));
  }

  @Test
  void acceptor_portInUse_says() throws Exception {
    NettyAcceptor server = serve(serverLayer(TlsEngine.AUTO));
    assertThatThrownBy(() -> NettyAcceptor.builder().listen(server.endpoint()).threads(1).start())
        .isInstanceOf(IOException.class)
        .hasMessageContaining("cannot listen on " + server.endpoint());
  }

  @Test
  void observer_everyStartedHasOneEnd_evenIfItThrows() throws Exception {
    List<String> events = new ArrayList<>();
    UpgradeObserver observer =
        new UpgradeObserver() {
          @Override
          public void connectStarted(String path) {
            events.add("connect started");
          }

          @Override
          public void connectCompleted(String path, java.net.SocketAddress remote) {
            events.add("connect completed");
            throw new IllegalStateException("an observer's own trouble");
          }

          @Override
          public void layerStarted(String path) {
            events.add("layer started");
          }

          @Override
          public void layerFailed(String path, Throwable cause) {
            events.add("layer failed " + cause.getClass().getSimpleName());
          }

          @Override
          public void sent(String path, Message message) {
            events.add("sent " + message.shown().trim());
          }

          @Override
          public void received(String path, ByteBuffer bytes) {
            events.add("received " + StandardCharsets.US_ASCII.decode(bytes).toString().trim());
          }
        };
    try (ServerSocket listening = new ServerSocket(0);
        NettyConnector observed = NettyConnector.builder().threads(1).observer(observer).build()) {
      CompletableFuture<Connection> connecting =
          observed.connectAsync(
              LayerStack.tcp(endpoint(listening)).then(clientLayer(TlsEngine.AUTO)));
      try (Socket peer = accept(listening)) {
        say(peer, "NO\n");
        assertThatThrownBy(connecting::get)
            .isInstanceOf(ExecutionException.class)
            .hasCauseInstanceOf(PeerRefused.class);
      }
    }
    assertThat(events)
        .containsExactly(
            "connect started",
            "connect completed",
            "layer started",
            "sent GO",
            "received NO",
            "layer failed PeerRefused");
  }

  @Test
  void observer_throwsErrors_connectingGoesOnAndEnds() throws Exception {
    AtomicInteger heard = new AtomicInteger();
    UpgradeObserver observer =
        new UpgradeObserver() {
          private void fail() {
            heard.incrementAndGet();
            throw new AssertionError("an observer's own trouble");
          }

          @Override
          public void connectStarted(String path) {
            fail();
          }

          @Override
          public void connectCompleted(String path, java.net.SocketAddress remote) {
            fail();
          }

          @Override
          public void layerStarted(String path) {
            fail();
          }

          @Override
          public void layerFailed(String path, Throwable cause) {
            fail();
          }
        };
    try (ServerSocket listening = new ServerSocket(0);
        NettyConnector observed = NettyConnector.builder().threads(1).observer(observer).build()) {
      CompletableFuture<Connection> connecting =
          observed.connectAsync(
              LayerStack.tcp(endpoint(listening)).then(clientLayer(TlsEngine.AUTO)));
      try (Socket peer = accept(listening)) {
        assertThat(hear(peer, 3)).isEqualTo("GO\n");
        say(peer, "NO\n");
        assertThatThrownBy(() -> connecting.get(20, TimeUnit.SECONDS))
            .isInstanceOf(ExecutionException.class)
            .hasCauseInstanceOf(PeerRefused.class);
      }
    }
    assertThat(heard).hasValue(4);
  }

  /** A machine that shows each secret as such, and fails over the words that are not understood. */
  private static final class Discreet implements Negotiation<String> {

    @Override
    public Step<String> begin() {
      return Step.await("a secret");
    }

    @Override
    public Step<String> receive(ByteBuffer input) {
      if (input.get(0) == '!') {
        return Step.fail(Reason.misbehaved("a secret", "something else"));
      }
      if (input.get(input.limit() - 1) != '\n') {
        return Step.await("a secret");
      }
      boolean loud = input.get(0) == '?' || input.get(0) == '%';
      input.position(input.limit());
      if (loud) {
        return Step.done("heard");
      }
      return Step.send(Message.text("next\n"), "a secret");
    }

    @Override
    public Step<String> secured(TlsFacts facts) {
      throw new IllegalStateException("no TLS here");
    }

    @Override
    public ByteBuffer shown(ByteBuffer received) {
      if (received.get(0) == '?') {
        throw new IllegalStateException("a mistake of the machine's");
      }
      if (received.get(0) == '%') {
        throw new AssertionError("a worse mistake of the machine's");
      }
      return StandardCharsets.US_ASCII.encode("<" + received.remaining() + " redacted>");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "pass word!, 'received <11 redacted>, sent next'",
    "!word, 'received <6 redacted>, failed'",
    "?word, 'done'",
    "%word, 'done'"
  })
  void observer_secretOfThePeer_shownAsTheMachineSays(String line, String told) throws Exception {
    LinkedBlockingQueue<String> events = new LinkedBlockingQueue<>();
    UpgradeObserver observer =
        new UpgradeObserver() {
          @Override
          public void received(String path, ByteBuffer bytes) {
            events.add("received " + StandardCharsets.US_ASCII.decode(bytes));
          }

          @Override
          public void sent(String path, Message message) {
            events.add("sent " + message.shown().trim());
          }

          @Override
          public void layerFailed(String path, Throwable cause) {
            events.add("failed");
          }

          @Override
          public void layerCompleted(String path, Object result) {
            events.add("done");
          }
        };
    NettyAcceptor server =
        closing(
            NettyAcceptor.builder()
                .listen(LOOPBACK)
                .threads(1)
                .observer(observer)
                .layer(Layer.of("discreet", Discreet::new).build())
                .start());
    say(dial(server), line + "\n");
    for (String expected : told.split(", ", -1)) {
      assertThat(events.poll(20, TimeUnit.SECONDS)).isEqualTo(expected);
    }
  }

  @Test
  void reason_ofMachine_becomesTheFailureKind() throws Exception {
    Layer<List<String>> layer =
        Layer.of(
                "line",
                () ->
                    LineNegotiation.silent(
                        line -> Step.fail(Reason.misbehaved("a friendly word", "'" + line + "'"))))
            .build();
    Socket client = dial(serve(layer));
    say(client, "boo\n");
    assertThat(serverFailure())
        .isInstanceOf(PeerMisbehaved.class)
        .hasMessage(
            "tcp(%1$s) > line: %1$s: expected a friendly word, got 'boo'"
                .formatted("127.0.0.1:" + client.getLocalPort()));
  }

  private static final java.nio.charset.Charset UTF_8 = StandardCharsets.UTF_8;

  private CompletableFuture<Connection> connectTo(ServerSocket listening, Layer<?> layer) {
    return connector.connectAsync(LayerStack.tcp(endpoint(listening)).then(layer));
  }

  private static Endpoint endpoint(ServerSocket listening) {
    return Endpoint.of("127.0.0.1", listening.getLocalPort());
  }
}
