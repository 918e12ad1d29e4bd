package io.upgradeable.ldap;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.Consumer;

/**
 * Writes elements one behind the other, with definite lengths in their shortest form. All bytes are
 * in one array, so that a secret among them can be {@linkplain #wipe() wiped}.
 */
final class BerWriter {

  private static final int INITIAL_CAPACITY = 128;
  private static final int LONGEST_HEADER = 6;
  private static final int TRUE = 0xff;

  private byte[] bytes = new byte[INITIAL_CAPACITY];
  private int length;

  BerWriter integer(int tag, int value) {
    int count = 1;
    while (count < Integer.BYTES
        && value >> (count * Byte.SIZE - 1) != value >> (Integer.SIZE - 1)) {
      count++;
    }
    header(tag, count);
    for (int i = count - 1; i >= 0; i--) {
      put(value >> (i * Byte.SIZE));
    }
    return this;
  }

  BerWriter bool(int tag, boolean value) {
    header(tag, 1);
    put(value ? TRUE : 0);
    return this;
  }

  BerWriter octets(int tag, byte[] value) {
    header(tag, value.length);
    ensure(value.length);
    System.arraycopy(value, 0, bytes, length, value.length);
    length += value.length;
    return this;
  }

  BerWriter text(int tag, String value) {
    return octets(tag, value.getBytes(StandardCharsets.UTF_8));
  }

  /** An element without content. */
  BerWriter nothing(int tag) {
    header(tag, 0);
    return this;
  }

  /** An element that contains others: what the content writes to this writer. */
  BerWriter nested(int tag, Consumer<BerWriter> content) {
    int start = length;
    content.accept(this);
    int contentLength = length - start;
    // The header's length is known only now: the content makes room for it.
    ensure(LONGEST_HEADER);
    int headerLength = 2 + lengthBytesBehind(contentLength);
    System.arraycopy(bytes, start, bytes, start + headerLength, contentLength);
    length = start;
    header(tag, contentLength);
    length += contentLength;
    return this;
  }

  private void header(int tag, int contentLength) {
    put(tag);
    int count = lengthBytesBehind(contentLength);
    if (count == 0) {
      put(contentLength);
      return;
    }
    put(0x80 | count);
    for (int i = count - 1; i >= 0; i--) {
      put(contentLength >> (i * Byte.SIZE));
    }
  }

  private static int lengthBytesBehind(int contentLength) {
    if (contentLength < 0x80) {
      return 0;
    }
    return (Integer.SIZE - Integer.numberOfLeadingZeros(contentLength) + Byte.SIZE - 1) / Byte.SIZE;
  }

  private void put(int b) {
    ensure(1);
    bytes[length++] = (byte) b;
  }

  private void ensure(int more) {
    if (length + more > bytes.length) {
      byte[] larger = Arrays.copyOf(bytes, Math.max(2 * bytes.length, length + more));
      Arrays.fill(bytes, (byte) 0);
      bytes = larger;
    }
  }

  byte[] toByteArray() {
    return Arrays.copyOf(bytes, length);
  }

  /** What was written, not copied: valid until {@link #wipe()}. */
  ByteBuffer view() {
    return ByteBuffer.wrap(bytes, 0, length).asReadOnlyBuffer();
  }

  /** Overwrites what was written. */
  void wipe() {
    Arrays.fill(bytes, (byte) 0);
    length = 0;
  }
}
