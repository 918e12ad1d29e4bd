package io.upgradeable.netty;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.DuplexChannel;
import io.netty.util.ReferenceCountUtil;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;

/**
 * Closes so that what was written before arrives: a socket closed over unread bytes, if only a
 * session ticket, is reset, and the reset may overtake what is on its way. Says goodbye, sends the
 * end of the stream, throws away what the peer still says, and closes at its end or at a limit of
 * bytes and time. In plaintext whoever has not taken all by then gets a reset.
 *
 * <p>It stands at the bottom of the pipeline: what is thrown away needs no decrypting, and nobody
 * above hears of anything but the end.
 */
final class LingeringClose extends ChannelDuplexHandler {

  private static final Duration MAX_TIME = Duration.ofSeconds(2);
  private static final int MAX_BYTES = 256 * 1024;

  private final List<TlsUpgrade> engines;
  private int discarded;
  private boolean outputEnded;

  private LingeringClose(List<TlsUpgrade> engines) {
    this.engines = engines;
  }

  /**
   * Begins to close, on the event loop.
   *
   * @param engines those that are to say goodbye first, the topmost last
   */
  static void begin(Channel channel, List<TlsUpgrade> engines) {
    ChannelPipeline pipeline = channel.pipeline();
    ChannelHandlerContext lowest = pipeline.firstContext();
    if (lowest == null || !channel.isActive()) {
      channel.close();
    } else {
      pipeline.addBefore(lowest.name(), null, new LingeringClose(engines));
    }
  }

  /**
   * Closes soon, but leaves its time to a close that lingers already, or is about to. From any
   * thread.
   *
   * @return false if the channel's event loop has ended, and the channel with it
   */
  static boolean closeUnlessUnderWay(Channel channel) {
    try {
      channel
          .eventLoop()
          .execute(
              () -> {
                if (!isUnderWay(channel)) {
                  channel.close();
                }
              });
      return true;
    } catch (RejectedExecutionException loopEnded) {
      return false;
    }
  }

  /** Whether a channel closes so, on the event loop. */
  static boolean isUnderWay(Channel channel) {
    ChannelHandlerContext lowest = channel.pipeline().firstContext();
    return lowest != null && lowest.handler() instanceof LingeringClose;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    boolean goodbyeHeard = !engines.isEmpty() && engines.get(0).peerClosedCleanly();
    for (int i = engines.size() - 1; i >= 0; i--) {
      engines.get(i).closeOutbound();
    }
    // An empty write comes behind all earlier ones; a half-close would drop what still waits.
    ChannelFuture flushed = ctx.writeAndFlush(Unpooled.EMPTY_BUFFER);
    if (flushed.isDone() && (goodbyeHeard || isInputShutdown(ctx))) {
      ctx.close(); // Nothing comes any more that the close could be held against.
      return;
    }
    var forced =
        ctx.executor().schedule(() -> force(ctx), MAX_TIME.toMillis(), TimeUnit.MILLISECONDS);
    ctx.channel().closeFuture().addListener(ignored -> forced.cancel(false));
    flushed.addListener(
        written -> {
          if (written.isSuccess()
              && !goodbyeHeard
              && !isInputShutdown(ctx)
              && ctx.channel() instanceof DuplexChannel duplex) {
            endOutput(duplex, ctx);
          } else {
            ctx.close();
          }
        });
  }

  private void force(ChannelHandlerContext ctx) {
    if (engines.isEmpty()) { // Under TLS the missing goodbye tells.
      OutputEnd.resetOverWhatWaits(ctx.channel());
    }
    ctx.close();
  }

  private void endOutput(DuplexChannel channel, ChannelHandlerContext ctx) {
    // All that is left to come is the peer's end, and the channel closes at it by itself.
    channel.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, false);
    outputEnded = true;
    OutputEnd.send(channel)
        .addListener(
            ended -> {
              if (ended.isSuccess()) {
                ctx.read();
              } else {
                ctx.close(); // It was reset meanwhile.
              }
            });
  }

  private static boolean isInputShutdown(ChannelHandlerContext ctx) {
    return ctx.channel() instanceof DuplexChannel duplex && duplex.isInputShutdown();
  }

  /** As Netty refuses what is written after its own way to end the output. */
  @Override
  public void write(ChannelHandlerContext ctx, Object msg, ChannelPromise promise) {
    if (outputEnded) {
      ReferenceCountUtil.release(msg);
      promise.setFailure(new ClosedChannelException());
    } else {
      ctx.write(msg, promise);
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object msg) {
    ByteBuf bytes = (ByteBuf) msg;
    discarded += bytes.readableBytes();
    bytes.release();
    if (discarded > MAX_BYTES) {
      force(ctx);
    } else {
      ctx.read();
    }
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    // Nobody above is to hear of the peer's end. What still waits to be sent, it may read yet.
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    ctx.close();
  }
}
