package io.upgradeable.ldap;

import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * The bytes of a message that is not there to its end yet. They are kept here and not in the core,
 * whose unread bytes are meant for shorter ones; they grow with what came, and the reader bounds
 * them.
 */
final class LdapInput {

  private static final byte[] NOTHING = {};

  private byte[] kept = NOTHING;
  private int length;

  boolean isEmpty() {
    return length == 0;
  }

  int length() {
    return length;
  }

  /** What was kept with what came now behind it; the usual case copies nothing. */
  ByteBuffer join(ByteBuffer input) {
    if (length == 0) {
      return input;
    }
    append(input);
    return ByteBuffer.wrap(kept, 0, length).asReadOnlyBuffer();
  }

  /** Keeps what is left of the last {@link #join}, and has then consumed all of it. */
  void keep(ByteBuffer rest) {
    int left = rest.remaining();
    if (length == 0) {
      append(rest);
    } else {
      int start = length - left;
      System.arraycopy(kept, start, kept, 0, left);
      length = left;
    }
    rest.position(rest.limit());
    if (length == 0) {
      kept = NOTHING;
    }
  }

  private void append(ByteBuffer input) {
    int more = input.remaining();
    if (length + more > kept.length) {
      kept = Arrays.copyOf(kept, Math.max(length + more, 2 * kept.length));
    }
    input.get(kept, length, more);
    length += more;
  }
}
