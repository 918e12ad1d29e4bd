package io.upgradeable.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.upgradeable.Connection;
import io.upgradeable.Layer;
import io.upgradeable.LayerStack;
import io.upgradeable.Limits;
import io.upgradeable.PeerFixture;
import io.upgradeable.Security;
import io.upgradeable.Tap;
import io.upgradeable.TestIdentity;
import io.upgradeable.UpgradeException;
import io.upgradeable.UpgradeException.PeerRefused;
import io.upgradeable.UpgradeableStream;
import io.upgradeable.UpgradeableStreams;
import io.upgradeable.internal.StartTlsNow;
import io.upgradeable.negotiation.Message;
import io.upgradeable.negotiation.Negotiation;
import io.upgradeable.negotiation.Step;
import io.upgradeable.negotiation.TlsFacts;
import io.upgradeable.negotiation.UnreadPolicy;
import io.upgradeable.session.Session;
import io.upgradeable.session.SessionContext;
import io.upgradeable.tls.ImplicitTls;
import io.upgradeable.tls.TlsEngine;
import java.io.IOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A session that hands its connection to a negotiation, and what happens around it meanwhile. */
@Timeout(60)
final class LateNegotiationTest extends PeerFixture {

  private static final TestIdentity IDENTITY = TestIdentity.forNames("localhost");

  LateNegotiationTest() throws IOException {}

  private NettyConnector connector(Transport transport) {
    return closing(NettyConnector.builder().transport(transport).threads(1).build());
  }

  private Connection connect(Transport transport, RecordingSession session) throws IOException {
    return closing(connector(transport).connect(LayerStack.tcp(peerEndpoint()), session));
  }

  /** Says HELLO, and is done with the first line; or at the end of the peer's bytes. */
  private static final class OneLine implements Negotiation<String> {
    private final Negotiation<List<String>> lines =
        LineNegotiation.greeting("HELLO\n", line -> Step.done(List.of(line)));

    static Layer<String> layer() {
      return Layer.of("hello", OneLine::new).build();
    }

    private static Step<String> mapped(Step<List<String>> step) {
      return step.match(
          await -> Step.await(await.awaited()),
          send -> Step.send(send.message(), send.awaited()),
          startTls -> Step.startTls(startTls.finalPlaintext(), startTls.unread()),
          done -> Step.done(done.result().get(0)),
          fail -> Step.fail(fail.reason()));
    }

    @Override
    public Step<String> begin() {
      return mapped(lines.begin());
    }

    @Override
    public Step<String> receive(ByteBuffer input) {
      return mapped(lines.receive(input));
    }

    @Override
    public Step<String> secured(TlsFacts facts) {
      throw new AssertionError("no TLS here");
    }

    @Override
    public Step<String> inputClosed() {
      return Step.done("the end");
    }
  }

  /** Waits for ever. */
  private static final class Waiting implements Negotiation<String> {
    @Override
    public Step<String> begin() {
      return Step.await("anything");
    }

    @Override
    public Step<String> receive(ByteBuffer input) {
      return Step.await("more");
    }

    @Override
    public Step<String> secured(TlsFacts facts) {
      throw new AssertionError("no TLS here");
    }
  }

  // --- input

  @ParameterizedTest
  @EnumSource(
      value = Transport.class,
      names = {"NIO", "EPOLL"})
  void peerEndsDuringNegotiation_sessionIsToldAfterIt(Transport transport) throws Exception {
    RecordingSession session = RecordingSession.silent();
    connect(transport, session);
    Socket peer = accept();
    CompletableFuture<String> negotiated = session.context().negotiate(OneLine.layer());
    assertThat(hear(peer, 6)).isEqualTo("HELLO\n");
    peer.shutdownOutput();
    assertThat(negotiated.get(20, TimeUnit.SECONDS)).isEqualTo("the end");
    session.context().requestInput();
    assertThat(session.next()).isEqualTo("input closed");
    session.context().write(bytes("still\n")).get(20, TimeUnit.SECONDS);
    assertThat(hear(peer, 6)).isEqualTo("still\n");
    session.context().close();
    assertThat(session.next()).isEqualTo("closed");
  }

