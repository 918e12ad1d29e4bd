package io.upgradeable.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.upgradeable.Connection;
import io.upgradeable.Endpoint;
import io.upgradeable.Layer;
import io.upgradeable.LayerStack;
import io.upgradeable.Limits;
import io.upgradeable.LoopbackFixture;
import io.upgradeable.TestIdentity;
import io.upgradeable.UpgradeException.PeerClosed;
import io.upgradeable.UpgradeException.PeerMisbehaved;
import io.upgradeable.UpgradeException.PlaintextInjected;
import io.upgradeable.UpgradeException.TlsFailed;
import io.upgradeable.UpgradeObserver;
import io.upgradeable.negotiation.TlsFacts;
import io.upgradeable.tls.ImplicitTls;
import io.upgradeable.tls.TlsEngine;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What may stand where a TLS handshake must begin, to the byte, on real connections. */
@Timeout(60)
final class HandshakeGuardTest extends LoopbackFixture {

  private static final TestIdentity IDENTITY = TestIdentity.forNames("localhost");

  private final LinkedBlockingQueue<Throwable> failures = new LinkedBlockingQueue<>();
  private final NettyConnector connector = closing(NettyConnector.builder().threads(1).build());

  private Socket dialTlsServer() throws IOException {
    return dial(ImplicitTls.server(IDENTITY.server(TlsEngine.AUTO)));
  }

  private Socket dial(Layer<?> layer) throws IOException {
    NettyAcceptor server =
        closing(
            NettyAcceptor.builder()
                .listen(LOOPBACK)
                .threads(1)
                .layer(layer)
                .observer(
                    new UpgradeObserver() {
                      @Override
                      public void layerFailed(String path, Throwable cause) {
                        failures.add(cause);
                      }
                    })
                .start());
    Socket socket =
        closing(new Socket(InetAddress.getLoopbackAddress(), server.localAddress().getPort()));
    socket.setTcpNoDelay(true);
    socket.setSoTimeout(30_000);
    return socket;
  }

  private Throwable failure() throws InterruptedException {
    Throwable failure = failures.poll(20, TimeUnit.SECONDS);
    return failure == null ? new AssertionError("no failure") : failure;
  }

  private static byte[] fromHex(String hex) {
    return HexFormat.of().parseHex(hex);
  }

  private static void sayOneByOne(Socket socket, byte[] bytes) throws IOException {
    for (byte b : bytes) {
      socket.getOutputStream().write(b);
    }
  }

  // Type, version or length of the first record cannot be those of a ClientHello.
  @ParameterizedTest
  @ValueSource(
      strings = {
        "00",
        "14",
        "15",
        "17",
        "47",
        "80",
        "ff", // type
        "1602",
        "1604",
        "16ff",
        "1600", // major version
        "160305",
        "160380",
        "1603ff", // minor version
        "1603010000", // an empty record
        "1603014101",
        "160301ffff" // more than 2^14 + 256 bytes
      })
  void firstRecord_ofAClient_thatCannotBeAHello_isCalledNoTls(String hex) throws Exception {
    Socket client = dialTlsServer();
    client.getOutputStream().write(fromHex(hex));
    assertThat(failure())
        .isInstanceOf(TlsFailed.class)
        .hasMessageContaining("bytes that are no TLS record");
    assertThat(client.getInputStream().read()).isEqualTo(-1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"160305", "1603010000", "160301ffff"})
  void firstRecord_byteByByte_isJudgedAtItsFirstWrongByte(String hex) throws Exception {
    Socket client = dialTlsServer();
    sayOneByOne(client, fromHex(hex));
    assertThat(failure())
        .isInstanceOf(TlsFailed.class)
        .hasMessageContaining("bytes that are no TLS record");
  }

  @ParameterizedTest
  @ValueSource(strings = {"16", "1603", "160301", "16030100", "1603010001", "1603014100"})
  void firstRecord_plausibleSoFar_isWaitedFor(String hex) throws Exception {
    Socket client = dialTlsServer();
    sayOneByOne(client, fromHex(hex));
    client.close();
    assertThat(failure()).isInstanceOf(PeerClosed.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"45", "160305", "15030100020228"})
  void firstRecord_behindPlaintext_isCalledInjected(String hex) throws Exception {
    Socket client =
        dial(
            Layer.of("line", LineNegotiation::server).tls(IDENTITY.server(TlsEngine.AUTO)).build());
    client.getOutputStream().write("GO\n".getBytes(StandardCharsets.US_ASCII));
    assertThat(client.getInputStream().readNBytes(3)).containsExactly('O', 'K', '\n');
    client.getOutputStream().write(fromHex(hex));
    assertThat(failure())
        .isInstanceOfSatisfying(
            PlaintextInjected.class, e -> assertThat(e.byteCount()).isEqualTo(hex.length() / 2));
  }

