package io.upgradeable.tls;

import java.security.cert.CertPathValidatorException;
import java.security.cert.CertPathValidatorException.BasicReason;
import java.security.cert.Certificate;
import java.security.cert.PKIXCertPathChecker;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * {@link CertificateRules} as a part of the JDK's path validation: so they see the path that is
 * really relied on, without the anchor, and not what else the peer sent. Stateless.
 */
final class PathRules extends PKIXCertPathChecker {

  @Override
  public void init(boolean forward) {
    // Nothing to forget.
  }

  @Override
  public boolean isForwardCheckingSupported() {
    return true;
  }

  @Override
  public @Nullable Set<String> getSupportedExtensions() {
    return null;
  }

  @Override
  public void check(Certificate certificate, Collection<String> unresolvedCriticalExtensions)
      throws CertPathValidatorException {
    Optional<CertificateRules.Finding> weakness =
        CertificateRules.weakness((X509Certificate) certificate);
    if (weakness.isPresent()) {
      throw new CertPathValidatorException(
          weakness.get().text(), null, null, -1, BasicReason.ALGORITHM_CONSTRAINED);
    }
  }
}
