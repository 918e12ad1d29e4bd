package io.upgradeable.cli;

import java.io.Writer;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** What a running command prints, line by line, for those who wait for it. */
final class LineQueue extends Writer {

  /** Only a broken test waits that long. */
  private static final long PATIENCE_SECONDS = 20;

  private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();
  private final StringBuilder unfinished = new StringBuilder();

  private final CountDownLatch stuck = new CountDownLatch(1);
  private volatile CountDownLatch read = new CountDownLatch(0);

  /** From now on whoever writes is stuck, as with a pipe that is full, until {@link #read}. */
  void leaveUnread() {
    read = new CountDownLatch(1);
  }

  /** Waits until somebody is stuck. */
  void awaitStuck() throws InterruptedException {
    if (!stuck.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      throw new AssertionError("expected somebody to write");
    }
  }

  /** Lets those go on who are stuck. */
  void read() {
    read.countDown();
  }

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
    if (read.getCount() > 0) {
      stuck.countDown();
      AccessLogTest.awaitUninterrupted(read);
    }
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
