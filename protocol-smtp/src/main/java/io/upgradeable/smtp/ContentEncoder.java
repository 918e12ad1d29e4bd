package io.upgradeable.smtp;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Brings content into the form in which it travels: CRLF at the end of each line, whatever stood
 * there (CRLF, a bare CR or a bare LF), and, for DATA, a second dot before a dot that begins a line
 * (RFC 5321, 4.5.2). The result depends on the bytes alone, never on how they were cut into pieces.
 *
 * <p>Eight bytes are looked at at once, and what stands between two line ends is copied in one go.
 */
final class ContentEncoder {

  /** The most bytes that one byte of input can become: CRLF, or two dots. */
  private static final int WIDEST = 2;

  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private static final long ONES = 0x0101010101010101L;
  private static final long HIGH_BITS = 0x8080808080808080L;
  private static final long CRS = ONES * '\r';
  private static final long LFS = ONES * '\n';

  /**
   * What a content in memory is found to be.
   *
   * @param size its bytes once all line ends are CRLF, the last line's included
   * @param dots how many dots DATA adds
   * @param eightBit whether a byte is beyond ASCII
   */
  record Survey(long size, long dots, boolean eightBit) {}

  private final boolean stuffsDots;
  private boolean lineStart = true;
  private boolean afterCr;
  private boolean eightBit;
  private long dots;

  private ContentEncoder(boolean stuffsDots) {
    this.stuffsDots = stuffsDots;
  }

  /** For DATA. */
  static ContentEncoder stuffingDots() {
    return new ContentEncoder(true);
  }

  /** For BDAT. */
  static ContentEncoder verbatimDots() {
    return new ContentEncoder(false);
  }

  /** Looks at a content without writing it. */
  static Survey survey(byte[] bytes) {
    ContentEncoder scan = new ContentEncoder(false);
    long added = 0;
    long dots = 0;
    int i = 0;
    while (i < bytes.length) {
      dots += bytes[i] == '.' ? 1 : 0;
      int end = scan.lineEnd(bytes, i, bytes.length);
      if (end == bytes.length) {
        added += 2;
        i = end;
      } else {
        boolean pair = bytes[end] == '\r' && end + 1 < bytes.length && bytes[end + 1] == '\n';
        added += pair ? 0 : 1;
        i = end + (pair ? 2 : 1);
      }
    }
    return new Survey(bytes.length + added, dots, scan.eightBit);
  }

  /** How many dots were added so far. */
  long dots() {
    return dots;
  }

  /** Whether a byte beyond ASCII was seen. */
  boolean sawEightBit() {
    return eightBit;
  }

  /**
   * Encodes as much as there is room for.
   *
   * @param in the input, with an array; the position moves over what was encoded
   * @param out the output, with an array; the position moves over what was written
   */
  void encode(ByteBuffer in, ByteBuffer out) {
    byte[] from = in.array();
    byte[] to = out.array();
    int i = in.arrayOffset() + in.position();
    int end = in.arrayOffset() + in.limit();
    int o = out.arrayOffset() + out.position();
    int room = out.arrayOffset() + out.limit();
    while (i < end && room - o >= WIDEST) {
      byte b = from[i];
      if (afterCr && b == '\n') {
        afterCr = false; // its CR was written as CRLF
        i++;
        continue;
      }
      afterCr = false;
      if (stuffsDots && lineStart && b == '.') {
        to[o++] = '.';
        dots++;
        lineStart = false; // the dot itself follows as any byte
      }
      int limit = (int) Math.min(end, i + (long) (room - o));
      int stop = lineEnd(from, i, limit);
      int length = stop - i;
      System.arraycopy(from, i, to, o, length);
      o += length;
      i = stop;
      lineStart &= length == 0;
      if (i < limit && room - o >= WIDEST) {
        afterCr = from[i] == '\r';
        to[o++] = '\r';
        to[o++] = '\n';
        lineStart = true;
        i++;
      }
    }
    in.position(i - in.arrayOffset());
    out.position(o - out.arrayOffset());
  }

  /** Ends the last line, with two bytes, if it has no end. */
  void finish(ByteBuffer out) {
    if (!lineStart) {
      out.put((byte) '\r').put((byte) '\n');
      lineStart = true;
    }
  }

  /** The index of the next CR or LF, or the limit; looks out for bytes beyond ASCII. */
  private int lineEnd(byte[] bytes, int from, int limit) {
    int i = from;
    long seen = 0;
    for (; i <= limit - Long.BYTES; i += Long.BYTES) {
      long word = (long) LONGS.get(bytes, i);
      if ((zeroBytes(word ^ CRS) | zeroBytes(word ^ LFS)) != 0) {
        break;
      }
      seen |= word;
    }
    for (; i < limit; i++) {
      byte b = bytes[i];
      if (b == '\r' || b == '\n') {
        break;
      }
      seen |= b; // its sign fills the high bits
    }
    eightBit |= (seen & HIGH_BITS) != 0;
    return i;
  }

  /** Not zero exactly if a byte of the word is zero. */
  private static long zeroBytes(long word) {
    return (word - ONES) & ~word & HIGH_BITS;
  }
}
