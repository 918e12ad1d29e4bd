package io.upgradeable;

import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import io.upgradeable.tls.TlsEngine;
import io.upgradeable.tls.TlsIdentity;
import io.upgradeable.tls.TlsPolicy;
import java.net.InetAddress;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;

/** A throw-away server certificate and the policies that go with it. */
public final class TestIdentity {

  private final X509Bundle bundle;

  private TestIdentity(X509Bundle bundle) {
    this.bundle = bundle;
  }

  /** A certificate for DNS names and for 127.0.0.1. */
  public static TestIdentity forNames(String... names) {
    try {
      CertificateBuilder builder =
          new CertificateBuilder()
              .subject("CN=" + names[0])
              .setIsCertificateAuthority(true)
              .notBefore(Instant.now().minusSeconds(60))
              .notAfter(Instant.now().plusSeconds(3600));
      for (String name : names) {
        builder.addSanDnsName(name);
      }
      builder.addSanIpAddress(InetAddress.getLoopbackAddress());
      return new TestIdentity(builder.buildSelfSigned());
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  /** A server's key of the Edwards curve, with its certificate. */
  public static TlsIdentity ed25519(String name) {
    try {
      X509Bundle bundle =
          new CertificateBuilder()
              .algorithm(CertificateBuilder.Algorithm.ed25519)
              .subject("CN=" + name)
              .setIsCertificateAuthority(true)
              .addSanDnsName(name)
              .addSanIpAddress(InetAddress.getLoopbackAddress())
              .buildSelfSigned();
      return TlsIdentity.of(bundle.getKeyPair().getPrivate(), List.of(bundle.getCertificatePath()));
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  public TlsPolicy.Builder server() {
    return TlsPolicy.server()
        .identity(
            TlsIdentity.of(bundle.getKeyPair().getPrivate(), List.of(bundle.getCertificatePath())));
  }

  public TlsPolicy server(TlsEngine engine) {
    return server().engine(engine).build();
  }

  public TlsPolicy.Builder client() {
    return TlsPolicy.client().trust(List.of(certificate()));
  }

  public TlsPolicy client(TlsEngine engine) {
    return client().engine(engine).build();
  }

  public X509Certificate certificate() {
    return bundle.getCertificate();
  }
}
