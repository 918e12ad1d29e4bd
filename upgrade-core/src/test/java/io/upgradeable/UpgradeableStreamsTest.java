package io.upgradeable;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.upgradeable.UpgradeException.CertificateRejected;
import io.upgradeable.UpgradeException.LayerTimedOut;
import io.upgradeable.UpgradeException.PeerClosed;
import io.upgradeable.UpgradeException.PeerMisbehaved;
import io.upgradeable.UpgradeException.PlaintextInjected;
import io.upgradeable.UpgradeException.TlsFailed;
import io.upgradeable.negotiation.TlsFacts;
import io.upgradeable.negotiation.UnreadPolicy;
import io.upgradeable.tls.TlsEngine;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The stream API against itself and against plain sockets, over real loopback connections. */
@Timeout(60)
final class UpgradeableStreamsTest extends LoopbackFixture {

  private static final TestIdentity IDENTITY = TestIdentity.forNames("localhost");

  private static UpgradeableStreams server(TlsEngine engine) {
    return UpgradeableStreams.builder().tls(IDENTITY.server(engine)).threads(1).build();
  }

  private static UpgradeableStreams client(TlsEngine engine) {
    return UpgradeableStreams.builder().tls(IDENTITY.client(engine)).threads(1).build();
  }

  /** The ping server in a few lines of the stream API. */
  private static void servePing(UpgradeableStream stream) throws IOException {
    for (Optional<String> line = stream.readLine(); line.isPresent(); line = stream.readLine()) {
      switch (line.get()) {
        case "PING" -> stream.write("PONG\n");
        case "STARTTLS" -> stream.startTls(UnreadPolicy.TLS_RECORD);
        default -> {
          return;
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(TlsEngine.class)
  void pingDialogue_upgraded_sameStreamIsEncrypted(TlsEngine engine) throws Exception {
    try (UpgradeableStreams serving = server(engine);
        UpgradeableServer server = serving.serve(LOOPBACK, UpgradeableStreamsTest::servePing);
        UpgradeableStreams streams = client(engine);
        UpgradeableStream stream = streams.open(server.endpoint())) {
      stream.write("PING\n");
      assertThat(stream.readLine()).contains("PONG");
      assertThat(stream.tls()).isEmpty();
      assertThat(stream.connection().security()).isEqualTo(Security.PLAINTEXT);

      stream.write("STARTTLS\n");
      assertThat(stream.startTls().protocol()).isEqualTo("TLSv1.3");

      stream.write("PING\n");
      assertThat(stream.readLine()).contains("PONG");
      assertThat(stream.tls().orElseThrow().peerChain()).containsExactly(IDENTITY.certificate());
      assertThat(stream.connection().security()).isEqualTo(Security.ORIGIN);
      assertThat(stream.connection().path())
          .isEqualTo("tcp(" + server.endpoint() + ") > tls(127.0.0.1)");
      stream.write("QUIT\n");
      assertThat(stream.readLine()).isEmpty();
    }
  }

  @Test
  void pingDialogue_async_completesWithoutBlocking() throws Exception {
    try (UpgradeableStreams serving = server(TlsEngine.AUTO);
        UpgradeableServer server = serving.serveAsync(LOOPBACK, UpgradeableStreamsTest::pingAsync);
        UpgradeableStreams streams = client(TlsEngine.AUTO)) {
      String answers =
          streams
              .openAsync(server.endpoint())
              .thenCompose(
                  stream ->
                      stream
                          .writeAsync(ascii("STARTTLS\n"))
                          .thenCompose(v -> stream.startTlsAsync())
                          .thenCompose(tls -> stream.writeAsync(ascii("PING\nPING\n")))
                          .thenCompose(v -> stream.readLineAsync())
                          .thenCombine(
                              CompletableFuture.completedFuture("+"),
                              (line, plus) -> line.orElseThrow() + plus)
                          .thenCompose(
                              first ->
                                  stream
                                      .readLineAsync()
                                      .thenApply(second -> first + second.orElseThrow()))
                          .thenCompose(all -> stream.closeAsync().thenApply(v -> all)))
              .get(20, TimeUnit.SECONDS);
      assertThat(answers).isEqualTo("PONG+PONG");
    }
  }

  private static CompletableFuture<Object> pingAsync(UpgradeableStream stream) {
    return stream
        .readLineAsync()
        .thenCompose(
            line ->
                switch (line.orElse("")) {
                  case "PING" ->
                      stream.writeAsync(ascii("PONG\n")).thenCompose(v -> pingAsync(stream));
                  case "STARTTLS" ->
                      stream
                          .startTlsAsync(UnreadPolicy.TLS_RECORD)
                          .thenCompose(v -> pingAsync(stream));
                  default -> CompletableFuture.completedFuture(null);
                });
  }

  private static ByteBuffer ascii(String text) {
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII));
  }

  @Test
  void startTls_withoutPolicy_failsAsCallersMistake() throws Exception {
    try (ServerSocket listening = new ServerSocket(0);
        UpgradeableStreams streams = UpgradeableStreams.builder().threads(1).build();
        UpgradeableStream stream = streams.open(endpoint(listening))) {
      assertThatThrownBy(stream::startTls)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("without a TLS policy");
    }
  }

  @Test
  void startTls_twice_failsAsCallersMistake() throws Exception {
    try (UpgradeableStreams serving = server(TlsEngine.AUTO);
        UpgradeableServer server = serving.serve(LOOPBACK, UpgradeableStreamsTest::servePing);
        UpgradeableStreams streams = client(TlsEngine.AUTO);
        UpgradeableStream stream = streams.open(server.endpoint())) {
      stream.write("STARTTLS\n");
      stream.startTls();
      assertThatThrownBy(stream::startTls)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("before");
      stream.write("PING\n");
      assertThat(stream.readLine()).contains("PONG");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"EVIL\r\n", "EV", "E", "\u0016\u0003\u0001"})
  void startTls_unreadPlaintextBehindGoAhead_failsAsInjected(String injected) throws Exception {
    try (ServerSocket listening = new ServerSocket(0);
        UpgradeableStreams streams = client(TlsEngine.AUTO);
        UpgradeableStream stream = streams.open(endpoint(listening));
        Socket peer = accept(listening)) {
      peer.getOutputStream().write(("220 go\r\n" + injected).getBytes(StandardCharsets.ISO_8859_1));
      assertThat(stream.readLine()).contains("220 go");
      assertThatThrownBy(stream::startTls)
          .isInstanceOfSatisfying(
              PlaintextInjected.class, e -> assertThat(e.byteCount()).isPositive())
          .hasMessageNotContaining("EV");
      assertThatThrownBy(() -> stream.write("secret")).isInstanceOf(PlaintextInjected.class);
      assertThat(peer.getInputStream().readAllBytes()).isEmpty();
    }
  }

  @Test
  void startTls_plaintextInLaterSegment_failsAsInjected() throws Exception {
    try (ServerSocket listening = new ServerSocket(0);
        UpgradeableStreams streams = client(TlsEngine.AUTO);
        UpgradeableStream stream = streams.open(endpoint(listening));
        Socket peer = accept(listening)) {
      peer.getOutputStream().write("220 go\r\n".getBytes(StandardCharsets.US_ASCII));
      assertThat(stream.readLine()).contains("220 go");
      CompletableFuture<TlsFacts> upgrade = stream.startTlsAsync();
      peer.getInputStream().read(); // the ClientHello is on its way: the engine is in place
      peer.getOutputStream().write("250 mine\r\n".getBytes(StandardCharsets.US_ASCII));
      assertThatThrownBy(upgrade::get)
          .isInstanceOf(ExecutionException.class)
          .hasCauseInstanceOf(PlaintextInjected.class);
    }
  }

  @Test
  void serversStartTls_pipelinedCommandBehindIt_failsAsInjected() throws Exception {
    LinkedBlockingQueue<Throwable> failures = new LinkedBlockingQueue<>();
    try (UpgradeableStreams serving =
            UpgradeableStreams.builder()
                .tls(IDENTITY.server(TlsEngine.AUTO))
                .onHandlerFailure(failures::add)
                .build();
        UpgradeableServer server = serving.serve(LOOPBACK, UpgradeableStreamsTest::servePing);
        Socket peer = new Socket(InetAddress.getLoopbackAddress(), server.endpoint().port())) {
      peer.getOutputStream().write("STARTTLS\nPING\n".getBytes(StandardCharsets.US_ASCII));
      assertThat(failures.poll(20, TimeUnit.SECONDS)).isInstanceOf(PlaintextInjected.class);
      assertThat(peer.getInputStream().readAllBytes()).isEmpty();
    }
  }

  @Test
  void startTls_peerAnswersWithGarbage_failsAsInjectedOnlyAfterPlaintext() throws Exception {
    try (ServerSocket listening = new ServerSocket(0);
        UpgradeableStreams streams = client(TlsEngine.AUTO);
        UpgradeableStream stream = streams.open(endpoint(listening));
        Socket peer = accept(listening)) {
      CompletableFuture<TlsFacts> upgrade = stream.startTlsAsync();
      peer.getInputStream().read();
      peer.getOutputStream().write("220 hello\r\n".getBytes(StandardCharsets.US_ASCII));
      assertThatThrownBy(upgrade::get).hasCauseInstanceOf(TlsFailed.class);
    }
  }

  @Test
  void startTls_certificateForAnotherName_rejectedWithItsChain() throws Exception {
    TestIdentity other = TestIdentity.forNames("other.example.net");
    try (UpgradeableStreams serving =
            UpgradeableStreams.builder().tls(other.server(TlsEngine.AUTO)).build();
        UpgradeableServer server = serving.serve(LOOPBACK, UpgradeableStreamsTest::servePing);
        UpgradeableStreams streams =
            UpgradeableStreams.builder().tls(other.client(TlsEngine.AUTO)).build();
        UpgradeableStream stream =
            streams.open(Endpoint.of("localhost", server.endpoint().port()))) {
      stream.write("STARTTLS\n");
      assertThatThrownBy(stream::startTls)
          .isInstanceOfSatisfying(
              CertificateRejected.class,
              e -> assertThat(e.chain()).containsExactly(other.certificate()));
    }
  }

  @Test
  void readLine_lineOverLimit_failsInsteadOfGrowing() throws Exception {
    try (ServerSocket listening = new ServerSocket(0);
        UpgradeableStreams streams = UpgradeableStreams.builder().maxLineBytes(100).build();
        UpgradeableStream stream = streams.open(endpoint(listening));
        Socket peer = accept(listening)) {
      peer.getOutputStream().write(new byte[101]);
      assertThatThrownBy(stream::readLine)
          .isInstanceOf(PeerMisbehaved.class)
          .hasMessageContaining("at most 100 bytes");
    }
  }

  @Test
  void readLine_lineOfExactlyTheLimit_isRead() throws Exception {
    try (ServerSocket listening = new ServerSocket(0);
        UpgradeableStreams streams = UpgradeableStreams.builder().maxLineBytes(5).build();
        UpgradeableStream stream = streams.open(endpoint(listening));
        Socket peer = accept(listening)) {
      for (byte b : "12345\n1234\r\n".getBytes(StandardCharsets.US_ASCII)) {
        peer.getOutputStream().write(b);
        peer.getOutputStream().flush();
      }
      assertThat(stream.readLine()).contains("12345");
      assertThat(stream.readLine()).contains("1234");
    }
  }

  @Test
  void readLine_endInsideLine_isAnError() throws Exception {
    try (ServerSocket listening = new ServerSocket(0);
        UpgradeableStreams streams = UpgradeableStreams.builder().build();
        UpgradeableStream stream = streams.open(endpoint(listening));
        Socket peer = accept(listening)) {
      peer.getOutputStream().write("half".getBytes(StandardCharsets.US_ASCII));
      peer.close();
      assertThatThrownBy(stream::readLine).isInstanceOf(PeerClosed.class);
    }
  }

  @Test
  void readLine_silentPeer_timesOutAbsolutely() throws Exception {
    try (ServerSocket listening = new ServerSocket(0);
        UpgradeableStreams streams =
            UpgradeableStreams.builder().timeout(Duration.ofMillis(300)).build();
        UpgradeableStream stream = streams.open(endpoint(listening));
        Socket peer = accept(listening)) {
      peer.getOutputStream().write('x');
      assertThatThrownBy(stream::readLine)
          .isInstanceOf(LayerTimedOut.class)
          .hasMessageContaining("300 ms");
    }
  }

  @Test
  void read_twoAtOnce_secondIsCallersMistake() throws Exception {
    try (ServerSocket listening = new ServerSocket(0);
        UpgradeableStreams streams = UpgradeableStreams.builder().build();
        UpgradeableStream stream = streams.open(endpoint(listening));
        Socket peer = accept(listening)) {
      CompletableFuture<byte[]> first = stream.readExactlyAsync(2);
      assertThatThrownBy(() -> stream.read(1)).isInstanceOf(IllegalStateException.class);
      peer.getOutputStream().write(new byte[] {1, 2});
      assertThat(first.get(20, TimeUnit.SECONDS)).containsExactly(1, 2);
    }
  }

  @Test
  void readLineAsync_fromItsOwnCompletion_seesTheNextLineOfTheSameSegment() throws Exception {
    try (ServerSocket listening = new ServerSocket(0);
        UpgradeableStreams streams = UpgradeableStreams.builder().build();
        UpgradeableStream stream = streams.open(endpoint(listening));
        Socket peer = accept(listening)) {
      peer.getOutputStream().write("one\ntwo\n".getBytes(StandardCharsets.US_ASCII));
      assertThat(
              stream
                  .readLineAsync()
                  .thenCompose(one -> stream.readLineAsync())
                  .get(20, TimeUnit.SECONDS))
          .contains("two");
    }
  }

  @Test
  void blockingCall_onEventLoop_isRefused() throws Exception {
    try (ServerSocket listening = new ServerSocket(0);
        UpgradeableStreams streams = UpgradeableStreams.builder().build();
        UpgradeableStream stream = streams.open(endpoint(listening));
        Socket peer = accept(listening)) {
      CompletableFuture<Object> onLoop =
          stream
              .readAsync(1)
              .handle(
                  (bytes, error) -> {
                    try {
                      return stream.readLine();
                    } catch (IOException | IllegalStateException e) {
                      return e;
                    }
                  });
      peer.getOutputStream().write('x');
      assertThat(onLoop.get(20, TimeUnit.SECONDS)).isInstanceOf(IllegalStateException.class);
    }
  }

  @ParameterizedTest
  @EnumSource(TlsEngine.class)
  void bulkTransfer_bothWaysUnderTls_arrivesUnaltered(TlsEngine engine) throws Exception {
    byte[] sent = new byte[5 * 1024 * 1024 + 17];
    new Random(42).nextBytes(sent);
    try (UpgradeableStreams serving = server(engine);
        UpgradeableServer server = serving.serve(LOOPBACK, UpgradeableStreamsTest::echo);
        UpgradeableStreams streams = client(engine);
        UpgradeableStream stream = streams.open(server.endpoint())) {
      stream.startTls();
      CompletableFuture<Void> writing =
          CompletableFuture.runAsync(
              () -> {
                try {
                  stream.write(sent);
                } catch (IOException e) {
                  throw new java.io.UncheckedIOException(e);
                }
              });
      byte[] received = stream.readExactly(sent.length);
      writing.get(20, TimeUnit.SECONDS);
      assertThat(Arrays.equals(received, sent)).isTrue();
    }
  }

  private static void echo(UpgradeableStream stream) throws IOException {
    stream.startTls(UnreadPolicy.TLS_RECORD);
    for (byte[] bytes = stream.read(32 * 1024); bytes.length > 0; bytes = stream.read(32 * 1024)) {
      stream.write(bytes);
    }
  }

  @Test
  void slowReader_ofFastPeer_slowsThePeerDown() throws Exception {
    try (ServerSocket listening = new ServerSocket(0);
        UpgradeableStreams streams = UpgradeableStreams.builder().build();
        UpgradeableStream stream = streams.open(endpoint(listening));
        Socket peer = accept(listening)) {
      AtomicLong accepted = new AtomicLong();
      CountDownLatch stuck = new CountDownLatch(1);
      long flood = 256L * 1024 * 1024;
      Thread writer =
          new Thread(
              () -> {
                byte[] chunk = new byte[64 * 1024];
                try {
                  while (accepted.get() < flood) {
                    peer.getOutputStream().write(chunk);
                    accepted.addAndGet(chunk.length);
                  }
                } catch (IOException e) {
                  stuck.countDown(); // closed at the end of the test
                }
              });
      writer.start();
      stream.read(1); // and then nobody reads any more
      // The writer is stuck for good when the kernel's buffers are full.
      long before = -1;
      while (before != accepted.get()) {
        before = accepted.get();
        stuck.await(500, TimeUnit.MILLISECONDS);
      }
      assertThat(accepted.get()).isLessThan(flood / 4);
      peer.close();
      writer.join();
    }
  }

  @Test
  void writeAsync_peerThatNeverReads_isBounded() throws Exception {
    try (ServerSocket listening = new ServerSocket(0);
        UpgradeableStreams streams = UpgradeableStreams.builder().build();
        UpgradeableStream stream = streams.open(endpoint(listening));
        Socket peer = accept(listening)) {
      byte[] chunk = new byte[64 * 1024];
      CompletableFuture<Void> write = stream.writeAsync(ByteBuffer.wrap(chunk));
      for (int i = 0; i < 10_000 && !write.isCompletedExceptionally(); i++) {
        write = stream.writeAsync(ByteBuffer.wrap(chunk));
      }
      assertThat(write).isCompletedExceptionally();
      assertThatThrownBy(write::get).hasCauseInstanceOf(IllegalStateException.class);
      assertThat(peer.isConnected()).isTrue();
    }
  }

  @Test
  void write_peerThatNeverReads_timesOut() throws Exception {
    try (ServerSocket listening = new ServerSocket(0);
        UpgradeableStreams streams =
            UpgradeableStreams.builder().timeout(Duration.ofMillis(300)).build();
        UpgradeableStream stream = streams.open(endpoint(listening));
        Socket peer = accept(listening)) {
      assertThatThrownBy(() -> stream.write(new byte[64 * 1024 * 1024]))
          .isInstanceOf(LayerTimedOut.class);
      assertThat(peer.isConnected()).isTrue();
    }
  }

  @Test
  void tlsStream_cutWithoutCloseNotify_isAnErrorAndNotAnEnd() throws Exception {
    try (UpgradeableStreams serving = server(TlsEngine.JDK);
        UpgradeableServer server =
            serving.serve(
                LOOPBACK,
                stream -> {
                  stream.startTls(UnreadPolicy.TLS_RECORD);
                  stream.readLine();
                });
        Cutter cutter = new Cutter(server.endpoint().port());
        UpgradeableStreams streams = client(TlsEngine.JDK);
        UpgradeableStream stream = streams.open(cutter.endpoint())) {
      stream.startTls();
      cutter.cut();
      assertThatThrownBy(stream::readLine)
          .isInstanceOf(PeerClosed.class)
          .hasMessageContaining("close_notify");
    }
  }

  /** Passes bytes on in both directions until it cuts the client's connection with a plain FIN. */
  private static final class Cutter implements AutoCloseable {
    private final ServerSocket listening = new ServerSocket(0);
    private final Socket server;
    private final CompletableFuture<Socket> client = new CompletableFuture<>();

    Cutter(int port) throws IOException {
      server = new Socket(InetAddress.getLoopbackAddress(), port);
      start(
          () -> {
            Socket accepted = accept(listening);
            client.complete(accepted);
            accepted.getInputStream().transferTo(server.getOutputStream());
          });
      start(
          () -> {
            InputStream in = server.getInputStream();
            in.transferTo(client.join().getOutputStream());
          });
    }

    private interface Task {
      void run() throws IOException;
    }

    private static void start(Task task) {
      Thread thread =
          new Thread(
              () -> {
                try {
                  task.run();
                } catch (IOException cut) {
                  return;
                }
              });
      thread.setDaemon(true);
      thread.start();
    }

    Endpoint endpoint() {
      return UpgradeableStreamsTest.endpoint(listening);
    }

    void cut() throws IOException {
      client.join().shutdownOutput();
    }

    @Override
    public void close() throws IOException {
      listening.close();
      server.close();
      client.join().close();
    }
  }

  private static Endpoint endpoint(ServerSocket listening) {
    return Endpoint.of("127.0.0.1", listening.getLocalPort());
  }
}
