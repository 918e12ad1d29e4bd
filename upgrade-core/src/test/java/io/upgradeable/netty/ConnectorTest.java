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
import io.upgradeable.UpgradeException.LayerTimedOut;
import io.upgradeable.UpgradeObserver;
import io.upgradeable.session.Session;
import io.upgradeable.tls.ImplicitTls;
import io.upgradeable.tls.InvalidTlsConfigurationException;
import io.upgradeable.tls.TlsEngine;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A connector's and an acceptor's own life: closed early, short of time, given wrong policies. */
@Timeout(120)
final class ConnectorTest extends LoopbackFixture {

  private static final TestIdentity IDENTITY = TestIdentity.forNames("localhost");

  private static NettyConnector connector() {
    return NettyConnector.builder().threads(1).build();
  }

  private static Endpoint endpoint(ServerSocket listening) {
    return Endpoint.of("127.0.0.1", listening.getLocalPort());
  }

  /** A listener whose queue is full: whoever connects gets no answer. */
  private static final class SilentListener implements AutoCloseable {
    private final ServerSocket listening = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
    private final List<Socket> filling = new ArrayList<>();

    SilentListener() throws IOException {
      while (true) {
        Socket socket = new Socket();
        filling.add(socket);
        try {
          socket.connect(
              new InetSocketAddress(InetAddress.getLoopbackAddress(), listening.getLocalPort()),
              500);
        } catch (SocketTimeoutException full) {
          return;
        }
      }
    }

    Endpoint endpoint() {
      return ConnectorTest.endpoint(listening);
    }

    @Override
    public void close() throws IOException {
      for (Socket socket : filling) {
        socket.close();
      }
      listening.close();
    }
  }

  private static int port(ServerSocket listening) {
    return listening.getLocalPort();
  }

  private static int port(SocketAddress address) {
    return ((InetSocketAddress) address).getPort();
  }

  private static void assertClosedEarly(CompletableFuture<Connection> connecting) {
    assertThatThrownBy(() -> connecting.get(20, TimeUnit.SECONDS))
        .hasCauseInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
  }

  // --- closed early

  @Test
  void close_whileNamesAreLookedUp_failsEveryAttempt() throws Exception {
    try (ServerSocket listening = new ServerSocket(0)) {
      Endpoint byName = Endpoint.of("localhost", listening.getLocalPort());
      for (int i = 0; i < 20; i++) {
        NettyConnector connector = connector();
        List<CompletableFuture<Connection>> connecting = new ArrayList<>();
        for (int j = 0; j < 10; j++) {
          connecting.add(connector.connectAsync(LayerStack.tcp(byName)));
        }
        connector.close();
        for (CompletableFuture<Connection> one : connecting) {
          // One that was quick is up; every other one fails, and none is forgotten.
          Throwable error = one.handle((connection, e) -> e).get(20, TimeUnit.SECONDS);
          if (error != null) {
            assertThat(error).isInstanceOf(IllegalStateException.class);
          }
        }
      }
    }
  }

  @Test
  void close_whileConnecting_failsTheAttempt() throws Exception {
    try (SilentListener silent = new SilentListener()) {
      NettyConnector connector = connector();
      CompletableFuture<Connection> connecting =
          connector.connectAsync(LayerStack.tcp(silent.endpoint()));
      connector.close();
      assertClosedEarly(connecting);
    }
  }

  @Test
  void close_whileALayerComesUp_failsTheAttemptAndClosesTheConnection() throws Exception {
    try (ServerSocket listening = new ServerSocket(0)) {
      NettyConnector connector = connector();
      CompletableFuture<Connection> connecting =
          connector.connectAsync(
              LayerStack.tcp(endpoint(listening))
                  .then(Layer.of("line", LineNegotiation::client).build()));
      try (Socket peer = accept(listening)) {
        peer.getInputStream().readNBytes(3);
        connector.close();
        assertClosedEarly(connecting);
        assertThat(peer.getInputStream().read()).isEqualTo(-1);
      }
    }
  }

