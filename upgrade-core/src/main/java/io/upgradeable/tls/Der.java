package io.upgradeable.tls;

import java.io.ByteArrayOutputStream;
import java.security.InvalidKeyException;
import java.util.Arrays;

/**
 * Just enough DER (X.690) to look into a private key's envelope and to put another around it:
 * definite lengths of at most three bytes in their shortest form, one-byte tags, nothing behind the
 * end.
 */
final class Der {

  static final int INTEGER = 0x02;
  static final int OCTET_STRING = 0x04;
  static final int NULL = 0x05;
  static final int OBJECT_IDENTIFIER = 0x06;
  static final int SEQUENCE = 0x30;

  /** The explicit, constructed tag {@code [0]}. */
  static final int CONTEXT_0 = 0xa0;

  private final byte[] bytes;
  private int position;

  private Der(byte[] bytes) {
    this.bytes = bytes;
  }

  /** Reads what is inside the one element that the bytes are. */
  static Der inside(int tag, byte[] element) throws InvalidKeyException {
    Der outer = new Der(element);
    Der inner = outer.enter(tag);
    if (outer.hasMore()) {
      throw malformed();
    }
    return inner;
  }

  boolean hasMore() {
    return position < bytes.length;
  }

  boolean nextIs(int tag) {
    return hasMore() && (bytes[position] & 0xff) == tag;
  }

  /** Steps over the next element and reads inside it. */
  Der enter(int tag) throws InvalidKeyException {
    return new Der(content(tag));
  }

  /** Steps over the next element and returns what is inside it. */
  byte[] content(int tag) throws InvalidKeyException {
    if (!nextIs(tag)) {
      throw malformed();
    }
    position++;
    int length = length();
    if (length > bytes.length - position) {
      throw malformed();
    }
    byte[] content = Arrays.copyOfRange(bytes, position, position + length);
    position += length;
    return content;
  }

  private int length() throws InvalidKeyException {
    int first = octet();
    if (first < 0x80) {
      return first;
    }
    int octets = first & 0x7f;
    if (octets == 0 || octets > 3) {
      throw malformed();
    }
    int length = 0;
    for (int i = 0; i < octets; i++) {
      length = (length << 8) | octet();
    }
    // Shortest form only: DER has one way to write a length.
    if (length < 0x80 || (length >> (8 * (octets - 1))) == 0) {
      throw malformed();
    }
    return length;
  }

  private int octet() throws InvalidKeyException {
    if (!hasMore()) {
      throw malformed();
    }
    return bytes[position++] & 0xff;
  }

  /** Writes an element around the contents. */
  static byte[] element(int tag, byte[]... contents) {
    ByteArrayOutputStream inside = new ByteArrayOutputStream();
    for (byte[] content : contents) {
      inside.writeBytes(content);
    }
    int length = inside.size();
    ByteArrayOutputStream element = new ByteArrayOutputStream();
    element.write(tag);
    if (length < 0x80) {
      element.write(length);
    } else {
      int octets = length < 0x100 ? 1 : length < 0x10000 ? 2 : 3;
      element.write(0x80 | octets);
      for (int i = octets - 1; i >= 0; i--) {
        element.write(length >> (8 * i));
      }
    }
    element.writeBytes(inside.toByteArray());
    return element.toByteArray();
  }

  private static InvalidKeyException malformed() {
    return new InvalidKeyException("malformed DER");
  }
}
