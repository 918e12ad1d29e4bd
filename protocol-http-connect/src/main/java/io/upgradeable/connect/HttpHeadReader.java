package io.upgradeable.connect;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The bounded reader of message heads (RFC 9112, 2 to 5). It looks at each byte once, however the
 * bytes are cut into segments, and consumes nothing: it says where a head ends.
 *
 * <p>It is strict, because whatever a proxy and the one behind it understand differently can be
 * used against one of them: lines end in CRLF, a bare CR or LF, NUL and other controls are refused,
 * and so are folded lines, white space before the colon, and a line before the head.
 */
final class HttpHeadReader {

  /** All heads that follow each other, interim answers included. Precedents allow 8 to 64 KiB. */
  static final int MAX_BYTES = 16 * 1024;

  /** Fields in one head. */
  static final int MAX_FIELDS = 100;

  private static final String STATUS_PREFIX = "HTTP/1.";

  /** What heads are read. */
  enum Kind {
    REQUEST,
    ANSWER
  }

  /** What was found. */
  sealed interface Found {}

  /**
   * A whole head.
   *
   * @param end how many bytes it ends behind the buffer's position
   */
  record Whole(HttpHead head, int end) implements Found {}

  /** The head's end has not come yet. */
  record Partial() implements Found {}

  /** This can never become a head. The reader is of no use any more. */
  record Broken(String got, boolean tooLarge) implements Found {}

  private static final Partial PARTIAL = new Partial();

  private final Kind kind;
  private int start;
  private int scanned;
  private int column;
  private int fields;
  private boolean inStartLine = true;
  private boolean inName;
  private boolean afterCr;
  private boolean complete;

  HttpHeadReader(Kind kind) {
    this.kind = kind;
  }

  /**
   * Reads on.
   *
   * @param input unread bytes: those of the last call and perhaps more; the position stays
   * @return what was found
   */
  Found read(ByteBuffer input) {
    while (scanned < input.remaining()) {
      byte b = input.get(input.position() + scanned);
      String problem = accept(b);
      if (problem != null) {
        return new Broken(problem, false);
      }
      scanned++;
      if (complete) {
        return new Whole(parse(input), scanned);
      }
      if (fields > MAX_FIELDS) {
        return new Broken("more than " + MAX_FIELDS + " fields", true);
      }
      if (scanned == MAX_BYTES) {
        return new Broken("more than " + MAX_BYTES + " bytes", true);
      }
    }
    return PARTIAL;
  }

  /** Goes on to the head that follows the one that was read; the limit of bytes is for both. */
  void next() {
    start = scanned;
    column = 0;
    fields = 0;
    inStartLine = true;
    inName = false;
    complete = false;
  }

  /** Checks a byte against its place and takes note of it; answers with what is wrong. */
  private @Nullable String accept(byte b) {
    if (afterCr) {
      return b == '\n' ? endLine() : "a CR without LF";
    } else if (b == '\n') {
      return "a LF without CR";
    } else if (b == '\r') {
      afterCr = true;
      return inName && column > 0 ? "a field without a colon" : null;
    }
    String problem = inStartLine ? problemInStartLine(b) : problemInField(b);
    column++;
    return problem;
  }

  private @Nullable String endLine() {
    afterCr = false;
    if (column == 0) {
      complete = !inStartLine;
      return inStartLine ? "an empty line" : null;
    }
    if (inStartLine && kind == Kind.ANSWER && column < STATUS_PREFIX.length() + 5) {
      return "an incomplete status line";
    }
    inStartLine = false;
    inName = true;
    column = 0;
    return null;
  }

  private @Nullable String problemInStartLine(byte b) {
    if (kind == Kind.REQUEST) {
      boolean good = column == 0 ? HttpField.isTokenChar(b) : b >= ' ' && b <= '~';
      return good ? null : shown(b);
    }
    int prefix = STATUS_PREFIX.length();
    boolean good;
    if (column < prefix) {
      good = b == STATUS_PREFIX.charAt(column);
    } else if (column == prefix) {
      good = b == '0' || b == '1';
    } else if (column == prefix + 1 || column == prefix + 5) {
      good = b == ' ';
    } else if (column == prefix + 2) {
      good = b >= '1' && b <= '5';
    } else if (column <= prefix + 4) {
      good = b >= '0' && b <= '9';
    } else {
      good = isText(b);
    }
    return good ? null : shown(b);
  }

  private @Nullable String problemInField(byte b) {
    if (column == 0) {
      fields++;
      inName = true;
      if (b == ' ' || b == '\t') {
        return "a folded line";
      }
    }
    if (!inName) {
      return isText(b) ? null : shown(b);
    } else if (b == ':') {
      inName = false;
      return column == 0 ? "a field without a name" : null;
    }
    return HttpField.isTokenChar(b) ? null : shown(b);
  }

  /** RFC 9110, 5.5: visible characters, white space, and bytes beyond ASCII as they are. */
  private static boolean isText(byte b) {
    return b < 0 || (b >= ' ' && b != 0x7f) || b == '\t';
  }

  private String shown(byte b) {
    return "byte 0x%02x at index %d of a %s"
        .formatted(b & 0xff, column, inStartLine ? "start line" : "field");
  }

  private HttpHead parse(ByteBuffer input) {
    byte[] bytes = new byte[scanned - start];
    input.get(input.position() + start, bytes);
    String text = new String(bytes, StandardCharsets.ISO_8859_1);
    int end = text.indexOf("\r\n");
    String startLine = text.substring(0, end);
    List<HttpField> parsed = new ArrayList<>(fields);
    for (int from = end + 2; from < text.length() - 2; from = end + 2) { // The last line is empty.
      end = text.indexOf("\r\n", from);
      int colon = text.indexOf(':', from);
      parsed.add(
          new HttpField(text.substring(from, colon), text.substring(colon + 1, end).strip()));
    }
    return new HttpHead(startLine, parsed);
  }
}
