package io.upgradeable.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandle;
import io.netty.channel.IoHandler;
import io.netty.channel.IoHandlerContext;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.IoRegistration;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.SocketChannel;
import io.upgradeable.PeerFixture;
import java.io.IOException;
import java.net.Socket;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the event loop does while nothing is wanted of a socket: it rests. */
@Timeout(60)
final class WatchingEpollTest extends PeerFixture {

  /** A loop that is told of the same thing for ever turns ten thousand times in this time. */
  private static final long WATCHED_MILLIS = 300;

  private static final int TURNS_OF_A_LOOP_AT_REST = 100;

  private final AtomicInteger turns = new AtomicInteger();
  private final CountDownLatch ended = new CountDownLatch(1);
  private final EventLoopGroup group = new MultiThreadIoEventLoopGroup(1, counting());

  WatchingEpollTest() throws IOException {}

  @BeforeEach
  void endBehindAllChannels() {
    closing(() -> group.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync());
  }

  /** Counts how often the loop looks what there is to do. */
  private record Counting(IoHandler handler, AtomicInteger turns) implements IoHandler {
    @Override
    public int run(IoHandlerContext context) {
      turns.incrementAndGet();
      return handler.run(context);
    }

    @Override
    public IoRegistration register(IoHandle handle) throws Exception {
      return handler.register(handle);
    }

    @Override
    public void initialize() {
      handler.initialize();
    }

    @Override
    public void prepareToDestroy() {
      handler.prepareToDestroy();
    }

    @Override
    public void destroy() {
      handler.destroy();
    }

    @Override
    public void wakeup() {
      handler.wakeup();
    }

    @Override
    public boolean isCompatible(Class<? extends IoHandle> type) {
      return handler.isCompatible(type);
    }
  }

  private IoHandlerFactory counting() {
    IoHandlerFactory factory = WatchingEpoll.newFactory();
    return executor -> new Counting(factory.newHandler(executor), turns);
  }

  private SocketChannel connectAndHearTheEnd(Socket[] peer) throws Exception {
    SocketChannel channel =
        (SocketChannel)
            new Bootstrap()
                .group(group)
                .channel(EpollSocketChannel.class)
                .option(ChannelOption.ALLOW_HALF_CLOSURE, true)
                .handler(
                    new ChannelInboundHandlerAdapter() {
                      @Override
                      public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
                        if (event instanceof ChannelInputShutdownEvent) {
                          ctx.channel().config().setAutoRead(false); // Nothing is wanted any more.
                          ended.countDown();
                        }
                      }
                    })
                .connect("127.0.0.1", listening.getLocalPort())
                .sync()
                .channel();
    closing(() -> channel.close().sync());
    peer[0] = accept();
    return channel;
  }

  private void assertThatTheLoopRests(SocketChannel channel) throws Exception {
    int before = turns.get();
    channel.eventLoop().schedule(() -> {}, WATCHED_MILLIS, TimeUnit.MILLISECONDS).sync();
    assertThat(turns.get() - before).isLessThan(TURNS_OF_A_LOOP_AT_REST);
    assertThat(channel.isOpen()).isTrue();
  }

  @Test
  void bothDirectionsOver_channelOpen_loopRests() throws Exception {
    Socket[] peer = new Socket[1];
    SocketChannel channel = connectAndHearTheEnd(peer);
    peer[0].shutdownOutput();
    assertThat(ended.await(20, TimeUnit.SECONDS)).isTrue();
    channel.shutdownOutput().sync();

    assertThatTheLoopRests(channel);
  }

  @Test
  void peerEndedAndThenReset_channelOpen_loopRests() throws Exception {
    Socket[] peer = new Socket[1];
    SocketChannel channel = connectAndHearTheEnd(peer);
    peer[0].close();
    assertThat(ended.await(20, TimeUnit.SECONDS)).isTrue();
    channel.writeAndFlush(Unpooled.wrappedBuffer(new byte[1])).sync(); // Answered by a reset.

    assertThatTheLoopRests(channel);
  }
}
