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
import io.upgradeable.UpgradeException.PeerClosed;
import io.upgradeable.UpgradeObserver;
import io.upgradeable.negotiation.Message;
import io.upgradeable.negotiation.Negotiation;
import io.upgradeable.negotiation.Step;
import io.upgradeable.negotiation.TlsFacts;
import io.upgradeable.tls.ImplicitTls;
import io.upgradeable.tls.TlsEngine;
import io.upgradeable.tls.TlsRequirement;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.security.KeyStore;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the driver demands of a layer, and of its peer. */
@Timeout(60)
final class LayerRulesTest extends LoopbackFixture {

  private static final TestIdentity IDENTITY = TestIdentity.forNames("localhost");

  private final LinkedBlockingQueue<Throwable> failures = new LinkedBlockingQueue<>();
  private final LinkedBlockingQueue<Connection> up = new LinkedBlockingQueue<>();
  private final NettyConnector connector = closing(NettyConnector.builder().threads(1).build());

  private NettyAcceptor serve(Layer<?>... layers) throws IOException {
    NettyAcceptor.Builder builder =
        NettyAcceptor.builder()
            .listen(LOOPBACK)
            .threads(1)
            .session(
                connection -> {
                  up.add(connection);
                  return new RecordingSession();
                })
            .observer(
                new UpgradeObserver() {
                  @Override
                  public void layerFailed(String path, Throwable cause) {
                    failures.add(cause);
                  }
                });
    for (Layer<?> layer : layers) {
      builder.layer(layer);
    }
    return closing(builder.start());
  }

  private Throwable failure() throws InterruptedException {
    Throwable failure = failures.poll(20, TimeUnit.SECONDS);
    return failure == null ? new AssertionError("no failure") : failure;
  }

  private Connection connection() throws InterruptedException {
    Connection connection = up.poll(20, TimeUnit.SECONDS);
    if (connection == null) {
      throw new AssertionError("no connection came up");
    }
    return connection;
  }

  // --- a peer that asks and never reads

  @Test
  void commandsInSegmentsOfTheirOwn_peerThatNeverReads_isNotAnsweredWithoutEnd() throws Exception {
    int commands = 300;
    String answer = "E".repeat(200 * 1024);
    AtomicInteger answered = new AtomicInteger();
    Layer<List<String>> amplifier =
        Layer.of(
                "amplifier",
                () ->
                    LineNegotiation.silent(
                        line -> {
                          if (line.equals("?")) {
                            return Step.send(Message.text("!"), "a line");
                          }
                          answered.incrementAndGet();
                          return Step.send(Message.text(answer), "a line");
                        }))
            .limits(Limits.SERVER.withPlaintextBytes(Integer.MAX_VALUE))
            .build();
    NettyAcceptor server = serve(amplifier);
    Socket greedy = dial(server);
    Socket witness = dial(server);
    for (int i = 0; i < commands; i++) {
      say(greedy, "x\n");
      // Both connections are on one loop: when the witness is answered twice, the greedy one's
      // command has been seen, if anybody still looks.
      for (int j = 0; j < 2; j++) {
        say(witness, "?\n");
        assertThat(witness.getInputStream().read()).isEqualTo('!');
      }
    }
    // The buffers of the kernels hold some answers; 300 of them are 60 MB.
    assertThat(answered.get()).isBetween(1, commands / 2);
    // And it is not stuck for good: who reads is answered.
    assertThat(greedy.getInputStream().readNBytes(commands * answer.length()))
        .hasSize(commands * answer.length());
    assertThat(answered.get()).isEqualTo(commands);
  }

  // --- negotiations that give no step

  private record Scripted(
      Supplier<Step<String>> onBegin,
      Supplier<Step<String>> onReceive,
      Supplier<Step<String>> onSecured)
      implements Negotiation<String> {
    @Override
    public Step<String> begin() {
      return onBegin.get();
    }

    @Override
    public Step<String> receive(ByteBuffer input) {
      return onReceive.get();
    }

    @Override
    public Step<String> secured(TlsFacts facts) {
      return onSecured.get();
    }
  }

