package io.upgradeable.cli;

import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.CertificateBuilder.ExtendedKeyUsage;
import io.netty.pkitesting.CertificateBuilder.KeyUsage;
import io.netty.pkitesting.X509Bundle;
import io.upgradeable.tls.TlsIdentity;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;

/**
 * Makes a self-signed certificate for a server that whoever is given it trusts, and nobody else.
 * Its key is on P-256 and leaves the process nowhere.
 */
final class ThrowAwayCertificate {

  /** What a server on this machine can be called by a client on this machine. */
  static final List<String> LOCAL_NAMES = List.of("localhost", "127.0.0.1", "::1");

  /** For clocks that disagree. */
  private static final Duration EARLIER = Duration.ofHours(1);

  private ThrowAwayCertificate() {}

  /**
   * Makes a key and its certificate.
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
            // Its own authority, as "openssl req -x509" makes it: all clients know how to trust
            // that.
            .setIsCertificateAuthority(true)
            .setKeyUsage(true, KeyUsage.digitalSignature, KeyUsage.keyCertSign)
            .addExtendedKeyUsage(ExtendedKeyUsage.PKIX_KP_SERVER_AUTH);
    names.forEach(name -> addName(builder, name));
    try {
      X509Bundle bundle = builder.buildSelfSigned();
      return TlsIdentity.of(bundle.getKeyPair().getPrivate(), List.of(bundle.getCertificate()));
    } catch (Exception e) {
      throw new IllegalStateException("every JDK has P-256 and X.509", e);
    }
  }

  private static void addName(CertificateBuilder builder, String name) {
    boolean address = name.indexOf(':') >= 0 || name.matches("[0-9.]+");
    if (!address) {
      builder.addSanDnsName(name);
      return;
    }
    try {
      for (InetAddress literal : InetAddress.getAllByName(name)) { // a literal is not looked up
        builder.addSanIpAddress(literal);
      }
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException("expected an IP address, got '" + name + "'", e);
    }
  }
}
