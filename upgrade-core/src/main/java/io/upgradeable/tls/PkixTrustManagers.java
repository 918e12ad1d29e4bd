package io.upgradeable.tls;

import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import java.util.HashSet;
import java.util.Set;
import javax.net.ssl.CertPathTrustManagerParameters;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;

/** Gets the JDK's own trust managers, the only ones that we build on. */
final class PkixTrustManagers {

  private static final String PKIX = "PKIX";

  /** The JDK's switch for revocation checks; its own trust managers look at it, so ours do too. */
  private static final String CHECK_REVOCATION = "com.sun.net.ssl.checkRevocation";

  private PkixTrustManagers() {}

  /** A manager that trusts these authorities, and applies {@link PathRules} on the way to them. */
  static X509ExtendedTrustManager trusting(Set<X509Certificate> authorities) {
    Set<TrustAnchor> anchors = new HashSet<>();
    for (X509Certificate authority : authorities) {
      anchors.add(new TrustAnchor(authority, null));
    }
    try {
      PKIXBuilderParameters parameters = new PKIXBuilderParameters(anchors, new X509CertSelector());
      parameters.setRevocationEnabled(Boolean.getBoolean(CHECK_REVOCATION));
      parameters.addCertPathChecker(new PathRules());
      TrustManagerFactory factory = TrustManagerFactory.getInstance(PKIX);
      factory.init(new CertPathTrustManagerParameters(parameters));
      return extended(factory);
    } catch (GeneralSecurityException e) {
      throw new InvalidTlsConfigurationException(
          "the trusted certificates cannot be used: " + e.getMessage(), e);
    }
  }

  /** What the JDK trusts by default. */
  static X509Certificate[] systemAuthorities() {
    try {
      TrustManagerFactory factory = TrustManagerFactory.getInstance(PKIX);
      factory.init((KeyStore) null);
      return extended(factory).getAcceptedIssuers();
    } catch (GeneralSecurityException e) {
      throw new InvalidTlsConfigurationException(
          "the JDK's default trust store cannot be read: " + e.getMessage(), e);
    }
  }

  private static X509ExtendedTrustManager extended(TrustManagerFactory factory) {
    for (TrustManager manager : factory.getTrustManagers()) {
      if (manager instanceof X509ExtendedTrustManager extended) {
        return extended;
      }
    }
    throw new InvalidTlsConfigurationException(
        "the security provider %s has no extended trust manager, expected the JDK's SunJSSE"
            .formatted(factory.getProvider().getName()));
  }
}
