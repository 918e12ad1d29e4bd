package io.upgradeable.cli;

import io.upgradeable.Security;
import io.upgradeable.connect.ConnectResult;
import io.upgradeable.negotiation.TlsFacts;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;

/**
 * What became of one proxy on the way.
 *
 * @param hop the proxy
 * @param open whether its tunnel is open
 * @param answer what it said to CONNECT, if it speaks HTTP and opened the tunnel
 * @param tls the TLS with the proxy itself
 * @param certificates what it sent, leaf first, whether or not it was accepted
 */
record HopFacts(
    Way.Hop hop,
    boolean open,
    Optional<ConnectResult> answer,
    Optional<TlsFacts> tls,
    List<CertificateFacts> certificates) {

  static HopFacts of(Way.Hop hop, Optional<Object> result, Optional<TlsFacts> tls) {
    return new HopFacts(
            hop,
            result.isPresent(),
            result.filter(ConnectResult.class::isInstance).map(ConnectResult.class::cast),
            tls,
            List.of())
        .withCertificates(tls.map(TlsFacts::peerChain).orElse(List.of()));
  }

  /** How far TLS with this proxy reaches: not beyond it. */
  Security security() {
    return tls.isPresent() ? Security.HOP_ONLY : Security.PLAINTEXT;
  }

  /** Whether TLS with this proxy has this chain line. */
  boolean isTlsAt(String path) {
    return hop.tlsPath().filter(path::equals).isPresent();
  }

  HopFacts withCertificates(List<X509Certificate> chain) {
    return new HopFacts(hop, open, answer, tls, chain.stream().map(CertificateFacts::of).toList());
  }
}
