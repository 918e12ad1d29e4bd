package io.upgradeable.ldap;

/**
 * The subset of the Basic Encoding Rules that LDAP uses (RFC 4511, 5.1), with the limits that this
 * module sets: tags of one byte, definite lengths of at most four bytes, integers of at most four
 * bytes, 16 levels of nesting.
 */
final class Ber {

  static final int BOOLEAN = 0x01;
  static final int INTEGER = 0x02;
  static final int OCTET_STRING = 0x04;
  static final int ENUMERATED = 0x0a;
  static final int SEQUENCE = 0x30;
  static final int SET = 0x31;

  /** Nested deeper than any message of LDAP but a filter made to hurt. */
  static final int MAX_DEPTH = 16;

  private static final int CONSTRUCTED = 0x20;
  private static final int CONTEXT = 0x80;
  private static final int TAG_NUMBER = 0x1f;
  private static final int LONG_FORM = 0x80;
  private static final int MAX_LENGTH_BYTES = 4;

  private Ber() {}

  /** The tag of a context-specific primitive element. */
  static int primitive(int number) {
    return CONTEXT | number;
  }

  /** The tag of a context-specific constructed element. */
  static int constructed(int number) {
    return CONTEXT | CONSTRUCTED | number;
  }

  static boolean isConstructed(int tag) {
    return (tag & CONSTRUCTED) != 0;
  }

  /** Whether the tag's number stands in bytes behind it, as no tag of LDAP's does. */
  static boolean isLongTag(int tag) {
    return (tag & TAG_NUMBER) == TAG_NUMBER;
  }

  /**
   * How many bytes of a length follow its first one.
   *
   * @param first the first byte, 0 to 255
   * @return 0 to 4; 0 means that the first byte is the length
   * @throws BerException if the length is indefinite, or longer than four bytes
   */
  static int lengthBytesBehind(int first) throws BerException {
    if (first < LONG_FORM) {
      return 0;
    } else if (first == LONG_FORM) {
      throw new BerException("an indefinite length");
    }
    int count = first - LONG_FORM;
    if (count > MAX_LENGTH_BYTES) {
      throw new BerException("a length of " + count + " bytes");
    }
    return count;
  }

  static String tagText(int tag) {
    return "tag 0x%02x".formatted(tag);
  }
}
