package io.upgradeable;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.upgradeable.UpgradeException.CertificateRejected;
import io.upgradeable.UpgradeException.ConnectFailed;
import io.upgradeable.UpgradeException.PeerClosed;
import io.upgradeable.negotiation.UnreadPolicy;
import io.upgradeable.netty.NettyConnector;
import io.upgradeable.tls.ImplicitTls;
import io.upgradeable.tls.TlsEngine;
import io.upgradeable.tls.TlsPolicy;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.SocketFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Sockets over layers: what a library that knows nothing but sockets relies on. */
@Timeout(60)
final class LayeredSocketTest extends PeerFixture {

  private static final TestIdentity IDENTITY = TestIdentity.forNames("localhost");
  private static final TlsPolicy CLIENT = IDENTITY.client(TlsEngine.AUTO);

  private final NettyConnector connector = closing(NettyConnector.builder().threads(1).build());
  private final SocketFactory plain = new LayeredSocketFactory(connector, LayerStack::tcp);
  private final SocketFactory tls =
      new LayeredSocketFactory(
          connector, server -> LayerStack.tcp(server).then(ImplicitTls.client(server, CLIENT)));

  LayeredSocketTest() throws IOException {}

  private UpgradeableServer serveTls(UpgradeableStreams.Handler handler) throws IOException {
    UpgradeableStreams serving =
        closing(
            UpgradeableStreams.builder().tls(IDENTITY.server(TlsEngine.AUTO)).threads(1).build());
    return closing(
        serving.serve(
            LOOPBACK,
            stream -> {
              stream.startTls(UnreadPolicy.TLS_RECORD);
              handler.handle(stream);
            }));
  }

  private Socket open(SocketFactory factory, int port) throws IOException {
    return closing(factory.createSocket("localhost", port));
  }

  private Socket openPlain() throws IOException {
    return open(plain, listening.getLocalPort());
  }

  @Test
  void tls_bytesBothWays_arriveInOrder() throws Exception {
    UpgradeableServer server =
        serveTls(
            stream -> {
              for (byte[] some = stream.read(8192); some.length > 0; some = stream.read(8192)) {
                stream.write(some);
              }
            });
    Socket socket = open(tls, server.endpoint().port());
    byte[] sent = new byte[1_500_000];
    new Random(1).nextBytes(sent);

    CompletableFuture<Void> writing =
        CompletableFuture.runAsync(
            () -> {
              try {
                socket.getOutputStream().write(sent[0]);
                socket.getOutputStream().write(sent, 1, sent.length - 1);
              } catch (IOException e) {
                throw new IllegalStateException(e);
              }
            });
    assertThat(socket.getInputStream().read()).isEqualTo(sent[0] & 0xff);
    byte[] rest = socket.getInputStream().readNBytes(sent.length - 1);

    writing.get(20, TimeUnit.SECONDS);
    assertThat(rest).isEqualTo(Arrays.copyOfRange(sent, 1, sent.length));
  }

  @Test
  void tls_peerSaysGoodbye_endOfStream() throws Exception {
    UpgradeableServer server = serveTls(stream -> stream.write("bye"));
    Socket socket = open(tls, server.endpoint().port());

    assertThat(socket.getInputStream().readAllBytes()).hasSize(3);
    assertThat(socket.getInputStream().read()).isEqualTo(-1);
  }

  @Test
  void tls_cutWithoutGoodbye_isNoEndOfStream() throws Exception {
    // Between the two: passes TLS on until it is told to cut.
    UpgradeableServer server =
        serveTls(
            stream -> {
              stream.write("half");
              stream.readLine();
            });
    CountDownLatch cut = new CountDownLatch(1);
    Thread relay = new Thread(() -> relayUntil(cut, server.endpoint().port()), "relay");
    relay.start();
    Socket socket = open(tls, listening.getLocalPort());
    assertThat(socket.getInputStream().readNBytes(4)).hasSize(4);
    cut.countDown();

    assertThatThrownBy(() -> socket.getInputStream().read()).isInstanceOf(PeerClosed.class);
    relay.join();
  }