  @Test
  void connect_afterClose_isRefusedAtOnce() {
    NettyConnector connector = connector();
    connector.close();
    assertThatThrownBy(() -> connector.connectAsync(LayerStack.tcp(Endpoint.of("localhost", 1))))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
    Layer<?> tls = ImplicitTls.client(LOOPBACK, IDENTITY.client(TlsEngine.AUTO));
    assertThatThrownBy(() -> connector.connectAsync(LayerStack.tcp(LOOPBACK).then(tls)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
  }

  // --- watched by somebody else

  /** Hears where connections came up, and on which thread. */
  private static final class Listener implements UpgradeObserver {
    private final BlockingQueue<SocketAddress> connected = new LinkedBlockingQueue<>();
    private final Set<Thread> threads = ConcurrentHashMap.newKeySet();

    @Override
    public void connectCompleted(String path, SocketAddress remote) {
      threads.add(Thread.currentThread());
      connected.add(remote);
    }
  }

  @Test
  void observedBy_twoViews_eachHearsItsOwnOnTheSameThread() throws Exception {
    Listener own = new Listener();
    Listener first = new Listener();
    Listener second = new Listener();
    try (ServerSocket one = new ServerSocket(0);
        ServerSocket other = new ServerSocket(0);
        NettyConnector connector = NettyConnector.builder().threads(1).observer(own).build();
        NettyConnector firstView = connector.observedBy(first);
        NettyConnector secondView = firstView.observedBy(second)) {
      firstView.connect(LayerStack.tcp(endpoint(one)));
      secondView.connect(LayerStack.tcp(endpoint(other)));

      assertThat(first.connected).extracting(ConnectorTest::port).containsExactly(port(one));
      assertThat(second.connected).extracting(ConnectorTest::port).containsExactly(port(other));
      assertThat(own.connected).isEmpty();
      assertThat(second.threads).isEqualTo(first.threads).hasSize(1);
    }
  }

  /** Connects, and gives the other end of the connection. */
  private static Socket peerOf(ServerSocket listening, NettyConnector connector, Session session)
      throws IOException {
    connector.connect(LayerStack.tcp(endpoint(listening)), session);
    return accept(listening);
  }

  @Test
  void close_ofAView_closesItsConnectionsAndNoOthers() throws Exception {
    RecordingSession ofOwner = new RecordingSession();
    RecordingSession ofOther = new RecordingSession();
    try (ServerSocket listening = new ServerSocket(0);
        NettyConnector connector = connector();
        NettyConnector other = connector.observedBy(UpgradeObserver.NONE)) {
      NettyConnector view = connector.observedBy(UpgradeObserver.NONE);
      try (Socket owned = peerOf(listening, connector, ofOwner);
          Socket others = peerOf(listening, other, ofOther);
          Socket lent = peerOf(listening, view, new RecordingSession())) {
        view.close();

        assertThat(lent.getInputStream().read()).isEqualTo(-1);
        assertThatThrownBy(() -> view.connectAsync(LayerStack.tcp(endpoint(listening))))
            .isInstanceOf(IllegalStateException.class);
        owned.getOutputStream().write('a');
        others.getOutputStream().write('b');
        assertThat(ofOwner.text(1)).isEqualTo("a");
        assertThat(ofOther.text(1)).isEqualTo("b");
        // Names are still looked up.
        other.connect(LayerStack.tcp(Endpoint.of("localhost", listening.getLocalPort())));
      }
    }
  }

  @Test
  void close_ofTheOwner_closesItsViews() throws Exception {
    try (ServerSocket listening = new ServerSocket(0);
        NettyConnector connector = connector();
        NettyConnector view = connector.observedBy(UpgradeObserver.NONE);
        Socket lent = peerOf(listening, view, new RecordingSession())) {
      connector.close();

      assertThat(lent.getInputStream().read()).isEqualTo(-1);
      assertThatThrownBy(() -> view.connectAsync(LayerStack.tcp(endpoint(listening))))
          .isInstanceOf(IllegalStateException.class);
      assertThatThrownBy(() -> connector.observedBy(UpgradeObserver.NONE))
          .isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void connect_onAnEventLoop_isRefused() throws Exception {
    try (ServerSocket listening = new ServerSocket(0);
        NettyConnector connector = connector()) {
      RecordingSession session = new RecordingSession();
      connector.connect(LayerStack.tcp(endpoint(listening)), session);
      CompletableFuture<Object> onLoop = new CompletableFuture<>();
      session
          .context()
          .executor()
          .execute(
              () -> {
                try {
                  onLoop.complete(connector.connect(LayerStack.tcp(endpoint(listening))));
                } catch (IOException | IllegalStateException e) {
                  onLoop.complete(e);
                }
              });
      assertThat(onLoop.get(20, TimeUnit.SECONDS)).isInstanceOf(IllegalStateException.class);
    }
  }

  // --- time

  @Test
  void timeout_shorterThanTheConnectTimeout_coversConnecting() throws Exception {
    try (SilentListener silent = new SilentListener();
        NettyConnector connector =
            NettyConnector.builder()
                .threads(1)
                .connectTimeout(Duration.ofSeconds(15))
                .timeout(Duration.ofMillis(300))
                .build()) {
      assertThatThrownBy(() -> connector.connect(LayerStack.tcp(silent.endpoint())))
          .isInstanceOfSatisfying(
              LayerTimedOut.class, e -> assertThat(e.limit()).isEqualTo(Duration.ofMillis(300)));
    }
  }

  @Test
  void connectTimeout_shorterThanTheTimeout_limitsConnecting() throws Exception {
    try (SilentListener silent = new SilentListener();
        NettyConnector connector =
            NettyConnector.builder()
                .threads(1)
                .connectTimeout(Duration.ofMillis(300))
                .timeout(Duration.ofSeconds(15))
                .build()) {
      assertThatThrownBy(() -> connector.connect(LayerStack.tcp(silent.endpoint())))
          .isInstanceOfSatisfying(
              LayerTimedOut.class, e -> assertThat(e.limit()).isEqualTo(Duration.ofMillis(300)));
    }
  }

  private static UpgradeObserver connectsTo(BlockingQueue<String> events) {
    return new UpgradeObserver() {
      @Override
      public void connectStarted(String path) {
        events.add("started");
      }

      @Override
      public void connectCompleted(String path, SocketAddress remote) {
        events.add("completed");
      }

      @Override
      public void connectFailed(String path, Throwable cause) {
        events.add("failed by " + cause.getClass().getSimpleName());
      }
    };
  }

  @Test
  void completedBySomebodyElse_whileConnecting_observerHearsTheEnd() throws Exception {
    LinkedBlockingQueue<String> events = new LinkedBlockingQueue<>();
    try (SilentListener silent = new SilentListener();
        NettyConnector connector =
            NettyConnector.builder().threads(1).observer(connectsTo(events)).build()) {
      connector
          .connectAsync(LayerStack.tcp(silent.endpoint()))
          .completeExceptionally(new TimeoutException()); // as orTimeout() does
      assertThat(events.poll(20, TimeUnit.SECONDS)).isEqualTo("started");
      assertThat(events.poll(20, TimeUnit.SECONDS)).isEqualTo("failed by TimeoutException");
    }
    assertThat(events).isEmpty();
  }

  @Test
  void completedBySomebodyElse_whileALayerComesUp_connectionIsClosed() throws Exception {
    try (ServerSocket listening = new ServerSocket(0);
        NettyConnector connector = connector()) {
      Connection another = connector.connect(LayerStack.tcp(endpoint(listening)));
      accept(listening).close();
      Limits patient = Limits.CLIENT.withStepTimeout(Limits.CLIENT.layerTimeout());
      CompletableFuture<Connection> connecting =
          connector.connectAsync(
              LayerStack.tcp(endpoint(listening))
                  .then(Layer.of("line", LineNegotiation::client).limits(patient).build()));
      try (Socket peer = accept(listening)) {
        peer.getInputStream().readNBytes(3);
        connecting.complete(another);
        assertThat(peer.getInputStream().read()).isEqualTo(-1);
      }
    }
  }

  @Test
  void cancel_whileConnecting_observerHearsTheEnd() throws Exception {
    LinkedBlockingQueue<String> events = new LinkedBlockingQueue<>();
    try (SilentListener silent = new SilentListener();
        NettyConnector connector =
            NettyConnector.builder().threads(1).observer(connectsTo(events)).build()) {
      CompletableFuture<Connection> connecting =
          connector.connectAsync(LayerStack.tcp(silent.endpoint()));
      connecting.cancel(false);
      assertThat(events.poll(20, TimeUnit.SECONDS)).isEqualTo("started");
      assertThat(events.poll(20, TimeUnit.SECONDS))
          .isEqualTo("failed by " + CancellationException.class.getSimpleName());
    }
    assertThat(events).isEmpty();
  }

  // --- policies

  @Test
  void connect_layerWithAServersPolicy_isRefusedAtOnce() throws Exception {
    try (ServerSocket listening = new ServerSocket(0);
        NettyConnector connector = connector()) {
      Layer<?> layer =
          Layer.of("line", LineNegotiation::client).tls(IDENTITY.server(TlsEngine.AUTO)).build();
      assertThatThrownBy(
              () -> connector.connectAsync(LayerStack.tcp(endpoint(listening)).then(layer)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("client's TLS policy");
    }
  }

  @Test
  void start_layerWithAClientsPolicy_isRefused() {
    assertThatThrownBy(
            () ->
                NettyAcceptor.builder()
                    .listen(LOOPBACK)
                    .layer(ImplicitTls.server(IDENTITY.client(TlsEngine.AUTO)))
                    .start())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("server's TLS policy");
  }

  @Test
  void start_secondPolicyIsBad_leaksNothingOfTheFirst() {
    // The leak check that runs with these tests is the assertion.
    for (TlsEngine engine : List.of(TlsEngine.OPENSSL, TlsEngine.JDK)) {
      NettyAcceptor.Builder acceptor =
          NettyAcceptor.builder()
              .listen(LOOPBACK)
              .threads(1)
              .layer(ImplicitTls.server(IDENTITY.server(engine)))
              .layer(
                  ImplicitTls.server(
                      IDENTITY.server().engine(TlsEngine.OPENSSL).groups("no-such-group").build()));
      assertThatThrownBy(acceptor::start).isInstanceOf(InvalidTlsConfigurationException.class);
    }
  }

  @Test
  void start_reservePolicyIsBad_failsTheStart() {
    assertThatThrownBy(
            () ->
                NettyAcceptor.builder()
                    .listen(LOOPBACK)
                    .tlsInReserve(IDENTITY.client(TlsEngine.AUTO))
                    .start())
        .isInstanceOf(IllegalArgumentException.class);
  }
}
