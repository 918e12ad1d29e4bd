package io.upgradeable.cli;

import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.security.interfaces.DSAKey;
import java.security.interfaces.ECKey;
import java.security.interfaces.RSAKey;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;

/** Why clients will not accept a server's own certificate, as far as it alone can tell. */
final class CertificateWarning {

  private static final int MIN_RSA_BITS = 2048;
  private static final int MIN_EC_BITS = 224;

  private CertificateWarning() {}

  /** The end of a sentence that begins with the certificate; empty if nothing is wrong. */
  static Optional<String> of(X509Certificate certificate) {
    Instant now = Instant.now();
    Instant begin = certificate.getNotBefore().toInstant();
    Instant end = certificate.getNotAfter().toInstant();
    if (now.isAfter(end)) {
      return Optional.of("expired on " + end);
    } else if (now.isBefore(begin)) {
      return Optional.of("is not valid before " + begin);
    }
    return weakKey(certificate.getPublicKey()).or(() -> weakSignature(certificate));
  }

  private static Optional<String> weakKey(PublicKey key) {
    if (key instanceof RSAKey rsa && rsa.getModulus().bitLength() < MIN_RSA_BITS) {
      return Optional.of(tooShort("RSA", rsa.getModulus().bitLength(), MIN_RSA_BITS));
    } else if (key instanceof ECKey ec && ecBits(ec) < MIN_EC_BITS) {
      return Optional.of(tooShort("EC", ecBits(ec), MIN_EC_BITS));
    }
    return key instanceof DSAKey
        ? Optional.of("has a DSA key, which is too weak")
        : Optional.empty();
  }

  private static int ecBits(ECKey key) {
    return key.getParams().getOrder().bitLength();
  }

  private static String tooShort(String algorithm, int bits, int minimum) {
    return "has too weak a key: expected %s of at least %d bits, got %d"
        .formatted(algorithm, minimum, bits);
  }

  /** The signature of one that signed itself proves nothing, whatever its algorithm. */
  private static Optional<String> weakSignature(X509Certificate certificate) {
    String algorithm = certificate.getSigAlgName().toUpperCase(Locale.ROOT);
    boolean own =
        certificate.getSubjectX500Principal().equals(certificate.getIssuerX500Principal());
    boolean weak = algorithm.startsWith("SHA1") || algorithm.startsWith("MD");
    return weak && !own
        ? Optional.of("has too weak a signature: " + Printable.line(certificate.getSigAlgName()))
        : Optional.empty();
  }
}
