package io.upgradeable.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.upgradeable.Connection;
import io.upgradeable.Layer;
import io.upgradeable.LayerStack;
import io.upgradeable.Limits;
import io.upgradeable.PeerFixture;
import io.upgradeable.TestIdentity;
import io.upgradeable.UpgradeException.LayerTimedOut;
import io.upgradeable.UpgradeException.PeerRefused;
import io.upgradeable.UpgradeObserver;
import io.upgradeable.UpgradeableStream;
import io.upgradeable.UpgradeableStreams;
import io.upgradeable.negotiation.Message;
import io.upgradeable.negotiation.Reason;
import io.upgradeable.negotiation.Step;
import io.upgradeable.session.SessionContext;
import io.upgradeable.tls.ImplicitTls;
import io.upgradeable.tls.TlsEngine;
import io.upgradeable.tls.TlsPolicy;
import io.upgradeable.tls.TlsVersion;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What this side closes, by whatever handle, is closed; it is never told as the peer's doing; and
 * what the peer said before its own end is not lost.
 */
@Timeout(120)
final class OwnCloseTest extends PeerFixture {

  private static final TestIdentity IDENTITY = TestIdentity.forNames("localhost");

  OwnCloseTest() throws IOException {}

  private NettyConnector connector() {
    return closing(NettyConnector.builder().threads(1).build());
  }

  private static Layer<List<String>> clientLayer() {
    return Layer.of("line", LineNegotiation::client).tls(IDENTITY.client(TlsEngine.AUTO)).build();
  }

  private static Throwable failureOf(CompletableFuture<?> future) throws Exception {
    return future
        .handle((value, error) -> error == null ? new AssertionError("got " + value) : error)
        .get(20, TimeUnit.SECONDS);
  }

  // --- everything is closed

  @Test
  void factoryClosedRightAfterARead_everyConnectionIsClosed() throws Exception {
    // An event loop that is told to end while it runs tasks may forget to close its channels.
    for (int i = 0; i < 40; i++) {
      UpgradeableStreams factory = UpgradeableStreams.builder().threads(1).build();
      UpgradeableStream stream = factory.open(peerEndpoint());
      try (Socket peer = accept()) {
        peer.getOutputStream().write('x');
        assertThat(stream.read(1)).containsExactly('x'); // completed by a task of the loop
        factory.close();
        assertThat(peer.getInputStream().read()).isEqualTo(-1);
      }
      stream.closeAsync().get(20, TimeUnit.SECONDS);
    }
  }

  @Test
  void connectorClosedRightAfterItConnected_sessionHearsIt() throws Exception {
    for (int i = 0; i < 40; i++) {
      NettyConnector connector = NettyConnector.builder().threads(1).build();
      RecordingSession session = new RecordingSession();
      connector.connect(LayerStack.tcp(peerEndpoint()), session);
      connector.close();
      assertThat(session.next()).isEqualTo("closed");
      accept().close();
    }
  }

  // --- and never the peer's doing

  @Test
  void connectionClosed_sessionHearsNoCause() throws Exception {
    RecordingSession session = new RecordingSession();
    Connection connection = connector().connect(LayerStack.tcp(peerEndpoint()), session);
    connection.closeAsync().get(20, TimeUnit.SECONDS);
    assertThat(session.next()).isEqualTo("closed");
  }

  @Test
  void connectionClosed_overBytesThatThePeerDoesNotRead_isResetAndTheSessionHearsNoCause()
      throws Exception {
    RecordingSession session = new RecordingSession();
    Connection connection = connector().connect(LayerStack.tcp(peerEndpoint()), session);
    Socket peer = accept();
    CompletableFuture<Void> write = session.context().write(ByteBuffer.allocate(64 * 1024 * 1024));
    connection.closeAsync().get(20, TimeUnit.SECONDS);
    assertThat(session.next()).isEqualTo("closed");
    assertThat(failureOf(write)).isInstanceOf(ClosedChannelException.class);
    // What was cut off must not look complete.
    assertThatThrownBy(() -> peer.getInputStream().readAllBytes())
        .isInstanceOf(SocketException.class);
  }

