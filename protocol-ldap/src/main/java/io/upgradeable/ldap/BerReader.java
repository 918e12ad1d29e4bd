package io.upgradeable.ldap;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * Reads one element after the other from the content of one that contains them. It copies what is
 * asked for and allocates nothing that a length announces before the bytes are there.
 *
 * <p>Strict, because whatever two readers understand differently can be used against one of them:
 * see {@link Ber} for the subset. An element is exactly what was asked for, or a {@link
 * BerException}; after one the reader is of no use any more.
 */
final class BerReader {

  private static final int MAX_INTEGER_BYTES = 4;
  private static final int TRUE = 0xff;

  private final ByteBuffer input;
  private final int depth;

  private BerReader(ByteBuffer input, int depth) {
    this.input = input;
    this.depth = depth;
  }

  /** Reads the content of an outermost element. */
  static BerReader of(ByteBuffer content) {
    return new BerReader(content.slice(), 1);
  }

  boolean hasMore() {
    return input.hasRemaining();
  }

  /** Whether the next element has this tag; false at the end. */
  boolean isNext(int tag) {
    return input.hasRemaining() && (input.get(input.position()) & 0xff) == tag;
  }

  /** The tag of the next element. */
  int nextTag() throws BerException {
    if (!input.hasRemaining()) {
      throw new BerException("the end");
    }
    return input.get(input.position()) & 0xff;
  }

  int integer(int tag) throws BerException {
    int length = header(tag);
    if (length < 1 || length > MAX_INTEGER_BYTES) {
      throw new BerException("an integer of " + length + " bytes");
    }
    int value = input.get();
    for (int i = 1; i < length; i++) {
      value = value << Byte.SIZE | (input.get() & 0xff);
    }
    return value;
  }

  /** An integer or a code that the RFC bounds to 0..2147483647. */
  int naturalNumber(int tag) throws BerException {
    int value = integer(tag);
    if (value < 0) {
      throw new BerException("the negative number " + value);
    }
    return value;
  }

  boolean bool(int tag) throws BerException {
    int length = header(tag);
    int value = length == 1 ? input.get() & 0xff : -1;
    if (value != 0 && value != TRUE) {
      throw new BerException(
          length == 1
              ? "a boolean of 0x%02x".formatted(value)
              : "a boolean of " + length + " bytes");
    }
    return value == TRUE;
  }

  byte[] octets(int tag) throws BerException {
    byte[] bytes = new byte[header(tag)];
    input.get(bytes);
    return bytes;
  }

  /** Text in UTF-8; broken sequences become U+FFFD. */
  String text(int tag) throws BerException {
    return new String(octets(tag), StandardCharsets.UTF_8);
  }

  /** An object identifier in the dotted form that LDAP gives it (RFC 4512, 1.4). */
  String oid(int tag) throws BerException {
    byte[] bytes = octets(tag);
    if (!Oid.isOne(bytes)) {
      throw new BerException("something that is no object identifier");
    }
    return new String(bytes, StandardCharsets.US_ASCII);
  }

  /** The content of an element that contains others. */
  BerReader nested(int tag) throws BerException {
    int length = header(tag);
    if (depth == Ber.MAX_DEPTH) {
      throw new BerException("more than " + Ber.MAX_DEPTH + " levels of nesting");
    }
    return new BerReader(slice(length), depth + 1);
  }

  /** The content of an element, not looked into. */
  ByteBuffer content(int tag) throws BerException {
    return slice(header(tag));
  }

  /**
   * Skips what is left, as extensibility demands (RFC 4511, 4): trailing elements that nobody here
   * knows, but well-formed ones.
   */
  void skipRest() throws BerException {
    while (hasMore()) {
      skip();
    }
  }

  /** Skips one element with all that it contains. */
  void skip() throws BerException {
    int tag = nextTag();
    if (Ber.isConstructed(tag)) {
      nested(tag).skipRest();
    } else {
      content(tag);
    }
  }

  private ByteBuffer slice(int length) {
    ByteBuffer content = input.slice(input.position(), length);
    input.position(input.position() + length);
    return content;
  }

  /** Consumes tag and length; the content is there then. */
  private int header(int expected) throws BerException {
    int tag = nextTag();
    if (tag != expected || Ber.isLongTag(tag)) {
      throw new BerException(Ber.tagText(tag));
    }
    input.get();
    long length = length();
    if (length > input.remaining()) {
      throw new BerException("an element that is longer than what contains it");
    }
    return (int) length;
  }

  private long length() throws BerException {
    if (!input.hasRemaining()) {
      throw new BerException("the end inside an element");
    }
    int first = input.get() & 0xff;
    int count = Ber.lengthBytesBehind(first);
    if (count > input.remaining()) {
      throw new BerException("the end inside a length");
    }
    long length = count == 0 ? first : 0;
    for (int i = 0; i < count; i++) {
      length = length << Byte.SIZE | (input.get() & 0xff);
    }
    return length;
  }
}