  @Test
  void requestBeforeNegotiation_isAnsweredAfterIt() throws Exception {
    RecordingSession session = new RecordingSession(); // it asked when it was opened
    connect(Transport.AUTO, session);
    Socket peer = accept();
    CompletableFuture<String> negotiated = session.context().negotiate(OneLine.layer());
    assertThat(hear(peer, 6)).isEqualTo("HELLO\n"); // it has begun
    say(peer, "mine\n");
    assertThat(negotiated.get(20, TimeUnit.SECONDS)).isEqualTo("mine");
    say(peer, "yours");
    assertThat(session.text(5)).isEqualTo("yours");
  }

  @Test
  void requestDuringNegotiation_isAnsweredAfterItWithTheBytesLeft() throws Exception {
    RecordingSession session = RecordingSession.silent();
    connect(Transport.AUTO, session);
    Socket peer = accept();
    CompletableFuture<String> negotiated = session.context().negotiate(OneLine.layer());
    session.context().requestInput();
    session.settle();
    say(peer, "mine\nyours");
    assertThat(negotiated.get(20, TimeUnit.SECONDS)).isEqualTo("mine");
    assertThat(session.text(5)).isEqualTo("yours");
  }

  @Test
  void requestAfterNegotiation_bytesLeftByItComeAtOnce() throws Exception {
    RecordingSession session = RecordingSession.silent();
    connect(Transport.AUTO, session);
    Socket peer = accept();
    CompletableFuture<String> negotiated = session.context().negotiate(OneLine.layer());
    say(peer, "mine\nyours");
    assertThat(negotiated.get(20, TimeUnit.SECONDS)).isEqualTo("mine");
    session.context().requestInput();
    assertThat(session.text(5)).isEqualTo("yours");
  }

  /** One that says something first, and one that only waits. */
  private static Stream<Layer<String>> quickAndSilent() {
    return Stream.of(OneLine.layer(), Layer.of("silent", Waiting::new).build());
  }

  @ParameterizedTest
  @MethodSource("quickAndSilent")
  void negotiate_whenToldOfTheEndByAConnectionThatIsGone_endsAndTheSessionIsClosedOnce(
      Layer<String> layer) throws Exception {
    CompletableFuture<CompletableFuture<String>> negotiating = new CompletableFuture<>();
    AtomicInteger ends = new AtomicInteger();
    CompletableFuture<Void> closed = new CompletableFuture<>();
    Session session =
        new Session() {
          private @Nullable SessionContext context;

          @Override
          public void opened(SessionContext opened) {
            context = opened;
            opened
                .negotiate(OneLine.layer())
                .thenRun(() -> opened.executor().execute(() -> writeOn(opened)));
          }

          /** Until the peer's reset is met. */
          private void writeOn(SessionContext opened) {
            opened
                .write(bytes("more"))
                .thenRun(() -> opened.schedule(Duration.ofMillis(1), () -> writeOn(opened)));
          }

          @Override
          public void receive(ByteBuffer input) {
            throw new AssertionError("nothing was asked for");
          }

          @Override
          public void inputClosed(boolean truncated) {
            negotiating.complete(Objects.requireNonNull(context).negotiate(layer));
          }

          @Override
          public void closed(Optional<UpgradeException> cause) {
            ends.incrementAndGet();
            // Behind what is under way.
            Objects.requireNonNull(context).executor().execute(() -> closed.complete(null));
          }
        };
    closing(connector(Transport.AUTO).connect(LayerStack.tcp(peerEndpoint()), session));
    Socket peer = accept();
    assertThat(hear(peer, 6)).isEqualTo("HELLO\n");
    say(peer, "half a line"); // which the session leaves unread
    peer.shutdownOutput();
    assertThat(hear(peer, 4)).isEqualTo("more"); // the negotiation is over
    peer.setSoLinger(true, 0);
    peer.close();
    closed.get(20, TimeUnit.SECONDS);
    assertThat(negotiating.get(20, TimeUnit.SECONDS)).isDone();
    assertThat(ends).hasValue(1);
  }

