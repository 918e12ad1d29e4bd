package io.upgradeable.smtp;

import io.upgradeable.negotiation.Message;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Collects what is sent in one turn of the event loop, so that it leaves in one write, and so,
 * where it fits, in one segment: commands of a group, and the next envelope behind a content.
 */
final class Outgoing {

  /** Beyond it a copy costs more than a write. */
  private static final int MAX_MERGED = 96 * 1024;

  /** Where the bytes go. */
  interface Outlet {
    /**
     * Writes.
     *
     * @param bytes what
     * @param afterwards run once the bytes have left or can leave no more
     */
    void write(ByteBuffer bytes, Runnable afterwards);
  }

  private record Part(ByteBuffer bytes, Runnable afterwards) {}

  private final List<Part> parts = new ArrayList<>();
  private byte[] lines = new byte[512];
  private int linesLength;

  /** Adds a command. It may hold a password: each array with it is overwritten in the end. */
  void line(String line) {
    byte[] bytes = (Message.requireOneLine(line) + "\r\n").getBytes(StandardCharsets.UTF_8);
    if (bytes.length > lines.length - linesLength) {
      byte[] larger = Arrays.copyOf(lines, Math.max(2 * lines.length, linesLength + bytes.length));
      Arrays.fill(lines, (byte) 0);
      lines = larger;
    }
    System.arraycopy(bytes, 0, lines, linesLength, bytes.length);
    linesLength += bytes.length;
    Arrays.fill(bytes, (byte) 0);
  }

  /** Adds a piece of content. */
  void piece(ByteBuffer bytes, Runnable afterwards) {
    closeLines();
    parts.add(new Part(bytes, afterwards));
  }

  private void closeLines() {
    if (linesLength > 0) {
      byte[] bytes = Arrays.copyOf(lines, linesLength);
      parts.add(new Part(ByteBuffer.wrap(bytes), () -> Arrays.fill(bytes, (byte) 0)));
      wipeLines();
    }
  }

  private void wipeLines() {
    Arrays.fill(lines, 0, linesLength, (byte) 0);
    linesLength = 0;
  }

  /** Whether there is nothing to write. */
  boolean isEmpty() {
    return parts.isEmpty() && linesLength == 0;
  }

  /** Forgets what was never written. */
  void clear() {
    parts.clear();
    wipeLines();
  }

  /** Writes all of it. */
  void flush(Outlet outlet) {
    closeLines();
    List<Part> all = List.copyOf(parts);
    parts.clear();
    int total = all.stream().mapToInt(part -> part.bytes().remaining()).sum();
    if (all.size() > 1 && total <= MAX_MERGED) {
      ByteBuffer merged = ByteBuffer.allocate(total);
      all.forEach(part -> merged.put(part.bytes()));
      outlet.write(merged.flip(), () -> all.forEach(part -> part.afterwards().run()));
    } else {
      all.forEach(part -> outlet.write(part.bytes(), part.afterwards()));
    }
  }
}
