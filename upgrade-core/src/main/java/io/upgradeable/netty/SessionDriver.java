package io.upgradeable.netty;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.upgradeable.Connection;
import io.upgradeable.Layer;
import io.upgradeable.Limits;
import io.upgradeable.UpgradeException;
import io.upgradeable.UpgradeException.LayerTimedOut;
import io.upgradeable.UpgradeException.PeerClosed;
import io.upgradeable.UpgradeException.PeerMisbehaved;
import io.upgradeable.UpgradeException.Where;
import io.upgradeable.negotiation.Reason;
import io.upgradeable.session.Session;
import io.upgradeable.session.SessionContext;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Connects a {@link Session} to its channel. It outlives the handlers that stand for it in the
 * pipeline: when the session hands the connection to a negotiation, a driver takes the handler's
 * place, and a new handler follows when it is done.
 */
final class SessionDriver implements SessionContext {

  /** How many bytes a session may leave unread and still ask for more. */
  private static final int MAX_UNREAD = Limits.CLIENT.unreadBytes();

  private static final String GIVEN_AWAY = "a relay has this connection";

  private static final AtomicIntegerFieldUpdater<SessionDriver> ORDERED =
      AtomicIntegerFieldUpdater.newUpdater(SessionDriver.class, "ordered");

  private final NettyConnection connection;
  private final Channel channel;
  private final Session session;
  private final UnreadBytes unread;
  private final OutboundGate gate = new OutboundGate();
  private @Nullable ChannelHandlerContext place;
  private boolean delivering;

  /** The session asked for bytes and got none yet. */
  private boolean wanted;

  /** There are unread bytes that the session was never shown. */
  private boolean unseen;

  /** How many tasks of {@link #executeInOrder} wait for the event loop. */
  private volatile int ordered;

  private boolean writable = true;

  /** The peer has ended; the session may still have bytes to be shown before it hears of it. */
  private boolean inputEnded;

  private boolean inputClosed;

  /** A relay has the connection; the session hears of its end and of nothing else. */
  private boolean givenAway;

  private boolean closing;
  private boolean over;
  private Optional<UpgradeException> cause = Optional.empty();

  private SessionDriver(NettyConnection connection, Session session, UnreadBytes unread) {
    this.connection = connection;
    this.channel = connection.channel();
    this.session = session;
    this.unread = unread;
    this.unseen = !unread.isEmpty();
    if (unread.isEmpty()) {
      unread.clear(); // An idle connection needs no memory of its set-up.
    }
  }

  /**
   * Gives the session the place of the last driver, and the bytes that it left.
   *
   * @throws RuntimeException what the session's {@code opened} threw; the channel is being closed
   */
  static void open(
      ChannelHandlerContext place,
      NettyConnection connection,
      Session session,
      UnreadBytes unread) {
    SessionDriver driver = new SessionDriver(connection, session, unread);
    SetUp.replace(place, driver.new Handler());
    try {
      session.opened(driver);
    } catch (RuntimeException | Error e) {
      driver.onMistake(e);
      throw e;
    }
    driver.settle();
  }

  /** What stands in the pipeline while the session has the connection. */
  private final class Handler extends ChannelDuplexHandler {
    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
      place = ctx;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object msg) {
      ByteBuf bytes = (ByteBuf) msg;
      try {
        onBytes(bytes);
      } finally {
        bytes.release();
      }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
      tellWritability();
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
      TlsUpgrade tls = connection.topTls();
      if (event instanceof ChannelInputShutdownEvent
          || (tls != null && tls.isPeersCloseNotify(event))) {
        onInputClosed();
      }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable error) {
      UpgradeException failure = Failures.ofTransport(error, connection.where("the next bytes"));
      if (hasPeerEnded()) {
        endsWith(failure); // Its bytes were complete before.
        ctx.close();
      } else {
        fail(failure);
      }
    }