  // --- output

  @Test
  void writesDuringTheDialogue_waitAndLeaveUnderTlsInOrder() throws Exception {
    RecordingSession serving = new RecordingSession();
    NettyAcceptor server = serveLines(serving);
    Tap tap = closing(new Tap(server.endpoint()));
    RecordingSession session = RecordingSession.silent();
    Connection connection =
        closing(connector(Transport.AUTO).connect(LayerStack.tcp(tap.endpoint()), session));
    SessionContext context = session.context();
    context.write(bytes("PLAIN\n"));
    CompletableFuture<List<String>> negotiated = new CompletableFuture<>();
    // In one task: all of it happens before the server can answer.
    context
        .executor()
        .execute(
            () -> {
              context
                  .negotiate(clientLayer())
                  .whenComplete(
                      (lines, error) -> {
                        context.write(bytes("-after"));
                        if (error == null) {
                          negotiated.complete(lines);
                        } else {
                          negotiated.completeExceptionally(error);
                        }
                      });
              context
                  .write(bytes("SECRET1"))
                  .thenRun(() -> context.write(bytes("-from the first")));
              context.write(bytes("-SECRET2"));
            });
    assertThat(negotiated.get(20, TimeUnit.SECONDS)).isEmpty();
    assertThat(connection.security()).isEqualTo(Security.ORIGIN);
    String expected = "SECRET1-SECRET2-from the first-after";
    assertThat(serving.text(expected.length())).isEqualTo(expected);
    context.close().get(20, TimeUnit.SECONDS);
    byte[] sent = tap.sentByClient();
    String plaintext = "PLAIN\nGO\n";
    assertThat(new String(sent, 0, plaintext.length(), StandardCharsets.ISO_8859_1))
        .isEqualTo(plaintext);
    byte[] behind = Arrays.copyOfRange(sent, plaintext.length(), sent.length);
    assertThat(behind[0]).isEqualTo((byte) 22);
    assertThat(Tap.applicationDataRecords(behind)).isGreaterThan(2);
  }

