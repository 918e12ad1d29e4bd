package io.upgradeable.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.channel.Channel;
import io.upgradeable.LayerStack;
import io.upgradeable.PeerFixture;
import io.upgradeable.TestIdentity;
import io.upgradeable.UpgradeException;
import io.upgradeable.UpgradeException.PeerClosed;
import io.upgradeable.netty.NettyRelay.Ending;
import io.upgradeable.netty.NettyRelay.Report;
import io.upgradeable.session.Session;
import io.upgradeable.session.SessionContext;
import io.upgradeable.tls.ImplicitTls;
import io.upgradeable.tls.TlsEngine;
import io.upgradeable.tls.TlsPolicy;
import io.upgradeable.tls.TlsVersion;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.UnaryOperator;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A relay between an accepted connection (near) and one that its session opened (far). */
@Timeout(60)
final class NettyRelayTest extends PeerFixture {

  private static final TestIdentity IDENTITY = TestIdentity.forNames("localhost");
  private static final Duration LONG = Duration.ofMinutes(5);

  private final CompletableFuture<Report> report = new CompletableFuture<>();
  private final CompletableFuture<Optional<UpgradeException>> nearClosed =
      new CompletableFuture<>();
  private final CompletableFuture<SessionContext> nearContext = new CompletableFuture<>();

  /** What the meter was told. */
  private final LongAdder there = new LongAdder();

  private final LongAdder back = new LongAdder();

  NettyRelayTest() throws IOException {}

  /** What every session of a relayed connection is: it takes nothing and waits. */
  private static class Held implements Session {
    final CompletableFuture<SessionContext> context = new CompletableFuture<>();
    final CompletableFuture<Void> received = new CompletableFuture<>();
    final CompletableFuture<Optional<UpgradeException>> closed;

    Held(CompletableFuture<Optional<UpgradeException>> closed) {
      this.closed = closed;
    }

    @Override
    public void opened(SessionContext opened) {
      context.complete(opened);
    }

    @Override
    public void receive(ByteBuffer input) {
      received.complete(null);
    }

    @Override
    public void inputClosed(boolean truncated) {}

    @Override
    public void closed(Optional<UpgradeException> cause) {
      closed.complete(cause);
    }
  }

  private NettyAcceptor relay(
      boolean sharedLoops,
      Transport transport,
      Duration idle,
      UnaryOperator<NettyAcceptor.Builder> near,
      LayerStack farStack)
      throws IOException {
    NettyConnector connector =
        closing(NettyConnector.builder().transport(transport).threads(2).build());
    NettyAcceptor.Builder builder = NettyAcceptor.builder().listen(LOOPBACK);
    builder =
        sharedLoops ? builder.eventLoopsOf(connector) : builder.transport(transport).threads(1);
    return closing(
        near.apply(builder)
            .session(
                connection -> {
                  Held nearSession = new Held(nearClosed);
                  nearSession.context.thenAccept(
                      context -> {
                        nearContext.complete(context);
                        Held far = new Held(new CompletableFuture<>());
                        connector
                            .connectAsync(farStack, far)
                            .thenCompose(
                                up ->
                                    NettyRelay.between(
                                        context,
                                        far.context.join(),
                                        idle,
                                        (fromNear, bytes) -> (fromNear ? there : back).add(bytes)))
                            .whenComplete(
                                (done, failure) -> {
                                  if (done != null) {
                                    report.complete(done);
                                  } else {
                                    report.completeExceptionally(failure);
                                  }
                                });
                      });
                  return nearSession;
                })
            .start());
  }

  private NettyAcceptor plainRelay(boolean sharedLoops, Transport transport) throws IOException {
    return relay(sharedLoops, transport, LONG, b -> b, LayerStack.tcp(peerEndpoint()));
  }

  private Report report() throws Exception {
    return report.get(30, TimeUnit.SECONDS);
  }

