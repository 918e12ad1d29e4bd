package io.upgradeable.netty;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.upgradeable.Layer;
import io.upgradeable.LayerFacts;
import io.upgradeable.Limits;
import io.upgradeable.UpgradeException;
import io.upgradeable.UpgradeException.LayerTimedOut;
import io.upgradeable.UpgradeException.PeerMisbehaved;
import io.upgradeable.UpgradeException.PlaintextInjected;
import io.upgradeable.UpgradeException.TlsFailed;
import io.upgradeable.UpgradeException.Where;
import io.upgradeable.negotiation.Message;
import io.upgradeable.negotiation.Negotiation;
import io.upgradeable.negotiation.Reason;
import io.upgradeable.negotiation.Role;
import io.upgradeable.negotiation.Step;
import io.upgradeable.negotiation.TlsFacts;
import io.upgradeable.tls.TlsRequirement;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The driver: runs one layer's {@link Negotiation} on the event loop, carrying out each {@link
 * Step} in the tick in which it was decided, and then gives its place to the next layer or the
 * session.
 *
 * <p>The pipeline of a client that reaches a mail server through a proxy, stage by stage:
 *
 * <pre>
 *   head - driver(connect)                      CONNECT mail:587 ... 200
 *   head - driver(smtp)                         220, EHLO, STARTTLS, 220
 *   head - guard - engine - driver(smtp)        TLS handshake
 *   head - engine - driver(smtp)                EHLO again, now under TLS
 *   head - engine - session                     mail
 * </pre>
 *
 * <p>Nothing is read unless the driver asks: a negotiation that waits for its writes to leave, or
 * is over, leaves the peer's bytes in the socket.
 */
final class NegotiationHandler<R> extends ChannelDuplexHandler {

  /** What follows the negotiation. Exactly one method is called, on the event loop. */
  interface Successor<R> {
    /** Takes the driver's place in the pipeline and the bytes that are left. */
    void completed(ChannelHandlerContext place, R result, UnreadBytes unread);

    /** The layer failed; the channel is being closed. */
    void failed(Throwable cause);
  }

  /** How much of what the peer said last an observer is told when the dialogue breaks. */
  private static final int MAX_SHOWN = 256;

  private enum State {
    NEGOTIATING,
    HANDSHAKING,
    OVER
  }

  private final NettyConnection connection;
  private final Layer<R> layer;
  private final Limits limits;
  private @Nullable String path;
  private final UnreadBytes unread;
  private final Successor<R> successor;
  private @Nullable ChannelHandlerContext context;
  private @Nullable Negotiation<R> negotiation;
  private @Nullable Deadlines deadlines;
  private @Nullable TlsUpgrade tls;
  private Optional<TlsFacts> facts = Optional.empty();
  private State state = State.NEGOTIATING;
  private String awaited = "the start of the layer";
  private long received;
  private boolean blocked;
  private boolean inputClosed;

  NegotiationHandler(
      NettyConnection connection, Layer<R> layer, UnreadBytes unread, Successor<R> successor) {
    this.connection = connection;
    this.layer = layer;
    this.limits =
        layer.limits().orElse(connection.role() == Role.CLIENT ? Limits.CLIENT : Limits.SERVER);
    this.unread = unread;
    this.successor = successor;
    this.received = unread.length();
  }

  /** Begins, after the handler was put in its place. */
  void start() {
    ChannelHandlerContext ctx = ctx();
    if (connection.isObserved()) {
      connection.observer().layerStarted(path());
    }
    TlsUpgrade below = topTls();
    inputClosed =
        (ctx.channel() instanceof DuplexChannel duplex && duplex.isInputShutdown())
            || (below != null && below.peerClosedCleanly());
    try {
      deadlines =
          new Deadlines(
              ctx.executor(), limits.layerTimeout(), connection.setUpDeadline(), this::onExpiry);
      deadlines.startStep(limits.stepTimeout());
      negotiation = layer.newNegotiation();
      // Before the machine may send its request: a bad configuration does not touch the peer.
      layer
          .tls()
          .ifPresent(
              policy ->
                  tls =
                      TlsUpgrade.prepare(
                          connection.contexts(),
                          policy,
                          connection.role(),
                          connection.peerOf(layer),
                          ctx));
      run(negotiation.begin(), true);
    } catch (RuntimeException | Error e) {
      abort(e);
    }
    if (!ctx.channel().isActive()) {
      channelInactive(ctx); // It was told to the handler before, or is being told.
    }
  }

