package io.upgradeable.bench;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.handler.ssl.SslContext;
import io.upgradeable.Endpoint;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;

/** The floor: a server of ping, written by hand. */
final class NettyPingServer {

  private static final int BACKLOG = 1024;

  private NettyPingServer() {}

  /**
   * Serves until stdin ends.
   *
   * @param args {@code --cert FILE --key FILE --engine ENGINE --groups NAMES}
   * @throws Exception if the address cannot be bound
   */
  public static void main(String[] args) throws Exception {
    Load load = new Load(args);
    SslContext tls = NettyTls.server(load);
    Channel listener =
        new ServerBootstrap()
            .group(new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory()))
            .channel(EpollServerSocketChannel.class)
            .option(ChannelOption.SO_BACKLOG, BACKLOG)
            .childOption(ChannelOption.TCP_NODELAY, true)
            .childHandler(
                new ChannelInitializer<>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    channel
                        .pipeline()
                        .addLast(NettyTls.LINES, NettyTls.lines())
                        .addLast(new Commands(tls));
                  }
                })
            .bind("127.0.0.1", 0)
            .sync()
            .channel();
    int port = ((InetSocketAddress) listener.localAddress()).getPort();
    Console.serve(Endpoint.of("127.0.0.1", port));
    System.exit(0);
  }

  private static final class Commands extends SimpleChannelInboundHandler<ByteBuf> {

    private final SslContext tls;
    private boolean secured;

    Commands(SslContext tls) {
      this.tls = tls;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, ByteBuf line) {
      String command = line.toString(StandardCharsets.US_ASCII);
      if (command.equals(Dialogue.PING)) {
        ctx.writeAndFlush(ByteBufUtil.writeAscii(ctx.alloc(), Dialogue.PONG + "\n"));
      } else if (command.equals(Dialogue.STARTTLS) && !secured) {
        secured = true;
        NettyTls.start(ctx.pipeline(), tls.newHandler(ctx.alloc()));
      } else {
        ctx.close(); // QUIT, or what nobody knows
      }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      ctx.close();
    }
  }
}
