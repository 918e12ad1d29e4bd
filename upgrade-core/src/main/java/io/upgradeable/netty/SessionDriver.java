package io.upgradeable.netty;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.upgradeable.Connection;
import io.upgradeable.Layer;
import io.upgradeable.Limits;
import io.upgradeable.UpgradeException;
import io.upgradeable.UpgradeException.LayerTimedOut;
import io.upgradeable.UpgradeException.PeerMisbehaved;
import io.upgradeable.negotiation.Reason;
import io.upgradeable.session.Session;
import io.upgradeable.session.SessionContext;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Connects a {@link Session} to its channel. It outlives the handlers that stand for it in the
 * pipeline: when the session hands the connection to a negotiation, a driver takes the handler's
 * place, and a new handler follows when it is done.
 */
final class SessionDriver implements SessionContext {

  /** How many bytes a session may leave unread and still ask for more. */
  private static final int MAX_UNREAD = Limits.CLIENT.unreadBytes();

  private final NettyConnection connection;
  private final Channel channel;
  private final Session session;
  private final UnreadBytes unread;
  private final OutboundGate gate = new OutboundGate();
  private @Nullable ChannelHandlerContext place;
  private boolean delivering;
  private boolean inputClosed;
  private boolean over;
  private Optional<UpgradeException> cause = Optional.empty();

  private SessionDriver(NettyConnection connection, Session session, UnreadBytes unread) {
    this.connection = connection;
    this.channel = connection.channel();
    this.session = session;
    this.unread = unread;
  }

  /** Gives the session the place of the last driver, and the bytes that it left. */
  static void open(
      ChannelHandlerContext place,
      NettyConnection connection,
      Session session,
      UnreadBytes unread) {
    SessionDriver driver = new SessionDriver(connection, session, unread);
    SetUp.replace(place, driver.new Handler());
    session.opened(driver);
    if (!connection.channel().isActive()) {
      driver.end();
    } else if (connection.channel() instanceof DuplexChannel duplex && duplex.isInputShutdown()) {
      driver.onInputClosed();
    }
  }

  /** What stands in the pipeline while the session has the connection. */
  private final class Handler extends ChannelInboundHandlerAdapter {
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
      session.writabilityChanged(channel.isWritable());
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
      fail(Failures.ofTransport(error, connection.where("the next bytes")));
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
      onInputClosed();
      end();
    }
  }

  private void onBytes(ByteBuf bytes) {
    if (over) {
      return;
    }
    connection.onInput();
    if (unread.isEmpty()) {
      // The usual case: the session takes everything, and nothing is copied on the way.
      ByteBuffer view = bytes.nioBuffer().asReadOnlyBuffer();
      deliver(view);
      unread.append(view);
    } else {
      unread.append(bytes);
      deliverUnread();
    }
  }

  private void deliverUnread() {
    ByteBuffer view = unread.view();
    int before = view.position();
    deliver(view);
    if (!unread.isEmpty()) {
      unread.consume(view.position() - before);
    }
  }

  private void deliver(ByteBuffer view) {
    delivering = true;
    try {
      session.receive(view);
    } finally {
      delivering = false;
    }
  }

  private void onInputClosed() {
    if (!inputClosed && !over) {
      inputClosed = true;
      TlsUpgrade tls = connection.topTls();
      session.inputClosed(tls != null && !tls.peerClosedCleanly());
    }
  }

  private void end() {
    if (!over) {
      over = true;
      unread.clear();
      gate.fail(goneCause());
      session.closed(cause);
    }
  }

  private UpgradeException goneCause() {
    return cause.orElseGet(() -> Failures.closed(connection.where("an open connection"), 0, null));
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
  public boolean isOnEventLoop() {
    return channel.eventLoop().inEventLoop();
  }

  @Override
  public void schedule(Duration delay, Runnable task) {
    channel.eventLoop().schedule(task, delay.toNanos(), TimeUnit.NANOSECONDS);
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
          } else if (!gate.holdBack(bytes, written)) {
            writeNow(bytes, written);
          }
        },
        written);
    return written;
  }

  private void writeNow(ByteBuffer bytes, CompletableFuture<Void> written) {
    channel
        .writeAndFlush(Unpooled.wrappedBuffer(bytes))
        .addListener(
            future -> {
              if (future.isSuccess()) {
                written.complete(null);
              } else if (future.cause() instanceof ClosedChannelException) {
                written.completeExceptionally(goneCause());
              } else {
                written.completeExceptionally(
                    Failures.ofTransport(future.cause(), connection.where("an open connection")));
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
    if (over || inputClosed || gate.isClosed()) {
      return;
    }
    if (unread.length() > MAX_UNREAD) {
      fail(
          new PeerMisbehaved(
              connection.where("a message of at most " + MAX_UNREAD + " bytes"), "more"));
      return;
    }
    channel.read();
  }

  @Override
  public void redeliver() {
    onLoop(
        () -> {
          if (!over && !delivering && !gate.isClosed() && !unread.isEmpty()) {
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
                gate.open(SessionDriver.this::writeNow);
                result.complete(value);
              }

              @Override
              public void failed(Throwable failure) {
                if (failure instanceof UpgradeException known) {
                  cause = Optional.of(known);
                }
                gate.fail(failure);
                result.completeExceptionally(failure);
                end();
              }
            });
    SetUp.replace(from, driver);
    driver.start();
  }

  @Override
  public CompletableFuture<Void> shutdownOutput() {
    CompletableFuture<Void> sent = new CompletableFuture<>();
    onLoop(
        () -> {
          TlsUpgrade tls = connection.topTls();
          var future =
              tls != null
                  ? tls.closeOutbound()
                  : channel instanceof DuplexChannel duplex
                      ? flushed().addListener(f -> duplex.shutdownOutput())
                      : channel.close();
          future.addListener(
              f -> {
                if (f.isSuccess()) {
                  sent.complete(null);
                } else {
                  sent.completeExceptionally(
                      Failures.ofTransport(f.cause(), connection.where("an open connection")));
                }
              });
        },
        sent);
    return sent;
  }

  private ChannelFuture flushed() {
    return channel.writeAndFlush(Unpooled.EMPTY_BUFFER);
  }

  @Override
  public CompletableFuture<Void> close() {
    return connection.closeAsync();
  }

  @Override
  public void fail(UpgradeException failure) {
    onLoop(
        () -> {
          if (!over && cause.isEmpty()) {
            cause = Optional.of(failure);
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