  /** Carries out a step, and those that follow from it without new input. */
  private void run(Step<R> first, boolean receiveUnread) {
    Step<R> step = first;
    boolean mayReceive = receiveUnread;
    while (true) {
      if (step instanceof Step.Await<R> await) {
        awaited = await.awaited();
        if (!mayReceive || unread.isEmpty()) {
          awaitInput();
          return;
        }
      } else if (step instanceof Step.Send<R> send) {
        send(send.message());
        startStep(send.awaited());
        if (unread.isEmpty() && ctx().channel().isWritable()) {
          awaitInput();
          return;
        }
      } else if (step instanceof Step.StartTls<R> startTls) {
        startTls(startTls);
        return;
      } else if (step instanceof Step.Done<R> done) {
        complete(done);
        return;
      } else if (step instanceof Step.Fail<R> fail) {
        fail(Failures.of(fail.reason(), where()), fail.finalMessage());
        return;
      } else {
        throw new IllegalStateException(path() + ": expected a step of the negotiation, got none");
      }
      if (!ctx().channel().isWritable()) {
        blocked = true; // A peer that asks without reading the answers waits for itself.
        return;
      }
      step = receive();
      mayReceive = false;
    }
  }

  private Step<R> receive() {
    ByteBuffer view = unread.view();
    Step<R> step = negotiation().receive(view);
    int consumed = view.position();
    if (view.limit() != unread.length()) {
      throw new IllegalStateException(path() + ": the negotiation changed the limit of its input");
    }
    if (consumed > 0) {
      tellReceived(consumed);
    }
    unread.consume(consumed);
    if (step instanceof Step.Await && consumed > 0) {
      throw new IllegalStateException(
          path() + ": the negotiation awaits after it consumed " + consumed + " bytes");
    }
    if (step instanceof Step.Send && consumed == 0) {
      throw new IllegalStateException(path() + ": the negotiation answers what it did not consume");
    }
    return step;
  }

  /** Tells the observer of the first unread bytes, as the machine lets them be shown. */
  private void tellReceived(int length) {
    Negotiation<R> machine = negotiation;
    if (machine == null || !connection.isObserved()) {
      return;
    }
    ByteBuffer shown;
    try {
      shown = machine.shown(unread.view().limit(length));
    } catch (RuntimeException | Error mistake) {
      return; // Nothing is shown rather than a secret; the dialogue does not depend on it.
    }
    connection.observer().received(path(), shown);
  }

  private void awaitInput() {
    if (unread.length() > limits.unreadBytes()) {
      failLimit("a message of at most " + limits.unreadBytes() + " bytes");
    } else if (received > limits.plaintextBytes()) {
      failLimit("at most " + limits.plaintextBytes() + " bytes in this layer's dialogue");
    } else if (inputClosed) {
      onInputClosed();
    } else {
      ctx().read();
    }
  }

  private void startTls(Step.StartTls<R> step) {
    TlsUpgrade hook = tls;
    if (hook == null) {
      throw new IllegalStateException(
          path() + ": expected a TLS policy on the layer that starts TLS");
    }
    if (state == State.HANDSHAKING || facts.isPresent()) {
      throw new IllegalStateException(path() + ": TLS was started already");
    }
    if (inputClosed) {
      fail(Failures.closed(where("a TLS handshake"), unread.length(), null));
      return;
    }
    state = State.HANDSHAKING;
    awaited = "a TLS handshake";
    deadlines().startStep(limits.handshakeTimeout());
    if (connection.isObserved()) {
      if (step.finalPlaintext().length() > 0) {
        connection.observer().sent(path(), step.finalPlaintext());
      }
      connection.observer().handshakeStarted(path());
    }
    hook.start(
        ctx(), step, unread, connection.carriedInput(), limits.handshakeBytes(), new HookOutcome());
    if (state == State.HANDSHAKING) {
      ctx().read();
    }
  }

