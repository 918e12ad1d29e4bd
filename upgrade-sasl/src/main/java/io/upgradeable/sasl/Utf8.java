package io.upgradeable.sasl;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;

/** UTF-8 without replacement characters, and without copies of secrets that stay behind. */
final class Utf8 {

  private static final int MAX_BYTES_PER_CHAR = 3;

  private Utf8() {}

  /**
   * Encodes a text.
   *
   * @throws IllegalArgumentException if half of a surrogate pair is missing; the text is not quoted
   */
  static byte[] encode(char[] text) {
    ByteBuffer encoded = ByteBuffer.allocate(text.length * MAX_BYTES_PER_CHAR);
    CoderResult result =
        StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text), encoded, true);
    byte[] bytes = Arrays.copyOf(encoded.array(), encoded.position());
    Arrays.fill(encoded.array(), (byte) 0);
    if (result.isError()) {
      throw new IllegalArgumentException("expected a text that UTF-8 can express");
    }
    return bytes;
  }

  static byte[] encode(String text) {
    return encode(text.toCharArray());
  }

  /** Decodes a text, unless the bytes are no UTF-8. */
  static Optional<char[]> decode(byte[] bytes) {
    CharBuffer decoded = CharBuffer.allocate(bytes.length);
    CoderResult result =
        StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes), decoded, true);
    char[] text = Arrays.copyOf(decoded.array(), decoded.position());
    Arrays.fill(decoded.array(), '\0');
    return result.isError() ? Optional.empty() : Optional.of(text);
  }
}
