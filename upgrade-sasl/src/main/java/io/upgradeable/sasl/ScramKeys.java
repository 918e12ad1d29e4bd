package io.upgradeable.sasl;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;

/** What both sides of SCRAM compute (RFC 5802, 3), with SHA-256. */
final class ScramKeys {

  /** RFC 7677, 4: fewer are too easily tried. */
  static final int MIN_ITERATIONS = 4096;

  /** Below a second of computing; what is advised today (600,000) is below it. */
  static final int MAX_ITERATIONS = 1_000_000;

  /** The length of SHA-256's output. */
  static final int KEY_BYTES = 32;

  private static final byte[] CLIENT_KEY = ascii("Client Key");
  private static final byte[] SERVER_KEY = ascii("Server Key");

  private ScramKeys() {}

  /**
   * Derives the salted password.
   *
   * @param prepared the password as SASLprep made it
   * @param iterations checked before, because this is what they cost
   */
  static byte[] saltedPassword(char[] prepared, byte[] salt, int iterations) {
    PBEKeySpec spec = new PBEKeySpec(prepared, salt, iterations, KEY_BYTES * Byte.SIZE);
    try {
      return SecretKeyFactory.getInstance("PBKDF2WithHmacSHA256").generateSecret(spec).getEncoded();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("no PBKDF2WithHmacSHA256", e);
    } finally {
      spec.clearPassword();
    }
  }

  static byte[] clientKey(byte[] saltedPassword) {
    return Hmac.sha256(saltedPassword, CLIENT_KEY);
  }

  static byte[] serverKey(byte[] saltedPassword) {
    return Hmac.sha256(saltedPassword, SERVER_KEY);
  }

  static byte[] storedKey(byte[] clientKey) {
    return Hmac.hashSha256(clientKey);
  }

  static byte[] signature(byte[] key, String authMessage) {
    return Hmac.sha256(key, authMessage.getBytes(StandardCharsets.UTF_8));
  }

  /** A proof of a client key, or a client key of a proof. */
  static byte[] xor(byte[] left, byte[] right) {
    byte[] result = Arrays.copyOf(left, left.length);
    for (int i = 0; i < result.length; i++) {
      result[i] ^= right[i];
    }
    return result;
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
