package io.upgradeable;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.upgradeable.UpgradeException.CertificateRejected;
import io.upgradeable.UpgradeException.PeerClosed;
import io.upgradeable.negotiation.TlsFacts;
import io.upgradeable.negotiation.UnreadPolicy;
import io.upgradeable.tls.ImplicitTls;
import io.upgradeable.tls.TlsEngine;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How streams end: by the peer, by their owner, by a thread that gives up; and who may block. */
@Timeout(60)
final class StreamCloseTest extends PeerFixture {

  private static final TestIdentity IDENTITY = TestIdentity.forNames("localhost");

  private final LinkedBlockingQueue<Throwable> handlerFailures = new LinkedBlockingQueue<>();
  private final UpgradeableStreams streams =
      closing(UpgradeableStreams.builder().tls(IDENTITY.client(TlsEngine.AUTO)).threads(1).build());

  StreamCloseTest() throws IOException {}

  private UpgradeableStream openToPeer() throws IOException {
    return closing(streams.open(peerEndpoint()));
  }

  private UpgradeableServer serveTls(TlsEngine engine, UpgradeableStreams.Handler handler)
      throws IOException {
    UpgradeableStreams serving =
        closing(
            UpgradeableStreams.builder()
                .tls(IDENTITY.server(engine))
                .threads(1)
                .onHandlerFailure(handlerFailures::add)
                .build());
    return closing(
        serving.serve(
            LOOPBACK,
            stream -> {
              stream.startTls(UnreadPolicy.TLS_RECORD);
              handler.handle(stream);
            }));
  }

  private static void reset(Socket socket) throws IOException {
    socket.setSoLinger(true, 0);
    socket.close();
  }

  private static Throwable failureOf(CompletableFuture<?> future) throws Exception {
    return future
        .handle((value, error) -> error == null ? new AssertionError("got " + value) : error)
        .get(20, TimeUnit.SECONDS);
  }

  /** What a call gives or throws on the stream's event loop. */
  private interface Call {
    Object run() throws Exception;
  }

  /** The peer must say one byte to get it going. */
  private static CompletableFuture<Object> onLoopOf(UpgradeableStream stream, Call call) {
    return stream
        .readAsync(1)
        .handle(
            (read, error) -> {
              try {
                return call.run();
              } catch (Exception e) {
                return e;
              }
            });
  }

  // --- the peer

  @Test
  void peerResets_readUnderWay_failsAndIsNoEnd() throws Exception {
    UpgradeableStream stream = openToPeer();
    Socket peer = accept();
    CompletableFuture<Optional<String>> reading = stream.readLineAsync();
    reset(peer);
    assertThat(failureOf(reading)).isInstanceOf(PeerClosed.class);
    assertThatThrownBy(stream::readLine).isInstanceOf(PeerClosed.class);
    assertThatThrownBy(() -> stream.read(1)).isInstanceOf(PeerClosed.class);
  }

  @Test
  void peerResets_nobodyReads_nextReadFailsAndIsNoEnd() throws Exception {
    UpgradeableStream stream = openToPeer();
    reset(accept());
    assertThatThrownBy(() -> stream.read(1)).isInstanceOf(PeerClosed.class);
    assertThatThrownBy(stream::readLine).isInstanceOf(PeerClosed.class);
    assertThatThrownBy(() -> stream.write("late")).isInstanceOf(PeerClosed.class);
  }

  @Test
  void peerResets_insideALine_fails() throws Exception {
    UpgradeableStream stream = openToPeer();
    Socket peer = accept();
    say(peer, "1half");
    assertThat(stream.read(1)).containsExactly('1');
    reset(peer);
    assertThatThrownBy(stream::readLine).isInstanceOf(PeerClosed.class);
  }

  @ParameterizedTest
  @EnumSource(
      value = TlsEngine.class,
      names = {"JDK", "OPENSSL"})
  void peerResets_underTls_failsAndIsNoEnd(TlsEngine engine) throws Exception {
    CountDownLatch over = new CountDownLatch(1);
    UpgradeableServer server =
        serveTls(
            engine,
            stream -> {
              stream.write("x");
              awaitUnchecked(over);
            });
    try (Tap tap = new Tap(server.endpoint())) {
      UpgradeableStream stream = closing(streams.open(tap.endpoint()));
      stream.startTls();
      assertThat(stream.read(1)).containsExactly('x');
      CompletableFuture<Optional<String>> reading = stream.readLineAsync();
      tap.resetClient();
      assertThat(failureOf(reading)).isInstanceOf(PeerClosed.class);
    } finally {
      over.countDown();
    }
  }

