package io.upgradeable.cli;

import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import io.upgradeable.tls.TlsIdentity;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;

/**
 * Makes a certificate that only this run of the program, and whoever is given it, trusts. The only
 * class that needs the libraries for it: nobody else pays for loading them.
 */
final class ThrowAwayCertificate {

  /** What a server on this machine can be called by a client on this machine. */
  static final List<String> LOCAL_NAMES = List.of("localhost", "127.0.0.1", "::1");

  /** For clocks that disagree. */
  private static final Duration EARLIER = Duration.ofHours(1);

  private ThrowAwayCertificate() {}

  /**
   * Makes a key and its self-signed certificate.
   *
   * @param names DNS names and IP addresses that it is for
   * @param validity how long, from now
   * @return the identity
   */
  static TlsIdentity create(Collection<String> names, Duration validity) {
    Instant now = Instant.now();
    CertificateBuilder builder =
        new CertificateBuilder()
            .ecp256()
            .subject("CN=upgrade-cli throw-away certificate")
            .notBefore(now.minus(EARLIER))
            .notAfter(now.plus(validity))
            .setIsCertificateAuthority(true) // or it is no anchor of trust
            .addExtendedKeyUsageServerAuth();
    for (String name : names) {
      boolean address = name.indexOf(':') >= 0 || name.matches("[0-9.]+");
      builder = address ? builder.addSanIpAddress(name) : builder.addSanDnsName(name);
    }
    try {
      X509Bundle bundle = builder.buildSelfSigned();
      return TlsIdentity.of(bundle.getKeyPair().getPrivate(), List.of(bundle.getCertificate()));
    } catch (Exception e) {
      throw new IllegalStateException("cannot make a certificate", e);
    }
  }
}
