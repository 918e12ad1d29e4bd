package io.upgradeable.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.upgradeable.Connection;
import io.upgradeable.Layer;
import io.upgradeable.LayerStack;
import io.upgradeable.PeerFixture;
import io.upgradeable.TestIdentity;
import io.upgradeable.UpgradeException;
import io.upgradeable.UpgradeException.PeerClosed;
import io.upgradeable.negotiation.Reason;
import io.upgradeable.session.Session;
import io.upgradeable.session.SessionContext;
import io.upgradeable.tls.ImplicitTls;
import io.upgradeable.tls.TlsEngine;
import java.io.IOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a session hears, and what becomes of its connection when it fails. */
@Timeout(60)
final class SessionTest extends PeerFixture {

  private static final TestIdentity IDENTITY = TestIdentity.forNames("localhost");

  SessionTest() throws IOException {}

  private NettyConnector connector(Transport transport) {
    return closing(NettyConnector.builder().transport(transport).threads(1).build());
  }

  private NettyConnector connector() {
    return connector(Transport.AUTO);
  }

  /** Connects; the connection is closed before its connector. */
  private Connection connect(NettyConnector connector, LayerStack stack, Session session)
      throws IOException {
    return closing(connector.connect(stack, session));
  }

  private LayerStack toPeer() {
    return LayerStack.tcp(peerEndpoint());
  }

  private static void reset(Socket socket) throws IOException {
    socket.setSoLinger(true, 0);
    socket.close();
  }

  private static Layer<List<String>> lines() {
    return Layer.of("line", LineNegotiation::server).build();
  }

  /** Waits for the server to have let go of all its connections. */
  private static void awaitEmpty(NettyAcceptor server) {
    while (server.connectionCount() > 0) {
      assertThat(Thread.currentThread().isInterrupted()).as("time is up").isFalse();
      Thread.onSpinWait();
    }
  }

  // --- what is unread

  /** Asks first and takes then, as most sessions do that loop over what came. */
  @Test
  void requestInput_beforeMoreThanTheLimitIsTaken_goesOn() throws Exception {
    int limit = 65_536;
    AtomicInteger seen = new AtomicInteger();
    CompletableFuture<Integer> taken = new CompletableFuture<>();
    CompletableFuture<Optional<UpgradeException>> closed = new CompletableFuture<>();
    Session session =
        new Session() {
          private final CompletableFuture<SessionContext> context = new CompletableFuture<>();

          @Override
          public void opened(SessionContext opened) {
            context.complete(opened);
            opened.requestInput();
          }

          @Override
          public void receive(ByteBuffer input) {
            context.join().requestInput();
            seen.set(input.remaining());
            if (input.remaining() > limit) {
              taken.complete(input.remaining());
              input.position(input.limit());
            }
          }

          @Override
          public void inputClosed(boolean truncated) {
            context.join().close();
          }

          @Override
          public void closed(Optional<UpgradeException> cause) {
            closed.complete(cause);
          }
        };
    connector(Transport.AUTO).connect(toPeer(), session);
    Socket peer = accept();
    peer.getOutputStream().write(new byte[limit - 1000]);
    while (seen.get() < limit - 1000) {
      assertThat(Thread.currentThread().isInterrupted()).as("time is up").isFalse();
      Thread.onSpinWait();
    }
    peer.getOutputStream().write(new byte[2000]);
    assertThat(taken.get(20, TimeUnit.SECONDS)).isGreaterThan(limit);
    peer.close();
    assertThat(closed.get(20, TimeUnit.SECONDS)).isEmpty();
  }

  /** Backpressure holds for what came before the end, too. */
  @ParameterizedTest
  @EnumSource(
      value = Transport.class,
      names = {"NIO", "EPOLL"})
  void peerEnds_behindMuchThatNobodyAskedFor_itWaitsInTheSocket(Transport transport)
      throws Exception {
    NettyConnector connector = connector(transport);
    RecordingSession session = RecordingSession.silent();
    connect(connector, toPeer(), session);
    Socket peer = accept();
    RecordingSession other = new RecordingSession();
    connect(connector, toPeer(), other);
    Socket otherPeer = accept();
    int length = 30_000; // more than the first read takes, and less than the kernels do
    peer.getOutputStream().write(new byte[length]);
    peer.shutdownOutput();
    say(otherPeer, "x"); // On the same event loop, which has heard of that end by then.
    assertThat(other.text(1)).isEqualTo("x");
    session.context().requestInput();
    assertThat(session.next()).startsWith("received ").hasSizeLessThan(length);
    session.context().close();
  }

  // --- resets and ends

