package io.upgradeable.ping;

import io.upgradeable.negotiation.Reason;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * The bounded reader of ping's only message: a line of printable ASCII that ends in LF or CRLF.
 * Both roles read with it.
 */
sealed interface PingLine {

  /**
   * The longest line, its end included. The longest command, {@code STARTTLS}, needs ten bytes;
   * what is longer than this is another protocol or an attack on memory.
   */
  int MAX_BYTES = 64;

  /**
   * A whole line, consumed.
   *
   * @param text the line without its end
   */
  record Whole(String text) implements PingLine {}

  /** The line's end has not come yet; nothing was consumed. */
  record Partial() implements PingLine {}

  /**
   * This can never become a line; nothing was consumed.
   *
   * @param reason what is wrong with it
   */
  record Broken(Reason reason) implements PingLine {}

  /**
   * Reads one line. The answer depends on the bytes alone, never on how they were cut into
   * segments: the first bad byte decides, whether or not the line's end is there already.
   *
   * @param input unread bytes; the position moves over a whole line and over nothing else
   * @return what was found
   */
  static PingLine read(ByteBuffer input) {
    int start = input.position();
    int length = Math.min(input.remaining(), MAX_BYTES);
    for (int i = 0; i < length; i++) {
      byte b = input.get(start + i);
      boolean endsLine = b == '\n';
      if (endsLine) {
        return new Whole(take(input, i));
      }
      boolean strayCr = i > 0 && input.get(start + i - 1) == '\r';
      boolean printable = b >= ' ' && b <= '~';
      if (strayCr || !(printable || b == '\r')) {
        return broken("byte 0x%02x at index %d".formatted(b & 0xff, i));
      }
    }
    return length == MAX_BYTES ? broken(MAX_BYTES + " bytes without a line end") : new Partial();
  }

  private static String take(ByteBuffer input, int length) {
    byte[] line = new byte[length];
    input.get(line);
    input.get(); // the LF
    boolean crlf = length > 0 && line[length - 1] == '\r';
    return new String(line, 0, crlf ? length - 1 : length, StandardCharsets.US_ASCII);
  }

  private static PingLine broken(String got) {
    return new Broken(Reason.misbehaved("a line of ASCII of at most " + MAX_BYTES + " bytes", got));
  }
}
