package io.upgradeable.cli;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Makes text that a stranger wrote fit for a terminal: control characters, escape sequences and
 * invisible characters that reorder text are shown as {@code \n}, {@code \x1b} or {@code \\u202e},
 * so that a peer can neither hide nor fake a line.
 */
final class Printable {

  /** Long enough for any honest failure, short enough to be read. */
  private static final int MAX_LINE = 2000;

  /** A certificate may carry thousands of names. */
  private static final int MAX_NAMES = 20;

  /** What stands for nothing. */
  static final String NONE = "(none)";

  private Printable() {}

  /** The whole text, escaped. */
  static String of(String text) {
    StringBuilder shown = new StringBuilder(text.length());
    text.codePoints().forEach(c -> append(shown, c));
    return shown.toString();
  }

  /** The text as one line of bounded length, escaped. */
  static String line(String text) {
    String shown = of(text.length() > MAX_LINE ? text.substring(0, MAX_LINE) + "..." : text);
    return shown.length() > 2 * MAX_LINE ? shown.substring(0, 2 * MAX_LINE) + "..." : shown;
  }

  /** The first of many printable names, in one line. */
  static String some(List<String> names) {
    String shown = String.join(", ", names.subList(0, Math.min(names.size(), MAX_NAMES)));
    if (names.size() > MAX_NAMES) {
      return "%s and %d more".formatted(shown, names.size() - MAX_NAMES);
    }
    return shown.isEmpty() ? NONE : shown;
  }

  /** Bytes as UTF-8 if they are that, and escaped byte by byte otherwise. */
  static String of(ByteBuffer bytes) {
    try {
      return of(StandardCharsets.UTF_8.newDecoder().decode(bytes.duplicate()).toString());
    } catch (CharacterCodingException notUtf8) {
      StringBuilder shown = new StringBuilder();
      for (int i = bytes.position(); i < bytes.limit(); i++) {
        int b = bytes.get(i) & 0xff;
        if (b > '~') {
          shown.append("\\x%02x".formatted(b));
        } else {
          append(shown, b);
        }
      }
      return shown.toString();
    }
  }

  private static void append(StringBuilder shown, int c) {
    if (c == '\n') {
      shown.append("\\n");
    } else if (c == '\r') {
      shown.append("\\r");
    } else if (c == '\t') {
      shown.append("\\t");
    } else if (c < ' ' || (c > '~' && c < 0xa0)) {
      shown.append("\\x%02x".formatted(c));
    } else if (isInvisible(c)) {
      shown.append("\\u%04x".formatted(c));
    } else {
      shown.appendCodePoint(c);
    }
  }

  private static boolean isInvisible(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.PRIVATE_USE,
          Character.SURROGATE,
          Character.UNASSIGNED ->
          true;
      default -> false;
    };
  }
}
