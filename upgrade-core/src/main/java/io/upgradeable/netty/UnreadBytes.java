package io.upgradeable.netty;

import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * The only buffer of inbound bytes above TLS or before it. It is plain heap memory of one
 * connection: a negotiation's view that outlives its call can never show another connection's
 * bytes, and there is nothing to release.
 *
 * <p>Not thread-safe; used on the connection's event loop.
 */
final class UnreadBytes {

  private static final int FIRST_CAPACITY = 256;
  private static final byte[] NONE = {};

  private byte[] bytes = NONE;
  private int start;
  private int end;

  boolean isEmpty() {
    return start == end;
  }

  int length() {
    return end - start;
  }

  /**
   * Copies the readable bytes of the buffer behind the unread ones; the buffer stays the caller's.
   */
  void append(ByteBuf buffer) {
    int more = buffer.readableBytes();
    makeRoom(more);
    buffer.readBytes(bytes, end, more);
    end += more;
  }

  /** Copies the remaining bytes of the buffer behind the unread ones. */
  void append(ByteBuffer buffer) {
    int more = buffer.remaining();
    makeRoom(more);
    buffer.get(bytes, end, more);
    end += more;
  }

  /** All unread bytes, read-only; position 0 is the first unread byte. */
  ByteBuffer view() {
    return ByteBuffer.wrap(bytes, start, end - start).slice().asReadOnlyBuffer();
  }

  void consume(int count) {
    start += count;
    if (start == end) {
      start = 0;
      end = 0;
      if (bytes.length > FIRST_CAPACITY) {
        bytes = NONE; // A burst is over; an idle connection holds no memory for it.
      }
    }
  }

  /** Takes all unread bytes out. */
  byte[] takeAll() {
    byte[] all = Arrays.copyOfRange(bytes, start, end);
    clear();
    return all;
  }

  /** Forgets everything. */
  void clear() {
    bytes = NONE;
    start = 0;
    end = 0;
  }

  private void makeRoom(int more) {
    if (bytes.length - end >= more) {
      return;
    }
    int length = end - start;
    int needed = Math.addExact(length, more);
    byte[] target = bytes;
    if (needed > bytes.length) {
      target = new byte[Math.max(FIRST_CAPACITY, Math.max(needed, bytes.length * 2))];
    }
    System.arraycopy(bytes, start, target, 0, length);
    bytes = target;
    start = 0;
    end = length;
  }
}
