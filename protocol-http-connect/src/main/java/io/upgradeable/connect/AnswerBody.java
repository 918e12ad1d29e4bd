package io.upgradeable.connect;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * Finds the end of an answer's body (RFC 9112, 6 and 7), which has to be read away before the
 * connection can carry another request. Bounded; consumes nothing.
 */
final class AnswerBody {

  /** Error pages of proxies have some thousand bytes. */
  static final int MAX_BYTES = 16 * 1024;

  /** The longest line with the size of a chunk, extensions included. */
  private static final int MAX_CHUNK_LINE = 128;

  private enum Framing {
    FIXED,
    CHUNKED,
    UNTIL_CLOSE
  }

  private enum Chunk {
    SIZE,
    DATA,
    DATA_END,
    TRAILER
  }

  private final Framing framing;
  private long left;
  private Chunk chunk = Chunk.SIZE;
  private int line;
  private boolean sizeEnded;
  private int digits;
  private int scanned;

  private AnswerBody(Framing framing, long length) {
    this.framing = framing;
    this.left = length;
  }

  static AnswerBody of(List<HttpField> fields) {
    List<String> encodings = HttpField.values(fields, "Transfer-Encoding");
    List<String> lengths = HttpField.values(fields, "Content-Length");
    if (!encodings.isEmpty()) {
      // A length beside it is a smuggler's: such a connection carries no second request.
      boolean chunked = encodings.size() == 1 && encodings.get(0).equalsIgnoreCase("chunked");
      return new AnswerBody(
          chunked && lengths.isEmpty() ? Framing.CHUNKED : Framing.UNTIL_CLOSE, 0);
    }
    boolean fixed = lengths.size() == 1 && lengths.get(0).matches("[0-9]{1,9}");
    return fixed
        ? new AnswerBody(Framing.FIXED, Long.parseLong(lengths.get(0)))
        : new AnswerBody(Framing.UNTIL_CLOSE, 0);
  }

  /** Whether the end can be found before the connection's. */
  boolean isDelimited() {
    return framing != Framing.UNTIL_CLOSE && left <= MAX_BYTES;
  }

  /** Whether the framing was found broken or too long; the connection is of no more use. */
  boolean isBroken() {
    return scanned < 0;
  }

  /**
   * Reads on.
   *
   * @param input unread bytes; the position stays
   * @param from where the body begins, behind the position
   * @return how many bytes the body has, or -1 if its end is not there
   */
  int length(ByteBuffer input, int from) {
    int available = input.remaining() - from;
    if (framing == Framing.FIXED) {
      return available >= left ? (int) left : -1;
    }
    while (framing == Framing.CHUNKED && !isBroken() && scanned < available) {
      byte b = input.get(input.position() + from + scanned);
      scanned++;
      boolean over = onChunkedByte(b);
      if (over) {
        return scanned;
      }
      if (scanned > MAX_BYTES) {
        scanned = -1;
      }
    }
    return -1;
  }

  /** Answers whether this was the last byte. */
  private boolean onChunkedByte(byte b) {
    switch (chunk) {
      case SIZE -> onSize(b);
      case DATA -> {
        left--;
        if (left == 0) {
          moveTo(Chunk.DATA_END);
        }
      }
      case DATA_END -> {
        boolean good = b == (line == 0 ? '\r' : '\n');
        line++;
        if (!good) {
          scanned = -1;
        } else if (line == 2) {
          left = 0;
          moveTo(Chunk.SIZE);
        }
      }
      case TRAILER -> {
        if (b == '\n') {
          boolean empty = line <= 1;
          line = 0;
          return empty;
        }
        line++;
      }
    }
    return false;
  }

  private void onSize(byte b) {
    line++;
    int digit = Character.digit(b, 16);
    if (b == '\n') {
      if (digits == 0) {
        scanned = -1;
      } else {
        moveTo(left == 0 ? Chunk.TRAILER : Chunk.DATA);
      }
    } else if (!sizeEnded && digit >= 0 && digits < 7) {
      left = left * 16 + digit;
      digits++;
    } else {
      sizeEnded = true;
      if (line > MAX_CHUNK_LINE || digits == 0) {
        scanned = -1;
      }
    }
  }

  private void moveTo(Chunk next) {
    chunk = next;
    line = 0;
    digits = 0;
    sizeEnded = false;
  }
}
