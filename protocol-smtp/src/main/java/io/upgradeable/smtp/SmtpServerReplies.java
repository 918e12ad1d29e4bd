package io.upgradeable.smtp;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/**
 * The replies to a batch of commands, to be written at once (RFC 2920, 3.2).
 *
 * <p>Not thread-safe; used on the connection's event loop.
 */
final class SmtpServerReplies {

  /** The longest line, its CRLF included (RFC 5321, 4.5.3.1.5). */
  private static final int MAX_LINE = 512;

  private static final byte[] NONE = {};

  private byte[] bytes = NONE;
  private int length;

  boolean isEmpty() {
    return length == 0;
  }

  int length() {
    return length;
  }

  /**
   * Adds a reply.
   *
   * @throws IllegalArgumentException if a line is too long or would not be one line; nothing was
   *     added then
   */
  void add(SmtpReply reply) {
    int before = length;
    try {
      List<String> lines = reply.lines();
      for (int i = 0; i < lines.size(); i++) {
        addLine(reply.code(), i == lines.size() - 1 ? ' ' : '-', lines.get(i));
      }
    } catch (IllegalArgumentException e) {
      length = before;
      throw e;
    }
  }

  private void addLine(int code, char separator, String text) {
    int start = length;
    makeRoom(MAX_LINE);
    put(code / 100 + '0');
    put(code / 10 % 10 + '0');
    put(code % 10 + '0');
    put(separator);
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c >= 0x80) {
        putUtf8(text.substring(i), start);
        break;
      }
      requireText(c);
      requireRoom(start, 1);
      put(c);
    }
    put('\r');
    put('\n');
  }

  private void putUtf8(String rest, int start) {
    rest.chars().forEach(SmtpServerReplies::requireText);
    byte[] encoded = rest.getBytes(StandardCharsets.UTF_8);
    requireRoom(start, encoded.length);
    System.arraycopy(encoded, 0, bytes, length, encoded.length);
    length += encoded.length;
  }

  private static void requireText(int c) {
    if (c < ' ' || c == 0x7f) {
      throw new IllegalArgumentException(
          "expected a reply of printable lines, got U+%04X".formatted(c));
    }
  }

  private void requireRoom(int start, int more) {
    if (length - start + more > MAX_LINE - 2) {
      throw new IllegalArgumentException("expected a line of at most 512 bytes, got more");
    }
  }

  private void put(int b) {
    bytes[length++] = (byte) b;
  }

  private void makeRoom(int more) {
    if (bytes.length - length < more) {
      bytes = Arrays.copyOf(bytes, Math.max(length + more, 2 * bytes.length));
    }
  }

  /** All replies, which are the caller's from now on; the next ones begin anew. */
  ByteBuffer take() {
    ByteBuffer all = ByteBuffer.wrap(bytes, 0, length);
    bytes = NONE;
    length = 0;
    return all;
  }
}
