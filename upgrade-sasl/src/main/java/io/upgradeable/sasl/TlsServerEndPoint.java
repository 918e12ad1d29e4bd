package io.upgradeable.sasl;

import java.io.IOException;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.cert.X509Certificate;
import java.security.spec.PSSParameterSpec;
import java.util.Locale;
import java.util.Optional;

/** The channel binding {@code tls-server-end-point} (RFC 5929, 4.1): a hash of the certificate. */
final class TlsServerEndPoint {

  /** The binding's name in SCRAM. */
  static final String NAME = "tls-server-end-point";

  private static final String PSS = "RSASSA-PSS";

  private TlsServerEndPoint() {}

  /**
   * Hashes a certificate by the hash of its signature; SHA-256 instead of MD5 and SHA-1.
   *
   * @return the binding; nothing for a signature without a hash of its own (Ed25519, Ed448), for
   *     which the RFC defines none
   */
  static Optional<byte[]> of(X509Certificate certificate) {
    try {
      Optional<String> hash = signatureHash(certificate).map(TlsServerEndPoint::atLeastSha256);
      return hash.isEmpty()
          ? Optional.empty()
          : Optional.of(MessageDigest.getInstance(hash.get()).digest(certificate.getEncoded()));
    } catch (GeneralSecurityException unusable) {
      return Optional.empty(); // Without a binding there is no -PLUS, which is what a server sees.
    }
  }

  private static Optional<String> signatureHash(X509Certificate certificate)
      throws GeneralSecurityException {
    String algorithm = certificate.getSigAlgName().toUpperCase(Locale.ROOT);
    if (algorithm.equals(PSS)) {
      AlgorithmParameters parameters = AlgorithmParameters.getInstance(PSS);
      try {
        parameters.init(certificate.getSigAlgParams());
      } catch (IOException broken) {
        return Optional.empty();
      }
      return Optional.of(parameters.getParameterSpec(PSSParameterSpec.class).getDigestAlgorithm());
    }
    int with = algorithm.indexOf("WITH");
    return with < 0 ? Optional.empty() : Optional.of(algorithm.substring(0, with));
  }

  /** From the JDK's names in signatures to its names of digests. */
  private static String atLeastSha256(String hash) {
    return switch (hash) {
      case "MD5", "SHA1", "SHA-1" -> "SHA-256";
      default ->
          hash.startsWith("SHA") && Character.isDigit(hash.charAt(3))
              ? hash.startsWith("SHA3-") ? hash : "SHA-" + hash.substring(3)
              : hash;
    };
  }
}
