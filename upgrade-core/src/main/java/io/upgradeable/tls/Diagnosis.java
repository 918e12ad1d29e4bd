package io.upgradeable.tls;

import io.upgradeable.tls.CertificateProblem.Kind;
import io.upgradeable.tls.CertificateRules.Finding;
import java.security.GeneralSecurityException;
import java.security.cert.CertPath;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertPathValidatorException.BasicReason;
import java.security.cert.CertPathValidatorException.Reason;
import java.security.cert.CertificateException;
import java.security.cert.PKIXReason;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Turns the JDK's refusal of a chain, three exceptions deep and in words for programmers, into a
 * {@link CertificateProblem}. Only the explanation is made here: refused it is in any case.
 */
final class Diagnosis {

  private static final int MAX_CAUSES = 16;

  /** The JDK's words for a name that it found wrong although we did not, or did not look. */
  private static final Pattern WRONG_NAME =
      Pattern.compile("No (subject alternative|name matching)|Illegal given domain name");

  /** Reasons for which the chain is none, as opposed to one that is not meant for this use. */
  private static final Set<Reason> BREAKS_THE_PATH =
      Set.of(
          BasicReason.INVALID_SIGNATURE,
          PKIXReason.NO_TRUST_ANCHOR,
          PKIXReason.NAME_CHAINING,
          PKIXReason.NOT_CA_CERT,
          PKIXReason.PATH_TOO_LONG,
          PKIXReason.INVALID_NAME);

  private final List<X509Certificate> chain;
  private final Set<X509Certificate> anchors;
  private final Optional<PeerName> name;

  Diagnosis(List<X509Certificate> chain, Set<X509Certificate> anchors, Optional<PeerName> name) {
    this.chain = chain;
    this.anchors = anchors;
    this.name = name;
  }

  CertificateProblem problem(CertificateException refusal) {
    Finding finding = explain(refusal);
    return new CertificateProblem(finding.kind(), finding.text(), chain, refusal);
  }

  private Finding explain(CertificateException refusal) {
    boolean plain = refusal.getClass() == CertificateException.class;
    if (plain && (refusal.getCause() == null || WRONG_NAME.matcher(text(refusal)).lookingAt())) {
      // The path was good; the JDK's endpoint identification throws this plain type.
      return wrongName(refusal);
    }
    Throwable cause = refusal;
    for (int i = 0; i < MAX_CAUSES && cause != null; i++, cause = cause.getCause()) {
      if (cause instanceof CertPathValidatorException invalid) {
        return invalidPath(invalid);
      }
    }
    if (refusal.getCause() == null) {
      return other(Kind.OTHER, refusal);
    }
    return noPath();
  }

  private Finding wrongName(CertificateException refusal) {
    return name.flatMap(it -> NameCheck.problem(chain.get(0), it))
        .map(text -> new Finding(Kind.WRONG_NAME, text))
        .orElseGet(
            () ->
                other(
                    WRONG_NAME.matcher(text(refusal)).lookingAt() ? Kind.WRONG_NAME : Kind.OTHER,
                    refusal));
  }

  private Finding invalidPath(CertPathValidatorException invalid) {
    Reason reason = invalid.getReason();
    X509Certificate culprit = culprit(invalid);
    if (reason == BasicReason.EXPIRED || reason == BasicReason.NOT_YET_VALID) {
      Kind kind = reason == BasicReason.EXPIRED ? Kind.EXPIRED : Kind.NOT_YET_VALID;
      return CertificateRules.outOfDate(culprit).orElseGet(() -> other(kind, invalid));
    }
    if (reason == BasicReason.ALGORITHM_CONSTRAINED) {
      return CertificateRules.weakness(culprit).orElseGet(() -> other(Kind.WEAK, invalid));
    }
    if (reason == BasicReason.REVOKED) {
      return new Finding(
          Kind.REVOKED, "the certificate " + Printable.subject(culprit) + " was revoked");
    }
    if (reason == BasicReason.UNDETERMINED_REVOCATION_STATUS) {
      return new Finding(
          Kind.REVOKED,
          "whether the certificate "
              + Printable.subject(culprit)
              + " was revoked cannot be found out");
    }
    return other(BREAKS_THE_PATH.contains(reason) ? Kind.UNTRUSTED : Kind.OTHER, invalid);
  }

  private X509Certificate culprit(CertPathValidatorException invalid) {
    CertPath path = invalid.getCertPath();
    int index = invalid.getIndex();
    boolean known = path != null && index >= 0 && index < path.getCertificates().size();
    return known && path.getCertificates().get(index) instanceof X509Certificate certificate
        ? certificate
        : chain.get(0);
  }

  /** The JDK found no path and doesn't say why; the first break in the chain is the reason. */
  private Finding noPath() {
    List<X509Certificate> path = new ArrayList<>(List.of(chain.get(0)));
    boolean trusted = false;
    while (!trusted && path.size() <= chain.size()) {
      X509Certificate top = path.get(path.size() - 1);
      trusted = issuer(top, anchors).isPresent();
      Optional<X509Certificate> next =
          trusted ? Optional.empty() : issuer(top, chain).filter(it -> !path.contains(it));
      if (next.isEmpty()) {
        break;
      }
      path.add(next.get());
    }
    return trusted ? brokenPath(path) : untrusted(path);
  }

  private static Finding brokenPath(List<X509Certificate> path) {
    for (X509Certificate certificate : path) {
      Optional<Finding> finding =
          CertificateRules.outOfDate(certificate).or(() -> CertificateRules.weakness(certificate));
      if (finding.isPresent()) {
        return finding.get();
      }
    }
    return new Finding(
        Kind.UNTRUSTED,
        "no valid chain leads from the certificate %s to a trusted authority"
            .formatted(Printable.subject(path.get(0))));
  }

  private static Finding untrusted(List<X509Certificate> path) {
    X509Certificate top = path.get(path.size() - 1);
    boolean selfIssued = top.getSubjectX500Principal().equals(top.getIssuerX500Principal());
    if (selfIssued && path.size() == 1) {
      return new Finding(
          Kind.UNTRUSTED,
          "the certificate %s is self-signed and not trusted".formatted(Printable.subject(top)));
    }
    return new Finding(
        Kind.UNTRUSTED,
        selfIssued
            ? "the authority %s is not trusted".formatted(Printable.subject(top))
            : "the issuer %s of the certificate %s is neither trusted nor in the chain"
                .formatted(Printable.issuer(top), Printable.subject(top)));
  }

  private static Optional<X509Certificate> issuer(
      X509Certificate certificate, Collection<X509Certificate> candidates) {
    for (X509Certificate candidate : candidates) {
      if (candidate.getSubjectX500Principal().equals(certificate.getIssuerX500Principal())
          && isSignedBy(certificate, candidate)) {
        return Optional.of(candidate);
      }
    }
    return Optional.empty();
  }

  private static boolean isSignedBy(X509Certificate certificate, X509Certificate issuer) {
    try {
      certificate.verify(issuer.getPublicKey());
      return true;
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  private static Finding other(Kind kind, Exception refusal) {
    return new Finding(kind, "the certificate is not accepted: " + text(refusal));
  }

  private static String text(Exception refusal) {
    String message = refusal.getMessage();
    return Printable.of(message == null ? refusal.getClass().getSimpleName() : message);
  }
}
