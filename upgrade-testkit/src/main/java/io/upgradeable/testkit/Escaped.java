package io.upgradeable.testkit;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/**
 * Bytes as text that a reader and a dialogue file can hold: printable ASCII stands for itself, all
 * else is {@code \r}, {@code \n}, {@code \t}, {@code \\} or {@code \xNN}.
 */
final class Escaped {

  private Escaped() {}

  static String text(byte[] bytes) {
    StringBuilder text = new StringBuilder(bytes.length);
    for (byte b : bytes) {
      switch (b) {
        case '\r' -> text.append("\\r");
        case '\n' -> text.append("\\n");
        case '\t' -> text.append("\\t");
        case '\\' -> text.append("\\\\");
        default -> {
          if (b >= ' ' && b <= '~') {
            text.append((char) b);
          } else {
            text.append("\\x%02x".formatted(b & 0xff));
          }
        }
      }
    }
    return text.toString();
  }

  /**
   * The inverse of {@link #text}; characters outside ASCII are taken as UTF-8.
   *
   * @throws IllegalArgumentException if an escape is none
   */
  static byte[] bytes(String text) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    int i = 0;
    while (i < text.length()) {
      int escape = text.indexOf('\\', i);
      int end = escape < 0 ? text.length() : escape;
      bytes.writeBytes(text.substring(i, end).getBytes(StandardCharsets.UTF_8));
      i = end;
      if (escape >= 0) {
        i = readEscape(text, escape, bytes);
      }
    }
    return bytes.toByteArray();
  }

  private static int readEscape(String text, int at, ByteArrayOutputStream bytes) {
    char kind = at + 1 < text.length() ? text.charAt(at + 1) : 0;
    switch (kind) {
      case 'r' -> bytes.write('\r');
      case 'n' -> bytes.write('\n');
      case 't' -> bytes.write('\t');
      case '\\' -> bytes.write('\\');
      case 'x' -> {
        String digits = text.substring(at + 2, Math.min(at + 4, text.length()));
        if (!digits.matches("[0-9a-fA-F]{2}")) {
          throw new IllegalArgumentException("expected \\xNN, got '\\x" + digits + "'");
        }
        bytes.write(Integer.parseInt(digits, 16));
        return at + 4;
      }
      default ->
          throw new IllegalArgumentException(
              "expected one of \\r \\n \\t \\\\ \\xNN, got '" + text.substring(at) + "'");
    }
    return at + 2;
  }
}
