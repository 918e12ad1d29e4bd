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

  private static final int CHALLENGE = 334;

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
    // RFC 4954, 4: a challenge of AUTH may be longer, as it quotes the client.
    int max = code == CHALLENGE ? SmtpServerAuth.MAX_LINE_BYTES : MAX_LINE;
    makeRoom(Math.min(max, MAX_LINE + text.length()));
    put(code / 100 + '0');
    put(code / 10 % 10 + '0');
    put(code % 10 + '0');
    put(separator);
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c >= 0x80) {
        putUtf8(text.substring(i), start, max);
        break;
      }
      requireText(c);
      requireRoom(start, 1, max);
      put(c);
    }
    put('\r');
    put('\n');
  }

  private void putUtf8(String rest, int start, int max) {
    rest.chars().forEach(SmtpServerReplies::requireText);
    byte[] encoded = rest.getBytes(StandardCharsets.UTF_8);
    requireRoom(start, encoded.length, max);
    System.arraycopy(encoded, 0, bytes, length, encoded.length);
    length += encoded.length;
  }

  private static void requireText(int c) {
    if (c < ' ' || c == 0x7f) {
      throw new IllegalArgumentException(
          "expected a reply of printable lines, got U+%04X".formatted(c));
    }
  }

  private void requireRoom(int start, int more, int max) {
    if (length - start + more > max - 2) {
      throw new IllegalArgumentException("expected a line of at most " + max + " bytes, got more");
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
