package io.upgradeable.bench;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.upgradeable.Endpoint;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;

/**
 * A CONNECT proxy as one writes it with Netty in an afternoon: the floor. It trusts every client,
 * knows no limits and no half-closed connections.
 */
final class RelayByHand {

  private static final int MAX_READ = 262_144;
  private static final int THREADS = Runtime.getRuntime().availableProcessors();

  private RelayByHand() {}

  /**
   * Prints where it listens and serves until stdin ends.
   *
   * @param args {@code --listen ENDPOINT}
   * @throws Exception if it cannot listen
   */
  public static void main(String[] args) throws Exception {
    Endpoint listen = Endpoint.parse(new Load(args).text("--listen"));
    EventLoopGroup loops = new MultiThreadIoEventLoopGroup(THREADS, EpollIoHandler.newFactory());
    Channel listening =
        new ServerBootstrap()
            .group(loops)
            .channel(EpollServerSocketChannel.class)
            .childOption(ChannelOption.RECVBUF_ALLOCATOR, reads())
            .childHandler(
                new ChannelInitializer<>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    channel.pipeline().addLast(new Request());
                  }
                })
            .bind(listen.host(), listen.port())
            .sync()
            .channel();
    System.out.println(
        listen.host() + ":" + ((InetSocketAddress) listening.localAddress()).getPort());
    while (System.in.read() >= 0) {
      // Nothing is said here; only the end counts.
    }
    loops.shutdownGracefully();
  }

  private static AdaptiveRecvByteBufAllocator reads() {
    return new AdaptiveRecvByteBufAllocator(2048, MAX_READ, MAX_READ);
  }

  /** Waits for the request, dials, answers, and gives its place to the relay. */
  private static final class Request extends ChannelInboundHandlerAdapter {
    private final ByteBuf head = Unpooled.buffer();

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object msg) {
      ByteBuf bytes = (ByteBuf) msg;
      head.writeBytes(bytes);
      bytes.release();
      String text = head.toString(StandardCharsets.US_ASCII);
      if (text.endsWith("\r\n\r\n")) {
        ctx.channel().config().setAutoRead(false);
        Endpoint target = Endpoint.parse(text.split(" ", 3)[1]);
        new Bootstrap()
            .group(ctx.channel().eventLoop())
            .channel(EpollSocketChannel.class)
            .option(ChannelOption.RECVBUF_ALLOCATOR, reads())
            .handler(new Relay(ctx.channel()))
            .connect(target.host(), target.port())
            .addListener(
                (ChannelFutureListener)
                    done -> {
                      if (done.isSuccess()) {
                        established(ctx, done.channel());
                      } else {
                        ctx.close();
                      }
                    });
      }
    }

    private void established(ChannelHandlerContext ctx, Channel far) {
      ctx.writeAndFlush(
          Unpooled.copiedBuffer("HTTP/1.1 200 OK\r\n\r\n", StandardCharsets.US_ASCII));
      ctx.pipeline().replace(this, null, new Relay(far));
      ctx.channel().config().setAutoRead(true);
    }
  }

  /** Passes on what comes; stops reading while the other side takes no more. */
  private static final class Relay extends ChannelInboundHandlerAdapter {
    private final Channel other;

    Relay(Channel other) {
      this.other = other;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object msg) {
      other.write(msg);
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
      other.flush();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
      other.config().setAutoRead(ctx.channel().isWritable());
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
      other.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      ctx.close();
    }
  }
}