    @Override
    public void close(ChannelHandlerContext ctx, ChannelPromise promise) {
      connection.onClose(); // Whoever of this side it is: its owner, a server that stops.
      ctx.close(promise);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
      // A real end of the peer's bytes has been told before; this is a reset, or our own close.
      end();
    }
  }

  /** Catches up with what happened while the session did not have the connection. */
  private void settle() {
    if (givenAway) {
      return;
    }
    if (!channel.isActive()) {
      end();
      return;
    }
    if (wanted) {
      requestInputNow();
    }
    tellWritability();
    TlsUpgrade tls = connection.topTls();
    boolean shut = channel instanceof DuplexChannel duplex && duplex.isInputShutdown();
    if (shut || (tls != null && tls.peerClosedCleanly())) {
      onInputClosed();
    }
  }

  private void onBytes(ByteBuf bytes) {
    if (over) {
      return;
    }
    connection.onInput();
    if (!wanted) {
      // An engine hands up what shared a record or a read with what was asked for.
      unread.append(bytes);
      unseen = true;
    } else if (unread.isEmpty()) {
      // The usual case: the session takes everything, and nothing is copied on the way.
      ByteBuffer view = bytes.nioBuffer().asReadOnlyBuffer();
      int limit = view.limit();
      deliver(view);
      if (!over) {
        unread.append(view.limit(limit));
      }
      afterDelivery();
    } else {
      unread.append(bytes);
      deliverUnread();
    }
  }

  private void deliverUnread() {
    ByteBuffer view = unread.view();
    deliver(view);
    if (!unread.isEmpty()) { // It is if the connection went meanwhile.
      unread.consume(view.position());
    }
    afterDelivery();
  }

  /** Does what the session asked for in receive(): what it leaves unread is known only now. */
  private void afterDelivery() {
    if (!wanted || over) {
      return;
    }
    if (inputEnded) {
      tellInputClosed();
    } else {
      readMore();
    }
  }

  private void readMore() {
    if (unread.length() > MAX_UNREAD) {
      fail(
          new PeerMisbehaved(
              connection.where("a message of at most " + MAX_UNREAD + " bytes"), "more"));
    } else {
      channel.read();
    }
  }

  private void deliver(ByteBuffer view) {
    wanted = false;
    unseen = false;
    delivering = true;
    try {
      session.receive(view);
    } catch (RuntimeException | Error e) {
      onMistake(e);
    } finally {
      delivering = false;
    }
  }

  private void tellWritability() {
    if (writable != channel.isWritable() && !over) {
      writable = channel.isWritable();
      try {
        session.writabilityChanged(writable);
      } catch (RuntimeException | Error e) {
        onMistake(e);
      }
    }
  }

  /** The peer has ended; the session hears of it behind the last bytes, when it asks for them. */
  private void onInputClosed() {
    inputEnded = true;
    if (unseen && wanted && !over) {
      deliverUnread();
    }
    if (!unseen) {
      tellInputClosed();
    }
  }

  /**
   * Whether the peer ended in order: what happens to the connection now takes nothing from that.
   */
  private boolean hasPeerEnded() {
    TlsUpgrade tls = connection.topTls();
    return inputEnded && (tls == null || tls.peerClosedCleanly());
  }

  private void tellInputClosed() {
    if (inputClosed || over) {
      return;
    }
    inputClosed = true;
    TlsUpgrade tls = connection.topTls();
    try {
      session.inputClosed(tls != null && !tls.peerClosedCleanly());
    } catch (RuntimeException | Error e) {
      onMistake(e);
    }
  }

  /**
   * Gives the session's place to a relay. One of the two consumers is called, on the event loop.
   *
   * @param taken told the bytes that are unread
   * @param refused told why the connection cannot be given away
   */
  void giveAway(RelaySide successor, Consumer<byte[]> taken, Consumer<RuntimeException> refused) {
    if (delivering) {
      executor().execute(() -> giveAway(successor, taken, refused)); // Behind what it consumes now.
    } else if (givenAway || gate.isClosed()) {
      refused.accept(
          new IllegalStateException(
              givenAway ? GIVEN_AWAY : "a negotiation is under way on this connection"));
    } else {
      givenAway = true;
      if (place != null && !over) {
        SetUp.replace(place, successor);
      }
      taken.accept(unread.takeAll());
    }
  }

  Channel channel() {
    return channel;
  }

  @Nullable TlsUpgrade topTls() {
    return connection.topTls();
  }

  Where where() {
    return connection.where("the next bytes");
  }

  /** The peer ended the connection, in this way. */
  void endsWith(UpgradeException failure) {
    if (cause.isEmpty() && !isClosing()) {
      cause = Optional.of(failure);
    }
  }

  /** This side ends the connection. */
  void closesByItself() {
    closing = true;
  }

  boolean isClosing() {
    return closing || connection.isClosing();
  }

  /** A mistake of the session's author ends the connection; it is never told as the peer's. */
  private void onMistake(Throwable mistake) {
    closing = true;
    channel.close();
    tell(mistake);
  }

  /** The logger is asked for only here: to start the log takes longer than a handshake. */
  private void tell(Throwable mistake) {
    System.getLogger("io.upgradeable")
        .log(System.Logger.Level.ERROR, "a session failed on " + connection.path(), mistake);
  }

  /** The connection is gone. */
  void end() {
    if (over) {
      return;
    }
    if (hasPeerEnded() && !isClosing()) {
      tellInputClosed(); // The bytes before it stay, for a session that reads on.
      if (over) {
        return; // It began a negotiation, which met the end, and told of it.
      }
      over = true;
    } else {
      over = true;
      unread.clear();
    }
    if (cause.isEmpty() && !isClosing()) {
      cause = Optional.of(Failures.reset(connection.where("the next bytes")));
    }
    gate.fail(this::goneCause);
    try {
      session.closed(cause);
    } catch (RuntimeException | Error e) {
      tell(e);
    }
  }

  /** Why nothing can be done any more: the peer's fault, or simply that this side has closed. */
  private IOException goneCause() {
    return cause.isPresent() ? cause.get() : new ClosedChannelException();
  }

  @Override
  public Connection connection() {
    return connection;
  }

  @Override
  public Executor executor() {
    return channel.eventLoop();
  }

  @Override
  public void executeInOrder(Runnable task) {
    if (ordered == 0 && isOnEventLoop()) {
      task.run();
      return;
    }
    ORDERED.incrementAndGet(this);
    try {
      channel
          .eventLoop()
          .execute(
              () -> {
                ORDERED.decrementAndGet(this);
                task.run();
              });
    } catch (RejectedExecutionException e) {
      ORDERED.decrementAndGet(this);
      throw e;
    }
  }

  @Override
  public boolean isOnEventLoop() {
    return channel.eventLoop().inEventLoop();
  }

  @Override
  public Future<?> schedule(Duration delay, Runnable task) {
    return channel.eventLoop().schedule(task, delay.toNanos(), TimeUnit.NANOSECONDS);
  }

  /** Runs on the event loop; a loop that is gone means a connection that is gone. */
  private void onLoop(Runnable task, CompletableFuture<?> result) {
    if (channel.eventLoop().inEventLoop()) {
      task.run();
      return;
    }
    try {
      channel.eventLoop().execute(task);
    } catch (RejectedExecutionException e) {
      result.completeExceptionally(goneCause());
    }
  }

  @Override
  public CompletableFuture<Void> write(ByteBuffer bytes) {
    CompletableFuture<Void> written = new CompletableFuture<>();
    onLoop(
        () -> {
          if (over) {
            written.completeExceptionally(goneCause());
          } else if (givenAway) {
            written.completeExceptionally(new IllegalStateException(GIVEN_AWAY));
          } else if (!gate.holdBack(bytes, written)) {
            writeNow(bytes, written);
          }
        },
        written);
    return written;
  }

  private void writeNow(ByteBuffer bytes, CompletableFuture<Void> written) {
    tellWritten(channel.writeAndFlush(Unpooled.wrappedBuffer(bytes)), written);
  }

  private void writeUnflushed(ByteBuffer bytes, CompletableFuture<Void> written) {
    tellWritten(channel.write(Unpooled.wrappedBuffer(bytes)), written);
  }

  private void tellWritten(ChannelFuture writing, CompletableFuture<Void> written) {
    writing.addListener(
        future -> {
          if (future.isSuccess()) {
            written.complete(null);
          } else if (future.cause() instanceof ClosedChannelException) {
            // Behind the event that tells why.
            executor().execute(() -> written.completeExceptionally(goneCause()));
          } else {
            UpgradeException failure =
                Failures.ofTransport(future.cause(), connection.where("an open connection"));
            if (!channel.isOpen()) {
              endsWith(failure); // What is written behind it finds only a closed channel.
            }
            written.completeExceptionally(failure);
          }
        });
  }

  @Override
  public boolean isWritable() {
    return channel.isWritable();
  }

  @Override
  public void requestInput() {
    onLoop(this::requestInputNow, new CompletableFuture<>());
  }

  private void requestInputNow() {
    if (over || inputClosed || givenAway) {
      return;
    }
    wanted = true;
    if (gate.isClosed() || delivering) {
      return; // Remembered until the negotiation, or the delivery, is over.
    }
    if (unseen) {
      deliverUnread();
      if (inputEnded) {
        tellInputClosed();
      }
    } else if (inputEnded) {
      tellInputClosed();
    } else {
      readMore();
    }
  }

  @Override
  public void redeliver() {
    onLoop(
        () -> {
          if (!givenAway && !delivering && !gate.isClosed() && !unread.isEmpty()) {
            deliverUnread();
          }
        },
        new CompletableFuture<>());
  }

  @Override
  public <R> CompletableFuture<R> negotiate(Layer<R> layer) {
    CompletableFuture<R> result = new CompletableFuture<>();
    onLoop(() -> negotiateNow(layer, result), result);
    return result;
  }

  private <R> void negotiateNow(Layer<R> layer, CompletableFuture<R> result) {
    ChannelHandlerContext from = place;
    if (over || from == null) {
      result.completeExceptionally(goneCause());
      return;
    }
    if (givenAway) {
      result.completeExceptionally(new IllegalStateException(GIVEN_AWAY));
      return;
    }
    if (gate.isClosed() || delivering) {
      result.completeExceptionally(
          new IllegalStateException(
              gate.isClosed()
                  ? "a negotiation is under way on this connection"
                  : "a negotiation cannot begin inside receive(): its bytes are not settled yet"));
      return;
    }
    gate.close();
    var driver =
        new NegotiationHandler<R>(
            connection,
            layer,
            unread,
            new NegotiationHandler.Successor<>() {
              @Override
              public void completed(ChannelHandlerContext to, R value, UnreadBytes rest) {
                SetUp.replace(to, new Handler());
                unseen = !rest.isEmpty();
                openGate();
                result.complete(value);
                settle();
              }

              @Override
              public void failed(Throwable failure) {
                // With this side's own close, or failure, the peer's end is only its echo.
                boolean echo =
                    failure instanceof ClosedChannelException
                        || (failure instanceof PeerClosed && cause.isPresent());
                Throwable told = echo ? goneCause() : failure;
                if (!echo && failure instanceof UpgradeException known) {
                  cause = Optional.of(known);
                }
                closing = true;
                gate.fail(() -> told);
                result.completeExceptionally(told);
                end();
              }
            });
    SetUp.replace(from, driver);
    driver.start();
  }

  private void openGate() {
    if (connection.isClosing()) {
      gate.fail(this::goneCause); // They would come behind the end.
    }
    // All is handed on before anybody hears that the first of it left, and perhaps closes then.
    if (gate.open(this::writeUnflushed)) {
      channel.flush();
    }
  }

  @Override
  public CompletableFuture<Void> shutdownOutput() {
    CompletableFuture<Void> sent = new CompletableFuture<>();
    onLoop(() -> shutdownOutputNow(sent), sent);
    return sent;
  }

  private void shutdownOutputNow(CompletableFuture<Void> sent) {
    if (over) {
      sent.completeExceptionally(goneCause());
    } else if (givenAway) {
      sent.completeExceptionally(new IllegalStateException(GIVEN_AWAY));
    } else if (gate.isClosed()) {
      sent.completeExceptionally(
          new IllegalStateException("a negotiation is under way on this connection"));
    } else if (connection.topTls() != null) {
      sent.completeExceptionally(
          new UnsupportedOperationException(
              "under TLS the end of one direction ends both with most engines: close instead"));
    } else {
      // An empty write comes behind all earlier ones; a half-close would drop what still waits.
      channel
          .writeAndFlush(Unpooled.EMPTY_BUFFER)
          .addListener(
              flushed ->
                  ((DuplexChannel) channel)
                      .shutdownOutput()
                      .addListener(
                          shut -> {
                            if (shut.isSuccess()) {
                              sent.complete(null);
                            } else {
                              sent.completeExceptionally(goneCause());
                            }
                          }));
    }
  }

  @Override
  public CompletableFuture<Void> close() {
    return connection.closeAsync();
  }

  @Override
  public void fail(UpgradeException failure) {
    onLoop(
        () -> {
          if (LingeringClose.isUnderWay(channel)) {
            return; // What was written before has its time.
          }
          if (!over && !isClosing() && cause.isEmpty()) {
            cause = Optional.of(failure);
          }
          if (connection.topTls() == null) { // Under TLS the missing goodbye tells.
            OutputEnd.resetOverWhatWaits(channel);
          }
          channel.close();
        },
        new CompletableFuture<>());
  }

  @Override
  public UpgradeException timeout(String awaited, Duration limit) {
    return new LayerTimedOut(connection.where(awaited), limit);
  }

  @Override
  public UpgradeException truncated(String awaited) {
    return Failures.truncated(connection.where(awaited));
  }

  @Override
  public UpgradeException failure(Reason reason, String awaited) {
    return Failures.of(reason, connection.where(awaited));
  }
}
