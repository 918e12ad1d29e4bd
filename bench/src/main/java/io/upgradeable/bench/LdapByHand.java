package io.upgradeable.bench;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import io.upgradeable.Endpoint;
import io.upgradeable.tls.TlsEngine;
import java.io.IOException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * The same as one writes it with Netty in an afternoon: the floor. The requests are finished bytes,
 * and of the answers only the result codes are read. It checks the server's certificate and name.
 */
final class LdapByHand implements Load.Work {

  /** An extended request, message 1: 1.3.6.1.4.1.1466.20037 (RFC 4511, 4.14). */
  private static final ByteBuf START_TLS =
      bytes("301d02010177188016312e332e362e312e342e312e313436362e3230303337");

  /** A search of the root DSE, message 2: base, (objectClass=*), "*" and "+". */
  private static final ByteBuf SEARCH =
      bytes(
          "302b0201026326"
              + "0400"
              + "0a0100"
              + "0a0100"
              + "020100"
              + "020100"
              + "010100"
              + "870b6f626a656374436c617373"
              + "3006"
              + "04012a"
              + "04012b");

  private static final ByteBuf UNBIND = bytes("30050201034200");

  private static final int SEQUENCE = 0x30;
  private static final int EXTENDED_RESPONSE = 0x78;
  private static final int SEARCH_RESULT_DONE = 0x65;

  private final EventLoopGroup loop =
      new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
  private final Endpoint peer;
  private final TlsEngine engine;
  private final SslContext tls;
  private final int atOnce;

  private LdapByHand(Load load) throws IOException {
    peer = load.peer();
    engine = load.engine();
    tls = NettyTls.client(load);
    atOnce = load.atOnce();
  }

  private static ByteBuf bytes(String hex) {
    return Unpooled.unreleasableBuffer(
        Unpooled.directBuffer().writeBytes(HexFormat.of().parseHex(hex)).asReadOnly());
  }

  /**
   * Runs a load.
   *
   * @param args see {@link Load}, and {@code --engine}
   * @throws Exception if it makes no sense to go on
   */
  public static void main(String[] args) throws Exception {
    Load.measure(LdapByHand::new, args);
  }

  @Override
  public int run(int units) {
    return Lanes.async(units, atOnce, this::one);
  }

  private CompletableFuture<?> one() {
    CompletableFuture<Void> done = new CompletableFuture<>();
    new Bootstrap()
        .group(loop)
        .channel(EpollSocketChannel.class)
        .handler(
            new ChannelInitializer<SocketChannel>() {
              @Override
              protected void initChannel(SocketChannel channel) {
                channel.pipeline().addLast(new Dialogue(done));
              }
            })
        .connect(peer.host(), peer.port())
        .addListener(
            connected -> {
              if (!connected.isSuccess()) {
                done.completeExceptionally(connected.cause());
              }
            });
    return done;
  }

  /** Whole messages, one after the other. */
  private final class Dialogue extends ByteToMessageDecoder {
    private final CompletableFuture<Void> done;
    private boolean secured;

    Dialogue(CompletableFuture<Void> done) {
      this.done = done;
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
      ctx.writeAndFlush(START_TLS.duplicate());
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out)
        throws IOException {
      int head = in.readableBytes() < 2 ? Integer.MAX_VALUE : 2 + longForm(in, 1);
      if (in.readableBytes() < head) {
        return;
      }
      int length = length(in, 1);
      if (in.readableBytes() < head + length) {
        return;
      }
      if (in.getUnsignedByte(in.readerIndex()) != SEQUENCE || length < 8) {
        throw new IOException("no LDAP message");
      }
      in.skipBytes(head);
      onMessage(ctx, in.readSlice(length));
    }

    /** A message id of one byte, the operation, its length, and the result code first in it. */
    private void onMessage(ChannelHandlerContext ctx, ByteBuf message) throws IOException {
      int operation = message.getUnsignedByte(message.readerIndex() + 3);
      if (operation == (secured ? SEARCH_RESULT_DONE : EXTENDED_RESPONSE)) {
        int code = message.readerIndex() + 5 + longForm(message, 4);
        if (message.getMedium(code) != 0x0a0100) {
          throw new IOException("no success");
        }
        if (secured) {
          ctx.writeAndFlush(UNBIND.duplicate());
          ctx.close();
        } else {
          startTls(ctx);
        }
      } else if (!secured) {
        throw new IOException("an unexpected message");
      }
    }

    private void startTls(ChannelHandlerContext ctx) {
      secured = true;
      SslHandler handler = tls.newHandler(ctx.alloc(), "localhost", peer.port());
      ctx.pipeline().addFirst(handler);
      handler
          .handshakeFuture()
          .addListener(
              handshake -> {
                if (handshake.isSuccess()) {
                  ctx.writeAndFlush(SEARCH.duplicate());
                } else {
                  exceptionCaught(ctx, handshake.cause());
                }
              });
    }

    @Override
    protected void handlerRemoved0(ChannelHandlerContext ctx) {
      done.completeExceptionally(new IOException("ended early"));
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
      done.complete(null); // Does nothing after a failure.
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      done.completeExceptionally(cause);
      ctx.close();
    }
  }

  private static int longForm(ByteBuf in, int at) {
    int first = in.getUnsignedByte(in.readerIndex() + at);
    return first < 0x80 ? 0 : first - 0x80;
  }

  private static int length(ByteBuf in, int at) {
    int first = in.getUnsignedByte(in.readerIndex() + at);
    int length = first < 0x80 ? first : 0;
    for (int i = 1; i <= longForm(in, at); i++) {
      length = length << 8 | in.getUnsignedByte(in.readerIndex() + at + i);
    }
    return length;
  }

  @Override
  public Map<String, String> facts() {
    return Map.of("engine", engine == TlsEngine.JDK ? "JDK" : "OpenSSL");
  }

  @Override
  public void close() {
    loop.shutdownGracefully();
  }
}
