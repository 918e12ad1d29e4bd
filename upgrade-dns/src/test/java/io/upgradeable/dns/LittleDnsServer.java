package io.upgradeable.dns;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.DatagramPacket;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.dns.DatagramDnsQuery;
import io.netty.handler.codec.dns.DatagramDnsQueryDecoder;
import io.netty.handler.codec.dns.DatagramDnsResponse;
import io.netty.handler.codec.dns.DatagramDnsResponseEncoder;
import io.netty.handler.codec.dns.DefaultDnsQuestion;
import io.netty.handler.codec.dns.DefaultDnsRawRecord;
import io.netty.handler.codec.dns.DefaultDnsResponse;
import io.netty.handler.codec.dns.DnsOpCode;
import io.netty.handler.codec.dns.DnsQuery;
import io.netty.handler.codec.dns.DnsQuestion;
import io.netty.handler.codec.dns.DnsRawRecord;
import io.netty.handler.codec.dns.DnsRecord;
import io.netty.handler.codec.dns.DnsRecordType;
import io.netty.handler.codec.dns.DnsResponse;
import io.netty.handler.codec.dns.DnsResponseCode;
import io.netty.handler.codec.dns.DnsSection;
import io.netty.handler.codec.dns.TcpDnsQueryDecoder;
import io.netty.handler.codec.dns.TcpDnsResponseEncoder;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** A name server on loopback, over UDP and TCP at one port, that answers what a test tells it. */
final class LittleDnsServer implements AutoCloseable {

  private static final int PORT_ATTEMPTS = 20;

  /** Decides what comes back. */
  interface Zone {

    /**
     * Answers one query.
     *
     * @param asked whoever asked, and what
     */
    void onQuery(Asked asked);
  }

  private final EventLoopGroup group =
      new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
  private final Queue<String> questions = new ConcurrentLinkedQueue<>();
  private final Zone zone;
  private final Channel udp;

  private LittleDnsServer(Zone zone) throws Exception {
    this.zone = zone;
    udp = bind();
  }

  static LittleDnsServer start(Zone zone) throws Exception {
    return new LittleDnsServer(zone);
  }

  /** The system chooses the UDP port; the TCP port of the same number may be taken. */
  private Channel bind() throws Exception {
    for (int attempt = 1; ; attempt++) {
      Channel datagrams =
          new Bootstrap()
              .group(group)
              .channel(NioDatagramChannel.class)
              .handler(
                  with(
                      () ->
                          List.of(
                              new DatagramDnsQueryDecoder(),
                              new DatagramDnsResponseEncoder(),
                              new UdpHandler())))
              .bind(InetAddress.getLoopbackAddress(), 0)
              .sync()
              .channel();
      try {
        new ServerBootstrap()
            .group(group)
            .channel(NioServerSocketChannel.class)
            .childHandler(
                with(
                    () ->
                        List.of(
                            new TcpDnsQueryDecoder(),
                            new TcpDnsResponseEncoder(),
                            new TcpHandler())))
            .bind(datagrams.localAddress())
            .sync();
        return datagrams;
      } catch (Exception e) {
        datagrams.close().sync();
        if (!(e instanceof BindException) || attempt == PORT_ATTEMPTS) {
          throw e;
        }
      }
    }
  }

  private static ChannelInitializer<Channel> with(Supplier<List<ChannelHandler>> handlers) {
    return new ChannelInitializer<>() {
      @Override
      protected void initChannel(Channel channel) {
        channel.pipeline().addLast(handlers.get().toArray(ChannelHandler[]::new));
      }
    };
  }

  InetSocketAddress address() {
    return (InetSocketAddress) udp.localAddress();
  }

  /** What was asked so far: {@code udp example.test. MX}. */
  List<String> questions() {
    return List.copyOf(questions);
  }

  @Override
  public void close() throws InterruptedException {
    group.shutdownGracefully(50, 2000, TimeUnit.MILLISECONDS).sync();
  }

  private void onQuery(Asked asked) {
    questions.add(
        (asked.overTcp ? "tcp " : "udp ") + asked.name() + " " + asked.question().type().name());
    zone.onQuery(asked);
  }

  private final class UdpHandler extends SimpleChannelInboundHandler<DatagramDnsQuery> {
    @Override
    protected void channelRead0(ChannelHandlerContext context, DatagramDnsQuery query) {
      onQuery(new Asked(context.channel(), query, query.recipient(), query.sender(), false));
    }
  }

  private final class TcpHandler extends SimpleChannelInboundHandler<DnsQuery> {
    @Override
    protected void channelRead0(ChannelHandlerContext context, DnsQuery query) {
      onQuery(new Asked(context.channel(), query, address(), address(), true));
    }
  }

