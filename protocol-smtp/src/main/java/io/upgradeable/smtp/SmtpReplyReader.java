package io.upgradeable.smtp;

import io.upgradeable.negotiation.Reason;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The bounded reader of a server's replies (RFC 5321, 4.2). It consumes whole replies and nothing
 * else, and looks at each byte once, however the bytes are cut into segments: what it found does
 * not depend on the cuts, and a reply that comes byte by byte costs no more than one that comes at
 * once.
 *
 * <p>It is strict, because whatever two readers understand differently can be used against one of
 * them: three digits of ASCII, the first of them 2-5; the same code on all lines; lines end in
 * CRLF, and a bare LF or CR, NUL and other controls are refused. It is lenient in four things that
 * servers do and that cannot be mistaken: a second digit beyond the grammar's 0-5, as in 571, since
 * an unexpected code is judged by its first digit (4.2.1); no text behind the code, nor a space
 * (5321 says that clients should bear it); lines longer than 512 bytes, up to {@link
 * #MAX_LINE_BYTES}; and bytes beyond ASCII in the text, which is read as UTF-8 (RFC 6531, 3.7.4.2),
 * where broken sequences become U+FFFD.
 */
final class SmtpReplyReader {

  /** The longest line, its CRLF included: four times what RFC 5321, 4.5.3.1.5, asks for. */
  static final int MAX_LINE_BYTES = 2048;

  /** The most lines of one reply. EHLO replies of real servers have up to about thirty. */
  static final int MAX_LINES = 100;

  /** The longest reply in all; also how much a client lets wait ({@code Limits.CLIENT}). */
  static final int MAX_BYTES = 64 * 1024;

  /** The length of the code; the separator stands behind it. */
  private static final int CODE_LENGTH = 3;

  private static final String REPLY = "a reply of an SMTP server";

  /** What was found. */
  sealed interface Found {}

  /** A whole reply, consumed. */
  record Whole(SmtpReply reply) implements Found {}

  /** The reply's end has not come yet; nothing was consumed. */
  record Partial() implements Found {}

  /** This can never become a reply; nothing was consumed. The reader is of no use any more. */
  record Broken(Reason reason) implements Found {}

  private static final Partial PARTIAL = new Partial();

  private final byte[] code = new byte[CODE_LENGTH];
  private int scanned;
  private int line = 1;
  private int column = 1;
  private boolean lastLine;
  private boolean afterCr;

  /**
   * Reads one reply.
   *
   * @param input unread bytes: those of the last call, unless a reply was consumed, and perhaps
   *     more; the position moves over a whole reply and over nothing else
   * @return what was found
   */
  Found read(ByteBuffer input) {
    if (input.remaining() < scanned) {
      throw new IllegalStateException(
          "expected at least the %d bytes that were left, got %d"
              .formatted(scanned, input.remaining()));
    }
    int start = input.position();
    while (scanned < input.remaining()) {
      byte b = input.get(start + scanned);
      String problem = problemWith(b);
      if (problem != null) {
        return new Broken(Reason.misbehaved(expected(), problem));
      }
      scanned++;
      if (b == '\n' && lastLine) {
        return new Whole(take(input));
      }
      String excess = advance(b);
      if (excess != null) {
        return new Broken(Reason.misbehaved(REPLY, excess));
      }
    }
    return PARTIAL;
  }

  /** Checks a byte against its place; also takes note of the code and of the separator. */
  private @Nullable String problemWith(byte b) {
    if (afterCr) {
      return b == '\n' ? null : "a CR without LF in line " + line;
    } else if (b == '\n') {
      return "a LF without CR in line " + line;
    } else if (column <= CODE_LENGTH) {
      return problemWithDigit(b);
    } else if (column == CODE_LENGTH + 1) {
      lastLine = b != '-';
      return b == '-' || b == ' ' || b == '\r' ? null : shown(b);
    }
    boolean text = b < 0 || (b >= ' ' && b != 0x7f) || b == '\t' || b == '\r';
    return text ? null : shown(b);
  }

  private @Nullable String problemWithDigit(byte b) {
    int index = column - 1;
    boolean digit = index == 0 ? b >= '2' && b <= '5' : b >= '0' && b <= '9';
    if (!digit || (line > 1 && b != code[index])) {
      return shown(b);
    }
    code[index] = b;
    return null;
  }

  private String expected() {
    return line > 1 && column <= CODE_LENGTH ? "code " + codeText() + " on each line" : REPLY;
  }

  /** Moves on by a byte that was good; answers with a limit that is exceeded. */
  private @Nullable String advance(byte b) {
    afterCr = b == '\r';
    column++;
    if (b == '\n') {
      line++;
      column = 1;
      if (line > MAX_LINES) {
        return "more than " + MAX_LINES + " lines";
      }
    } else if (column > MAX_LINE_BYTES) {
      return "a line of more than " + MAX_LINE_BYTES + " bytes";
    }
    return scanned < MAX_BYTES ? null : "more than " + MAX_BYTES + " bytes";
  }

  private SmtpReply take(ByteBuffer input) {
    byte[] bytes = new byte[scanned];
    input.get(bytes);
    List<String> lines =
        new String(bytes, StandardCharsets.UTF_8)
            .lines()
            .map(text -> text.substring(Math.min(CODE_LENGTH + 1, text.length())))
            .toList();
    SmtpReply reply = new SmtpReply(Integer.parseInt(codeText()), lines);
    scanned = 0;
    line = 1;
    column = 1;
    afterCr = false;
    return reply;
  }

  private String codeText() {
    return new String(code, StandardCharsets.US_ASCII);
  }

  private String shown(byte b) {
    String text = b > ' ' && b <= '~' ? "'" + (char) b + "'" : "byte 0x%02x".formatted(b & 0xff);
    return text + " in column " + column + " of line " + line;
  }
}