  @ParameterizedTest
  @EnumSource(
      value = Transport.class,
      names = {"NIO", "EPOLL"})
  void peerResets_sessionThatReads_hearsAFailureAndNoEnd(Transport transport) throws Exception {
    RecordingSession session = new RecordingSession();
    connect(connector(transport), toPeer(), session);
    Socket peer = accept();
    say(peer, "hello");
    assertThat(session.text(5)).isEqualTo("hello");
    reset(peer);
    assertThat(session.next()).isEqualTo("closed by PeerClosed");
  }

  @ParameterizedTest
  @EnumSource(
      value = Transport.class,
      names = {"NIO", "EPOLL"})
  void peerResets_sessionThatAsksLater_hearsAFailureAndNoEnd(Transport transport) throws Exception {
    RecordingSession session = RecordingSession.silent();
    connect(connector(transport), toPeer(), session);
    reset(accept());
    session.context().requestInput();
    assertThat(session.next()).isEqualTo("closed by PeerClosed");
  }

  @ParameterizedTest
  @EnumSource(
      value = Transport.class,
      names = {"NIO", "EPOLL"})
  void peerResets_overOurUnreadBytes_failsAPendingWriteTheSameWay(Transport transport)
      throws Exception {
    RecordingSession session = RecordingSession.silent();
    connect(connector(transport), toPeer(), session);
    Socket peer = accept();
    CompletableFuture<Void> write = session.context().write(ByteBuffer.allocate(32 * 1024 * 1024));
    peer.getInputStream().read();
    reset(peer);
    assertThatThrownBy(() -> write.get(20, TimeUnit.SECONDS)).hasCauseInstanceOf(PeerClosed.class);
    assertThat(session.next()).isEqualTo("closed by PeerClosed");
  }

  @ParameterizedTest
  @EnumSource(
      value = Transport.class,
      names = {"NIO", "EPOLL"})
  void peerEnds_session_hearsTheEndAndMayStillWrite(Transport transport) throws Exception {
    RecordingSession session = new RecordingSession();
    connect(connector(transport), toPeer(), session);
    Socket peer = accept();
    say(peer, "last");
    peer.shutdownOutput();
    assertThat(session.text(4)).isEqualTo("last");
    assertThat(session.next()).isEqualTo("input closed");
    session.context().write(bytes("answer")).get(20, TimeUnit.SECONDS);
    session.context().close();
    assertThat(hear(peer, 100)).isEqualTo("answer");
    assertThat(session.next()).isEqualTo("closed");
  }

  @ParameterizedTest
  @EnumSource(
      value = Transport.class,
      names = {"NIO", "EPOLL"})
  void peerEnds_sessionThatAsksLater_isShownTheBytesBeforeTheEnd(Transport transport)
      throws Exception {
    RecordingSession session = RecordingSession.silent();
    connect(connector(transport), toPeer(), session);
    Socket peer = accept();
    say(peer, "last");
    peer.shutdownOutput();
    // The end may be known before anybody asked, but it comes behind the bytes all the same.
    peerRoundTrip(session, peer);
    session.context().requestInput();
    assertThat(session.text(4)).isEqualTo("last");
    session.context().requestInput();
    assertThat(session.next()).isEqualTo("input closed");
  }

  @ParameterizedTest
  @EnumSource(
      value = Transport.class,
      names = {"NIO", "EPOLL"})
  void peerEnds_sessionWritesMoreThanTheSocketHolds_allOfItArrives(Transport transport)
      throws Exception {
    RecordingSession session = new RecordingSession();
    connect(connector(transport), toPeer(), session);
    Socket peer = accept();
    peer.shutdownOutput();
    assertThat(session.next()).isEqualTo("input closed");
    int length = 32 * 1024 * 1024;
    CompletableFuture<Void> written = session.context().write(ByteBuffer.allocate(length));
    assertThat(peer.getInputStream().readNBytes(length).length).isEqualTo(length);
    written.get(20, TimeUnit.SECONDS);
  }

  /** What the peer did before is known to the loop afterwards. */
  private static void peerRoundTrip(RecordingSession session, Socket peer) throws Exception {
    for (int i = 0; i < 2; i++) {
      session.context().write(bytes("?")).get(20, TimeUnit.SECONDS);
      assertThat(peer.getInputStream().read()).isEqualTo('?');
      session.settle();
    }
  }

  @Test
  void ownClose_ofTheContext_isToldWithoutACause() throws Exception {
    RecordingSession session = new RecordingSession();
    connect(connector(), toPeer(), session);
    accept();
    session.context().close().get(20, TimeUnit.SECONDS);
    assertThat(session.next()).isEqualTo("closed");
    assertThatThrownBy(() -> session.context().write(bytes("late")).get(20, TimeUnit.SECONDS))
        .hasCauseInstanceOf(ClosedChannelException.class);
  }

