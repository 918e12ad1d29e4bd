package io.upgradeable.tls;

import io.upgradeable.tls.CertificateProblem.Kind;
import java.io.IOException;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECKey;
import java.security.interfaces.RSAKey;
import java.security.spec.PSSParameterSpec;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * What we demand of certificates beyond the JDK, which still takes RSA keys of 1024 bits and SHA-1
 * signatures of private authorities. Names are the business of {@link NameCheck}.
 */
final class CertificateRules {

  /** Real chains have two to four; a chain of hundreds is an attack on whoever verifies it. */
  static final int MAX_CHAIN_CERTIFICATES = 16;

  private static final int MAX_CHAIN_BYTES = 64 * 1024;

  // NIST SP 800-131A: less has less than 112 bits of security.
  private static final int MIN_RSA_BITS = 2048;
  private static final int MIN_EC_BITS = 224;

  /** The object identifiers of signatures over MD2, MD4, MD5 and SHA-1. */
  private static final Set<String> WEAK_SIGNATURES =
      Set.of(
          "1.2.840.113549.1.1.2",
          "1.2.840.113549.1.1.3",
          "1.2.840.113549.1.1.4",
          "1.2.840.113549.1.1.5",
          "1.3.14.3.2.3",
          "1.3.14.3.2.13",
          "1.3.14.3.2.15",
          "1.3.14.3.2.27",
          "1.3.14.3.2.29",
          "1.2.840.10040.4.3",
          "1.2.840.10045.4.1");

  private static final String RSASSA_PSS = "1.2.840.113549.1.1.10";

  private CertificateRules() {}

  /** A kind and a line of text: what one certificate is refused for. */
  record Finding(Kind kind, String text) {}

  /** What the peer sent, as a list, if it is not too much. */
  static List<X509Certificate> bounded(X509Certificate[] chain) throws CertificateProblem {
    if (chain == null || chain.length == 0) {
      throw new CertificateProblem(Kind.OTHER, "the peer sent no certificate", List.of());
    }
    if (chain.length > MAX_CHAIN_CERTIFICATES) {
      throw new CertificateProblem(
          Kind.OTHER,
          "the peer sent %d certificates, at most %d expected"
              .formatted(chain.length, MAX_CHAIN_CERTIFICATES),
          List.of(chain).subList(0, MAX_CHAIN_CERTIFICATES));
    }
    List<X509Certificate> certificates = List.of(chain);
    long bytes = 0;
    for (X509Certificate certificate : certificates) {
      try {
        bytes += certificate.getEncoded().length;
      } catch (CertificateEncodingException e) {
        throw new CertificateProblem(
            Kind.OTHER, "the peer sent a malformed certificate", certificates, e);
      }
    }
    if (bytes > MAX_CHAIN_BYTES) {
      throw new CertificateProblem(
          Kind.OTHER,
          "the peer sent %d bytes of certificates, at most %d expected"
              .formatted(bytes, MAX_CHAIN_BYTES),
          certificates);
    }
    return certificates;
  }

  /** Too weak a key or signature. */
  static Optional<Finding> weakness(X509Certificate certificate) {
    return weakKey(certificate).or(() -> weakSignature(certificate));
  }

  /** Too weak a key. */
  static Optional<Finding> weakKey(X509Certificate certificate) {
    PublicKey key = certificate.getPublicKey();
    String algorithm = key.getAlgorithm().toUpperCase(Locale.ROOT);
    Optional<String> weakness =
        switch (algorithm) {
          case "RSA", "RSASSA-PSS" -> tooShort("RSA", rsaBits(key), MIN_RSA_BITS);
          case "EC" -> tooShort("EC", ecBits(key), MIN_EC_BITS);
          case "DSA" -> Optional.of("DSA key, RSA, EC or EdDSA expected");
          default -> Optional.empty();
        };
    return weakness.map(text -> new Finding(Kind.WEAK, text + " " + of(certificate)));
  }

  private static Optional<String> tooShort(String what, int bits, int minimum) {
    if (bits >= minimum) {
      return Optional.empty();
    }
    String size = bits == 0 ? "unknown size" : bits + " bits";
    return Optional.of("%s key of %s, at least %d expected".formatted(what, size, minimum));
  }

  private static int rsaBits(PublicKey key) {
    return key instanceof RSAKey rsa ? rsa.getModulus().bitLength() : 0;
  }

  private static int ecBits(PublicKey key) {
    return key instanceof ECKey ec ? ec.getParams().getOrder().bitLength() : 0;
  }

  /** A signature over a hash for which collisions can be made. */
  static Optional<Finding> weakSignature(X509Certificate certificate) {
    String oid = certificate.getSigAlgOID();
    boolean weak =
        WEAK_SIGNATURES.contains(oid) || (oid.equals(RSASSA_PSS) && isWeakPss(certificate));
    return weak
        ? Optional.of(
            new Finding(
                Kind.WEAK,
                "signature by %s, SHA-256 or better expected %s"
                    .formatted(Printable.of(certificate.getSigAlgName()), of(certificate))))
        : Optional.empty();
  }

  private static boolean isWeakPss(X509Certificate certificate) {
    byte[] encoded = certificate.getSigAlgParams();
    if (encoded == null) {
      return true; // RFC 4055, section 3.1: absent means SHA-1.
    }
    try {
      AlgorithmParameters parameters = AlgorithmParameters.getInstance("RSASSA-PSS");
      parameters.init(encoded);
      String digest = parameters.getParameterSpec(PSSParameterSpec.class).getDigestAlgorithm();
      return Set.of("SHA-1", "SHA1", "MD5", "MD2").contains(digest.toUpperCase(Locale.ROOT));
    } catch (IOException | GeneralSecurityException e) {
      return true;
    }
  }

  /** Out of its dates. */
  static Optional<Finding> outOfDate(X509Certificate certificate) {
    Instant now = Instant.now();
    Instant notBefore = certificate.getNotBefore().toInstant();
    Instant notAfter = certificate.getNotAfter().toInstant();
    if (now.isAfter(notAfter)) {
      return Optional.of(
          new Finding(Kind.EXPIRED, whose(certificate) + " expired on " + day(notAfter)));
    }
    if (now.isBefore(notBefore)) {
      return Optional.of(
          new Finding(
              Kind.NOT_YET_VALID, whose(certificate) + " is not valid before " + day(notBefore)));
    }
    return Optional.empty();
  }

  private static String whose(X509Certificate certificate) {
    return "the certificate " + Printable.subject(certificate);
  }

  private static String of(X509Certificate certificate) {
    return "(certificate " + Printable.subject(certificate) + ")";
  }

  private static String day(Instant instant) {
    return instant.atOffset(ZoneOffset.UTC).toLocalDate().toString();
  }
}