  @Test
  void connectorClosed_overTlsBytesThatThePeerDoesNotRead_connectionIsClosedAllTheSame()
      throws Exception {
    for (int i = 0; i < 4; i++) {
      RecordingSession serving = RecordingSession.silent();
      NettyAcceptor server =
          closing(
              NettyAcceptor.builder()
                  .listen(LOOPBACK)
                  .threads(1)
                  .layer(ImplicitTls.server(IDENTITY.server(TlsEngine.JDK)))
                  .session(connection -> serving)
                  .start());
      NettyConnector connector = NettyConnector.builder().threads(1).build();
      RecordingSession session = RecordingSession.silent();
      connector.connect(
          LayerStack.tcp(server.endpoint())
              .then(ImplicitTls.client(server.endpoint(), IDENTITY.client(TlsEngine.JDK))),
          session);
      session.context().write(ByteBuffer.allocate(32 * 1024 * 1024));
      connector.close();
      assertThat(session.next()).isEqualTo("closed");
    }
  }

  @Test
  void acceptorClosed_sessionHearsNoCause() throws Exception {
    RecordingSession session = new RecordingSession();
    NettyAcceptor server =
        closing(
            NettyAcceptor.builder()
                .listen(LOOPBACK)
                .threads(1)
                .session(connection -> session)
                .start());
    closing(new Socket(InetAddress.getLoopbackAddress(), server.localAddress().getPort()));
    session.context();
    server.close();
    assertThat(session.next()).isEqualTo("closed");
  }

  /** Tells what layers failed by. */
  private static UpgradeObserver failuresTo(LinkedBlockingQueue<Throwable> failures) {
    return new UpgradeObserver() {
      @Override
      public void layerFailed(String path, Throwable cause) {
        failures.add(cause);
      }
    };
  }

