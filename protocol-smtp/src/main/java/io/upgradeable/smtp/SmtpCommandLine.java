package io.upgradeable.smtp;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * The bounded reader of a client's commands: a line of printable ASCII that ends in CRLF (RFC 5321,
 * 2.3.8: a bare LF or CR ends no line and has no place inside one). That is enough for whatever may
 * be said before mail; a session may allow UTF-8 (RFC 6531), too.
 */
sealed interface SmtpCommandLine {

  /**
   * The longest line, its CRLF included: twice what RFC 5321, 4.5.3.1.4, asks for, as extensions
   * lengthen lines.
   */
  int MAX_BYTES = 1024;

  /**
   * A whole line, consumed.
   *
   * @param verb the first word, in upper case; empty for an empty line
   * @param argument what stands behind it, without spaces around; perhaps empty
   */
  record Whole(String verb, String argument) implements SmtpCommandLine {}

  /**
   * A whole line whose words are nobody's business, consumed.
   *
   * @param line the line without its end
   */
  record Text(String line) implements SmtpCommandLine {}

  /** The line's end has not come yet; nothing was consumed. */
  record Partial() implements SmtpCommandLine {}

  /**
   * This can never become a line; nothing was consumed.
   *
   * @param got what came instead, without quoting more than a byte: it may be a secret
   */
  record Broken(String got) implements SmtpCommandLine {}

  /**
   * Reads one line. The answer depends on the bytes alone, never on how they were cut into
   * segments: the first bad byte decides, whether or not the line's end is there already.
   *
   * @param input unread bytes; the position moves over a whole line and over nothing else
   * @return what was found
   */
  static SmtpCommandLine read(ByteBuffer input) {
    return read(input, MAX_BYTES, false);
  }

  /**
   * Reads one line by other rules.
   *
   * @param input unread bytes; the position moves over a whole line and over nothing else
   * @param maxBytes the longest line, its CRLF included
   * @param utf8 whether characters beyond ASCII may stand in it (RFC 6531)
   * @return what was found
   */
  static SmtpCommandLine read(ByteBuffer input, int maxBytes, boolean utf8) {
    SmtpCommandLine line = readText(input, maxBytes, utf8);
    return line instanceof Text text ? words(text.line()) : line;
  }

  /**
   * Reads one line that is no command.
   *
   * @param input unread bytes; the position moves over a whole line and over nothing else
   * @param maxBytes the longest line, its CRLF included
   * @param utf8 whether characters beyond ASCII may stand in it
   * @return what was found, a line as {@link Text}
   */
  static SmtpCommandLine readText(ByteBuffer input, int maxBytes, boolean utf8) {
    int start = input.position();
    int length = Math.min(input.remaining(), maxBytes);
    boolean afterCr = false;
    for (int i = 0; i < length; i++) {
      byte b = input.get(start + i);
      if (b == '\n') {
        return afterCr ? take(input, i - 1, utf8) : new Broken("a LF without CR at index " + i);
      } else if (afterCr) {
        return new Broken("a CR without LF at index " + (i - 1));
      }
      afterCr = b == '\r';
      boolean text = (b >= ' ' && b <= '~') || (b < 0 && utf8);
      if (!afterCr && !text) {
        return new Broken("byte 0x%02x at index %d".formatted(b & 0xff, i));
      }
    }
    return length == maxBytes ? new Broken(maxBytes + " bytes without a line end") : new Partial();
  }

  private static SmtpCommandLine take(ByteBuffer input, int length, boolean utf8) {
    String line;
    if (utf8) {
      ByteBuffer bytes = input.slice(input.position(), length);
      try {
        line = StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
      } catch (CharacterCodingException e) {
        return new Broken("bytes that are no UTF-8");
      }
    } else {
      byte[] bytes = new byte[length];
      input.get(input.position(), bytes);
      line = new String(bytes, StandardCharsets.US_ASCII);
    }
    input.position(input.position() + length + 2); // the CRLF
    return new Text(line);
  }

  private static Whole words(String line) {
    int space = line.indexOf(' ');
    String verb = space < 0 ? line : line.substring(0, space);
    return new Whole(verb.toUpperCase(Locale.ROOT), line.substring(verb.length()).strip());
  }
}