  /** A peer that ends, and whose program is gone when our close_notify comes, resets. */
  @ParameterizedTest
  @EnumSource(
      value = TlsEngine.class,
      names = {"JDK", "OPENSSL"})
  void peerResetsBehindItsEnd_underTls_whatCameBeforeIsRead(TlsEngine engine) throws Exception {
    CountDownLatch held = new CountDownLatch(1);
    UpgradeableServer server =
        serveTls(
            TlsEngine.JDK,
            stream -> {
              awaitUnchecked(held);
              stream.write("one\ntwo\n");
            });
    UpgradeableStreams ours =
        closing(UpgradeableStreams.builder().tls(IDENTITY.client(engine)).threads(1).build());
    try (Tap tap = new Tap(server.endpoint())) {
      UpgradeableStream stream = closing(ours.open(tap.endpoint()));
      stream.startTls();
      tap.holdAnswersUntilTheEnd();
      held.countDown();
      assertThat(stream.readLine()).contains("one");
      tap.resetClient();
      assertThatThrownBy(
              () -> {
                while (true) {
                  stream.write("x");
                }
              })
          .isInstanceOf(IOException.class);
      assertThat(stream.readLine()).contains("two");
      assertThat(stream.readLine()).isEmpty();
      assertThat(stream.read(1)).isEmpty();
      stream.close();
      assertThatThrownBy(stream::readLine).isInstanceOf(ClosedChannelException.class);
    }
  }

