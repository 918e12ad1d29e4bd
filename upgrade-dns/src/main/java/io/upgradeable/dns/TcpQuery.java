package io.upgradeable.dns;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.dns.DefaultDnsQuery;
import io.netty.handler.codec.dns.DnsQuery;
import io.netty.handler.codec.dns.DnsQuestion;
import io.netty.handler.codec.dns.DnsResponse;
import io.netty.handler.codec.dns.DnsSection;
import io.netty.handler.codec.dns.TcpDnsQueryEncoder;
import io.netty.handler.codec.dns.TcpDnsResponseDecoder;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/**
 * One query over a TCP connection of its own (RFC 7766), after an answer over UDP was truncated.
 *
 * <p>Netty's resolver can do that as well, but it does not see that the server closes, lets the
 * time of the UDP query run on, and holds the truncated answer for good if its loop ends meanwhile.
 */
final class TcpQuery extends SimpleChannelInboundHandler<DnsResponse> {

  private final DnsQuestion question;
  private final Promise<DnsResponse> promise;
  private final int id = ThreadLocalRandom.current().nextInt(1 << 16);

  private TcpQuery(DnsQuestion question, Promise<DnsResponse> promise) {
    super(false); // A right answer is the caller's.
    this.question = question;
    this.promise = promise;
  }

  /**
   * Asks.
   *
   * @param timeout for all of it
   * @param promise gets the response, which its listener releases; cancelling it closes the
   *     connection
   */
  static void ask(
      EventLoop loop,
      InetSocketAddress server,
      DnsQuestion question,
      Duration timeout,
      Promise<DnsResponse> promise) {
    Channel channel =
        new Bootstrap()
            .group(loop)
            .channel(NioSocketChannel.class)
            .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int) timeout.toMillis())
            .handler(
                new ChannelInitializer<>() {
                  @Override
                  protected void initChannel(Channel connection) {
                    connection
                        .pipeline()
                        .addLast(
                            new TcpDnsQueryEncoder(),
                            new TcpDnsResponseDecoder(),
                            new TcpQuery(question, promise));
                  }
                })
            .connect(server)
            .addListener(
                (ChannelFutureListener)
                    connecting -> {
                      if (!connecting.isSuccess()) {
                        promise.tryFailure(connecting.cause());
                      }
                    })
            .channel();
    Future<?> deadline =
        loop.schedule(
            () -> promise.tryFailure(new IOException("no answer")),
            timeout.toMillis(),
            TimeUnit.MILLISECONDS);
    promise.addListener(
        ended -> {
          deadline.cancel(false);
          channel.close();
        });
  }

  @Override
  public void channelActive(ChannelHandlerContext context) {
    DnsQuery query = new DefaultDnsQuery(id).setRecursionDesired(true);
    context.writeAndFlush(query.addRecord(DnsSection.QUESTION, question));
  }

  @Override
  protected void channelRead0(ChannelHandlerContext context, DnsResponse response) {
    boolean right =
        response.id() == id
            && response.count(DnsSection.QUESTION) == 1
            && question.equals(response.recordAt(DnsSection.QUESTION));
    if (!right) {
      response.release();
      promise.tryFailure(new IOException("an answer to another question"));
    } else if (!promise.trySuccess(response)) {
      response.release();
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    promise.tryFailure(new IOException("closed"));
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    promise.tryFailure(cause);
  }
}
