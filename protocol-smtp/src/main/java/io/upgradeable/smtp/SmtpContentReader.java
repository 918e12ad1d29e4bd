package io.upgradeable.smtp;

import java.util.Optional;

/**
 * Reads the content of a message out of the bytes of a connection: takes the stuffed dots out,
 * finds the end, and checks the lines, looking at each byte once.
 *
 * <p>The end is {@code <CRLF>.<CRLF>} and nothing else (RFC 5321, 4.1.1.4). A CR or LF alone is
 * neither a line end nor allowed (2.3.8): it is noted, and what follows it is still content.
 * Whoever takes it for a line end would find commands in there that nobody sent ("SMTP smuggling",
 * CVE-2023-51764 and its kin).
 *
 * <p>Not thread-safe.
 */
final class SmtpContentReader {

  /** The longest line, its CRLF included: eight times what RFC 5321, 4.5.3.1.6, asks for. */
  static final int MAX_LINE = 8192;

  /** Why a content is not taken. */
  enum Problem {
    /** A CR without LF, or a LF without CR. */
    BARE_LINE_END,
    /** A line of more than {@link #MAX_LINE} bytes. */
    LONG_LINE
  }

  private enum State {
    LINE_START,
    DOT,
    DOT_CR,
    TEXT,
    CR,
    OVER
  }

  private final boolean untilDot;
  private State state = State.LINE_START;
  private Optional<Problem> problem = Optional.empty();
  private boolean bareLineEnd;
  private int lineLength;
  private int consumed;

  private SmtpContentReader(boolean untilDot) {
    this.untilDot = untilDot;
  }

  /** For DATA: dots are stuffed, and one alone is the end. */
  static SmtpContentReader untilDot() {
    return new SmtpContentReader(true);
  }

  /** For BDAT: somebody else counts, and a dot is a dot. */
  static SmtpContentReader ofChunks() {
    return new SmtpContentReader(false);
  }

  /**
   * Reads, in place: what is content of the first bytes stands at the start of the array then.
   *
   * @param bytes the bytes
   * @param length how many of them count
   * @return how many bytes of content stand at the start of the array
   */
  int read(byte[] bytes, int length) {
    int from = 0;
    int to = 0;
    while (from < length && state != State.OVER) {
      if (state == State.TEXT) {
        // The way of nearly all bytes: to the end of the line at once.
        int end = endOfText(bytes, from, length);
        int count = end - from;
        if (to != from) {
          System.arraycopy(bytes, from, bytes, to, count);
        }
        to += count;
        from = end;
        lineLength += count;
        checkLength();
        if (from == length) {
          break;
        }
      }
      byte b = bytes[from++];
      if (advance(b)) {
        bytes[to++] = b;
      }
    }
    consumed = from;
    return to;
  }

  private static int endOfText(byte[] bytes, int from, int length) {
    int i = from;
    while (i < length && bytes[i] != '\r' && bytes[i] != '\n') {
      i++;
    }
    return i;
  }

  /** Takes one byte; whether it is content. */
  private boolean advance(byte b) {
    if (state == State.LINE_START && b == '.' && untilDot) {
      state = State.DOT;
      return false; // Stuffed or the end: in neither case it is content.
    } else if (state == State.DOT && b == '\r') {
      state = State.DOT_CR;
      return false;
    } else if (b == '\n' && state == State.DOT_CR) {
      state = State.OVER;
      return false;
    } else if (b == '\n' && state == State.CR) {
      state = State.LINE_START;
      lineLength++;
      checkLength();
      lineLength = 0;
      return true;
    }
    if (b == '\n' || state == State.CR || state == State.DOT_CR) {
      note(Problem.BARE_LINE_END);
    }
    state = b == '\r' ? State.CR : State.TEXT;
    lineLength++;
    return true;
  }

  private void checkLength() {
    if (lineLength > MAX_LINE) {
      note(Problem.LONG_LINE);
    }
  }

  private void note(Problem found) {
    bareLineEnd |= found == Problem.BARE_LINE_END;
    if (problem.isEmpty()) {
      problem = Optional.of(found);
    }
  }

  /** How many bytes the last {@link #read} took; the others are behind the end. */
  int consumed() {
    return consumed;
  }

  /** Whether the dot at the end was read. */
  boolean isOver() {
    return state == State.OVER;
  }

  /** Says that no more chunk follows. */
  void end() {
    if (state == State.CR) {
      note(Problem.BARE_LINE_END);
    }
  }

  /** The first problem so far. */
  Optional<Problem> problem() {
    return problem;
  }

  /**
   * Whether somebody else may have found the end earlier, at a CR or LF alone, and commands behind
   * it.
   */
  boolean mayHideCommands() {
    return untilDot && bareLineEnd;
  }
}