  @Test
  void fail_underTlsOverAPeerThatNeverReads_endsWithTheCause() throws Exception {
    RecordingSession serving = RecordingSession.silent();
    NettyAcceptor server =
        closing(
            NettyAcceptor.builder()
                .listen(LOOPBACK)
                .threads(1)
                .layer(ImplicitTls.server(IDENTITY.server(TlsEngine.AUTO)))
                .session(connection -> serving)
                .start());
    RecordingSession client = RecordingSession.silent();
    Connection connection =
        connect(
            connector(),
            LayerStack.tcp(server.endpoint())
                .then(ImplicitTls.client(server.endpoint(), IDENTITY.client(TlsEngine.AUTO))),
            client);
    // More than the buffers of both kernels hold: close_notify cannot leave behind it.
    CompletableFuture<Void> write = client.context().write(ByteBuffer.allocate(64 * 1024 * 1024));
    client
        .context()
        .fail(client.context().failure(Reason.misbehaved("something", "nothing"), "a test"));
    assertThat(client.next()).isEqualTo("closed by PeerMisbehaved");
    assertThatThrownBy(() -> write.get(20, TimeUnit.SECONDS)).isNotNull();
    connection.closeAsync().get(20, TimeUnit.SECONDS);
  }

  // --- mistakes of the session's author