  @SuppressWarnings("NullAway") // the mistake that is looked for
  private static Step<String> none() {
    return null;
  }

  @ParameterizedTest
  @ValueSource(strings = {"begin", "receive", "secured"})
  void machine_returnsNull_failsAsProgrammersMistakeAndTheLoopServesOthers(String where)
      throws Exception {
    NettyAcceptor server =
        serve(
            Layer.of("line", LineNegotiation::server).tls(IDENTITY.server(TlsEngine.AUTO)).build());
    Supplier<Step<String>> none = LayerRulesTest::none;
    Layer.Builder<String> layer =
        switch (where) {
          case "begin" -> Layer.of("broken", () -> new Scripted(none, none, none));
          case "receive" ->
              Layer.of(
                  "broken",
                  () -> new Scripted(() -> Step.send(Message.text("A\n"), "A"), none, none));
          default ->
              Layer.<String>of(
                      "broken",
                      () ->
                          new Scripted(
                              () -> Step.startTls(Message.text("GO AT ONCE\n")), none, none))
                  .tls(IDENTITY.client(TlsEngine.AUTO));
        };
    CompletableFuture<Connection> connecting =
        connector.connectAsync(LayerStack.tcp(server.endpoint()).then(layer.build()));
    assertThatThrownBy(() -> connecting.get(20, TimeUnit.SECONDS))
        .hasCauseInstanceOf(IllegalStateException.class)
        .hasMessageContaining("broken")
        .hasMessageContaining("got none");
    Layer<List<String>> sound =
        Layer.of("line", LineNegotiation::client).tls(IDENTITY.client(TlsEngine.AUTO)).build();
    assertThat(connector.connect(LayerStack.tcp(server.endpoint()).then(sound)).security())
        .isEqualTo(Security.ORIGIN);
  }

  @Test
  void machine_throws_connectFailsWithItAndTheLoopServesOthers() throws Exception {
    try (ServerSocket listening = new ServerSocket(0)) {
      LayerStack tcp = LayerStack.tcp(Endpoint.of("127.0.0.1", listening.getLocalPort()));
      IllegalArgumentException mistake = new IllegalArgumentException("boom");
      Supplier<Step<String>> throwing =
          () -> {
            throw mistake;
          };
      Layer<String> layer =
          Layer.<String>of("broken", () -> new Scripted(throwing, throwing, throwing)).build();
      CompletableFuture<Connection> connecting = connector.connectAsync(tcp.then(layer));
      assertThatThrownBy(() -> connecting.get(20, TimeUnit.SECONDS)).hasCause(mistake);
      assertThat(connector.connect(tcp).security()).isEqualTo(Security.PLAINTEXT);
    }
  }

  // --- done without TLS

  @Test
  void done_withoutTheTlsThatIsRequired_failsAndTheSessionNeverBegins() throws Exception {
    NettyAcceptor server =
        serve(
            Layer.of("line", LineNegotiation::server).tls(IDENTITY.server(TlsEngine.AUTO)).build());
    Socket client = dial(server);
    say(client, "END\n");
    assertThat(failure())
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("without the TLS that the layer requires");
    assertThat(client.getInputStream().read()).isEqualTo(-1);
    assertThat(up).isEmpty();
  }

  @Test
  void done_withoutTlsOnAClient_failsTheConnect() throws Exception {
    try (ServerSocket listening = new ServerSocket(0)) {
      Layer<String> layer =
          Layer.<String>of(
                  "hasty",
                  () ->
                      new Scripted(
                          () -> Step.done("in plaintext"),
                          LayerRulesTest::none,
                          LayerRulesTest::none))
              .tls(IDENTITY.client(TlsEngine.AUTO))
              .build();
      assertThatThrownBy(
              () ->
                  connector.connect(
                      LayerStack.tcp(Endpoint.of("127.0.0.1", listening.getLocalPort()))
                          .then(layer)))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("without the TLS that the layer requires");
    }
  }

