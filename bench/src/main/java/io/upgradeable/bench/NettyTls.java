package io.upgradeable.bench;

import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.LineBasedFrameDecoder;
import io.netty.handler.ssl.OpenSslContextOption;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import io.upgradeable.tls.TlsEngine;
import java.io.IOException;

/** TLS of hand-written Netty, as a programmer would set it up who changes no default. */
final class NettyTls {

  /** The name of the line reader that goes when TLS comes. */
  static final String LINES = "lines";

  private static final int MAX_LINE = 64; // as ours

  private NettyTls() {}

  static LineBasedFrameDecoder lines() {
    return new LineBasedFrameDecoder(MAX_LINE);
  }

  /** Puts TLS in the place of the line reader; what that has left, goes through TLS. */
  static void start(ChannelPipeline pipeline, SslHandler engine) {
    pipeline.addAfter(LINES, "tls", engine);
    pipeline.addAfter("tls", "secured lines", lines());
    pipeline.remove(LINES);
  }

  static SslContext client(Load load) throws IOException {
    return with(load, SslContextBuilder.forClient().trustManager(load.authority().toFile()));
  }

  static SslContext server(Load load) throws IOException {
    return with(
        load,
        SslContextBuilder.forServer(load.file("--cert").toFile(), load.file("--key").toFile()));
  }

  private static SslContext with(Load load, SslContextBuilder builder) throws IOException {
    boolean openSsl = load.engine() == TlsEngine.OPENSSL;
    builder.sslProvider(openSsl ? SslProvider.OPENSSL_REFCNT : SslProvider.JDK);
    if (openSsl && load.groups().isPresent()) {
      builder.option(OpenSslContextOption.GROUPS, load.groups().get().split(":", -1));
    }
    return builder.build();
  }
}
