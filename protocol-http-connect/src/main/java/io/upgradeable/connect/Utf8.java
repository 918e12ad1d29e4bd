package io.upgradeable.connect;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** A secret's characters as bytes, with no copy left behind. */
final class Utf8 {

  private static final int MOST_BYTES_PER_CHAR = 3;

  private Utf8() {}

  /** The bytes, for the caller to clear. */
  static byte[] encode(char[] secret) {
    byte[] room = new byte[secret.length * MOST_BYTES_PER_CHAR];
    ByteBuffer out = ByteBuffer.wrap(room);
    StandardCharsets.UTF_8
        .newEncoder()
        .onMalformedInput(CodingErrorAction.REPLACE)
        .encode(CharBuffer.wrap(secret), out, true);
    byte[] exact = Arrays.copyOf(room, out.position());
    Arrays.fill(room, (byte) 0);
    return exact;
  }
}