  private static Layer<List<String>> opportunistic() {
    return Layer.of("line", LineNegotiation::server)
        .tls(IDENTITY.server(TlsEngine.AUTO))
        .tlsRequirement(TlsRequirement.OPPORTUNISTIC)
        .build();
  }

  @Test
  void opportunisticLayer_doneWithoutTls_saysSoEverywhere() throws Exception {
    say(dial(serve(opportunistic())), "END\n");
    Connection connection = connection();
    assertThat(connection.path()).endsWith(" > line").doesNotContain("+tls");
    assertThat(connection.security()).isEqualTo(Security.PLAINTEXT);
    assertThat(connection.tls()).isEmpty();
  }

  @Test
  void opportunisticLayer_doneWithTls_saysSoEverywhere() throws Exception {
    NettyAcceptor server = serve(opportunistic());
    Layer<String> client =
        Layer.<String>of(
                "line",
                () ->
                    new Scripted(
                        () -> Step.startTls(Message.text("GO AT ONCE\n")),
                        LayerRulesTest::none,
                        () -> Step.done("secured", Message.text("END\n"))))
            .tls(IDENTITY.client(TlsEngine.AUTO))
            .tlsRequirement(TlsRequirement.OPPORTUNISTIC)
            .build();
    Connection mine = connector.connect(LayerStack.tcp(server.endpoint()).then(client));
    assertThat(mine.path()).endsWith(" > line+tls");
    assertThat(mine.security()).isEqualTo(Security.ORIGIN);
    Connection theirs = connection();
    assertThat(theirs.path()).endsWith(" > line+tls");
    assertThat(theirs.security()).isEqualTo(Security.ORIGIN);
  }

  // --- the end of a lower TLS

  @ParameterizedTest
  @EnumSource(
      value = TlsEngine.class,
      names = {"JDK", "OPENSSL"})
  void closeNotifyOfALowerTls_layerAboveWithoutTls_endsAsClosed(TlsEngine engine) throws Exception {
    NettyAcceptor server =
        serve(
            ImplicitTls.server(IDENTITY.server(engine)),
            Layer.of("line", LineNegotiation::server).build());
    SSLSocket client = tlsOver(dial(server));
    say(client, "A\n");
    assertThat(client.getInputStream().readNBytes(2)).containsExactly('A', '\n');
    client.shutdownOutput(); // close_notify; the TCP connection stays
    assertThat(failure()).isInstanceOf(PeerClosed.class);
  }

  @Test
  void closeNotifyOfALowerTls_beforeTheLayerAboveBegins_endsAsClosed() throws Exception {
    NettyAcceptor server =
        serve(
            ImplicitTls.server(IDENTITY.server(TlsEngine.AUTO)),
            Layer.of("first", LineNegotiation::server).build(),
            Layer.of("second", LineNegotiation::server).build());
    SSLSocket client = tlsOver(dial(server));
    say(client, "END\n");
    client.shutdownOutput();
    assertThat(failure()).isInstanceOf(PeerClosed.class).hasMessageContaining("second");
  }

  /** TLS whose end is not the end of the TCP connection. */
  private SSLSocket tlsOver(Socket socket) throws Exception {
    KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
    trusted.load(null, null);
    trusted.setCertificateEntry("server", IDENTITY.certificate());
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(trusted);
    SSLContext context = SSLContext.getInstance("TLSv1.3");
    context.init(null, trust.getTrustManagers(), null);
    SSLSocket tls =
        (SSLSocket)
            context.getSocketFactory().createSocket(socket, "localhost", socket.getPort(), false);
    tls.startHandshake();
    return tls;
  }
}
