package io.upgradeable.netty;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.upgradeable.UpgradeException;
import io.upgradeable.netty.NettyRelay.Ending;
import java.lang.System.Logger.Level;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One of the two connections of a {@link NettyRelay}, above its TLS: what comes here goes to the
 * other one. The two may be on different event loops: each reads on its own and writes to the
 * other's, and Netty passes the writes on.
 */
final class RelaySide extends ChannelDuplexHandler {

  private final NettyRelay relay;
  private final SessionDriver driver;
  private final Channel channel;
  private final boolean isFar;
  private @Nullable RelaySide other;
  private volatile @Nullable ChannelHandlerContext context;

  /** What came before both sides have their places, in order; null once the relay has begun. */
  private @Nullable Queue<ByteBuf> held = new ArrayDeque<>(2);

  private volatile long bytes;

  /** The other side takes no more for now. */
  private volatile boolean paused;

  private volatile boolean inputEnded;
  private volatile boolean outputEnded;
  private boolean aborted;
  private boolean gone;
  private @Nullable Future<?> timer;

  RelaySide(NettyRelay relay, SessionDriver driver, boolean isFar) {
    this.relay = relay;
    this.driver = driver;
    this.isFar = isFar;
    this.channel = driver.channel();
  }

  void other(RelaySide side) {
    other = side;
  }

  /** Takes the session's place. Exactly one of the two is called, on this side's event loop. */
  void attach(Runnable attached, Consumer<RuntimeException> refused) {
    onLoop(
        () ->
            driver.giveAway(
                this,
                rest -> {
                  hold(Unpooled.wrappedBuffer(rest));
                  ReadSizes.widen(channel);
                  attached.run();
                },
                refused),
        () -> refused.accept(new IllegalStateException("the connection's event loop has ended")));
  }

  /** Both sides have their places: passes on what is there already, and then what comes. */
  void begin() {
    onLoop(
        () -> {
          Queue<ByteBuf> first = held;
          held = null;
          if (first != null && !first.isEmpty()) {
            first.forEach(this::pass);
            other().flush();
          }
          if (!channel.isActive()) {
            onGone();
          } else if (isInputShut()) {
            onInputEnded();
          } else {
            readOn();
          }
        },
        this::onGone);
  }

  private boolean isInputShut() {
    TlsUpgrade tls = driver.topTls();
    return (channel instanceof DuplexChannel duplex && duplex.isInputShutdown())
        || (tls != null && tls.peerClosedCleanly());
  }

  long bytes() {
    return bytes;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    context = ctx;
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object msg) {
    ByteBuf buffer = (ByteBuf) msg;
    if (inputEnded || gone || aborted) {
      buffer.release();
    } else if (held != null) {
      hold(buffer); // The session had asked for it, and the other side may not be ready yet.
    } else {
      pass(buffer);
    }
  }

  private void hold(ByteBuf buffer) {
    if (held != null && buffer.isReadable()) {
      held.add(buffer);
    } else {
      buffer.release();
    }
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // Only this side's loop counts; others look.
  private void pass(ByteBuf buffer) {
    if (aborted) {
      buffer.release(); // One of several that came before the beginning.
      return;
    }
    int count = buffer.readableBytes();
    bytes += count;
    try {
      relay.onBytes(this, count);
    } catch (RuntimeException | Error mistake) {
      buffer.release();
      onMistake(mistake);
      return;
    }
    ChannelHandlerContext there = other().context;
    if (there == null) {
      buffer.release(); // The other was gone before it could be taken over.
    } else {
      there.write(buffer);
    }
  }

  private void flush() {
    if (context != null) {
      context.flush();
    }
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext ctx) {
    if (!gone && held == null) {
      other().flush();
      readOn();
    }
  }

  private void readOn() {
    if (inputEnded) {
      return;
    }
    paused = true;
    if (other().channel.isWritable()) {
      resume();
    }
  }

  /** Called by the other side's loop as well. */
  private void resume() {
    // Asked again after the flag is set, so that no change of the other's mind is missed.
    if (paused) {
      paused = false;
      onLoop(this::read, () -> {});
    }
  }

  private void read() {
    ChannelHandlerContext here = context;
    if (here != null && !inputEnded && channel.isActive()) {
      here.read(); // A closed channel would answer with an error.
    }
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    if (channel.isWritable()) {
      relay.onMovement(); // What was held up has moved.
      other().resume();
    }
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    TlsUpgrade tls = driver.topTls();
    if (event instanceof ChannelInputShutdownEvent
        || (tls != null && tls.isPeersCloseNotify(event))) {
      onInputEnded();
    }
  }

  private void onInputEnded() {
    if (inputEnded || gone || held != null) {
      return; // What comes before the begin is found there.
    }
    TlsUpgrade tls = driver.topTls();
    if (tls != null && !tls.peerClosedCleanly()) {
      onCut(Failures.truncated(driver.where()));
      return;
    }
    inputEnded = true;
    other().endOutput();
    closeIfOver();
  }

  /** Tells this side's peer that the other side is done, behind all that the other side said. */
  private void endOutput() {
    onLoop(
        () -> {
          if (gone || aborted || context == null) {
            return;
          }
          context.flush();
          TlsUpgrade tls = driver.topTls();
          if (tls != null) {
            tls.closeOutbound().addListener(sent -> onGoodbye(sent.isSuccess()));
          } else {
            // An empty write comes behind all earlier ones; a half-close would drop what waits.
            context.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(sent -> shutOutput());
          }
        },
        this::onGone);
  }

  /** One that cannot be said on an open connection was said before; else the connection is cut. */
  private void onGoodbye(boolean said) {
    if (said || channel.isActive()) {
      onOutputEnded();
    }
  }

  private void shutOutput() {
    if (!channel.isActive() || !(channel instanceof DuplexChannel duplex)) {
      return;
    }
    if (mayClose(inputEnded)) {
      onOutputEnded(); // It closes now, and that sends the end as well.
      return;
    }
    if (isFar && held == null) {
      // All that can come yet is the peer's end, and the socket closes at it by itself.
      duplex.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, false);
    }
    OutputEnd.send(duplex).addListener(sent -> onOutputEnded());
  }