  private static void awaitNegotiation(
      CompletableFuture<?> negotiated, Socket peer, boolean handshaking) throws Exception {
    assertThat(hear(peer, 3)).isEqualTo("GO\n");
    if (handshaking) {
      say(peer, "OK\n");
      assertThat(peer.getInputStream().read()).as("a handshake record").isEqualTo(0x16);
    }
    assertThat(negotiated).isNotDone();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void connectorClosed_duringALateNegotiation_isNotToldAsThePeers(boolean handshaking)
      throws Exception {
    LinkedBlockingQueue<Throwable> failures = new LinkedBlockingQueue<>();
    NettyConnector connector =
        closing(NettyConnector.builder().threads(1).observer(failuresTo(failures)).build());
    RecordingSession session = RecordingSession.silent();
    connector.connect(LayerStack.tcp(peerEndpoint()), session);
    Socket peer = accept();
    CompletableFuture<List<String>> negotiated = session.context().negotiate(clientLayer());
    awaitNegotiation(negotiated, peer, handshaking);
    connector.close();
    assertThat(failureOf(negotiated)).isInstanceOf(ClosedChannelException.class);
    assertThat(session.next()).isEqualTo("closed");
    assertThat(failures.poll(20, TimeUnit.SECONDS)).isInstanceOf(ClosedChannelException.class);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void sessionFails_duringALateNegotiation_itEndsByThatFailure(boolean handshaking)
      throws Exception {
    LinkedBlockingQueue<Throwable> failures = new LinkedBlockingQueue<>();
    NettyConnector connector =
        closing(NettyConnector.builder().threads(1).observer(failuresTo(failures)).build());
    RecordingSession session = RecordingSession.silent();
    connector.connect(LayerStack.tcp(peerEndpoint()), session);
    Socket peer = accept();
    CompletableFuture<List<String>> negotiated = session.context().negotiate(clientLayer());
    awaitNegotiation(negotiated, peer, handshaking);
    SessionContext context = session.context();
    context.fail(context.timeout("a peer that reads", Duration.ofSeconds(1)));
    assertThat(failureOf(negotiated)).isInstanceOf(LayerTimedOut.class);
    assertThat(session.next()).isEqualTo("closed by LayerTimedOut");
    assertThat(failures.poll(20, TimeUnit.SECONDS)).isInstanceOf(ClosedChannelException.class);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void connectCancelled_whileALayerComesUp_isNotToldAsThePeers(boolean handshaking)
      throws Exception {
    LinkedBlockingQueue<Throwable> failures = new LinkedBlockingQueue<>();
    NettyConnector connector =
        closing(NettyConnector.builder().threads(1).observer(failuresTo(failures)).build());
    CompletableFuture<Connection> connecting =
        connector.connectAsync(LayerStack.tcp(peerEndpoint()).then(clientLayer()));
    awaitNegotiation(connecting, accept(), handshaking);
    connecting.cancel(false);
    assertThat(failures.poll(20, TimeUnit.SECONDS)).isInstanceOf(ClosedChannelException.class);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void acceptorOrItsLenderClosed_whileALayerComesUp_isNotToldAsThePeers(boolean lenders)
      throws Exception {
    LinkedBlockingQueue<Throwable> failures = new LinkedBlockingQueue<>();
    NettyConnector lender = connector();
    NettyAcceptor server =
        closing(
            NettyAcceptor.builder()
                .listen(LOOPBACK)
                .eventLoopsOf(lender)
                .layer(Layer.of("line", LineNegotiation::server).build())
                .observer(failuresTo(failures))
                .start());
    Socket client = dial(server);
    say(client, "A\n");
    assertThat(hear(client, 2)).isEqualTo("A\n");
    if (lenders) {
      lender.close();
    } else {
      server.close();
    }
    assertThat(failures.poll(20, TimeUnit.SECONDS)).isInstanceOf(ClosedChannelException.class);
  }

  // --- what this side wrote before its end

  @Test
  void connectionClosed_overBytesOfThePeerThatNobodyRead_whatWasWrittenArrives() throws Exception {
    whileCloseLingers(this::closeOverUnreadBytes);
  }

  private void closeOverUnreadBytes() throws Exception {
    int length = 1024 * 1024; // more than the peer's kernel takes unread
    RecordingSession session = RecordingSession.silent();
    Connection connection = connector().connect(LayerStack.tcp(peerEndpoint()), session);
    Socket peer = accept();
    say(peer, "a greeting that nobody reads");
    session.context().write(ByteBuffer.allocate(length));
    CompletableFuture<Void> gone = connection.closeAsync();
    assertThat(peer.getInputStream().readAllBytes()).hasSize(length); // a reset would throw
    peer.close();
    gone.get(20, TimeUnit.SECONDS);
    assertThat(session.next()).isEqualTo("closed");
  }

  @Test
  void connectorClosedBehindAConnection_whatWasWrittenArrives() throws Exception {
    whileCloseLingers(this::closeConnectorBehindAConnection);
  }

  private void closeConnectorBehindAConnection() throws Exception {
    int length = 16 * 1024 * 1024; // more than the kernels take unread
    RecordingSession session = RecordingSession.silent();
    NettyConnector connector = connector();
    Connection connection = connector.connect(LayerStack.tcp(peerEndpoint()), session);
    Socket peer = accept();
    say(peer, "a greeting that nobody reads");
    session.context().write(ByteBuffer.allocate(length));
    connection.closeAsync();
    connector.close();
    long received = peer.getInputStream().transferTo(OutputStream.nullOutputStream());
    assertThat(received).isEqualTo(length);
    peer.close();
    assertThat(session.next()).isEqualTo("closed");
  }

  @Test
  void connectionClosed_peerThatNeverStopsTalking_isGoneAllTheSame() throws Exception {
    RecordingSession session = RecordingSession.silent();
    Connection connection = connector().connect(LayerStack.tcp(peerEndpoint()), session);
    Socket peer = accept();
    CompletableFuture<Void> gone = connection.closeAsync();
    byte[] chatter = new byte[64 * 1024];
    assertThatThrownBy(
            () -> {
              while (true) {
                peer.getOutputStream().write(chatter);
              }
            })
        .isInstanceOf(IOException.class);
    gone.get(20, TimeUnit.SECONDS);
    assertThat(session.next()).isEqualTo("closed");
  }

  @Test
  void layerFails_withALongFinalMessage_peerThatReadsLaterGetsAllOfIt() throws Exception {
    whileCloseLingers(this::failWithALongFinalMessage);
  }

  private void failWithALongFinalMessage() throws Exception {
    String last = "x".repeat(16 * 1024 * 1024); // more than the kernels take unread
    CompletableFuture<Connection> connecting =
        connector()
            .connectAsync(
                LayerStack.tcp(peerEndpoint())
                    .then(
                        Layer.of(
                                "line",
                                () ->
                                    LineNegotiation.silent(
                                        line ->
                                            Step.fail(
                                                Reason.refused(line, ""), Message.text(last))))
                            .build()));
    Socket peer = accept();
    say(peer, "NO\n");
    assertThat(failureOf(connecting)).isInstanceOf(PeerRefused.class);
    long received = peer.getInputStream().transferTo(OutputStream.nullOutputStream());
    assertThat(received).isEqualTo(last.length());
  }

  @Test
  void sessionFails_whileItsCloseLingers_whatWasWrittenArrives() throws Exception {
    whileCloseLingers(this::failBehindAClose);
  }

  private void failBehindAClose() throws Exception {
    int length = 16 * 1024 * 1024; // more than the kernels take unread
    RecordingSession session = RecordingSession.silent();
    connector().connect(LayerStack.tcp(peerEndpoint()), session);
    Socket peer = accept();
    SessionContext context = session.context();
    CompletableFuture<Void> written = context.write(ByteBuffer.allocate(length));
    context.close();
    context.fail(context.timeout("a peer that reads", Duration.ofSeconds(1)));
    session.settle(); // What it does, it has done now.
    long received = peer.getInputStream().transferTo(OutputStream.nullOutputStream());
    assertThat(received).isEqualTo(length);
    written.get(20, TimeUnit.SECONDS);
    peer.close();
    assertThat(session.next()).isEqualTo("closed");
  }

  @Test
  void negotiationTimesOut_whileACloseLingers_whatWasWrittenArrives() throws Exception {
    whileCloseLingers(this::timeOutBehindAClose);
  }

  private void timeOutBehindAClose() throws Exception {
    int length = 16 * 1024 * 1024; // more than the kernels take unread
    Duration limit = Duration.ofMillis(100);
    RecordingSession session = RecordingSession.silent();
    connector().connect(LayerStack.tcp(peerEndpoint()), session);
    Socket peer = accept();
    SessionContext context = session.context();
    Layer<List<String>> waiting =
        Layer.of("line", LineNegotiation::server)
            .limits(Limits.CLIENT.withStepTimeout(limit))
            .build();
    CompletableFuture<List<String>> negotiated = new CompletableFuture<>();
    CompletableFuture<Void> expired = new CompletableFuture<>();
    // In one task: the close comes before the limit.
    context
        .executor()
        .execute(
            () -> {
              context.write(ByteBuffer.allocate(length));
              context
                  .negotiate(waiting)
                  .whenComplete((lines, error) -> negotiated.completeExceptionally(error));
              context.close();
              context.schedule(limit.multipliedBy(2), () -> expired.complete(null));
            });
    expired.get(20, TimeUnit.SECONDS);
    long received = peer.getInputStream().transferTo(OutputStream.nullOutputStream());
    assertThat(received).isEqualTo(length);
    peer.close();
    assertThat(failureOf(negotiated)).isInstanceOf(ClosedChannelException.class);
    assertThat(session.next()).isEqualTo("closed");
  }

  @Test
  void negotiationFails_whileACloseLingers_whatWasWrittenArrives() throws Exception {
    whileCloseLingers(this::failNegotiationBehindAClose);
  }

  private void failNegotiationBehindAClose() throws Exception {
    int length = 16 * 1024 * 1024; // more than the kernels take unread
    RecordingSession session = RecordingSession.silent();
    connector().connect(LayerStack.tcp(peerEndpoint()), session);
    Socket peer = accept();
    SessionContext context = session.context();
    Layer<List<String>> closes =
        Layer.of(
                "line",
                () ->
                    LineNegotiation.silent(
                        line -> {
                          context.close();
                          return Step.fail(Reason.refused(line, ""));
                        }))
            .build();
    context.write(ByteBuffer.allocate(length));
    CompletableFuture<List<String>> negotiated = context.negotiate(closes);
    say(peer, "NO\n");
    assertThat(failureOf(negotiated)).isInstanceOf(ClosedChannelException.class);
    long received = peer.getInputStream().transferTo(OutputStream.nullOutputStream());
    assertThat(received).isEqualTo(length);
    peer.close();
    assertThat(session.next()).isEqualTo("closed");
  }

  @Test
  void sessionFails_inPlaintextOverBytesThatThePeerDoesNotRead_isReset() throws Exception {
    RecordingSession session = RecordingSession.silent();
    connector().connect(LayerStack.tcp(peerEndpoint()), session);
    Socket peer = accept();
    SessionContext context = session.context();
    context.write(ByteBuffer.allocate(64 * 1024 * 1024));
    context.fail(context.timeout("a peer that reads", Duration.ofSeconds(1)));
    assertThat(session.next()).isEqualTo("closed by LayerTimedOut");
    // What was cut off must not look complete.
    assertThatThrownBy(() -> peer.getInputStream().readAllBytes())
        .isInstanceOf(SocketException.class);
  }

  // --- what came before the peer's end

  @ParameterizedTest
  @EnumSource(
      value = TlsEngine.class,
      names = {"JDK", "OPENSSL"})
  void peerEndsTls_sessionThatAsksLater_isShownTheBytesBeforeTheEnd(TlsEngine engine)
      throws Exception {
    RecordingSession serving = RecordingSession.silent();
    NettyAcceptor server =
        closing(
            NettyAcceptor.builder()
                .listen(LOOPBACK)
                .threads(1)
                .layer(ImplicitTls.server(IDENTITY.server(engine)))
                .session(connection -> serving)
                .start());
    RecordingSession client = new RecordingSession();
    TlsPolicy policy =
        IDENTITY.client().engine(engine).versions(TlsVersion.TLS_1_3, TlsVersion.TLS_1_3).build();
    connector()
        .connect(
            LayerStack.tcp(server.endpoint()).then(ImplicitTls.client(server.endpoint(), policy)),
            client);
    serving.context();
    client.context().write(bytes("one"));
    client.context().write(bytes("two")).get(20, TimeUnit.SECONDS);
    for (int i = 0; i < 2; i++) {
      serving.settle(); // Its loop has read the bytes then, before the end comes.
    }
    client.context().close().get(20, TimeUnit.SECONDS);
    StringBuilder text = new StringBuilder();
    while (text.length() < 6) {
      serving.context().requestInput();
      String event = serving.next();
      assertThat(event).as("after '" + text + "'").startsWith("received ");
      text.append(event.substring("received ".length()));
    }
    assertThat(text.toString()).isEqualTo("onetwo");
    serving.context().requestInput();
    assertThat(serving.next()).isEqualTo("input closed");
  }

  @ParameterizedTest
  @EnumSource(
      value = Transport.class,
      names = {"NIO", "EPOLL"})
  void peerEnds_sessionThatAsksAgainWhileItReceives_isToldTheEndAfterwards(Transport transport)
      throws Exception {
    CompletableFuture<Boolean> nested = new CompletableFuture<>();
    CompletableFuture<SessionContext> opened = new CompletableFuture<>();
    var session =
        new RecordingSession() {
          private boolean receiving;

          void open(SessionContext context) {
            super.opened(context);
          }

          @Override
          public void opened(SessionContext context) {
            context.executor().execute(() -> opened.complete(context)); // asks later
          }

          @Override
          public void receive(ByteBuffer input) {
            receiving = true;
            super.receive(input); // asks again
            receiving = false;
          }

          @Override
          public void inputClosed(boolean truncated) {
            nested.complete(receiving);
          }
        };
    NettyConnector connector =
        closing(NettyConnector.builder().transport(transport).threads(1).build());
    closing(connector.connect(LayerStack.tcp(peerEndpoint()), session));
    Socket peer = accept();
    SessionContext context = opened.get(20, TimeUnit.SECONDS);
    peer.getOutputStream().write('x');
    peer.shutdownOutput();
    for (int i = 0; i < 2; i++) {
      // What the peer did before is known to the loop afterwards.
      context.write(bytes("?")).get(20, TimeUnit.SECONDS);
      assertThat(peer.getInputStream().read()).isEqualTo('?');
    }
    context.executor().execute(() -> session.open(context));
    assertThat(nested.get(20, TimeUnit.SECONDS)).isFalse();
  }
}