  @Test
  void sessionFactory_throws_isLoggedAndClosesThatConnectionOnly() throws Exception {
    IllegalArgumentException mistake = new IllegalArgumentException("boom");
    RecordingSession second = new RecordingSession();
    AtomicInteger connections = new AtomicInteger();
    LinkedBlockingQueue<LogRecord> logged = new LinkedBlockingQueue<>();
    Handler handler =
        new Handler() {
          @Override
          public void publish(LogRecord entry) {
            logged.add(entry);
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        };
    Logger logger = Logger.getLogger("io.upgradeable");
    logger.addHandler(handler);
    closing(() -> logger.removeHandler(handler));
    NettyAcceptor server =
        closing(
            NettyAcceptor.builder()
                .listen(LOOPBACK)
                .threads(1)
                .session(
                    connection -> {
                      if (connections.incrementAndGet() == 1) {
                        throw mistake;
                      }
                      return second;
                    })
                .start());
    assertThat(dial(server).getInputStream().read()).isEqualTo(-1);
    LogRecord entry = logged.poll(20, TimeUnit.SECONDS);
    assertThat(entry).isNotNull();
    assertThat(entry.getThrown()).isSameAs(mistake);
    dial(server);
    assertThat(second.context().isWritable()).isTrue();
  }

  @Test
  void opened_throws_connectFailsWithItAndTheConnectionIsClosed() throws Exception {
    IllegalArgumentException mistake = new IllegalArgumentException("boom");
    RecordingSession session =
        new RecordingSession() {
          @Override
          public void opened(SessionContext context) {
            throw mistake;
          }
        };
    CompletableFuture<Connection> connecting = connector().connectAsync(toPeer(), session);
    assertThat(accept().getInputStream().read()).isEqualTo(-1);
    assertThatThrownBy(() -> connecting.get(20, TimeUnit.SECONDS)).hasCause(mistake);
  }

  @Test
  void opened_throwsBehindALayer_acceptorClosesAndForgetsTheConnection() throws Exception {
    NettyAcceptor server =
        serving(
            connection ->
                new RecordingSession() {
                  @Override
                  public void opened(SessionContext context) {
                    throw new IllegalArgumentException("boom");
                  }
                });
    Socket client = dial(server);
    say(client, "END\n");
    assertThat(client.getInputStream().read()).isEqualTo(-1);
    awaitEmpty(server);
  }

  @Test
  void sessionFactory_throws_acceptorClosesAndForgetsTheConnection() throws Exception {
    NettyAcceptor server =
        serving(
            connection -> {
              throw new IllegalArgumentException("boom");
            });
    Socket client = dial(server);
    say(client, "END\n");
    assertThat(client.getInputStream().read()).isEqualTo(-1);
    awaitEmpty(server);
  }

  private NettyAcceptor serving(Function<Connection, Session> sessions) throws IOException {
    return closing(
        NettyAcceptor.builder()
            .listen(LOOPBACK)
            .threads(1)
            .layer(lines())
            .session(sessions)
            .start());
  }

  @Test
  void receive_throws_endsTheConnectionWithoutACause() throws Exception {
    RecordingSession session =
        new RecordingSession() {
          @Override
          public void receive(ByteBuffer input) {
            throw new IllegalArgumentException("the author's mistake");
          }
        };
    connect(connector(), toPeer(), session);
    Socket peer = accept();
    say(peer, "x");
    assertThat(session.next()).isEqualTo("closed");
    assertEnds(peer);
  }

  @Test
  void receive_throwsAfterItAskedForMore_hearsNothingMore() throws Exception {
    RecordingSession session =
        new RecordingSession() {
          @Override
          public void receive(ByteBuffer input) {
            super.receive(input);
            throw new IllegalArgumentException("the author's mistake");
          }
        };
    NettyAcceptor server = serving(connection -> session);
    Socket client = dial(server);
    say(client, "END\nx");
    session.context();
    assertThat(session.next()).isEqualTo("received x");
    assertThat(session.next()).isEqualTo("closed");
    assertEnds(client);
  }

  @Test
  void inputClosed_throws_endsTheConnectionWithoutACause() throws Exception {
    RecordingSession session =
        new RecordingSession() {
          @Override
          public void inputClosed(boolean truncated) {
            throw new IllegalArgumentException("the author's mistake");
          }
        };
    connect(connector(), toPeer(), session);
    Socket peer = accept();
    peer.shutdownOutput();
    assertThat(session.next()).isEqualTo("closed");
    assertEnds(peer);
  }

  @Test
  void closed_throws_closingCompletesAndOthersAreServed() throws Exception {
    RecordingSession session =
        new RecordingSession() {
          @Override
          public void closed(Optional<UpgradeException> cause) {
            super.closed(cause);
            throw new IllegalArgumentException("the author's mistake");
          }
        };
    NettyConnector connector = connector();
    Connection connection = connect(connector, toPeer(), session);
    Socket peer = accept();
    connection.closeAsync().get(20, TimeUnit.SECONDS);
    assertThat(session.next()).startsWith("closed");
    assertEnds(peer);

    RecordingSession other = new RecordingSession();
    connect(connector, toPeer(), other);
    say(accept(), "next");
    assertThat(other.text(4)).isEqualTo("next");
  }

  /** The stream ends; whether by FIN or by a reset over unread bytes is not the point. */
  private static void assertEnds(Socket peer) {
    try {
      assertThat(peer.getInputStream().read()).isEqualTo(-1);
    } catch (IOException reset) {
      assertThat(reset).hasMessageContaining("reset");
    }
  }

  // --- bytes

  @Test
  void bytesLeftByTheLastLayer_sessionThatOnlyAsks_getsThem() throws Exception {
    RecordingSession session = new RecordingSession();
    NettyAcceptor server = serving(connection -> session);
    say(dial(server), "END\nHELLO");
    assertThat(session.text(5)).isEqualTo("HELLO");
  }

  @Test
  void bytesLeftByTheLastLayer_withTheEndBehindThem_comeBeforeTheEnd() throws Exception {
    RecordingSession session = new RecordingSession();
    NettyAcceptor server = serving(connection -> session);
    Socket client = dial(server);
    say(client, "END\nHELLO");
    client.shutdownOutput();
    assertThat(session.text(5)).isEqualTo("HELLO");
    assertThat(session.next()).isEqualTo("input closed");
  }

  @Test
  void receive_narrowsTheLimitOfItsView_losesNothing() throws Exception {
    RecordingSession session =
        new RecordingSession() {
          @Override
          public void receive(ByteBuffer input) {
            input.limit(Math.min(input.limit(), 3));
            super.receive(input);
            try {
              SessionContext context = context();
              context.executor().execute(context::redeliver);
            } catch (Exception e) {
              throw new AssertionError(e);
            }
          }
        };
    connect(connector(), toPeer(), session);
    say(accept(), "abcdefghi");
    assertThat(session.text(9)).isEqualTo("abcdefghi");
  }

  @Test
  void receive_takesNothing_bytesComeAgainWithMoreBehindThem() throws Exception {
    RecordingSession session =
        new RecordingSession() {
          @Override
          public void receive(ByteBuffer input) {
            if (input.remaining() >= 6) {
              super.receive(input);
            } else {
              try {
                context().requestInput();
              } catch (Exception e) {
                throw new AssertionError(e);
              }
            }
          }
        };
    connect(connector(), toPeer(), session);
    Socket peer = accept();
    peer.setTcpNoDelay(true);
    for (byte b : "abcdef".getBytes(StandardCharsets.US_ASCII)) {
      peer.getOutputStream().write(b);
    }
    assertThat(session.next()).isEqualTo("received abcdef");
  }

  // --- half-close

  @Test
  void shutdownOutput_inPlaintext_peerSeesTheEndAndReadingGoesOn() throws Exception {
    RecordingSession session = new RecordingSession();
    connect(connector(), toPeer(), session);
    Socket peer = accept();
    session.context().write(bytes("question"));
    session.context().shutdownOutput().get(20, TimeUnit.SECONDS);
    assertThat(hear(peer, 100)).isEqualTo("question");
    say(peer, "answer");
    assertThat(session.text(6)).isEqualTo("answer");
  }
}