  private void relayUntil(CountDownLatch cut, int port) {
    // The client's socket closes first: the server answers its own end with a goodbye, which would
    // pass through.
    try (Socket server = new Socket(InetAddress.getLoopbackAddress(), port);
        Socket client = accept(listening)) {
      List<Thread> pumps =
          List.of(
              new Thread(() -> pump(client, server), "up"),
              new Thread(() -> pump(server, client), "down"));
      pumps.forEach(Thread::start);
      cut.await();
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void pump(Socket from, Socket to) {
    try {
      from.getInputStream().transferTo(to.getOutputStream());
    } catch (IOException e) {
      // cut
    }
  }

  @Test
  void tls_halfClose_unsupported() throws Exception {
    UpgradeableServer server = serveTls(UpgradeableStream::readLine);
    Socket socket = open(tls, server.endpoint().port());

    assertThatThrownBy(socket::shutdownOutput).isInstanceOf(UnsupportedOperationException.class);
  }

  @Test
  void tls_nameThatTheLibraryGave_isChecked() throws Exception {
    UpgradeableServer server = serveTls(stream -> stream.write("x"));
    int port = server.endpoint().port();

    try (Socket byAddress = tls.createSocket(InetAddress.getLoopbackAddress(), port)) {
      // The loopback address has a name here; the certificate carries both.
      assertThat(byAddress.getInputStream().read()).isEqualTo('x');
    }
    TlsPolicy other = TestIdentity.forNames("elsewhere.test").client(TlsEngine.AUTO);
    SocketFactory strict =
        new LayeredSocketFactory(
            connector, peer -> LayerStack.tcp(peer).then(ImplicitTls.client(peer, other)));
    assertThatThrownBy(() -> strict.createSocket("localhost", port))
        .isInstanceOf(CertificateRejected.class);
  }

  @Test
  void connect_unconnectedSocketFirst_works() throws Exception {
    Socket socket = closing(plain.createSocket());
    assertThat(socket.isConnected()).isFalse();
    assertThat(socket.isClosed()).isFalse();
    socket.setSoTimeout(PATIENCE_MILLIS);
    socket.connect(new InetSocketAddress("localhost", listening.getLocalPort()), PATIENCE_MILLIS);
    Socket peer = accept();

    assertThat(socket.isConnected()).isTrue();
    assertThat(socket.getPort()).isEqualTo(listening.getLocalPort());
    assertThat(socket.getLocalPort()).isEqualTo(peer.getPort());
    assertThat(socket.getInetAddress().isLoopbackAddress()).isTrue();
    assertThat(socket.getLocalAddress().isLoopbackAddress()).isTrue();
    say(socket, "hello");
    assertThat(hear(peer, 5)).isEqualTo("hello");
    assertThatThrownBy(
            () -> socket.connect(new InetSocketAddress("localhost", listening.getLocalPort())))
        .isInstanceOf(SocketException.class);
  }

  @Test
  void connect_nobodyThere_connectFailed() throws Exception {
    int port = closing(deaf()).getLocalPort();
    assertThatThrownBy(() -> plain.createSocket("127.0.0.1", port))
        .isInstanceOf(ConnectFailed.class);
  }

  @Test
  void connect_serverSilent_timesOutAsTheLibraryAsked() throws Exception {
    boolean helloHeard = false;
    // A busy machine may not come as far as the ClientHello in the first of these times.
    for (int timeout = 1_000; !helloHeard && timeout <= 16_000; timeout *= 2) {
      int limit = timeout;
      try (Socket socket = tls.createSocket()) {
        assertThatThrownBy(
                () ->
                    socket.connect(
                        new InetSocketAddress("localhost", listening.getLocalPort()), limit))
            .isInstanceOf(SocketTimeoutException.class);
      }
      helloHeard = isHelloHeard();
    }
    assertThat(helloHeard).isTrue();
  }

  /** Whether a client was there that said something, and is gone. */
  private boolean isHelloHeard() throws IOException {
    listening.setSoTimeout(500); // It was there before, or not at all.
    try (Socket peer = listening.accept()) {
      return peer.getInputStream().readAllBytes().length > 0;
    } catch (SocketTimeoutException nobody) {
      return false;
    }
  }

  @Test
  void connect_closedMeanwhile_wakesUp() throws Exception {
    Socket socket = tls.createSocket();
    CompletableFuture<Throwable> connecting =
        CompletableFuture.supplyAsync(
            () ->
                failureOf(
                    () ->
                        socket.connect(
                            new InetSocketAddress("localhost", listening.getLocalPort()))));
    Socket peer = accept();
    assertThat(peer.getInputStream().read()).isEqualTo(0x16);
    socket.close();

    assertThat(connecting.get(20, TimeUnit.SECONDS)).isInstanceOf(SocketException.class);
  }

  @Test
  void connect_closedBeforeItBegan_whatCameUpAllTheSameIsClosed() throws Exception {
    CompletableFuture<Socket> itself = new CompletableFuture<>();
    Socket socket =
        new LayeredSocket(
            (stack, session) -> {
              // As if it were another thread, that finds nothing to cancel yet.
              assertThat(catchThrowable(() -> itself.join().close())).isNull();
              CompletableFuture<Connection> up = connector.connectAsync(stack, session);
              up.join();
              return up;
            },
            LayerStack::tcp);
    itself.complete(socket);
    assertThatThrownBy(
            () -> socket.connect(new InetSocketAddress("localhost", listening.getLocalPort())))
        .isInstanceOf(SocketException.class);
    assertThat(accept().getInputStream().read()).isEqualTo(-1);
  }

  @Test
  void connect_upTogetherWithTheTimeout_isUp() throws Exception {
    Socket socket =
        closing(
            new LayeredSocket(
                (stack, session) -> {
                  Connection up = connector.connectAsync(stack, session).join();
                  return new CompletableFuture<>() {
                    @Override
                    public Connection get(long timeout, TimeUnit unit) throws TimeoutException {
                      complete(up);
                      throw new TimeoutException();
                    }
                  };
                },
                LayerStack::tcp));
    socket.connect(new InetSocketAddress("localhost", listening.getLocalPort()), PATIENCE_MILLIS);
    say(socket, "hello");
    assertThat(hear(accept(), 5)).isEqualTo("hello");
  }

  private interface Call {
    void run() throws Exception;
  }

  private static Throwable failureOf(Call call) {
    try {
      call.run();
      return new AssertionError("expected a failure");
    } catch (Exception e) {
      return e;
    }
  }

  @Test
  void read_soTimeout_socketIsAsItWas() throws Exception {
    Socket socket = openPlain();
    Socket peer = accept();
    socket.setSoTimeout(50);
    assertThat(socket.getSoTimeout()).isEqualTo(50);

    for (int i = 0; i < 3; i++) {
      assertThatThrownBy(() -> socket.getInputStream().read())
          .isInstanceOf(SocketTimeoutException.class);
    }
    say(peer, "late");
    socket.setSoTimeout(PATIENCE_MILLIS);
    assertThat(hear(socket, 4)).isEqualTo("late");
    say(socket, "answer");
    assertThat(hear(peer, 6)).isEqualTo("answer");
  }

  @Test
  void read_interrupted_nothingIsLost() throws Exception {
    Socket socket = openPlain();
    Socket peer = accept();

    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> socket.getInputStream().read())
        .isInstanceOf(InterruptedIOException.class);
    assertThat(Thread.interrupted()).isTrue();
    say(peer, "there");
    assertThat(hear(socket, 5)).isEqualTo("there");
  }

  @Test
  void read_someBytesThere_returnsThemAndTellsTheRest() throws Exception {
    Socket socket = openPlain();
    Socket peer = accept();
    say(peer, "abcdef");
    byte[] two = new byte[4];

    assertThat(socket.getInputStream().read(two, 1, 2)).isBetween(1, 2);
    assertThat(socket.getInputStream().read(two, 0, 0)).isZero();
    assertThatThrownBy(() -> socket.getInputStream().read(two, 3, 2))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThat(two[1]).isEqualTo((byte) 'a');
    assertThat(socket.getInputStream().available()).isBetween(0, 5);
  }

  @Test
  void plaintext_halfClose_otherDirectionGoesOn() throws Exception {
    Socket socket = openPlain();
    Socket peer = accept();
    say(socket, "last words");
    socket.shutdownOutput();

    assertThat(new String(peer.getInputStream().readAllBytes(), StandardCharsets.US_ASCII))
        .isEqualTo("last words");
    say(peer, "answer");
    assertThat(hear(socket, 6)).isEqualTo("answer");
    assertThat(socket.isOutputShutdown()).isTrue();
  }

  @Test
  void shutdownInput_endOfStreamForTheReader() throws Exception {
    Socket socket = openPlain();
    InputStream input = socket.getInputStream();
    say(accept(), "unread");
    socket.shutdownInput();

    assertThat(input.read()).isEqualTo(-1);
    assertThat(input.available()).isZero();
  }

  @Test
  void shutdownInput_readerWaits_wakesItAndWritingGoesOn() throws Exception {
    Socket socket = openPlain();
    Socket peer = accept();
    InputStream input = socket.getInputStream();
    CompletableFuture<Integer> read = new CompletableFuture<>();
    Thread reader =
        new Thread(
            () -> {
              try {
                read.complete(input.read());
              } catch (IOException e) {
                read.completeExceptionally(e);
              }
            });
    reader.start();
    while (reader.getState() != Thread.State.WAITING) {
      assertThat(Thread.currentThread().isInterrupted()).as("time is up").isFalse();
      Thread.onSpinWait();
    }
    socket.shutdownInput();

    assertThat(read.get(20, TimeUnit.SECONDS)).isEqualTo(-1);
    assertThat(input.read()).isEqualTo(-1);
    say(peer, "unread");
    say(socket, "still there");
    assertThat(hear(peer, 11)).isEqualTo("still there");
  }

  @Test
  void close_readerWaits_wakesIt() throws Exception {
    Socket socket = openPlain();
    accept();
    CompletableFuture<Throwable> reading =
        CompletableFuture.supplyAsync(() -> failureOf(() -> socket.getInputStream().read()));
    socket.close();

    assertThat(reading.get(20, TimeUnit.SECONDS)).isInstanceOf(SocketException.class);
    assertThat(socket.isClosed()).isTrue();
    assertThatThrownBy(() -> socket.getOutputStream().write(1)).isInstanceOf(SocketException.class);
    socket.close();
  }

  @Test
  void close_writtenBefore_arrives() throws Exception {
    Socket socket = openPlain();
    Socket peer = accept();
    say(socket, "goodbye");
    socket.close();

    assertThat(new String(peer.getInputStream().readAllBytes(), StandardCharsets.US_ASCII))
        .isEqualTo("goodbye");
  }

  @Test
  void close_neverConnected_nothingHappens() throws Exception {
    Socket socket = plain.createSocket();
    socket.close();

    assertThat(socket.isClosed()).isTrue();
    assertThatThrownBy(
            () -> socket.connect(new InetSocketAddress("localhost", listening.getLocalPort())))
        .isInstanceOf(SocketException.class);
  }

  @Test
  void peer_resets_readFails() throws Exception {
    Socket socket = openPlain();
    Socket peer = accept();
    say(socket, "x");
    assertThat(hear(peer, 1)).isEqualTo("x");
    peer.setSoLinger(true, 0);
    peer.close();

    assertThatThrownBy(() -> socket.getInputStream().read()).isInstanceOf(PeerClosed.class);
  }

  @Test
  void options_thatLibrariesSet_accepted() throws Exception {
    Socket socket = closing(plain.createSocket());
    assertThat(socket.getTcpNoDelay()).isTrue();
    assertThat(socket.getKeepAlive()).isFalse();
    assertThat(socket.getSoLinger()).isEqualTo(-1);
    assertThat(socket.getSendBufferSize()).isPositive();
    assertThat(socket.getReceiveBufferSize()).isPositive();
    assertThat(socket.getSoTimeout()).isZero();
    assertThat(socket.getReuseAddress()).isFalse();
    assertThat(socket.getTrafficClass()).isZero();
    socket.setKeepAlive(true);
    socket.setReuseAddress(true);
    socket.setSoLinger(true, 5);
    socket.setTcpNoDelay(true);
    socket.setSendBufferSize(8192);
    socket.setReceiveBufferSize(8192);
    assertThat(socket.getKeepAlive()).isTrue();
    assertThat(socket.getSoLinger()).isEqualTo(5);
    socket.bind(null);
    assertThatThrownBy(
            () -> socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 4711)))
        .isInstanceOf(SocketException.class);
  }

  @Test
  void localAddress_chosen_unsupported() {
    List<Call> calls = new ArrayList<>();
    InetAddress loopback = InetAddress.getLoopbackAddress();
    calls.add(() -> plain.createSocket("localhost", 1, loopback, 2));
    calls.add(() -> plain.createSocket(loopback, 1, loopback, 2));
    for (Call call : calls) {
      assertThat(failureOf(call)).isInstanceOf(UnsupportedOperationException.class);
    }
  }
}
