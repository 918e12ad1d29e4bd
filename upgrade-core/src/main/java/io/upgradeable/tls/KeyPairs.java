package io.upgradeable.tls;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.interfaces.RSAKey;
import java.util.Locale;

/** Finds out whether a private and a public key are one pair. */
final class KeyPairs {

  private static final byte[] CHALLENGE = "upgradeable".getBytes(StandardCharsets.US_ASCII);

  private KeyPairs() {}

  static boolean belongTogether(PrivateKey privateKey, PublicKey publicKey) {
    if (privateKey instanceof RSAKey mine && publicKey instanceof RSAKey theirs) {
      return mine.getModulus().equals(theirs.getModulus());
    }
    // Not every key shows its numbers: one in a hardware token can only be asked to sign.
    try {
      String algorithm = signature(privateKey);
      Signature signer = Signature.getInstance(algorithm);
      signer.initSign(privateKey);
      signer.update(CHALLENGE);
      byte[] signed = signer.sign();
      Signature verifier = Signature.getInstance(algorithm);
      verifier.initVerify(publicKey);
      verifier.update(CHALLENGE);
      return verifier.verify(signed);
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  private static String signature(PrivateKey key) {
    return switch (key.getAlgorithm().toUpperCase(Locale.ROOT)) {
      case "RSA" -> "SHA256withRSA";
      case "EC" -> "SHA256withECDSA";
      default -> key.getAlgorithm();
    };
  }
}
