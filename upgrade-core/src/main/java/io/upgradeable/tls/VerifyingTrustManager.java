package io.upgradeable.tls;

import io.upgradeable.negotiation.Role;
import io.upgradeable.tls.CertificateProblem.Kind;
import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * Verifies the peer: first the JDK's own PKIX manager, to which the engine or socket is always
 * handed on, so that its endpoint identification stays in force (a hand-written manager that loses
 * the engine silently loses the name check: CVE-2026-50010); then our own rules, which do not rely
 * on it. Every failure is a {@link CertificateProblem}.
 */
final class VerifyingTrustManager extends X509ExtendedTrustManager {

  private final Role role;
  private final X509ExtendedTrustManager pkix;
  private final Set<X509Certificate> anchors;
  private final boolean checksName;
  private final Optional<String> configuredName;
  private final List<PublicKeyPin> pins;

  VerifyingTrustManager(
      Role role,
      Set<X509Certificate> anchors,
      boolean checksName,
      Optional<String> configuredName,
      List<PublicKeyPin> pins) {
    this.role = role;
    this.pkix = PkixTrustManagers.trusting(anchors);
    this.anchors = anchors;
    this.checksName = checksName;
    this.configuredName = configuredName;
    this.pins = pins;
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    requireRole(Role.CLIENT);
    verify(
        chain,
        engine == null ? null : engine.getPeerHost(),
        () -> pkix.checkServerTrusted(chain, authType, engine));
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
      throws CertificateException {
    requireRole(Role.CLIENT);
    verify(chain, peerHost(socket), () -> pkix.checkServerTrusted(chain, authType, socket));
  }

  /** Without a connection nobody can say which name is expected: not trusted, unless none is. */
  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    requireRole(Role.CLIENT);
    if (checksName) {
      throw new CertificateProblem(
          Kind.WRONG_NAME,
          "the certificate cannot be checked for a name without its connection",
          CertificateRules.bounded(chain));
    }
    verify(chain, null, () -> pkix.checkServerTrusted(chain, authType));
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    requireRole(Role.SERVER);
    verify(chain, null, () -> pkix.checkClientTrusted(chain, authType, engine));
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
      throws CertificateException {
    requireRole(Role.SERVER);
    verify(chain, null, () -> pkix.checkClientTrusted(chain, authType, socket));
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    requireRole(Role.SERVER);
    verify(chain, null, () -> pkix.checkClientTrusted(chain, authType));
  }

  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return pkix.getAcceptedIssuers();
  }

  /** The JDK's part of the verification. */
  private interface PkixCheck {
    void run() throws CertificateException;
  }

  private void verify(X509Certificate[] presented, @Nullable String peerHost, PkixCheck pkixCheck)
      throws CertificateProblem {
    List<X509Certificate> chain = CertificateRules.bounded(presented);
    X509Certificate leaf = chain.get(0);
    Optional<PeerName> name =
        checksName ? Optional.of(nameToVerify(chain, peerHost)) : Optional.empty();
    try {
      pkixCheck.run();
    } catch (CertificateException e) {
      throw new Diagnosis(chain, anchors, name).problem(e);
    }
    // The JDK validates nothing at all on a leaf that is itself trusted: neither do PathRules see
    // it.
    Optional<CertificateRules.Finding> finding =
        CertificateRules.outOfDate(leaf).or(() -> CertificateRules.weakKey(leaf));
    if (finding.isPresent()) {
      throw new CertificateProblem(finding.get().kind(), finding.get().text(), chain);
    }
    Optional<String> wrongName = name.flatMap(it -> NameCheck.problem(leaf, it));
    if (wrongName.isPresent()) {
      throw new CertificateProblem(Kind.WRONG_NAME, wrongName.get(), chain);
    }
    PinCheck.check(chain, pins);
  }

  private PeerName nameToVerify(List<X509Certificate> chain, @Nullable String peerHost)
      throws CertificateProblem {
    Optional<String> text = configuredName.or(() -> Optional.ofNullable(peerHost));
    if (text.isEmpty() || text.get().isEmpty()) {
      throw new CertificateProblem(
          Kind.WRONG_NAME,
          "the certificate cannot be checked for a name: the connection has none",
          chain);
    }
    Optional<PeerName> name = text.flatMap(PeerName::parse);
    if (name.isEmpty()) {
      throw new CertificateProblem(
          Kind.WRONG_NAME,
          "the certificate cannot be for '%s', which is no DNS name and no IP address"
              .formatted(Printable.of(text.get())),
          chain);
    }
    return name.get();
  }

  private static @Nullable String peerHost(@Nullable Socket socket) {
    SSLSession session = socket instanceof SSLSocket tls ? tls.getHandshakeSession() : null;
    return session == null ? null : session.getPeerHost();
  }

  private void requireRole(Role needed) throws CertificateProblem {
    if (role != needed) {
      throw new CertificateProblem(
          Kind.OTHER, "this policy is for " + TlsPolicy.text(role), List.of());
    }
  }
}
