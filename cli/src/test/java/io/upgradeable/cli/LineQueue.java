package io.upgradeable.cli;

import java.io.Writer;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** What a running command prints, line by line, for those who wait for it. */
final class LineQueue extends Writer {

  /** Only a broken test waits that long. */
  private static final long PATIENCE_SECONDS = 20;

  private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();
  private final StringBuilder unfinished = new StringBuilder();

  /** Takes lines until one contains the text. */
  String await(String text) {
    StringBuilder seen = new StringBuilder();
    try {
      while (true) {
        String line = lines.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
        if (line == null) {
          throw new AssertionError("expected a line with '" + text + "', got:\n" + seen);
        }
        seen.append(line).append('\n');
        if (line.contains(text)) {
          return line;
        }
      }
    } catch (InterruptedException e) {
      throw new AssertionError("interrupted", e);
    }
  }

  @Override
  public void write(char[] buffer, int offset, int length) {
    synchronized (lock) {
      for (int i = offset; i < offset + length; i++) {
        if (buffer[i] == '\n') {
          lines.add(unfinished.toString());
          unfinished.setLength(0);
        } else {
          unfinished.append(buffer[i]);
        }
      }
    }
  }

  @Override
  public void flush() {}

  @Override
  public void close() {}
}
