package io.upgradeable.bench;

import com.hubspot.smtp.client.SmtpClientResponse;
import com.hubspot.smtp.client.SmtpSession;
import com.hubspot.smtp.client.SmtpSessionConfig;
import com.hubspot.smtp.client.SmtpSessionFactory;
import com.hubspot.smtp.client.SmtpSessionFactoryConfig;
import com.hubspot.smtp.messages.MessageContent;
import com.hubspot.smtp.messages.MessageContentEncoding;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.handler.codec.smtp.DefaultSmtpRequest;
import io.netty.handler.codec.smtp.SmtpCommand;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.ByteArrayInputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/** NioSmtpClient, on the same transport and engine as ours. */
final class NioSmtp implements Load.Work {

  private final EventLoopGroup group =
      new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
  private final SmtpSessionFactory factory;
  private final List<SmtpSession> sessions = new ArrayList<>();
  private final byte[] text;

  private NioSmtp(Load load) throws Exception {
    SslContext tls =
        SslContextBuilder.forClient()
            .trustManager(load.authority().toFile())
            .sslProvider(SslProvider.OPENSSL_REFCNT)
            .build();
    factory =
        new SmtpSessionFactory(
            SmtpSessionFactoryConfig.builder()
                .eventLoopGroup(group)
                .channelClass(EpollSocketChannel.class)
                .executor(Runnable::run)
                .sslEngineSupplier(
                    () -> tls.newEngine(ByteBufAllocator.DEFAULT, "localhost", load.peer().port()))
                .build());
    text =
        BenchMessage.text(Long.parseLong(load.text("--size"))).getBytes(StandardCharsets.US_ASCII);
    for (int i = 0; i < load.atOnce(); i++) {
      SmtpSessionConfig config =
          SmtpSessionConfig.builder()
              .remoteAddress(new InetSocketAddress("localhost", load.peer().port()))
              .build();
      SmtpSession session = factory.connect(config).join().getSession();
      hello(session);
      demand(session.startTls().join());
      hello(session);
      sessions.add(session);
    }
  }

  private static void hello(SmtpSession session) {
    demand(session.send(new DefaultSmtpRequest(SmtpCommand.EHLO, "localhost")).join());
  }

  private static void demand(SmtpClientResponse response) {
    if (response.containsError()) {
      throw new IllegalStateException(response.toString());
    }
  }

  /**
   * Runs a load.
   *
   * @param args see {@link Load}, and {@code --size}
   * @throws Exception if the server cannot be reached
   */
  public static void main(String[] args) throws Exception {
    Load.measure(NioSmtp::new, args);
  }

  @Override
  public int run(int units) {
    List<Supplier<CompletableFuture<Boolean>>> lanes = new ArrayList<>();
    for (SmtpSession session : sessions) {
      lanes.add(
          () ->
              session
                  .send(
                      BenchMessage.FROM,
                      BenchMessage.TO,
                      MessageContent.of(
                          () -> new ByteArrayInputStream(text),
                          MessageContentEncoding.SEVEN_BIT,
                          text.length))
                  .thenApply(response -> !response.containsError()));
    }
    return Lanes.async(units, lanes);
  }

  @Override
  public Map<String, String> facts() {
    return Map.of("engine", OpenSsl.isAvailable() ? "OpenSSL" : "JDK");
  }

  @Override
  public void close() {
    sessions.forEach(SmtpSession::close);
    group.shutdownGracefully();
  }
}
