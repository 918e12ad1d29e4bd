package io.upgradeable.tls;

import java.io.ByteArrayInputStream;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads the certificates of a PEM file; other blocks, such as a private key, are left alone. */
final class PemCertificates {

  private static final Set<String> LABELS = Set.of("CERTIFICATE", "X509 CERTIFICATE");

  private PemCertificates() {}

  /** At least one certificate, in the order of the file. */
  static List<X509Certificate> read(Path file, String what) {
    List<X509Certificate> certificates = readIfAny(file, what);
    if (certificates.isEmpty()) {
      throw new InvalidTlsConfigurationException(
          "the %s %s holds no certificate, expected PEM with BEGIN CERTIFICATE%s"
              .formatted(what, file, PemFile.looksLike(file, what)));
    }
    return certificates;
  }

  /** The certificates of the file, perhaps none. */
  static List<X509Certificate> readIfAny(Path file, String what) {
    List<X509Certificate> certificates = new ArrayList<>();
    for (PemFile.Block block : PemFile.read(file, what)) {
      if (LABELS.contains(block.label())) {
        certificates.add(decode(block, file, what));
      }
    }
    return certificates;
  }

  private static X509Certificate decode(PemFile.Block block, Path file, String what) {
    try {
      ByteArrayInputStream der = new ByteArrayInputStream(block.der());
      if (CertificateFactory.getInstance("X.509").generateCertificate(der)
              instanceof X509Certificate certificate
          && der.available() == 0) {
        return certificate;
      }
    } catch (CertificateException e) {
      throw malformed(block, file, what, e);
    }
    throw malformed(block, file, what, null);
  }

  private static InvalidTlsConfigurationException malformed(
      PemFile.Block block, Path file, String what, @Nullable CertificateException cause) {
    return new InvalidTlsConfigurationException(
        "the %s %s has a block at line %d that is no X.509 certificate"
            .formatted(what, file, block.line()),
        cause);
  }
}