  @Test
  void writesFromOtherThreads_atAnyTime_neverFollowTheRequestInPlaintext() throws Exception {
    for (int round = 0; round < 10; round++) {
      RecordingSession serving = new RecordingSession();
      try (NettyAcceptor server = serveLines(serving);
          Tap tap = new Tap(server.endpoint());
          NettyConnector connector = NettyConnector.builder().threads(1).build()) {
        RecordingSession session = RecordingSession.silent();
        connector.connect(LayerStack.tcp(tap.endpoint()), session);
        SessionContext context = session.context();
        CompletableFuture<Void> writing =
            CompletableFuture.runAsync(
                () -> {
                  for (int i = 0; i < 300; i++) {
                    context.write(bytes("SECRET\n"));
                  }
                });
        CompletableFuture<List<String>> negotiated = context.negotiate(clientLayer());
        writing.get(20, TimeUnit.SECONDS);
        negotiated.get(20, TimeUnit.SECONDS);
        context.close().get(20, TimeUnit.SECONDS);
        String sent = new String(tap.sentByClient(), StandardCharsets.ISO_8859_1);
        int request = sent.indexOf("GO\n");
        assertThat(request).isNotNegative();
        assertThat(sent.indexOf("SECRET", request)).isEqualTo(-1);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = TlsEngine.class,
      names = {"JDK", "OPENSSL"})
  void closeFromTheCompletionOfAWriteThatWaited_whatWasWrittenBeforeItArrives(TlsEngine engine)
      throws Exception {
    RecordingSession serving = new RecordingSession();
    NettyAcceptor server = serveLines(serving);
    RecordingSession session = RecordingSession.silent();
    connector(Transport.AUTO).connect(LayerStack.tcp(server.endpoint()), session);
    SessionContext context = session.context();
    Layer<List<String>> layer =
        Layer.of("line", LineNegotiation::client).tls(IDENTITY.client(engine)).build();
    CompletableFuture<CompletableFuture<Void>> third = new CompletableFuture<>();
    CompletableFuture<CompletableFuture<Void>> second = new CompletableFuture<>();
    // In one task: all of it happens before the server can answer.
    context
        .executor()
        .execute(
            () -> {
              context.negotiate(layer);
              context
                  .write(bytes("first"))
                  .thenRun(
                      () -> {
                        third.complete(context.write(bytes("-third")));
                        context.close();
                      });
              second.complete(context.write(bytes("-second")));
            });
    assertThat(serving.text(18)).isEqualTo("first-second-third");
    second.get(20, TimeUnit.SECONDS).get(20, TimeUnit.SECONDS);
    third.get(20, TimeUnit.SECONDS).get(20, TimeUnit.SECONDS);
    assertThat(serving.next()).isEqualTo("input closed");
    serving.context().close();
    assertThat(session.next()).isEqualTo("closed");
  }

  @Test
  void shutdownOutputFromTheCompletionOfAWriteThatWaited_endsBehindWhatWasWritten()
      throws Exception {
    RecordingSession session = RecordingSession.silent();
    connect(Transport.AUTO, session);
    Socket peer = accept();
    SessionContext context = session.context();
    CompletableFuture<CompletableFuture<Void>> ended = new CompletableFuture<>();
    context
        .executor()
        .execute(
            () -> {
              context.negotiate(OneLine.layer());
              context.write(bytes("first")).thenRun(() -> ended.complete(context.shutdownOutput()));
              context.write(bytes("-second"));
            });
    say(peer, "go on\n");
    ended.get(20, TimeUnit.SECONDS).get(20, TimeUnit.SECONDS);
    assertThat(new String(peer.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1))
        .isEqualTo("HELLO\nfirst-second");
  }

  @Test
  void negotiateFromTheCompletionOfAWriteThatWaited_runsBehindWhatWasWritten() throws Exception {
    RecordingSession session = RecordingSession.silent();
    connect(Transport.AUTO, session);
    Socket peer = accept();
    SessionContext context = session.context();
    CompletableFuture<CompletableFuture<String>> next = new CompletableFuture<>();
    context
        .executor()
        .execute(
            () -> {
              context.negotiate(OneLine.layer());
              context
                  .write(bytes("first"))
                  .thenRun(() -> next.complete(context.negotiate(OneLine.layer())));
              context.write(bytes("-second"));
            });
    say(peer, "go on\n");
    assertThat(hear(peer, 24)).isEqualTo("HELLO\nfirst-secondHELLO\n");
    say(peer, "again\nyours");
    assertThat(next.get(20, TimeUnit.SECONDS).get(20, TimeUnit.SECONDS)).isEqualTo("again");
    context.requestInput();
    assertThat(session.text(5)).isEqualTo("yours");
  }

  @ParameterizedTest
  @EnumSource(
      value = TlsEngine.class,
      names = {"JDK", "OPENSSL"})
  void negotiationIsDoneBehindAClose_writesThatWaitedFailAsClosed(TlsEngine engine)
      throws Exception {
    RecordingSession serving = new RecordingSession();
    NettyAcceptor server =
        closing(
            NettyAcceptor.builder()
                .listen(LOOPBACK)
                .threads(1)
                .layer(ImplicitTls.server(IDENTITY.server(engine)))
                .session(connection -> serving)
                .start());
    RecordingSession session = RecordingSession.silent();
    connector(Transport.AUTO)
        .connect(
            LayerStack.tcp(server.endpoint())
                .then(ImplicitTls.client(server.endpoint(), IDENTITY.client(engine))),
            session);
    SessionContext context = session.context();
    Layer<List<String>> closes =
        Layer.of(
                "closes",
                () ->
                    LineNegotiation.silent(
                        line -> {
                          context.close();
                          return Step.done(List.of(line));
                        }))
            .build();
    CompletableFuture<List<String>> negotiated = context.negotiate(closes);
    CompletableFuture<Void> waited = context.write(bytes("waits"));
    serving.context().write(bytes("go on\n"));
    assertThat(negotiated.get(20, TimeUnit.SECONDS)).containsExactly("go on");
    assertThatThrownBy(() -> waited.get(20, TimeUnit.SECONDS))
        .hasCauseInstanceOf(ClosedChannelException.class);
    assertThat(serving.next()).isEqualTo("input closed");
    serving.context().close();
    assertThat(session.next()).isEqualTo("closed");
  }

  private NettyAcceptor serveLines(RecordingSession session) throws IOException {
    return closing(
        NettyAcceptor.builder()
            .listen(LOOPBACK)
            .threads(1)
            .layer(
                Layer.of("line", LateNegotiationTest::quietServer)
                    .tls(IDENTITY.server(TlsEngine.AUTO))
                    .build())
            .session(connection -> session)
            .start());
  }

  /** Says OK to GO and nothing to anything else; done with TLS. */
  private static Negotiation<List<String>> quietServer() {
    return new Negotiation<>() {
      private final Negotiation<List<String>> lines =
          LineNegotiation.silent(
              line ->
                  line.equals("GO")
                      ? Step.startTls(Message.text("OK\n"))
                      : Step.send(Message.empty(), "a line"));

      @Override
      public Step<List<String>> begin() {
        return lines.begin();
      }

      @Override
      public Step<List<String>> receive(ByteBuffer input) {
        return lines.receive(input);
      }

      @Override
      public Step<List<String>> secured(TlsFacts facts) {
        return Step.done(List.of());
      }
    };
  }

  private static Layer<List<String>> clientLayer() {
    return Layer.of("line", LineNegotiation::client).tls(IDENTITY.client(TlsEngine.AUTO)).build();
  }

  @Test
  void write_overTheLimitDuringNegotiation_failsAndTheConnectionGoesOn() throws Exception {
    RecordingSession session = RecordingSession.silent();
    connect(Transport.AUTO, session);
    Socket peer = accept();
    CompletableFuture<String> negotiated = session.context().negotiate(OneLine.layer());
    CompletableFuture<Void> small = session.context().write(bytes("small"));
    assertThatThrownBy(
            () ->
                session
                    .context()
                    .write(ByteBuffer.allocate(OutboundGate.MAX_WAITING_BYTES))
                    .get(20, TimeUnit.SECONDS))
        .hasCauseInstanceOf(IllegalStateException.class);
    say(peer, "go on\n");
    assertThat(negotiated.get(20, TimeUnit.SECONDS)).isEqualTo("go on");
    small.get(20, TimeUnit.SECONDS);
    assertThat(hear(peer, 11)).isEqualTo("HELLO\nsmall");
  }

  @Test
  void negotiationFails_writesThatWaitedFailTheSameWay() throws Exception {
    RecordingSession session = RecordingSession.silent();
    connect(Transport.AUTO, session);
    Socket peer = accept();
    CompletableFuture<List<String>> negotiated = session.context().negotiate(clientLayer());
    CompletableFuture<Void> waited = session.context().write(bytes("SECRET"));
    CompletableFuture<CompletableFuture<Void>> chained =
        waited.handle((nothing, error) -> writeUnchecked(session));
    assertThat(hear(peer, 3)).isEqualTo("GO\n");
    say(peer, "NO\n");
    assertThatThrownBy(() -> negotiated.get(20, TimeUnit.SECONDS))
        .hasCauseInstanceOf(PeerRefused.class);
    assertThatThrownBy(() -> waited.get(20, TimeUnit.SECONDS))
        .hasCauseInstanceOf(PeerRefused.class);
    assertThatThrownBy(() -> chained.get(20, TimeUnit.SECONDS).get(20, TimeUnit.SECONDS))
        .hasCauseInstanceOf(PeerRefused.class);
    assertThat(session.next()).isEqualTo("closed by PeerRefused");
    assertThat(peer.getInputStream().readAllBytes()).isEmpty();
    assertThatThrownBy(() -> session.context().write(bytes("late")).get(20, TimeUnit.SECONDS))
        .hasCauseInstanceOf(PeerRefused.class);
  }

  private static CompletableFuture<Void> writeUnchecked(RecordingSession session) {
    try {
      return session.context().write(bytes("SECRET TOO"));
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void shutdownOutput_duringNegotiation_isACallersMistakeAndNothingIsLost() throws Exception {
    RecordingSession session = RecordingSession.silent();
    connect(Transport.AUTO, session);
    Socket peer = accept();
    CompletableFuture<String> negotiated = session.context().negotiate(OneLine.layer());
    session.context().write(bytes("queued"));
    assertThatThrownBy(() -> session.context().shutdownOutput().get(20, TimeUnit.SECONDS))
        .hasCauseInstanceOf(IllegalStateException.class)
        .hasMessageContaining("negotiation");
    say(peer, "go on\n");
    assertThat(negotiated.get(20, TimeUnit.SECONDS)).isEqualTo("go on");
    assertThat(hear(peer, 12)).isEqualTo("HELLO\nqueued");
  }

  @Test
  void negotiate_whileOneIsUnderWay_isACallersMistake() throws Exception {
    RecordingSession session = RecordingSession.silent();
    connect(Transport.AUTO, session);
    Socket peer = accept();
    CompletableFuture<String> first = session.context().negotiate(OneLine.layer());
    assertThatThrownBy(() -> session.context().negotiate(OneLine.layer()).get(20, TimeUnit.SECONDS))
        .hasCauseInstanceOf(IllegalStateException.class);
    say(peer, "fine\n");
    assertThat(first.get(20, TimeUnit.SECONDS)).isEqualTo("fine");
    CompletableFuture<String> second = session.context().negotiate(OneLine.layer());
    say(peer, "again\n");
    assertThat(second.get(20, TimeUnit.SECONDS)).isEqualTo("again");
  }

  @Test
  void close_duringNegotiation_failsItAndEndsTheSessionOnce() throws Exception {
    RecordingSession session = RecordingSession.silent();
    connect(Transport.AUTO, session);
    Socket peer = accept();
    CompletableFuture<String> negotiated =
        session.context().negotiate(Layer.of("silent", Waiting::new).build());
    session.context().close().get(20, TimeUnit.SECONDS);
    assertThatThrownBy(() -> negotiated.get(20, TimeUnit.SECONDS))
        .hasCauseInstanceOf(ClosedChannelException.class);
    assertThat(session.next()).isEqualTo("closed");
    assertThat(peer.getInputStream().readAllBytes()).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(
      value = TlsEngine.class,
      names = {"JDK", "OPENSSL"})
  void close_duringHandshake_isNotToldAsThePeers(TlsEngine engine) throws Exception {
    RecordingSession session = RecordingSession.silent();
    connect(Transport.AUTO, session);
    Socket peer = accept();
    CompletableFuture<List<String>> negotiated =
        session
            .context()
            .negotiate(
                Layer.of("line", LineNegotiation::client).tls(IDENTITY.client(engine)).build());
    assertThat(hear(peer, 3)).isEqualTo("GO\n");
    say(peer, "OK\n");
    assertThat(peer.getInputStream().read()).as("a handshake record").isEqualTo(0x16);
    session.context().close();
    assertThatThrownBy(() -> negotiated.get(20, TimeUnit.SECONDS))
        .hasCauseInstanceOf(ClosedChannelException.class);
    assertThat(session.next()).isEqualTo("closed");
  }

  @Test
  void negotiate_withAServersPolicyOnAClient_isRefusedBeforeAnythingIsSent() throws Exception {
    RecordingSession session = RecordingSession.silent();
    connect(Transport.AUTO, session);
    Socket peer = accept();
    Layer<List<String>> layer =
        Layer.of("line", LineNegotiation::client).tls(IDENTITY.server(TlsEngine.AUTO)).build();
    assertThatThrownBy(() -> session.context().negotiate(layer).get(20, TimeUnit.SECONDS))
        .hasCauseInstanceOf(IllegalArgumentException.class);
    assertThat(session.next()).isEqualTo("closed");
    assertThat(peer.getInputStream().readAllBytes()).isEmpty();
  }

  // --- the handshake's budget

  @ParameterizedTest
  @EnumSource(
      value = TlsEngine.class,
      names = {"JDK", "OPENSSL"})
  void handshakeEndsInOneSegmentWithMuchData_budgetIsOfTheHandshakeOnly(TlsEngine engine)
      throws Exception {
    int bulk = 1024 * 1024; // lets the server's read buffer grow beyond the budget
    byte[] chunk = new byte[bulk];
    RecordingSession serving =
        new RecordingSession() {
          private int received;

          @Override
          public void receive(ByteBuffer input) {
            if (received < bulk) {
              received += input.remaining();
              input.position(input.limit());
              SessionContext context = contextUnchecked();
              if (received == bulk) {
                context.executor().execute(() -> upgrade(context));
              } else {
                context.requestInput();
              }
            } else {
              super.receive(input);
            }
          }

          private SessionContext contextUnchecked() {
            try {
              return context();
            } catch (Exception e) {
              throw new AssertionError(e);
            }
          }

          private void upgrade(SessionContext context) {
            context.write(bytes("GO\n"));
            context
                .negotiate(
                    Layer.of("late", () -> new StartTlsNow(UnreadPolicy.REJECT))
                        .tls(IDENTITY.server(engine))
                        .limits(Limits.SERVER.withHandshakeBytes(8 * 1024))
                        .build())
                .thenRun(context::requestInput);
          }
        };
    NettyAcceptor server =
        closing(
            NettyAcceptor.builder()
                .listen(LOOPBACK)
                .threads(1)
                .session(connection -> serving)
                .start());
    Tap tap = closing(new Tap(server.endpoint()));
    UpgradeableStreams streams =
        closing(UpgradeableStreams.builder().tls(IDENTITY.client(engine)).threads(1).build());
    UpgradeableStream stream = closing(streams.open(tap.endpoint()));
    stream.write(chunk);
    assertThat(stream.readLine()).contains("GO");
    tap.holdBehindNextWrite(128 * 1024);
    stream.startTls();
    String data = "x".repeat(256 * 1024);
    stream.writeAsync(bytes(data));
    assertThat(serving.text(data.length()).equals(data)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void lateTls_onTopOfLateTls_carriesTheSession(int depth) throws Exception {
    RecordingSession serving = RecordingSession.silent();
    NettyAcceptor server =
        closing(
            NettyAcceptor.builder()
                .listen(LOOPBACK)
                .threads(1)
                .session(connection -> serving)
                .start());
    RecordingSession session = RecordingSession.silent();
    Connection connection =
        closing(connector(Transport.AUTO).connect(LayerStack.tcp(server.endpoint()), session));
    for (int i = 0; i < depth; i++) {
      CompletableFuture<TlsFacts> accepting =
          serving
              .context()
              .negotiate(
                  Layer.of("late", () -> new StartTlsNow(UnreadPolicy.TLS_RECORD))
                      .tls(IDENTITY.server(TlsEngine.AUTO))
                      .build());
      session
          .context()
          .negotiate(
              Layer.of("late", () -> new StartTlsNow(UnreadPolicy.REJECT))
                  .tls(IDENTITY.client(TlsEngine.AUTO))
                  .build())
          .get(20, TimeUnit.SECONDS);
      accepting.get(20, TimeUnit.SECONDS);
    }
    assertThat(connection.layers()).hasSize(depth);
    serving.context().requestInput();
    session.context().write(bytes("through"));
    assertThat(serving.text(7)).isEqualTo("through");
  }
}
