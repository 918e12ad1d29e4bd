package io.upgradeable.bench;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import io.upgradeable.Endpoint;
import io.upgradeable.tls.TlsEngine;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

/** The floor: a client of ping, written by hand. */
final class NettyPingClient implements Load.Work {

  private final EventLoopGroup group =
      new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
  private final Endpoint peer;
  private final Load load;
  private final boolean early;
  private final boolean hold;
  private final SslContext tls;
  private final Map<String, String> facts = new ConcurrentHashMap<>();
  private final Bootstrap bootstrap;

  private NettyPingClient(Load load) throws IOException {
    peer = load.peer();
    this.load = load;
    early = load.flag("--early-hello");
    hold = load.flag("--hold");
    tls = NettyTls.client(load);
    facts.put("engine", load.engine() == TlsEngine.JDK ? "JDK" : "OpenSSL");
    facts.put("group", load.groups().orElse("(default)"));
    facts.put(Dialogue.GO_AHEAD, "none");
    bootstrap =
        new Bootstrap()
            .group(group)
            .channel(EpollSocketChannel.class)
            .option(ChannelOption.TCP_NODELAY, true)
            .remoteAddress(peer.host(), peer.port());
  }

  /**
   * Runs a load, or holds connections.
   *
   * @param args see {@link Load}, and {@code --groups}, {@code --hold}, {@code --early-hello}
   * @throws Exception if the server cannot be reached
   */
  public static void main(String[] args) throws Exception {
    Load load = new Load(args);
    if (load.flag("--hold")) {
      NettyPingClient client = new NettyPingClient(load);
      Console.serve(client.peer, client::run);
      System.exit(0);
    } else {
      Load.measure(NettyPingClient::new, args);
    }
  }

  @Override
  public int run(int units) {
    return TimedLanes.run(units, load, this::ping);
  }

  private CompletableFuture<?> ping() {
    CompletableFuture<Void> result = new CompletableFuture<>();
    bootstrap
        .clone()
        .handler(
            new ChannelInitializer<>() {
              @Override
              protected void initChannel(Channel channel) {
                channel
                    .pipeline()
                    .addLast(NettyTls.LINES, NettyTls.lines())
                    .addLast(new Replies(result));
              }
            })
        .connect()
        .addListener(
            connected -> {
              if (!connected.isSuccess()) {
                result.completeExceptionally(connected.cause());
              }
            });
    return result;
  }

  @Override
  public Map<String, String> facts() {
    return facts;
  }

  @Override
  public void close() {
    group.shutdownGracefully();
  }

  private final class Replies extends SimpleChannelInboundHandler<ByteBuf> {

    private final CompletableFuture<Void> result;
    private boolean secured;
    private boolean quit;

    Replies(CompletableFuture<Void> result) {
      this.result = result;
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
      result.whenComplete(
          (nothing, error) -> {
            if (error != null) {
              ctx.close();
            }
          });
      say(ctx, Dialogue.PING);
      ctx.flush();
    }

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, ByteBuf line) {
      if (quit || !line.toString(StandardCharsets.US_ASCII).equals(Dialogue.PONG)) {
        result.completeExceptionally(new IOException("not PONG"));
      } else if (!secured) {
        secured = true;
        startTls(ctx);
      } else if (hold) {
        result.complete(null);
      } else {
        quit = true;
        say(ctx, Dialogue.QUIT);
        ctx.flush();
      }
    }

    private void startTls(ChannelHandlerContext ctx) {
      say(ctx, Dialogue.STARTTLS);
      if (!early) {
        ctx.flush(); // Else the ClientHello's flush takes both in one segment.
      }
      SslHandler engine = tls.newHandler(ctx.alloc(), Dialogue.NAME, Dialogue.anotherPort());
      NettyTls.start(ctx.pipeline(), engine);
      engine
          .handshakeFuture()
          .addListener(
              handshake -> {
                if (handshake.isSuccess()) {
                  facts.putIfAbsent("protocol", engine.engine().getSession().getProtocol());
                  say(ctx, Dialogue.PING);
                  ctx.flush();
                } else {
                  result.completeExceptionally(handshake.cause());
                }
              });
    }

    private static void say(ChannelHandlerContext ctx, String command) {
      ctx.write(ByteBufUtil.writeAscii(ctx.alloc(), command + "\n"));
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
      if (quit) {
        result.complete(null);
      } else {
        result.completeExceptionally(new ClosedChannelException());
      }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      result.completeExceptionally(cause);
    }
  }
}