  @ParameterizedTest
  @CsvSource({"true,EPOLL", "false,EPOLL", "true,NIO", "false,NIO"})
  void nearEnds_farAnswersAfterTheEnd_halfCloseGoesThrough(boolean shared, Transport transport)
      throws Exception {
    Socket near = dial(plainRelay(shared, transport));
    Socket far = accept();
    say(near, "question");
    near.shutdownOutput();
    assertThat(far.getInputStream().readAllBytes()).asString().isEqualTo("question");
    say(far, "the answer");
    far.shutdownOutput();
    assertThat(near.getInputStream().readAllBytes()).asString().isEqualTo("the answer");

    assertThat(report().ending()).isEqualTo(Ending.ENDED);
    assertThat(report().fromNear()).isEqualTo(8);
    assertThat(report().fromFar()).isEqualTo(10);
    assertThat(there.sum()).isEqualTo(8);
    assertThat(back.sum()).isEqualTo(10);
    assertThat(report().cause()).isEmpty();
    assertThat(nearClosed.get(30, TimeUnit.SECONDS)).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(
      value = Transport.class,
      names = {"NIO", "EPOLL"})
  void nearSpeaksAndEnds_farsLoopIsBusyYet_allOfItGoesThroughOnce(Transport transport)
      throws Exception {
    Outbound near = outbound(transport);
    Outbound far = outbound(transport);
    say(near.peer(), "asked before, ");
    near.side().requestInput();
    CountDownLatch busy = new CountDownLatch(1);
    far.side().executor().execute(() -> awaitQuietly(busy));
    CompletableFuture<Report> relayed = NettyRelay.between(near.side(), far.side(), LONG);
    say(near.peer(), "and after");
    near.peer().shutdownOutput();
    // Each turn of near's loop takes what its socket holds, and far has no place to put it yet.
    for (int turn = 0; turn < 10; turn++) {
      turn(near.side());
    }
    busy.countDown();

    assertThat(far.peer().getInputStream().readAllBytes())
        .asString()
        .isEqualTo("asked before, and after");
    far.peer().shutdownOutput();
    assertThat(relayed.get(30, TimeUnit.SECONDS).ending()).isEqualTo(Ending.ENDED);
    assertThat(relayed.get().fromNear()).isEqualTo(23);
  }

  /** A side that is over goes by itself, and what it said last is not hurried for it. */
  @ParameterizedTest
  @EnumSource(
      value = Transport.class,
      names = {"NIO", "EPOLL"})
  void farIsOverAndGone_nearHasNotReadAll_waitsForItsReader(Transport transport) throws Exception {
    Outbound near = outbound(transport);
    Outbound far = outbound(transport);
    CompletableFuture<Report> relayed =
        NettyRelay.between(near.side(), far.side(), LONG, (fromNear, bytes) -> there.add(bytes));
    near.peer().shutdownOutput();
    assertThat(far.peer().getInputStream().readAllBytes()).isEmpty();
    long sent = sayUntilSomeWaits(far, near);
    far.peer().shutdownOutput();
    far.channel().closeFuture().get(30, TimeUnit.SECONDS);
    turn(far.side());
    turn(far.side()); // Netty tells its handlers of the end in a task of its own.
    turn(near.side());

    assertThat(near.channel().isActive()).isTrue();
    assertThat(LingeringClose.isUnderWay(near.channel())).isFalse();
    assertThat(relayed).isNotDone();
    assertThat(near.peer().getInputStream().readAllBytes()).hasSize((int) sent);
    assertThat(relayed.get(30, TimeUnit.SECONDS).ending()).isEqualTo(Ending.ENDED);
    assertThat(relayed.get().fromFar()).isEqualTo(sent);
  }

  /** What was cut off must not look complete. */
  @ParameterizedTest
  @EnumSource(
      value = Transport.class,
      names = {"NIO", "EPOLL"})
  void closedOverBytesThatWait_peer_isResetAndNotEnded(Transport transport) throws Exception {
    Outbound near = outbound(transport);
    Outbound far = outbound(transport);
    CompletableFuture<Report> relayed =
        NettyRelay.between(near.side(), far.side(), LONG, (fromNear, bytes) -> there.add(bytes));
    sayUntilSomeWaits(near, far);
    far.channel().close().get(30, TimeUnit.SECONDS);

    assertThatThrownBy(() -> far.peer().getInputStream().readAllBytes())
        .isInstanceOf(SocketException.class);
    assertThat(relayed.get(30, TimeUnit.SECONDS).ending()).isEqualTo(Ending.CLOSED);
  }

  @ParameterizedTest
  @CsvSource({"true,NIO", "false,NIO", "true,EPOLL", "false,EPOLL"})
  void meterThrows_relay_isCutAndNotToldAsThePeers(boolean spokenBefore, Transport transport)
      throws Exception {
    Outbound near = outbound(transport);
    Outbound far = outbound(transport);
    if (spokenBefore) {
      far.side().requestInput();
      say(far.peer(), "x");
      far.session().received.get(30, TimeUnit.SECONDS);
    }
    CompletableFuture<Report> relayed =
        NettyRelay.between(
            near.side(),
            far.side(),
            LONG,
            (fromNear, bytes) -> {
              throw new AssertionError("the meter's own trouble");
            });
    if (!spokenBefore) {
      say(far.peer(), "x");
    }

    assertThatThrownBy(() -> near.peer().getInputStream().read())
        .isInstanceOf(SocketException.class);
    assertThatThrownBy(() -> far.peer().getInputStream().read())
        .isInstanceOf(SocketException.class);
    assertThat(relayed.get(30, TimeUnit.SECONDS).ending()).isEqualTo(Ending.CLOSED);
    assertThat(relayed.get().cause()).isEmpty();
    assertThat(far.session().closed.get(30, TimeUnit.SECONDS)).isEmpty();
  }

  /** Fills the buffers on the way to a peer that does not read; how many bytes that took. */
  private long sayUntilSomeWaits(Outbound from, Outbound to) throws Exception {
    Channel filled = to.channel();
    byte[] piece = new byte[8192];
    long sent = 0;
    long room = filled.bytesBeforeUnwritable();
    while (filled.bytesBeforeUnwritable() == room) {
      from.peer().getOutputStream().write(piece);
      sent += piece.length;
      do {
        turn(from.side());
      } while (there.sum() < sent);
      turn(from.side()); // What was read is flushed.
      turn(to.side());
    }
    return sent;
  }

  /** Waits until a connection's event loop has done what it had to do. */
  private static void turn(SessionContext side) throws Exception {
    CompletableFuture.runAsync(() -> {}, side.executor()).get(30, TimeUnit.SECONDS);
  }

  /** A connection with an event loop of its own, and its peer. */
  private record Outbound(Held session, SessionContext side, Socket peer) {

    Channel channel() {
      return ((SessionDriver) side).channel();
    }
  }

  private Outbound outbound(Transport transport) throws Exception {
    Held session = new Held(new CompletableFuture<>());
    closing(NettyConnector.builder().transport(transport).threads(1).build())
        .connectAsync(LayerStack.tcp(peerEndpoint()), session)
        .get(30, TimeUnit.SECONDS);
    return new Outbound(session, session.context.get(30, TimeUnit.SECONDS), accept());
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void farEnds_nearGoesOnAfterTheEnd_halfCloseGoesThrough(boolean shared) throws Exception {
    Socket near = dial(plainRelay(shared, Transport.AUTO));
    Socket far = accept();
    say(far, "greeting");
    far.shutdownOutput();
    assertThat(near.getInputStream().readAllBytes()).asString().isEqualTo("greeting");
    say(near, "still here");
    near.shutdownOutput();
    assertThat(far.getInputStream().readAllBytes()).asString().isEqualTo("still here");
    assertThat(report().ending()).isEqualTo(Ending.ENDED);
  }

  @ParameterizedTest
  @CsvSource({"true,EPOLL", "false,EPOLL", "true,NIO"})
  void nearResets_far_isResetAndTheReportSaysWho(boolean shared, Transport transport)
      throws Exception {
    Socket near = dial(plainRelay(shared, transport));
    Socket far = accept();
    say(near, "half of");
    assertThat(hear(far, 7)).isEqualTo("half of");
    String path = "tcp(127.0.0.1:" + near.getLocalPort() + ")";
    near.setSoLinger(true, 0);
    near.close();

    assertThatThrownBy(() -> far.getInputStream().read()).isInstanceOf(SocketException.class);
    assertThat(report().ending()).isEqualTo(Ending.CUT);
    assertThat(report().cause().orElseThrow())
        .isInstanceOf(PeerClosed.class)
        .hasMessageContaining(path);
    assertThat(nearClosed.get(30, TimeUnit.SECONDS)).containsInstanceOf(PeerClosed.class);
  }

  @Test
  void farResets_near_isReset() throws Exception {
    Socket near = dial(plainRelay(true, Transport.AUTO));
    Socket far = accept();
    say(near, "x");
    assertThat(hear(far, 1)).isEqualTo("x"); // The relay is there.
    far.setSoLinger(true, 0);
    far.close();
    assertThatThrownBy(() -> near.getInputStream().read()).isInstanceOf(SocketException.class);
    assertThat(report().ending()).isEqualTo(Ending.CUT);
    assertThat(report().cause().orElseThrow().path()).contains(peerEndpoint().toString());
    assertThat(nearClosed.get(30, TimeUnit.SECONDS)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void farDoesNotRead_nearWritesOn_isHeldUpAndNothingIsLost(boolean shared) throws Exception {
    NettyAcceptor server = plainRelay(shared, Transport.AUTO);
    SocketChannel near = closing(SocketChannel.open());
    near.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port(server)));
    Socket far = accept();
    near.configureBlocking(false);
    byte[] pattern = new byte[64 * 1024];
    new Random(7).nextBytes(pattern);
    MessageDigest sent = MessageDigest.getInstance("SHA-256");
    long written = 0;
    try (Selector selector = Selector.open()) {
      near.register(selector, SelectionKey.OP_WRITE);
      // Held up: the kernel takes nothing more for half a second. 64 MiB would be no limit at all.
      while (written < 64 * 1024 * 1024 && selector.select(500) > 0) {
        selector.selectedKeys().clear();
        int count = near.write(ByteBuffer.wrap(pattern));
        sent.update(pattern, 0, count);
        written += count;
      }
    }
    near.configureBlocking(true);
    near.shutdownOutput();
    assertThat(written).isLessThan(40 * 1024 * 1024);

    MessageDigest received = MessageDigest.getInstance("SHA-256");
    byte[] buffer = new byte[64 * 1024];
    for (int n = far.getInputStream().read(buffer); n >= 0; n = far.getInputStream().read(buffer)) {
      received.update(buffer, 0, n);
    }
    assertThat(received.digest()).isEqualTo(sent.digest());
    far.close();
    assertThat(report().fromNear()).isEqualTo(written);
  }

  private static int port(NettyAcceptor server) {
    return server.localAddress().getPort();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void bothSendAtOnce_manyMegabytes_arriveUnchanged(boolean shared) throws Exception {
    Socket near = dial(plainRelay(shared, Transport.AUTO));
    Socket far = accept();
    CompletableFuture<byte[]> nearSent =
        CompletableFuture.supplyAsync(() -> pour(near, 1), THREADS);
    CompletableFuture<byte[]> farSent = CompletableFuture.supplyAsync(() -> pour(far, 2), THREADS);
    CompletableFuture<byte[]> nearGot = CompletableFuture.supplyAsync(() -> drain(near), THREADS);
    CompletableFuture<byte[]> farGot = CompletableFuture.supplyAsync(() -> drain(far), THREADS);
    assertThat(farGot.get(50, TimeUnit.SECONDS)).isEqualTo(nearSent.get());
    assertThat(nearGot.get(50, TimeUnit.SECONDS)).isEqualTo(farSent.get());
    assertThat(report().fromNear()).isEqualTo(MEGABYTES << 20);
    assertThat(report().fromFar()).isEqualTo(MEGABYTES << 20);
  }

  /** Four that block at once: the common pool may have a single thread. */
  private static final Executor THREADS = task -> new Thread(task).start();

  private static final int MEGABYTES = 24;

  private static byte[] pour(Socket socket, long seed) {
    try {
      Random random = new Random(seed);
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      OutputStream out = socket.getOutputStream();
      byte[] piece = new byte[1 << 20];
      for (int i = 0; i < MEGABYTES; i++) {
        random.nextBytes(piece);
        digest.update(piece);
        out.write(piece);
      }
      socket.shutdownOutput();
      return digest.digest();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private static byte[] drain(Socket socket) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      InputStream in = socket.getInputStream();
      byte[] piece = new byte[1 << 16];
      for (int n = in.read(piece); n >= 0; n = in.read(piece)) {
        digest.update(piece, 0, n);
      }
      return digest.digest();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void idle_nobodySpeaks_bothEndInOrder() throws Exception {
    NettyAcceptor server =
        relay(true, Transport.AUTO, Duration.ofMillis(200), b -> b, LayerStack.tcp(peerEndpoint()));
    Socket near = dial(server);
    Socket far = accept();
    assertThat(near.getInputStream().read()).isEqualTo(-1);
    assertThat(far.getInputStream().read()).isEqualTo(-1);
    near.close();
    far.close();
    assertThat(report().ending()).isEqualTo(Ending.IDLE);
  }

  @Test
  void closed_byTheOwnerOfOneConnection_endsBoth() throws Exception {
    Socket near = dial(plainRelay(true, Transport.AUTO));
    Socket far = accept();
    say(near, "x");
    assertThat(hear(far, 1)).isEqualTo("x"); // The relay is there.
    nearContext.get(30, TimeUnit.SECONDS).close();
    assertThat(near.getInputStream().read()).isEqualTo(-1);
    assertThat(far.getInputStream().read()).isEqualTo(-1);
    near.close();
    far.close();
    assertThat(report().ending()).isEqualTo(Ending.CLOSED);
    assertThat(nearClosed.get(30, TimeUnit.SECONDS)).isEmpty();
  }

  @Test
  void relayed_contextIsUsed_refusedAsTheCallersMistake() throws Exception {
    Socket near = dial(plainRelay(true, Transport.AUTO));
    Socket far = accept();
    say(near, "x");
    assertThat(hear(far, 1)).isEqualTo("x");
    SessionContext context = nearContext.get(30, TimeUnit.SECONDS);
    assertThatThrownBy(() -> context.write(bytes("y")).get(30, TimeUnit.SECONDS))
        .hasCauseInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> context.shutdownOutput().get(30, TimeUnit.SECONDS))
        .hasCauseInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> NettyRelay.between(context, context, LONG))
        .isInstanceOf(IllegalArgumentException.class);
  }

  // --- TLS on the near side

  private NettyAcceptor tlsRelay(TlsEngine engine) throws IOException {
    TlsPolicy policy = IDENTITY.server(engine);
    return relay(
        true,
        Transport.AUTO,
        LONG,
        builder -> builder.layer(ImplicitTls.server(policy)),
        LayerStack.tcp(peerEndpoint()));
  }

  private SSLSocket dialTls(NettyAcceptor server, TlsVersion version) throws Exception {
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null, null);
    store.setCertificateEntry("ca", IDENTITY.certificate());
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(store);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    SSLSocket socket =
        closing(
            (SSLSocket)
                context
                    .getSocketFactory()
                    .createSocket(InetAddress.getLoopbackAddress(), port(server)));
    socket.setSoTimeout(PATIENCE_MILLIS);
    socket.setEnabledProtocols(
        new String[] {version == TlsVersion.TLS_1_2 ? "TLSv1.2" : "TLSv1.3"});
    socket.startHandshake();
    return socket;
  }

  @Test
  void nearUnderTls13Ends_farAnswersAfterTheEnd_halfCloseGoesThrough() throws Exception {
    SSLSocket near = dialTls(tlsRelay(TlsEngine.JDK), TlsVersion.TLS_1_3);
    Socket far = accept();
    say(near, "question");
    near.shutdownOutput();
    assertThat(far.getInputStream().readAllBytes()).asString().isEqualTo("question");
    say(far, "the answer");
    far.shutdownOutput();
    assertThat(near.getInputStream().readAllBytes()).asString().isEqualTo("the answer");
    assertThat(report().ending()).isEqualTo(Ending.ENDED);
    assertThat(report().fromNear()).isEqualTo(8);
    assertThat(report().fromFar()).isEqualTo(10);
  }

  @ParameterizedTest
  @CsvSource({"OPENSSL,TLS_1_3", "JDK,TLS_1_2", "OPENSSL,TLS_1_2"})
  void nearUnderTlsWithoutHalfCloseEnds_farHearsTheEnd_andBothAreGone(
      TlsEngine engine, TlsVersion version) throws Exception {
    SSLSocket near = dialTls(tlsRelay(engine), version);
    Socket far = accept();
    say(near, "question");
    near.shutdownOutput();
    assertThat(far.getInputStream().readAllBytes()).asString().isEqualTo("question");
    far.close();
    assertThat(near.getInputStream().read()).isEqualTo(-1);
    assertThat(report().fromNear()).isEqualTo(8);
  }

  @ParameterizedTest
  @CsvSource({"JDK,TLS_1_3", "OPENSSL,TLS_1_3", "JDK,TLS_1_2", "OPENSSL,TLS_1_2"})
  void farEnds_nearUnderTls_hearsCloseNotifyBehindTheLastByte(TlsEngine engine, TlsVersion version)
      throws Exception {
    SSLSocket near = dialTls(tlsRelay(engine), version);
    Socket far = accept();
    byte[] much = new byte[300_000];
    Arrays.fill(much, (byte) 'm');
    far.getOutputStream().write(much);
    far.shutdownOutput();
    assertThat(near.getInputStream().readAllBytes()).isEqualTo(much);
    near.close();
    assertThat(far.getInputStream().read()).isEqualTo(-1);
    assertThat(report().ending()).isEqualTo(Ending.ENDED);
  }

  @ParameterizedTest
  @EnumSource(
      value = TlsEngine.class,
      names = {"JDK", "OPENSSL"})
  void farEnds_nearUnderTls13GoesOn_itsBytesGoThrough(TlsEngine engine) throws Exception {
    SSLSocket near = dialTls(tlsRelay(engine), TlsVersion.TLS_1_3);
    Socket far = accept();
    far.shutdownOutput();
    assertThat(near.getInputStream().read()).isEqualTo(-1);
    say(near, "still here");
    near.shutdownOutput();
    assertThat(far.getInputStream().readAllBytes()).asString().isEqualTo("still here");
  }

  @ParameterizedTest
  @EnumSource(
      value = TlsEngine.class,
      names = {"JDK", "OPENSSL"})
  void nearUnderTlsIsCutWithoutCloseNotify_far_isResetAndNotEnded(TlsEngine engine)
      throws Exception {
    NettyAcceptor server = tlsRelay(engine);
    Socket plain = dial(server);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, new javax.net.ssl.TrustManager[] {new TrustAll()}, null);
    SSLSocket near =
        (SSLSocket)
            context.getSocketFactory().createSocket(plain, "localhost", port(server), false);
    near.startHandshake();
    Socket far = accept();
    say(near, "half of");
    assertThat(hear(far, 7)).isEqualTo("half of");
    plain.shutdownOutput(); // A FIN by somebody in the middle.
    assertThatThrownBy(() -> far.getInputStream().read()).isInstanceOf(SocketException.class);
    assertThat(report().ending()).isEqualTo(Ending.CUT);
    assertThat(report().cause().orElseThrow()).hasMessageContaining("close_notify");
  }

  private static final class TrustAll implements javax.net.ssl.X509TrustManager {
    @Override
    public void checkClientTrusted(java.security.cert.X509Certificate[] chain, String type) {}

    @Override
    public void checkServerTrusted(java.security.cert.X509Certificate[] chain, String type) {}

    @Override
    public java.security.cert.X509Certificate[] getAcceptedIssuers() {
      return new java.security.cert.X509Certificate[0];
    }
  }
}