  @ParameterizedTest
  @EnumSource(
      value = TlsEngine.class,
      names = {"JDK", "OPENSSL"})
  void wholeHandshake_byteByByteFromTheServer_succeeds(TlsEngine engine) throws Exception {
    NettyAcceptor server =
        closing(
            NettyAcceptor.builder()
                .listen(LOOPBACK)
                .threads(1)
                .layer(ImplicitTls.server(IDENTITY.server(engine)))
                .session(connection -> new RecordingSession())
                .start());
    try (ServerSocket listening = new ServerSocket(0)) {
      CompletableFuture<Connection> connecting = connectTls(listening, engine);
      try (Socket client = accept(listening);
          Socket upstream =
              new Socket(InetAddress.getLoopbackAddress(), server.localAddress().getPort())) {
        client.setTcpNoDelay(true);
        Thread back =
            new Thread(
                () -> {
                  try {
                    client.getInputStream().transferTo(upstream.getOutputStream());
                  } catch (IOException gone) {
                    return;
                  }
                });
        back.setDaemon(true);
        back.start();
        Thread forth =
            new Thread(
                () -> {
                  try {
                    for (int b = upstream.getInputStream().read();
                        b >= 0;
                        b = upstream.getInputStream().read()) {
                      client.getOutputStream().write(b);
                    }
                  } catch (IOException gone) {
                    return;
                  }
                });
        forth.setDaemon(true);
        forth.start();
        TlsFacts facts = connecting.get(20, TimeUnit.SECONDS).tls().orElseThrow();
        assertThat(facts.protocol()).isEqualTo("TLSv1.3");
        assertThat(facts.group()).isPresent();
      }
    }
  }

  private CompletableFuture<Connection> connectTls(ServerSocket listening, TlsEngine engine) {
    Endpoint endpoint = Endpoint.of("127.0.0.1", listening.getLocalPort());
    return connector.connectAsync(
        LayerStack.tcp(endpoint).then(ImplicitTls.client(endpoint, IDENTITY.client(engine))));
  }

  @ParameterizedTest
  @EnumSource(
      value = TlsEngine.class,
      names = {"JDK", "OPENSSL"})
  void alert_toAClient_isTheServersAnswerAndToldByTheEngine(TlsEngine engine) throws Exception {
    try (ServerSocket listening = new ServerSocket(0)) {
      CompletableFuture<Connection> connecting = connectTls(listening, engine);
      try (Socket peer = accept(listening)) {
        assertThat(peer.getInputStream().read()).isEqualTo(22);
        sayOneByOne(peer, fromHex("15030300020228")); // fatal, handshake_failure
        assertThatThrownBy(() -> connecting.get(20, TimeUnit.SECONDS))
            .hasCauseInstanceOf(TlsFailed.class)
            .hasMessageNotContaining("no TLS is spoken here")
            .hasMessageMatching("(?is).*handshake.failure.*");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"17", "14", "48545450"})
  void firstRecord_ofAServer_thatCannotBeAHello_isCalledNoTls(String hex) throws Exception {
    try (ServerSocket listening = new ServerSocket(0)) {
      CompletableFuture<Connection> connecting = connectTls(listening, TlsEngine.AUTO);
      try (Socket peer = accept(listening)) {
        assertThat(peer.getInputStream().read()).isEqualTo(22);
        peer.getOutputStream().write(fromHex(hex));
        assertThatThrownBy(() -> connecting.get(20, TimeUnit.SECONDS))
            .hasCauseInstanceOf(TlsFailed.class)
            .hasMessageContaining("bytes that are no TLS record");
      }
    }
  }

  @Test
  void budget_isSpentByAnyRecords_alsoAcrossManySegments() throws Exception {
    Socket client =
        dial(
            Layer.of("line", LineNegotiation::server)
                .tls(IDENTITY.server(TlsEngine.JDK))
                .limits(Limits.SERVER.withHandshakeBytes(1000))
                .build());
    client.getOutputStream().write("GO\n".getBytes(StandardCharsets.US_ASCII));
    assertThat(client.getInputStream().readNBytes(3)).containsExactly('O', 'K', '\n');
    // A ClientHello that claims 28 KiB, in records of one byte.
    byte[] content = fromHex("01007000");
    try {
      for (int i = 0; failures.isEmpty() && i < 100_000; i++) {
        byte next = i < content.length ? content[i] : 0;
        client.getOutputStream().write(new byte[] {22, 3, 1, 0, 1, next});
      }
    } catch (IOException closed) {
      assertThat(closed).isNotNull(); // The server said it by then.
    }
    assertThat(failure())
        .isInstanceOf(PeerMisbehaved.class)
        .hasMessageContaining("at most 1000 bytes");
  }

  @Test
  void helloRetryRequest_groupIsTheOneThatWasAskedFor() throws Exception {
    NettyAcceptor server =
        closing(
            NettyAcceptor.builder()
                .listen(LOOPBACK)
                .threads(1)
                .layer(
                    ImplicitTls.server(
                        IDENTITY.server().engine(TlsEngine.OPENSSL).groups("secp384r1").build()))
                .session(connection -> new RecordingSession())
                .start());
    // The client sends a key share of the first only.
    Layer<TlsFacts> layer =
        ImplicitTls.client(
            server.endpoint(),
            IDENTITY.client().engine(TlsEngine.OPENSSL).groups("x25519", "secp384r1").build());
    Connection connection = connector.connect(LayerStack.tcp(server.endpoint()).then(layer));
    assertThat(connection.tls().orElseThrow().group()).contains("secp384r1");
    connection.close();
  }
}
