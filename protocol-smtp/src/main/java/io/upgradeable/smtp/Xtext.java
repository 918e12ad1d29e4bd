package io.upgradeable.smtp;

/** The encoding of values in parameters (RFC 3461, 4; for characters beyond ASCII RFC 6533, 3). */
final class Xtext {

  private Xtext() {}

  /** Xtext: printable ASCII as it is, but for {@code +}, {@code =} and space. */
  static String encode(String ascii) {
    StringBuilder encoded = new StringBuilder(ascii.length());
    ascii.chars().forEach(c -> append(encoded, c));
    return encoded.toString();
  }

  /** The {@code utf-8-addr-xtext} of RFC 6533, 3: ASCII that says which characters are meant. */
  static String encodeUtf8(String text) {
    StringBuilder encoded = new StringBuilder(text.length());
    text.codePoints()
        .forEach(
            c -> {
              if (c >= 0x80 || c == '\\' || c == '+' || c == '=' || c == ' ') {
                encoded.append("\\x{%X}".formatted(c));
              } else {
                append(encoded, c);
              }
            });
    return encoded.toString();
  }

  private static void append(StringBuilder encoded, int c) {
    if (c <= ' ' || c > '~' || c == '+' || c == '=') {
      encoded.append("+%02X".formatted(c));
    } else {
      encoded.append((char) c);
    }
  }
}
