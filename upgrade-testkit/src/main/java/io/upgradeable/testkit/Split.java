package io.upgradeable.testkit;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * One way of cutting a stream of bytes into the segments in which it arrives. A pure function: the
 * same stream is always cut alike. {@link Object#toString()} names it for failure messages.
 */
@FunctionalInterface
public interface Split {

  /**
   * How long the next segment is.
   *
   * @param offset how many bytes of the stream came before
   * @param available how many bytes are there, at least 1
   * @return from 1 to {@code available}
   */
  int next(int offset, int available);

  /**
   * Everything that is there comes at once.
   *
   * @return the split
   */
  static Split whole() {
    return named("everything at once", (offset, available) -> available);
  }

  /**
   * Each byte comes alone.
   *
   * @return the split
   */
  static Split everyByte() {
    return named("byte by byte", (offset, available) -> 1);
  }

  /**
   * One cut.
   *
   * @param index how many bytes of the stream lie before the cut
   * @return the split
   */
  static Split at(int index) {
    return named(
        "cut at " + index,
        (offset, available) -> offset < index ? Math.min(available, index - offset) : available);
  }

  /**
   * Cuts anywhere.
   *
   * @param seed decides where
   * @return the split, whose name tells the seed
   */
  static Split random(long seed) {
    return named(
        "cut at random, seed " + seed,
        (offset, available) ->
            1 + new SplittableRandom(seed * 1_000_003 + offset).nextInt(available));
  }

  /**
   * A split with a name.
   *
   * @param name what {@link Object#toString()} says
   * @param split where to cut
   * @return the split
   */
  static Split named(String name, Split split) {
    return new Split() {
      @Override
      public int next(int offset, int available) {
        return split.next(offset, available);
      }

      @Override
      public String toString() {
        return name;
      }
    };
  }

  /**
   * Cuts bytes that begin a stream.
   *
   * @param bytes the bytes
   * @return the segments, none of them empty
   */
  default List<byte[]> cut(byte[] bytes) {
    List<byte[]> segments = new ArrayList<>();
    int offset = 0;
    while (offset < bytes.length) {
      int length = checkedNext(offset, bytes.length - offset);
      segments.add(Arrays.copyOfRange(bytes, offset, offset + length));
      offset += length;
    }
    return segments;
  }

  /**
   * {@link #next}, checked.
   *
   * @param offset how many bytes of the stream came before
   * @param available how many bytes are there, at least 1
   * @return from 1 to {@code available}
   * @throws IllegalStateException if this split breaks its promise
   */
  default int checkedNext(int offset, int available) {
    int length = next(offset, available);
    if (length < 1 || length > available) {
      throw new IllegalStateException(
          "%s: expected a segment of 1 to %d bytes, got %d".formatted(this, available, length));
    }
    return length;
  }
}
