package io.upgradeable.netty;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;

/**
 * Watches a JDK engine for the rest of the connection, from below and from above: it allows TLS 1.2
 * renegotiation, which changes the peer behind the facts that were told, and session tickets and
 * key updates without end, which cost memory and CPU. OpenSSL refuses both by itself.
 */
final class OverheadGuard extends ChannelInboundHandlerAdapter {

  /** A record of one byte has some thirty bytes of overhead; honest peers stay well below this. */
  private static final long ALLOWED_FOR_EACH_BYTE = 64;

  private final SSLEngine engine;
  private final int limit;
  private long overhead;
  private boolean raised;

  /**
   * Makes the part below the engine.
   *
   * @param limit how many bytes may come in that carry no data of the application
   */
  OverheadGuard(SSLEngine engine, int limit) {
    this.engine = engine;
    this.limit = limit;
  }

  /** The part above the engine. */
  ChannelInboundHandlerAdapter above() {
    return new ChannelInboundHandlerAdapter() {
      @Override
      public void channelRead(ChannelHandlerContext ctx, Object msg) {
        long allowed = ALLOWED_FOR_EACH_BYTE * ((ByteBuf) msg).readableBytes();
        overhead = Math.max(0, overhead - allowed);
        ctx.fireChannelRead(msg);
      }
    };
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object msg) {
    ByteBuf bytes = (ByteBuf) msg;
    if (raised) {
      bytes.release();
      return;
    }
    overhead += bytes.readableBytes();
    ctx.fireChannelRead(msg);
    boolean handshakesAgain =
        engine.getHandshakeStatus() == HandshakeStatus.NEED_UNWRAP && !engine.isInboundDone();
    if (handshakesAgain) {
      raise(ctx, new TlsAbuse("one TLS handshake", "a renegotiation"));
    } else if (overhead > limit) {
      raise(ctx, new TlsAbuse("at most " + limit + " bytes of TLS without data", "more"));
    }
  }

  private void raise(ChannelHandlerContext ctx, TlsAbuse abuse) {
    raised = true;
    ctx.fireExceptionCaught(abuse);
  }
}
