package io.upgradeable.ldap;

import io.upgradeable.negotiation.Reason;
import java.nio.ByteBuffer;

/**
 * The bounded reader of messages (LDAPMessage, RFC 4511, 4.1.1 and 5.1). It consumes whole messages
 * and nothing else, and what it finds does not depend on how the bytes were cut into segments.
 *
 * <p>A message announces its length, so that one that is too long is refused by its first bytes,
 * and nothing is read of one that is not there to its end.
 *
 * @param maxBytes the longest message, its own tag and length included
 */
record LdapMessageReader(int maxBytes) {

  /** What a client may be sent under TLS: two orders above a root DSE. */
  static final int SESSION_BYTES = 256 * 1024;

  /** What a client may be sent in plaintext, where it asks but one thing. */
  static final int CLIENT_PLAINTEXT_BYTES = 64 * 1024;

  /** What a server may be sent in plaintext; StartTLS has 31 bytes. */
  static final int SERVER_PLAINTEXT_BYTES = 8 * 1024;

  private static final String MESSAGE = "an LDAP message";

  /** What was found. */
  sealed interface Found {}

  /** A whole message, consumed; its content is a view of the input. */
  record Whole(LdapMessage message) implements Found {}

  /** The message's end has not come yet; nothing was consumed. */
  record Partial() implements Found {}

  /**
   * This can never become a message; nothing was consumed.
   *
   * @param reason what is wrong with it
   * @param isLdap whether it began like a message, so that the peer may understand an answer
   */
  record Broken(Reason reason, boolean isLdap) implements Found {}

  private static final Partial PARTIAL = new Partial();

  /**
   * Reads one message.
   *
   * @param input unread bytes; the position moves over a whole message and over nothing else
   * @return what was found
   */
  Found read(ByteBuffer input) {
    int start = input.position();
    int available = input.remaining();
    if (available == 0) {
      return PARTIAL;
    }
    int tag = input.get(start) & 0xff;
    if (tag != Ber.SEQUENCE) {
      return new Broken(Reason.misbehaved(MESSAGE, otherProtocol(tag)), false);
    } else if (available == 1) {
      return PARTIAL;
    }
    try {
      int first = input.get(start + 1) & 0xff;
      int lengthBytes = Ber.lengthBytesBehind(first);
      if (available < 2 + lengthBytes) {
        return PARTIAL;
      }
      long length = lengthBytes == 0 ? first : 0;
      for (int i = 0; i < lengthBytes; i++) {
        length = length << Byte.SIZE | (input.get(start + 2 + i) & 0xff);
      }
      long total = 2L + lengthBytes + length;
      if (total > maxBytes) {
        return broken("an LDAP message of at most " + maxBytes + " bytes", total + " bytes");
      } else if (available < total) {
        return PARTIAL;
      }
      LdapMessage message = LdapMessage.read(input.slice(start + 2 + lengthBytes, (int) length));
      input.position(start + (int) total);
      return new Whole(message);
    } catch (BerException e) {
      return broken(MESSAGE, e.problem());
    }
  }

  private static Broken broken(String expected, String got) {
    return new Broken(Reason.misbehaved(expected, got), true);
  }

  private static String otherProtocol(int tag) {
    String shown = tag > ' ' && tag <= '~' ? "'" + (char) tag + "'" : "0x%02x".formatted(tag);
    return "a first byte of " + shown + (tag == 0x16 ? ", as of a TLS handshake" : "");
  }
}