  private void onOutputEnded() {
    outputEnded = true;
    relay.onDirectionEnded();
    closeIfOver();
  }

  private void closeIfOver() {
    if (mayClose(isOver())) {
      close();
    }
  }

  /**
   * Whether a side that is over closes. The far one waits for nobody; the near one stays until all
   * is over, for whoever accepted it counts it, and waits for it at a shutdown.
   */
  private boolean mayClose(boolean over) {
    return over && (isFar || other().isOver());
  }

  /** Whether both directions of this side are over. */
  boolean isOver() {
    return inputEnded && outputEnded;
  }

  /** How much waits to leave. */
  long backlog() {
    return OutputEnd.waiting(channel);
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable error) {
    onCut(Failures.ofTransport(error, driver.where()));
  }

  private void onCut(UpgradeException cause) {
    if (gone || isOver()) {
      return; // Nothing can be lost any more.
    }
    relay.end(Ending.CUT, Optional.of(cause));
    driver.endsWith(cause);
    other().abort();
    abortNow();
  }

  /** A mistake of the meter's author ends the relay; it is never told as a peer's. */
  private void onMistake(Throwable mistake) {
    if (!aborted) {
      System.getLogger("io.upgradeable")
          .log(Level.ERROR, "the meter of a relay failed on " + driver.where().path(), mistake);
      other().abort();
      abortNow();
    }
  }

  /** Closes so that the peer cannot take what it has for all. */
  private void abort() {
    onLoop(this::abortNow, this::onGone);
  }

  private void abortNow() {
    if (!aborted && !gone) {
      aborted = true;
      driver.closesByItself();
      if (channel.isActive()) {
        OutputEnd.resetOnClose(channel);
      }
      // From the lowest handler: no engine says a goodbye that is not meant.
      ChannelHandlerContext lowest = channel.pipeline().firstContext();
      if (lowest != null) {
        lowest.close();
      }
    }
  }

  /** Closes after what was written before. */
  void close() {
    if (isOver() && driver.topTls() == null) {
      onLoop(this::closeNow, this::onGone); // Both FINs went: nothing is left to linger for.
    } else {
      driver.close();
    }
  }

  private void closeNow() {
    driver.closesByItself();
    channel.close();
  }

  @Override
  public void close(ChannelHandlerContext ctx, ChannelPromise promise) {
    driver.closesByItself();
    if (!outputEnded && driver.topTls() == null) {
      OutputEnd.resetOverWhatWaits(channel);
    }
    ctx.close(promise);
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    if (outputEnded && held == null && !aborted && !driver.isClosing() && driver.topTls() == null) {
      driver.closesByItself();
      onInputEnded();
    }
    onGone();
  }

  private void onGone() {
    if (gone) {
      return;
    }
    gone = true;
    if (held != null) {
      held.forEach(ByteBuf::release);
      held = null;
    }
    if (!isOver() && !driver.isClosing()) {
      UpgradeException cause = Failures.reset(driver.where());
      relay.end(Ending.CUT, Optional.of(cause));
      driver.endsWith(cause);
      other().abort();
    } else if (!isOver()) {
      other().close();
    }
    driver.end();
    relay.onGone();
  }

  /** Runs a task of the relay later, on this side's event loop. */
  void schedule(long nanos, Runnable task) {
    onLoop(
        () -> {
          if (relay.isOpen()) {
            timer = channel.eventLoop().schedule(task, nanos, TimeUnit.NANOSECONDS);
          }
        },
        this::onGone);
  }

  void cancelTimer() {
    onLoop(
        () -> {
          if (timer != null) {
            timer.cancel(false);
          }
        },
        () -> {});
  }

  private void onLoop(Runnable task, Runnable ifLoopEnded) {
    if (channel.eventLoop().inEventLoop()) {
      task.run();
      return;
    }
    try {
      channel.eventLoop().execute(task);
    } catch (RejectedExecutionException ended) {
      ifLoopEnded.run(); // And with the loop this side's connection.
    }
  }

  private RelaySide other() {
    if (other == null) {
      throw new IllegalStateException("expected two sides");
    }
    return other;
  }
}
