package io.upgradeable.sasl;

import java.security.SecureRandom;
import java.util.Base64;
import java.util.Optional;

/** The small words of SCRAM's messages (RFC 5802, 5.1 and 7). */
final class ScramText {

  /** 144 bits, twenty-four characters; the RFC leaves it open. */
  private static final int NONCE_BYTES = 18;

  private static final SecureRandom RANDOM = new SecureRandom();

  private ScramText() {}

  /** Half a nonce, never the same twice. */
  static String newNonce() {
    byte[] bytes = new byte[NONCE_BYTES];
    RANDOM.nextBytes(bytes);
    return base64(bytes);
  }

  static byte[] randomBytes(int count) {
    byte[] bytes = new byte[count];
    RANDOM.nextBytes(bytes);
    return bytes;
  }

  static String base64(byte[] bytes) {
    return Base64.getEncoder().encodeToString(bytes);
  }

  /** A name with its two special characters written as {@code =2C} and {@code =3D}. */
  static String escaped(String name) {
    return name.replace("=", "=3D").replace(",", "=2C");
  }

  /** The name of an escaped one; nothing for any other use of {@code =}. */
  static Optional<String> unescaped(String text) {
    StringBuilder name = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c != '=') {
        name.append(c);
      } else if (text.startsWith("2C", i + 1)) {
        name.append(',');
        i += 2;
      } else if (text.startsWith("3D", i + 1)) {
        name.append('=');
        i += 2;
      } else {
        return Optional.empty();
      }
    }
    return Optional.of(name.toString());
  }
}
