package io.upgradeable.smtp;

import io.upgradeable.negotiation.Message;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
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
  private final ByteArrayOutputStream lines = new ByteArrayOutputStream(512);

  /** Adds a command. */
  void line(String line) {
    lines.writeBytes(Message.requireOneLine(line).getBytes(StandardCharsets.UTF_8));
    lines.write('\r');
    lines.write('\n');
  }

  /** Adds a piece of content. */
  void piece(ByteBuffer bytes, Runnable afterwards) {
    closeLines();
    parts.add(new Part(bytes, afterwards));
  }

  private void closeLines() {
    if (lines.size() > 0) {
      parts.add(new Part(ByteBuffer.wrap(lines.toByteArray()), Outgoing::nothing));
      lines.reset();
    }
  }

  /** Whether there is nothing to write. */
  boolean isEmpty() {
    return parts.isEmpty() && lines.size() == 0;
  }

  /** Forgets what was never written. */
  void clear() {
    parts.clear();
    lines.reset();
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

  private static void nothing() {}
}
