package io.upgradeable.sasl;

import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** The digests, which every JDK has. */
final class Hmac {

  private Hmac() {}

  static byte[] md5(byte[] key, byte[] data) {
    return hmac("HmacMD5", key, data);
  }

  static byte[] sha256(byte[] key, byte[] data) {
    return hmac("HmacSHA256", key, data);
  }

  /** The plain hash, without a key. */
  static byte[] hashSha256(byte[] data) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(data);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("no SHA-256", e);
    }
  }

  private static byte[] hmac(String algorithm, byte[] key, byte[] data) {
    try {
      Mac mac = Mac.getInstance(algorithm);
      mac.init(new SecretKeySpec(key, algorithm));
      return mac.doFinal(data);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("no " + algorithm, e);
    }
  }
}