  /** One query, and the ways to answer it. */
  static final class Asked {

    private final Channel channel;
    private final int id;
    private final DnsQuestion question;
    private final InetSocketAddress server;
    private final InetSocketAddress client;
    private final boolean overTcp;

    private Asked(
        Channel channel,
        DnsQuery query,
        InetSocketAddress server,
        InetSocketAddress client,
        boolean overTcp) {
      this.channel = channel;
      this.id = query.id();
      this.question = query.recordAt(DnsSection.QUESTION);
      this.server = server;
      this.client = client;
      this.overTcp = overTcp;
    }

    /** With the root's dot. */
    String name() {
      return question.name();
    }

    DnsQuestion question() {
      return question;
    }

    boolean overTcp() {
      return overTcp;
    }

    /** Answers with records. */
    void reply(DnsRecord... records) {
      send(response(id, DnsResponseCode.NOERROR), question, records);
    }

    void reply(DnsResponseCode code) {
      send(response(id, code), question);
    }

    /** Answers with another id than was asked with. */
    void replyWithWrongId(DnsRecord... records) {
      send(response(id ^ 1, DnsResponseCode.NOERROR), question, records);
    }

    /** Answers another question than was asked. */
    void replyToOtherQuestion(String name, DnsRecord... records) {
      DnsQuestion other = new DefaultDnsQuestion(name, DnsRecordType.MX);
      send(response(id, DnsResponseCode.NOERROR), other, records);
    }

    void replyTruncated(DnsRecord... records) {
      DnsResponse response = response(id, DnsResponseCode.NOERROR);
      response.setTruncated(true);
      send(response, question, records);
    }

    /** Answers with records in the authority section. */
    void replyAuthority(DnsRecord... records) {
      channel.writeAndFlush(
          filled(response(id, DnsResponseCode.NOERROR), question, DnsSection.AUTHORITY, records));
    }

    /** Answers with the right id, and with these bytes behind it. */
    void replyBytes(byte[] bytes) {
      ByteBuf buffer = Unpooled.buffer(2 + bytes.length).writeShort(id).writeBytes(bytes);
      channel.writeAndFlush(new DatagramPacket(buffer, client));
    }

    /** Answers all right, but from another server's port. */
    void replyFrom(LittleDnsServer other, DnsRecord... records) {
      other.udp.writeAndFlush(
          filled(response(id, DnsResponseCode.NOERROR), question, DnsSection.ANSWER, records));
    }

    void closeConnection() {
      channel.close();
    }

    private DnsResponse response(int responseId, DnsResponseCode code) {
      return overTcp
          ? new DefaultDnsResponse(responseId, DnsOpCode.QUERY, code)
          : new DatagramDnsResponse(server, client, responseId, DnsOpCode.QUERY, code);
    }

    private void send(DnsResponse response, DnsQuestion asked, DnsRecord... records) {
      channel.writeAndFlush(filled(response, asked, DnsSection.ANSWER, records));
    }

    private static DnsResponse filled(
        DnsResponse response, DnsQuestion asked, DnsSection section, DnsRecord... records) {
      response.addRecord(DnsSection.QUESTION, asked);
      for (DnsRecord record : records) {
        response.addRecord(section, record);
      }
      return response;
    }
  }

  static DnsRawRecord mx(String owner, int preference, String exchanger) {
    return mx(owner, preference, encoded(exchanger.split("\\.")));
  }

  /** An exchanger whose labels may hold anything. */
  static DnsRawRecord mxOfLabels(String owner, int preference, String... labels) {
    return mx(owner, preference, encoded(labels));
  }

  private static DnsRawRecord mx(String owner, int preference, ByteBuf exchanger) {
    ByteBuf content = Unpooled.buffer().writeShort(preference).writeBytes(exchanger);
    exchanger.release();
    return new DefaultDnsRawRecord(owner, DnsRecordType.MX, 60, content);
  }

  static DnsRawRecord cname(String owner, String target) {
    return new DefaultDnsRawRecord(owner, DnsRecordType.CNAME, 60, encoded(target.split("\\.")));
  }

  static DnsRawRecord record(String owner, DnsRecordType type, byte... content) {
    return new DefaultDnsRawRecord(owner, type, 60, Unpooled.wrappedBuffer(content));
  }

  private static ByteBuf encoded(String... labels) {
    ByteBuf name = Unpooled.buffer();
    for (String label : labels) {
      byte[] bytes = label.getBytes(StandardCharsets.UTF_8);
      if (bytes.length > 0) {
        name.writeByte(bytes.length).writeBytes(bytes);
      }
    }
    return name.writeByte(0);
  }
}
