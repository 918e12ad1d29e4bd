package io.upgradeable.netty;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Closes so that the last message arrives: a socket closed over unread bytes is reset, and the
 * reset may overtake the message. Sends the end of the stream, throws away what the peer still
 * says, and closes at its end or at a limit of bytes and time.
 */
final class LingeringClose extends ChannelInboundHandlerAdapter {

  private static final Duration MAX_TIME = Duration.ofSeconds(2);
  private static final int MAX_BYTES = 256 * 1024;

  private final @Nullable TlsUpgrade tls;
  private int discarded;

  private LingeringClose(@Nullable TlsUpgrade tls) {
    this.tls = tls;
  }

  /**
   * Puts itself into the place of a handler that is over.
   *
   * @param tls the engine that is to say goodbye first, if there is one
   */
  static void takeOver(ChannelHandlerContext place, @Nullable TlsUpgrade tls) {
    if (place.channel().isActive()) {
      place.pipeline().replace(place.handler(), null, new LingeringClose(tls));
    } else {
      place.close();
    }
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    var forced =
        ctx.executor().schedule(() -> ctx.close(), MAX_TIME.toMillis(), TimeUnit.MILLISECONDS);
    ctx.channel().closeFuture().addListener(ignored -> forced.cancel(false));
    if (tls != null) {
      tls.closeOutbound();
    }
    // An empty write comes behind all earlier ones; a half-close would drop what still waits.
    ctx.writeAndFlush(Unpooled.EMPTY_BUFFER)
        .addListener(
            written -> {
              if (written.isSuccess()
                  && ctx.channel() instanceof DuplexChannel duplex
                  && !duplex.isInputShutdown()) {
                duplex.shutdownOutput().addListener(ignored -> ctx.read());
              } else {
                ctx.close();
              }
            });
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object msg) {
    ByteBuf bytes = (ByteBuf) msg;
    discarded += bytes.readableBytes();
    bytes.release();
    if (discarded > MAX_BYTES) {
      ctx.close();
    } else {
      ctx.read();
    }
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    if (event instanceof ChannelInputShutdownEvent) {
      ctx.close();
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    ctx.close();
  }
}
