package io.upgradeable.tls;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.X509Certificate;
import java.util.Base64;

/**
 * The SHA-256 of a SubjectPublicKeyInfo (RFC 7469, section 2.4), written as curl does.
 *
 * @param base64 the digest
 */
record PublicKeyPin(String base64) {

  private static final String PREFIX = "sha256//";
  private static final int DIGEST_LENGTH = 32;

  static PublicKeyPin parse(String text) {
    if (text.startsWith(PREFIX)) {
      String base64 = text.substring(PREFIX.length());
      try {
        byte[] digest = Base64.getDecoder().decode(base64);
        if (digest.length == DIGEST_LENGTH) {
          return of(digest);
        }
      } catch (IllegalArgumentException e) {
        // Falls through to the one message that there is for every malformed pin.
      }
    }
    throw new InvalidTlsConfigurationException(
        "the pin is '%s', expected sha256// and the Base64 of 32 bytes"
            .formatted(Printable.of(text)));
  }

  static PublicKeyPin of(X509Certificate certificate) {
    try {
      MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
      return of(sha256.digest(certificate.getPublicKey().getEncoded()));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  private static PublicKeyPin of(byte[] digest) {
    return new PublicKeyPin(Base64.getEncoder().encodeToString(digest));
  }

  @Override
  public String toString() {
    return PREFIX + base64;
  }
}