  private final class HookOutcome implements TlsUpgrade.Outcome {
    @Override
    public void secured(TlsFacts negotiated) {
      if (state == State.HANDSHAKING) {
        onSecured(negotiated);
      }
    }

    @Override
    public void plaintextInjected(int byteCount) {
      fail(new PlaintextInjected(where("nothing before the TLS handshake"), byteCount));
    }

    @Override
    public void notTls() {
      fail(new TlsFailed(where(), "bytes that are no TLS record: no TLS is spoken here", null));
    }

    @Override
    public void handshakeTooLong(int limit) {
      failLimit("a TLS handshake of at most " + limit + " bytes");
    }

    @Override
    public void handshakeFailed(Throwable cause) {
      fail(Failures.ofHandshake(cause, where()));
    }
  }

  private void onSecured(TlsFacts negotiated) {
    state = State.NEGOTIATING;
    facts = Optional.of(negotiated);
    received = unread.length();
    connection.onNewLevel();
    if (connection.isObserved()) {
      connection.observer().handshakeCompleted(path(), negotiated);
    }
    startStep("the dialogue under TLS");
    try {
      run(negotiation().secured(negotiated), true);
    } catch (RuntimeException | Error e) {
      abort(e);
    }
  }

  private void complete(Step.Done<R> done) {
    boolean required = tls != null && layer.tlsRequirement() == TlsRequirement.REQUIRED;
    if (required && facts.isEmpty()) {
      throw new IllegalStateException(path() + ": done without the TLS that the layer requires");
    }
    send(done.finalMessage());
    end();
    if (facts.isEmpty() && tls != null) {
      tls.discard();
      tls = null;
    }
    if (connection.isObserved()) {
      path(); // While the layer is still one that is to come.
    }
    connection.add(new LayerFacts(layer, done.result(), facts), tls);
    if (connection.isObserved()) {
      connection.observer().layerCompleted(path(), done.result());
    }
    successor.completed(ctx(), done.result(), unread);
  }

  private void send(Message message) {
    if (message.length() > 0) {
      ctx().writeAndFlush(Unpooled.wrappedBuffer(message.bytes()));
      if (connection.isObserved()) {
        connection.observer().sent(path(), message);
      }
    }
  }

  /** The engine that the dialogue goes through now. */
  private @Nullable TlsUpgrade topTls() {
    return facts.isPresent() ? tls : connection.topTls();
  }

  private List<TlsUpgrade> engines() {
    List<TlsUpgrade> engines = new ArrayList<>(connection.engines());
    if (facts.isPresent() && tls != null) {
      engines.add(tls);
    }
    return engines;
  }

  private void startStep(String newlyAwaited) {
    awaited = newlyAwaited;
    deadlines().startStep(limits.stepTimeout());
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object msg) {
    ByteBuf bytes = (ByteBuf) msg;
    try {
      if (state == State.OVER) {
        return;
      }
      received += bytes.readableBytes();
      connection.onInput();
      unread.append(bytes);
    } finally {
      bytes.release();
    }
    process();
  }

  private void process() {
    // While TLS is being put in place the engine may hand up bytes before secured() was heard.
    if (state != State.NEGOTIATING || blocked || unread.isEmpty()) {
      return;
    }
    try {
      run(receive(), false);
    } catch (RuntimeException | Error e) {
      abort(e);
    }
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    if (blocked && ctx.channel().isWritable()) {
      blocked = false;
      if (unread.isEmpty() && state == State.NEGOTIATING) {
        awaitInput();
      } else {
        process();
      }
    }
    ctx.fireChannelWritabilityChanged();
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    TlsUpgrade top = topTls();
    boolean closeNotify = top != null && top.isPeersCloseNotify(event);
    if (event instanceof ChannelInputShutdownEvent || closeNotify) {
      inputClosed = true;
      onInputClosed();
    }
  }

