package io.upgradeable.bench;

import io.upgradeable.smtp.MailContent;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;

/** The message that all send. */
final class BenchMessage {

  static final String FROM = "bench@example.test";

  /** Whom the Postfix of the tests knows too. */
  static final String TO = "alice@example.test";

  private static final String LINE =
      "All work and no play makes a dull benchmark, said the postman and rang twice.\r\n";
  private static final int STREAMED_FROM = 16 * 1024 * 1024;

  private BenchMessage() {}

  /** As text with CRLF at the ends of lines. */
  static String text(long size) {
    StringBuilder text = new StringBuilder("Subject: benchmark\r\n\r\n");
    while (text.length() + LINE.length() <= size) {
      text.append(LINE);
    }
    return text.toString();
  }

  static MailContent content(long size) {
    if (size >= STREAMED_FROM) {
      long whole = size / LINE.length() * LINE.length(); // ends with a line
      return MailContent.ofStream(() -> new Repeated(whole)).withSize(whole);
    }
    return MailContent.of(text(size));
  }

  /** A message of any size that is nowhere as a whole. */
  private static final class Repeated extends InputStream {
    private static final byte[] BYTES = LINE.getBytes(StandardCharsets.US_ASCII);
    private long left;
    private int at;

    Repeated(long size) {
      left = size;
    }

    @Override
    public int read() {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0];
    }

    @Override
    public int read(byte[] target, int offset, int length) {
      if (left == 0) {
        return -1;
      }
      int wanted = (int) Math.min(length, left);
      for (int done = 0; done < wanted; ) {
        int more = Math.min(wanted - done, BYTES.length - at);
        System.arraycopy(BYTES, at, target, offset + done, more);
        at = (at + more) % BYTES.length;
        done += more;
      }
      left -= wanted;
      return wanted;
    }
  }
}
