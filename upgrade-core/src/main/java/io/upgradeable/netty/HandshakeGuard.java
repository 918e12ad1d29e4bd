package io.upgradeable.netty;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.util.ReferenceCountUtil;
import io.upgradeable.negotiation.Role;
import java.util.Optional;

/**
 * Stands below a TLS engine until its handshake is finished. The first bytes must begin a TLS
 * record that can begin a handshake, so that plaintext behind the upgrade is called what it is; and
 * the peer's bytes are counted, because engines allow endless empty records, warnings and
 * change_cipher_spec records.
 */
final class HandshakeGuard extends ChannelDuplexHandler {

  /** Told once, instead of the offending bytes going on. */
  interface Alarm {
    /** The first bytes are no TLS record. */
    void notTls(int byteCount);

    /** The peer sent more than the handshake may have. */
    void tooManyBytes(int limit);
  }

  // RFC 8446, 5.1: type, legacy_record_version, length of at most 2^14 (+ 256 under encryption).
  private static final int HEADER_LENGTH = 5;
  private static final int TYPE_ALERT = 21;
  private static final int TYPE_HANDSHAKE = 22;
  private static final int MAJOR_VERSION = 3;
  private static final int MAX_MINOR_VERSION = 4;
  private static final int MAX_RECORD_LENGTH = (1 << 14) + 256;

  private final Role role;
  private final int limit;
  private final Alarm alarm;
  private final byte[] header = new byte[HEADER_LENGTH];
  private final ServerHelloReader serverHello = new ServerHelloReader();
  private int seen;
  private boolean raised;

  HandshakeGuard(Role role, int limit, Alarm alarm) {
    this.role = role;
    this.limit = limit;
    this.alarm = alarm;
  }

  private static boolean isPlausible(byte[] header, int length, Role role) {
    if (length >= 1) {
      // A server may answer a ClientHello with an alert; a client always begins with the hello.
      boolean alert = role == Role.CLIENT && header[0] == TYPE_ALERT;
      if (header[0] != TYPE_HANDSHAKE && !alert) {
        return false;
      }
    }
    if (length >= 2 && header[1] != MAJOR_VERSION) {
      return false;
    }
    if (length >= 3 && (header[2] < 0 || header[2] > MAX_MINOR_VERSION)) {
      return false;
    }
    if (length >= HEADER_LENGTH) {
      int recordLength = (header[3] & 0xff) << 8 | (header[4] & 0xff);
      return recordLength <= MAX_RECORD_LENGTH; // an empty one is the engine's to refuse
    }
    return true;
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object msg) {
    ByteBuf bytes = (ByteBuf) msg;
    if (raised || !accepts(bytes)) {
      ReferenceCountUtil.release(msg);
      return;
    }
    if (role == Role.CLIENT) {
      serverHello.look(bytes);
    }
    ctx.fireChannelRead(msg);
    // If that finished the handshake the guard is gone, and what came behind it was not counted.
    if (seen > limit && !ctx.isRemoved()) {
      raised = true;
      alarm.tooManyBytes(limit);
    }
  }

  @Override
  public void write(ChannelHandlerContext ctx, Object msg, ChannelPromise promise) {
    if (role == Role.SERVER && msg instanceof ByteBuf bytes) {
      serverHello.look(bytes);
    }
    ctx.write(msg, promise);
  }

  /** The key exchange group of the handshake, if it was seen. */
  Optional<String> group() {
    return serverHello.group();
  }

  private boolean accepts(ByteBuf bytes) {
    int length = bytes.readableBytes();
    if (seen < HEADER_LENGTH) {
      int more = Math.min(length, HEADER_LENGTH - seen);
      bytes.getBytes(bytes.readerIndex(), header, seen, more);
      if (!isPlausible(header, seen + more, role)) {
        raised = true;
        alarm.notTls(seen + length);
        return false;
      }
    }
    seen += length;
    return true;
  }
}