  /** Not the driver's own, which starts below it. */
  @Override
  public void close(ChannelHandlerContext ctx, ChannelPromise promise) {
    connection.onClose(); // Whoever of this side it is: a connector that stops, a caller's cancel.
    ctx.close(promise);
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    if (connection.isClosing()) {
      abort(new ClosedChannelException()); // Not the peer's doing.
      return;
    }
    inputClosed = true;
    blocked = false;
    onInputClosed();
    if (state != State.OVER) {
      fail(Failures.closed(where(), unread.length(), null));
    }
  }

  private void onInputClosed() {
    if (state == State.HANDSHAKING) {
      fail(Failures.closed(where(), 0, null));
    } else if (state == State.NEGOTIATING && !blocked) {
      try {
        Step<R> step = negotiation().inputClosed();
        if (step instanceof Step.Done<R> || step instanceof Step.Fail<R>) {
          if (step instanceof Step.Fail<R> fail && fail.reason() instanceof Reason.Closed) {
            fail(Failures.closed(where(), unread.length(), null), fail.finalMessage());
          } else {
            run(step, false);
          }
        } else {
          fail(Failures.closed(where(), unread.length(), null));
        }
      } catch (RuntimeException | Error e) {
        abort(e);
      }
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    if (cause instanceof Error) {
      abort(cause);
    } else if (state == State.HANDSHAKING) {
      fail(Failures.ofHandshake(cause, where()));
    } else {
      fail(Failures.ofTransport(cause, where()));
    }
  }

  private void onExpiry(Duration limit) {
    fail(new LayerTimedOut(where(), limit));
  }

  private void failLimit(String allowed) {
    fail(new PeerMisbehaved(where(allowed), "more"));
  }

  private void fail(UpgradeException cause) {
    fail(cause, Message.empty());
  }

  private void fail(UpgradeException cause, Message finalMessage) {
    if (state != State.OVER) {
      // What breaks once this side has begun to close is not the peer's doing.
      giveUp(connection.isClosing() ? new ClosedChannelException() : cause, finalMessage);
    }
  }

  /** Ends on what is not the peer's doing: a mistake, or a close by this side. */
  private void abort(Throwable cause) {
    if (state != State.OVER) {
      giveUp(cause, Message.empty());
    }
  }

  private void giveUp(Throwable cause, Message finalMessage) {
    if (state == State.HANDSHAKING) {
      connection.observer().handshakeFailed(path(), cause);
    } else if (!unread.isEmpty()) {
      // What broke the dialogue, for whoever has to find out.
      tellReceived(Math.min(unread.length(), MAX_SHOWN));
    }
    send(finalMessage);
    end();
    unread.clear();
    if (tls != null) {
      tls.discard();
    }
    connection.observer().layerFailed(path(), cause);
    if (finalMessage.length() > 0) {
      connection.linger(engines());
    } else if (!LingeringClose.isUnderWay(ctx().channel())) { // What was written has its time.
      ctx().close();
    }
    successor.failed(cause);
  }

  private void end() {
    state = State.OVER;
    if (deadlines != null) {
      deadlines.cancel();
    }
  }

  /** The chain line; made when it is first asked for, as most connections never need it. */
  private String path() {
    String known = path;
    if (known == null) {
      known = connection.pathTo(layer);
      path = known;
    }
    return known;
  }

  private Where where() {
    return where(awaited);
  }

  private Where where(String expected) {
    return new Where(path(), connection.peer(), expected);
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    context = ctx;
  }

  private ChannelHandlerContext ctx() {
    return present(context);
  }

  private Negotiation<R> negotiation() {
    return present(negotiation);
  }

  private Deadlines deadlines() {
    return present(deadlines);
  }

  private static <T> T present(@Nullable T value) {
    if (value == null) {
      throw new IllegalStateException("not started");
    }
    return value;
  }
}