  private static void awaitUnchecked(CountDownLatch latch) throws IOException {
    try {
      latch.await(30, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }

  // --- the owner

  @Test
  void ownClose_readUnderWay_isNotThePeersFault() throws Exception {
    UpgradeableStream stream = openToPeer();
    Socket peer = accept();
    CompletableFuture<Optional<String>> reading = stream.readLineAsync();
    stream.close();
    assertThat(failureOf(reading)).isInstanceOf(ClosedChannelException.class);
    assertThatThrownBy(stream::readLine).isInstanceOf(ClosedChannelException.class);
    assertThatThrownBy(() -> stream.write("late")).isInstanceOf(ClosedChannelException.class);
    assertThat(peer.getInputStream().read()).isEqualTo(-1);
  }

  @ParameterizedTest
  @EnumSource(
      value = TlsEngine.class,
      names = {"JDK", "OPENSSL"})
  void ownClose_underTlsReadUnderWay_isNotThePeersFault(TlsEngine engine) throws Exception {
    LinkedBlockingQueue<Object> heard = new LinkedBlockingQueue<>();
    UpgradeableServer server =
        serveTls(
            engine,
            stream -> {
              stream.write("x");
              heard.add(stream.readLine());
            });
    UpgradeableStream stream = closing(streams.open(server.endpoint()));
    stream.startTls();
    // Behind the session tickets: to close over something unread would be a reset.
    assertThat(stream.read(1)).containsExactly('x');
    CompletableFuture<Optional<String>> reading = stream.readLineAsync();
    stream.close();
    assertThat(failureOf(reading)).isInstanceOf(ClosedChannelException.class);
    // The other side heard close_notify: a clean end.
    assertThat(heard.poll(20, TimeUnit.SECONDS)).isEqualTo(Optional.empty());
  }

  @Test
  void ownClose_ofTheConnectionBelow_isNotThePeersFault() throws Exception {
    UpgradeableStream stream = openToPeer();
    CompletableFuture<Optional<String>> reading = stream.readLineAsync();
    stream.connection().closeAsync().get(20, TimeUnit.SECONDS);
    assertThat(failureOf(reading)).isInstanceOf(ClosedChannelException.class);
  }

  @Test
  void ownClose_ofTheServer_isNotThePeersFaultToItsHandlers() throws Exception {
    CountDownLatch reading = new CountDownLatch(1);
    UpgradeableServer server =
        serveTls(
            TlsEngine.AUTO,
            stream -> {
              CompletableFuture<Optional<String>> line = stream.readLineAsync();
              reading.countDown();
              handlerFailures.add(failureUnchecked(line));
            });
    UpgradeableStream stream = closing(streams.open(server.endpoint()));
    stream.startTls();
    assertThat(reading.await(20, TimeUnit.SECONDS)).isTrue();
    server.close();
    assertThat(handlerFailures.poll(20, TimeUnit.SECONDS))
        .isInstanceOf(ClosedChannelException.class);
  }

  private static Throwable failureUnchecked(CompletableFuture<?> future) throws IOException {
    try {
      return failureOf(future);
    } catch (Exception e) {
      throw new IOException(e);
    }
  }

  @Test
  void close_whileItsFactoryCloses_returns() throws Exception {
    for (int i = 0; i < 20; i++) {
      UpgradeableStreams factory = UpgradeableStreams.builder().threads(1).build();
      UpgradeableStream stream = factory.open(peerEndpoint());
      Socket peer = accept();
      CompletableFuture<Void> closing = CompletableFuture.runAsync(stream::close);
      factory.close();
      assertThat(peer.getInputStream().read()).isEqualTo(-1);
      peer.close(); // Or the close would linger.
      closing.get(20, TimeUnit.SECONDS);
      CompletableFuture.runAsync(stream::close).get(20, TimeUnit.SECONDS);
    }
  }

  @Test
  void close_afterItsFactoryIsGone_returnsAndEverythingElseFails() throws Exception {
    UpgradeableStreams factory = UpgradeableStreams.builder().threads(1).build();
    UpgradeableStream stream = factory.open(peerEndpoint());
    Socket peer = accept();
    CompletableFuture<Object> loop = onLoopOf(stream, Thread::currentThread);
    say(peer, "x");
    Thread thread = (Thread) loop.get(20, TimeUnit.SECONDS);
    factory.close();
    thread.join();
    assertThat(peer.getInputStream().read()).isEqualTo(-1);
    CompletableFuture.runAsync(stream::close).get(20, TimeUnit.SECONDS);
    assertThat(failureOf(stream.readLineAsync())).isInstanceOf(ClosedChannelException.class);
    assertThat(failureOf(stream.writeAsync(bytes("late"))))
        .isInstanceOf(ClosedChannelException.class);
    assertThat(failureOf(stream.startTlsAsync())).isInstanceOf(ClosedChannelException.class);
    assertThat(failureOf(stream.shutdownOutputAsync())).isInstanceOf(ClosedChannelException.class);
    for (int i = 0; i < 20; i++) { // More than may wait to be written: these do not wait.
      assertThat(failureOf(stream.writeAsync(ByteBuffer.allocate(64 * 1024))))
          .isInstanceOf(ClosedChannelException.class);
    }
  }

  /** As two coupled streams do, each in the completion of what it was told. */
  @Test
  void close_ofEachOtherOnTwoEventLoops_neitherWaits() throws Exception {
    UpgradeableStreams two = closing(UpgradeableStreams.builder().threads(2).build());
    UpgradeableStream first = closing(two.open(peerEndpoint()));
    Socket peerOfFirst = accept();
    UpgradeableStream second = closing(two.open(peerEndpoint()));
    Socket peerOfSecond = accept();
    CyclicBarrier both = new CyclicBarrier(2);
    CompletableFuture<Object> onFirst = closingOther(first, second, both);
    CompletableFuture<Object> onSecond = closingOther(second, first, both);
    say(peerOfFirst, "x");
    say(peerOfSecond, "x");

    assertThat(onFirst.get(50, TimeUnit.SECONDS))
        .isInstanceOf(Thread.class)
        .isNotSameAs(onSecond.get(50, TimeUnit.SECONDS));
    assertThat(peerOfFirst.getInputStream().read()).isEqualTo(-1);
    assertThat(peerOfSecond.getInputStream().read()).isEqualTo(-1);
  }

  private static CompletableFuture<Object> closingOther(
      UpgradeableStream stream, UpgradeableStream other, CyclicBarrier both) {
    return onLoopOf(
        stream,
        () -> {
          both.await(40, TimeUnit.SECONDS);
          other.close();
          return Thread.currentThread();
        });
  }

  /** Again where this machine was too slow to close within the read's time. */
  @Test
  void close_whileAReadWaits_theReadsTimeDoesNotCutItShort() throws Exception {
    Duration limit = Duration.ofSeconds(1); // Less than the two seconds of a close.
    UpgradeableStreams hasty =
        closing(UpgradeableStreams.builder().threads(1).timeout(limit).build());
    ByteBuffer bytes = ByteBuffer.allocate(64 * 1024 * 1024); // more than both kernels hold
    Throwable told;
    boolean inTime;
    int attempt = 0;
    do {
      UpgradeableStream stream = closing(hasty.open(peerEndpoint()));
      accept();
      long begin = System.nanoTime();
      CompletableFuture<Optional<String>> reading = stream.readLineAsync();
      stream.writeAsync(bytes.duplicate());
      stream.closeAsync();
      inTime = System.nanoTime() - begin < limit.toNanos();
      told = failureOf(reading);
      attempt++;
    } while (!inTime && attempt < 10);
    assertThat(told).isInstanceOf(ClosedChannelException.class);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void close_overBytesThatAPeerDoesNotRead_ends(boolean tls) throws Exception {
    CountDownLatch over = new CountDownLatch(1);
    UpgradeableStreams serving =
        closing(UpgradeableStreams.builder().tls(IDENTITY.server(TlsEngine.AUTO)).build());
    UpgradeableServer server =
        closing(
            serving.serve(
                LOOPBACK,
                stream -> {
                  if (tls) {
                    stream.startTls(UnreadPolicy.TLS_RECORD);
                  }
                  awaitUnchecked(over);
                }));
    try {
      UpgradeableStream stream = closing(streams.open(server.endpoint()));
      if (tls) {
        stream.startTls();
      }
      // More than the buffers of both kernels hold.
      CompletableFuture<Void> write = stream.writeAsync(ByteBuffer.allocate(64 * 1024 * 1024));
      CompletableFuture.runAsync(stream::close).get(30, TimeUnit.SECONDS);
      assertThat(failureOf(write)).isInstanceOf(ClosedChannelException.class);
    } finally {
      over.countDown();
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = TlsEngine.class,
      names = {"JDK", "OPENSSL"})
  void close_behindABulkWriteUnderTls_peerGetsAllOfIt(TlsEngine engine) throws Exception {
    int length = 8 * 1024 * 1024;
    CompletableFuture<Integer> received = new CompletableFuture<>();
    UpgradeableServer server =
        serveTls(
            engine,
            stream -> {
              try {
                stream.write("x");
                received.complete(stream.readExactly(length).length);
              } catch (IOException e) {
                received.completeExceptionally(e);
              }
            });
    UpgradeableStream stream = closing(streams.open(server.endpoint()));
    stream.startTls();
    // Behind the session tickets: to close over something unread would be a reset.
    assertThat(stream.read(1)).containsExactly('x');
    stream.write(new byte[length]);
    stream.close();
    assertThat(received.get(20, TimeUnit.SECONDS)).isEqualTo(length);
  }

  @Test
  void close_peerEndsItsSideWhileTheLastBytesWait_peerGetsAllOfThem() throws Exception {
    whileCloseLingers(this::endWhileTheLastBytesWait);
  }

  private void endWhileTheLastBytesWait() throws Exception {
    int length = 16 * 1024 * 1024; // more than the kernels hold unread
    CompletableFuture<UpgradeableStream> bulk = new CompletableFuture<>();
    UpgradeableStreams serving = closing(UpgradeableStreams.builder().threads(1).build());
    UpgradeableServer server =
        closing(
            serving.serve(
                LOOPBACK,
                stream -> {
                  if (stream.readLine().orElseThrow().equals("bulk")) {
                    CompletableFuture<Void> written =
                        stream.writeAsync(ByteBuffer.allocate(length));
                    stream.readLineAsync(); // The end is noticed while something is awaited.
                    stream.closeAsync();
                    bulk.complete(stream);
                    written.join();
                  } else {
                    stream.write("x");
                  }
                }));
    Socket peer = closing(new Socket("localhost", server.endpoint().port()));
    Socket other = closing(new Socket("localhost", server.endpoint().port()));
    say(peer, "bulk\n");
    bulk.get(20, TimeUnit.SECONDS);
    peer.shutdownOutput();
    // The same event loop serves another connection: it has seen that end then.
    say(other, "go on\n");
    assertThat(hear(other, 1)).isEqualTo("x");

    long received = peer.getInputStream().transferTo(OutputStream.nullOutputStream());
    assertThat(received).isEqualTo(length);
  }

  // --- half-close

  @Test
  void shutdownOutput_inPlaintext_peerSeesTheEndAndReadingGoesOn() throws Exception {
    UpgradeableStream stream = openToPeer();
    Socket peer = accept();
    stream.write("question\n");
    stream.shutdownOutputAsync().get(20, TimeUnit.SECONDS);
    assertThat(peer.getInputStream().readAllBytes()).isEqualTo(bytes("question\n").array());
    say(peer, "answer\n");
    peer.close();
    assertThat(stream.readLine()).contains("answer");
    assertThat(stream.readLine()).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(
      value = TlsEngine.class,
      names = {"JDK", "OPENSSL"})
  void shutdownOutput_underTls_isRefusedAndTheStreamGoesOn(TlsEngine engine) throws Exception {
    UpgradeableServer server =
        serveTls(engine, stream -> stream.write(stream.readLine().orElse("") + "!\n"));
    UpgradeableStream stream = closing(streams.open(server.endpoint()));
    stream.startTls();
    assertThat(failureOf(stream.shutdownOutputAsync()))
        .isInstanceOf(UnsupportedOperationException.class);
    stream.write("on\n");
    assertThat(stream.readLine()).contains("on!");
  }

  @Test
  void shutdownOutput_whileTlsStarts_isACallersMistake() throws Exception {
    UpgradeableStream stream = openToPeer();
    Socket peer = accept();
    stream.startTlsAsync();
    assertThat(failureOf(stream.shutdownOutputAsync()))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("negotiation");
    assertThat(peer.getInputStream().read()).isEqualTo(22); // a ClientHello, and no end
  }

  // --- threads that give up

  @Test
  void cancelledRead_closesTheStream() throws Exception {
    UpgradeableStream stream = openToPeer();
    Socket peer = accept();
    CompletableFuture<Optional<String>> reading = stream.readLineAsync();
    reading.cancel(true);
    assertThat(failureOf(reading)).isInstanceOf(CancellationException.class);
    assertThat(peer.getInputStream().read()).isEqualTo(-1);
    assertThatThrownBy(stream::readLine).isInstanceOf(ClosedChannelException.class);
    assertThatThrownBy(() -> stream.write("late")).isInstanceOf(ClosedChannelException.class);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void read_completedBySomebodyElse_closesTheStream(boolean withAValue) throws Exception {
    UpgradeableStream stream = openToPeer();
    Socket peer = accept();
    CompletableFuture<Optional<String>> reading = stream.readLineAsync();
    if (withAValue) {
      reading.complete(Optional.of("not the peer's"));
    } else {
      reading.completeExceptionally(new TimeoutException()); // as orTimeout() does
    }
    assertThat(peer.getInputStream().read()).isEqualTo(-1);
    assertThatThrownBy(stream::readLine).isInstanceOf(ClosedChannelException.class);
  }

  @Test
  void read_inTheCompletionOfOneThatWasGivenUp_isToldOfTheEnd() throws Exception {
    UpgradeableStream stream = openToPeer();
    accept();
    CompletableFuture<Optional<String>> reading = stream.readLineAsync();
    CompletableFuture<Throwable> next = new CompletableFuture<>();
    reading.whenComplete(
        (line, error) ->
            stream.readLineAsync().whenComplete((second, failure) -> next.complete(failure)));
    reading.completeExceptionally(new TimeoutException());
    assertThat(next.get(20, TimeUnit.SECONDS)).isInstanceOf(ClosedChannelException.class);
  }

  @Test
  void interruptedRead_throwsKeepsTheFlagAndClosesTheStream() throws Exception {
    UpgradeableStream stream = openToPeer();
    Socket peer = accept();
    CompletableFuture<Boolean> flag = new CompletableFuture<>();
    Thread reader =
        new Thread(
            () -> {
              try {
                stream.readLine();
                flag.completeExceptionally(new AssertionError("read something"));
              } catch (InterruptedIOException e) {
                flag.complete(Thread.currentThread().isInterrupted());
              } catch (IOException e) {
                flag.completeExceptionally(e);
              }
            });
    reader.start();
    while (reader.getState() != Thread.State.WAITING) {
      assertThat(Thread.currentThread().isInterrupted()).as("time is up").isFalse();
      Thread.onSpinWait();
    }
    reader.interrupt();
    assertThat(flag.get(20, TimeUnit.SECONDS)).isTrue();
    assertThat(peer.getInputStream().read()).isEqualTo(-1);
    assertThatThrownBy(stream::readLine).isInstanceOf(ClosedChannelException.class);
  }

  /** Keeps the stream's event loop from all else until the latch is open. */
  private static void holdLoopOf(UpgradeableStream stream, Socket peer, CountDownLatch until)
      throws Exception {
    CountDownLatch onLoop = new CountDownLatch(1);
    onLoopOf(
        stream,
        () -> {
          onLoop.countDown();
          awaitUninterrupted(until);
          return "went on";
        });
    say(peer, "x");
    assertThat(onLoop.await(20, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void cancelledWrite_beforeTheEventLoopHeardOfIt_neverSentNorWhatIsBehindIt() throws Exception {
    CountDownLatch cancelled = new CountDownLatch(1);
    UpgradeableStream stream = openToPeer();
    Socket peer = accept();
    holdLoopOf(stream, peer, cancelled);
    stream.writeAsync(bytes("before\n"));
    CompletableFuture<Void> write = stream.writeAsync(bytes("given up\n"));
    CompletableFuture<Void> behind = stream.writeAsync(bytes("behind\n"));
    write.cancel(false);
    cancelled.countDown();
    assertThat(hear(peer, 100)).isEqualTo("before\n");
    assertThat(failureOf(behind)).isInstanceOf(ClosedChannelException.class);
    assertThatThrownBy(stream::readLine).isInstanceOf(ClosedChannelException.class);
  }

  /**
   * Given up while the event loop still writes, or after it has handed all to the kernel it can.
   */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void cancelledWrite_underWay_closesTheStream(boolean loopIsFree) throws Exception {
    UpgradeableStream stream = openToPeer();
    Socket peer = accept();
    // More than the buffers of both kernels hold.
    CompletableFuture<Void> write = stream.writeAsync(ByteBuffer.allocate(64 * 1024 * 1024));
    assertThat(peer.getInputStream().read()).isZero(); // It has begun.
    if (loopIsFree) {
      CompletableFuture<Object> turn = onLoopOf(stream, () -> "behind the writing");
      say(peer, "x");
      assertThat(turn.get(20, TimeUnit.SECONDS)).isEqualTo("behind the writing");
    }
    write.cancel(false);
    assertThatThrownBy(stream::readLine).isInstanceOf(ClosedChannelException.class);
    assertThatThrownBy(() -> stream.write("late")).isInstanceOf(ClosedChannelException.class);
  }

  /** The loop is inside the handshake's last callback, behind which it lets out what waited. */
  @Test
  void cancelledWrite_thatWaitsForTls_leavesNoHole() throws Exception {
    CountDownLatch inHandshake = new CountDownLatch(1);
    CountDownLatch cancelled = new CountDownLatch(1);
    UpgradeObserver holding =
        new UpgradeObserver() {
          @Override
          public void handshakeCompleted(String path, TlsFacts facts) {
            inHandshake.countDown();
            awaitUninterrupted(cancelled);
          }
        };
    CompletableFuture<String> heard = new CompletableFuture<>();
    UpgradeableServer server =
        serveTls(
            TlsEngine.AUTO,
            stream -> {
              StringBuilder all = new StringBuilder();
              for (byte[] some = stream.read(100); some.length > 0; some = stream.read(100)) {
                all.append(new String(some, StandardCharsets.UTF_8));
              }
              heard.complete(all.toString());
            });
    UpgradeableStreams observed =
        closing(
            UpgradeableStreams.builder()
                .tls(IDENTITY.client(TlsEngine.AUTO))
                .threads(1)
                .observer(holding)
                .build());
    UpgradeableStream stream = closing(observed.open(server.endpoint()));
    stream.startTlsAsync();
    CompletableFuture<Void> first = stream.writeAsync(bytes("one"));
    CompletableFuture<Void> second = stream.writeAsync(bytes("two"));
    assertThat(inHandshake.await(20, TimeUnit.SECONDS)).isTrue();
    first.cancel(false);
    cancelled.countDown();

    assertThat(heard.get(20, TimeUnit.SECONDS)).isIn("", "one", "onetwo");
    second.handle((nothing, error) -> error).get(20, TimeUnit.SECONDS);
    assertThatThrownBy(stream::readLine).isInstanceOf(ClosedChannelException.class);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void startTls_givenUp_closesTheStream(boolean byTime) throws Exception {
    UpgradeableStream stream = openToPeer();
    Socket peer = accept();
    CompletableFuture<TlsFacts> upgrade = stream.startTlsAsync();
    assertThat(peer.getInputStream().read()).isEqualTo(22); // of its ClientHello
    if (byTime) {
      upgrade.completeExceptionally(new TimeoutException()); // as orTimeout() does
    } else {
      upgrade.cancel(false);
    }
    assertThatThrownBy(stream::readLine).isInstanceOf(ClosedChannelException.class);
    assertThat(peer.getInputStream().readAllBytes()).isNotEmpty(); // to the end
  }

  @Test
  void startTls_givenUpBeforeTheEventLoopHeardOfIt_sendsNothing() throws Exception {
    CountDownLatch cancelled = new CountDownLatch(1);
    UpgradeableStream stream = openToPeer();
    Socket peer = accept();
    holdLoopOf(stream, peer, cancelled);
    stream.startTlsAsync().cancel(false);
    CompletableFuture<Void> behind = stream.writeAsync(bytes("behind\n"));
    cancelled.countDown();
    assertThat(failureOf(behind)).isInstanceOf(ClosedChannelException.class);
    assertThat(peer.getInputStream().readAllBytes()).isEmpty();
  }

  @Test
  void interruptedWrite_throwsKeepsTheFlagAndClosesTheStream() throws Exception {
    CountDownLatch interrupted = new CountDownLatch(1);
    UpgradeableStream stream = openToPeer();
    Socket peer = accept();
    holdLoopOf(stream, peer, interrupted);
    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> stream.write("given up\n")).isInstanceOf(InterruptedIOException.class);
    assertThat(Thread.interrupted()).isTrue();
    interrupted.countDown();
    assertThat(hear(peer, 100)).isEmpty();
    assertThatThrownBy(() -> stream.write("late")).isInstanceOf(ClosedChannelException.class);
  }

  /** A layer waits for an answer that never comes. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void opening_completedBySomebodyElse_connectionIsClosed(boolean withAValue) throws Exception {
    UpgradeableStream another = openToPeer();
    accept();
    Limits patient = Limits.CLIENT.withHandshakeTimeout(Limits.CLIENT.layerTimeout());
    Layer<?> silent =
        ImplicitTls.client(peerEndpoint(), IDENTITY.client(TlsEngine.JDK)).withLimits(patient);
    CompletableFuture<UpgradeableStream> opening =
        streams.openAsync(LayerStack.tcp(peerEndpoint()).then(silent), peerEndpoint());
    Socket peer = accept();
    assertThat(peer.getInputStream().read()).isEqualTo(22); // of its ClientHello
    if (withAValue) {
      opening.complete(another);
    } else {
      opening.completeExceptionally(new TimeoutException()); // as orTimeout() does
    }
    assertThat(peer.getInputStream().readAllBytes()).isNotEmpty(); // to the end
  }

  @Test
  void opening_givenUpAndStillUpBeforeTheConnectorHearsOfIt_streamIsClosed() throws Exception {
    CountDownLatch givenUp = new CountDownLatch(1);
    UpgradeableStream first = openToPeer();
    holdLoopOf(first, accept(), givenUp); // It is the one event loop, and opens nothing before.
    CompletableFuture<UpgradeableStream> opening = streams.openAsync(peerEndpoint());
    CompletableFuture<Integer> heard = new CompletableFuture<>();
    // The last dependent runs first: the connector hears of it behind this one.
    opening.whenComplete(
        (stream, error) -> {
          givenUp.countDown();
          try {
            heard.complete(accept().getInputStream().read());
          } catch (IOException e) {
            heard.completeExceptionally(e);
          }
        });
    opening.completeExceptionally(new TimeoutException()); // as orTimeout() does
    assertThat(heard.get(50, TimeUnit.SECONDS)).isEqualTo(-1);
  }

  // --- event loops

  @Test
  void open_onAnEventLoop_isRefused() throws Exception {
    UpgradeableStream stream = openToPeer();
    Socket peer = accept();
    CompletableFuture<Object> second = onLoopOf(stream, () -> streams.open(peerEndpoint()));
    say(peer, "x");
    assertThat(second.get(20, TimeUnit.SECONDS)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void blockingRead_onItsEventLoop_isRefusedBeforeItTakesAnything() throws Exception {
    UpgradeableStream stream = openToPeer();
    Socket peer = accept();
    CompletableFuture<Object> read = onLoopOf(stream, stream::readLine);
    say(peer, "x");
    assertThat(read.get(20, TimeUnit.SECONDS)).isInstanceOf(IllegalStateException.class);
    say(peer, "one\ntwo\n");
    assertThat(stream.readLine()).contains("one");
    assertThat(stream.readLine()).contains("two");
  }

  @Test
  void blockingStartTls_onItsEventLoop_isRefusedBeforeItSendsAnything() throws Exception {
    UpgradeableStream stream = openToPeer();
    Socket peer = accept();
    CompletableFuture<Object> upgrade = onLoopOf(stream, stream::startTls);
    say(peer, "x");
    assertThat(upgrade.get(20, TimeUnit.SECONDS)).isInstanceOf(IllegalStateException.class);
    stream.write("plain\n");
    assertThat(peer.getInputStream().readNBytes(6)).isEqualTo(bytes("plain\n").array());
  }

  @Test
  void blockingWrite_onItsEventLoop_isRefusedBeforeItSendsAnything() throws Exception {
    UpgradeableStream stream = openToPeer();
    Socket peer = accept();
    CompletableFuture<Object> write =
        onLoopOf(
            stream,
            () -> {
              stream.write("refused\n");
              return "written";
            });
    say(peer, "x");
    assertThat(write.get(20, TimeUnit.SECONDS)).isInstanceOf(IllegalStateException.class);
    stream.write("later\n");
    assertThat(peer.getInputStream().readNBytes(6)).isEqualTo(bytes("later\n").array());
  }

  // --- factories and policies

  @Test
  void builder_usedAgain_doesNotChangeWhatItBuilt() throws Exception {
    TestIdentity other = TestIdentity.forNames("localhost");
    UpgradeableStreams.Builder builder =
        UpgradeableStreams.builder().threads(1).tls(IDENTITY.client(TlsEngine.AUTO));
    UpgradeableStreams strict = closing(builder.build());
    UpgradeableStreams trusting =
        closing(builder.tls(other.client(TlsEngine.AUTO)).maxLineBytes(1).build());
    UpgradeableStreams serving =
        closing(UpgradeableStreams.builder().tls(other.server(TlsEngine.AUTO)).build());
    UpgradeableServer server =
        closing(
            serving.serve(
                LOOPBACK,
                stream -> {
                  stream.write("hello\n");
                  stream.readLine();
                  stream.startTls(UnreadPolicy.TLS_RECORD);
                  stream.readLine();
                }));
    UpgradeableStream stream = closing(strict.open(server.endpoint()));
    assertThat(stream.readLine()).contains("hello");
    stream.write("go\n");
    assertThatThrownBy(stream::startTls).isInstanceOf(CertificateRejected.class);
    UpgradeableStream second = closing(trusting.open(server.endpoint()));
    assertThat(second.readExactly(6)).hasSize(6);
    second.write("go\n");
    assertThat(second.startTls().protocol()).isEqualTo("TLSv1.3");
  }

  @Test
  void open_withAServersPolicy_isRefusedAtOnce() {
    UpgradeableStreams wrong =
        closing(
            UpgradeableStreams.builder().tls(IDENTITY.server(TlsEngine.AUTO)).threads(1).build());
    assertThatThrownBy(() -> wrong.open(peerEndpoint()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("client's TLS policy");
    assertThatThrownBy(() -> wrong.openAsync(peerEndpoint()))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void serve_withAClientsPolicy_isRefusedAtOnce() {
    assertThatThrownBy(() -> streams.serve(LOOPBACK, stream -> {}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("server's TLS policy");
  }

  @Test
  void serveAsync_handlerReturnsNull_isToldAndTheStreamIsClosed() throws Exception {
    UpgradeableStreams serving =
        closing(
            UpgradeableStreams.builder().threads(1).onHandlerFailure(handlerFailures::add).build());
    UpgradeableServer server = closing(serving.serveAsync(LOOPBACK, stream -> nullStage()));
    try (Socket client = new Socket(InetAddress.getLoopbackAddress(), server.endpoint().port())) {
      assertThat(client.getInputStream().read()).isEqualTo(-1);
    }
    assertThat(handlerFailures.poll(20, TimeUnit.SECONDS)).isInstanceOf(NullPointerException.class);
  }

  @SuppressWarnings("NullAway") // the mistake that is looked for
  private static CompletableFuture<Void> nullStage() {
    return null;
  }

  // --- writes from several threads, and around startTls()

  @Test
  void writes_oneFromTheLoopBehindOneFromAnotherThread_keepTheOrderOfTheirCalls() throws Exception {
    CountDownLatch onLoop = new CountDownLatch(1);
    CountDownLatch called = new CountDownLatch(1);
    UpgradeableStream stream = openToPeer();
    Socket peer = accept();
    CompletableFuture<Void> fromTheLoop =
        stream
            .readLineAsync()
            .thenCompose(
                line -> {
                  onLoop.countDown();
                  awaitUninterrupted(called);
                  return stream.writeAsync(bytes("second\n"));
                });
    say(peer, "go\n");
    assertThat(onLoop.await(20, TimeUnit.SECONDS)).isTrue();
    stream.writeAsync(bytes("first\n"));
    called.countDown();
    fromTheLoop.get(20, TimeUnit.SECONDS);
    assertThat(hear(peer, 13)).isEqualTo("first\nsecond\n");
  }

  @Test
  void close_fromTheLoopBehindAWriteFromAnotherThread_closesBehindTheWrite() throws Exception {
    CountDownLatch onLoop = new CountDownLatch(1);
    CountDownLatch called = new CountDownLatch(1);
    UpgradeableStream stream = openToPeer();
    Socket peer = accept();
    stream
        .readLineAsync()
        .thenCompose(
            line -> {
              onLoop.countDown();
              awaitUninterrupted(called);
              return stream.closeAsync();
            });
    say(peer, "go\n");
    assertThat(onLoop.await(20, TimeUnit.SECONDS)).isTrue();
    stream.writeAsync(bytes("before the end\n"));
    called.countDown();
    assertThat(hear(peer, 100)).isEqualTo("before the end\n");
  }

  private static void awaitUninterrupted(CountDownLatch latch) {
    try {
      assertThat(latch.await(20, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void writesDuringStartTls_someFromTheCompletionOfOthers_keepTheOrderOfTheirCalls()
      throws Exception {
    CountDownLatch submitted = new CountDownLatch(1);
    LinkedBlockingQueue<String> heard = new LinkedBlockingQueue<>();
    LinkedBlockingQueue<String> called = new LinkedBlockingQueue<>();
    UpgradeableStreams serving =
        closing(UpgradeableStreams.builder().tls(IDENTITY.server(TlsEngine.AUTO)).build());
    UpgradeableServer server =
        closing(
            serving.serve(
                LOOPBACK,
                stream -> {
                  awaitUnchecked(submitted);
                  stream.startTls(UnreadPolicy.TLS_RECORD);
                  for (int i = 0; i < 4; i++) {
                    heard.add(stream.readLine().orElse("an end"));
                  }
                }));
    UpgradeableStream stream = closing(streams.open(server.endpoint()));
    stream.startTlsAsync().thenRun(() -> write(stream, "behind TLS", called));
    write(stream, "first", called).thenRun(() -> write(stream, "behind the first", called));
    write(stream, "second", called);
    submitted.countDown(); // The handshake cannot end before this.
    for (int i = 0; i < 4; i++) {
      assertThat(heard.poll(20, TimeUnit.SECONDS)).isEqualTo(called.poll(20, TimeUnit.SECONDS));
    }
  }

  private static CompletableFuture<Void> write(
      UpgradeableStream stream, String line, LinkedBlockingQueue<String> called) {
    called.add(line);
    return stream.writeAsync(bytes(line + "\n"));
  }

  @ParameterizedTest
  @EnumSource(
      value = TlsEngine.class,
      names = {"JDK", "OPENSSL"})
  void concurrentWritesDuringStartTls_nothingButTlsRecordsBehindTheClientHello(TlsEngine engine)
      throws Exception {
    int writers = 4;
    int writes = 200;
    LinkedBlockingQueue<String> heard = new LinkedBlockingQueue<>();
    UpgradeableServer server =
        serveTls(
            engine,
            stream -> {
              for (int i = 0; i < writers * writes; i++) {
                heard.add(stream.readLine().orElse("an end"));
              }
            });
    try (Tap tap = new Tap(server.endpoint())) {
      UpgradeableStreams own =
          closing(UpgradeableStreams.builder().tls(IDENTITY.client(engine)).threads(1).build());
      UpgradeableStream stream = closing(own.open(tap.endpoint()));
      CompletableFuture<?> upgrade = stream.startTlsAsync();
      List<CompletableFuture<Void>> threads = new ArrayList<>();
      for (int i = 0; i < writers; i++) {
        threads.add(
            CompletableFuture.runAsync(
                () -> {
                  for (int j = 0; j < writes; j++) {
                    stream.writeAsync(bytes("SECRET\n"));
                  }
                }));
      }
      for (CompletableFuture<Void> thread : threads) {
        thread.get(20, TimeUnit.SECONDS);
      }
      upgrade.get(20, TimeUnit.SECONDS);
      for (int i = 0; i < writers * writes; i++) {
        assertThat(heard.poll(20, TimeUnit.SECONDS)).isEqualTo("SECRET");
      }
      stream.close();
      byte[] sent = tap.sentByClient();
      assertThat(sent[0]).isEqualTo((byte) 22);
      assertThat(Tap.applicationDataRecords(sent)).isGreaterThan(1);
    }
  }
}
