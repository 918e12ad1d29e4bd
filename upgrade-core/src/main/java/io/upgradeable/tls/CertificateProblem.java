package io.upgradeable.tls;

import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Why the peer's certificate is not accepted. It is the cause of the handshake's failure and still
 * has the chain, so that what was refused can be shown.
 *
 * <p>The message is one line; what it quotes from the certificate has its control characters
 * replaced.
 */
public final class CertificateProblem extends CertificateException {

  /** What is wrong with the certificate. */
  public enum Kind {
    /** The chain leads to no trusted authority. */
    UNTRUSTED,
    /** A certificate of the chain is no longer valid. */
    EXPIRED,
    /** A certificate of the chain is not valid yet. */
    NOT_YET_VALID,
    /** The certificate is for another name, or there is no name to check it against. */
    WRONG_NAME,
    /** The certificate's key is none of the pinned ones. */
    PIN_MISMATCH,
    /** A key or a signature of the chain is too weak. */
    WEAK,
    /** A certificate of the chain was revoked, or that could not be found out as it must be. */
    REVOKED,
    /** Anything else: the chain is missing, malformed, too big, or not meant for TLS. */
    OTHER
  }

  private final Kind kind;
  private final transient List<X509Certificate> chain;

  CertificateProblem(Kind kind, String message, List<X509Certificate> chain) {
    this(kind, message, chain, null);
  }

  CertificateProblem(
      Kind kind, String message, List<X509Certificate> chain, @Nullable Throwable cause) {
    super(message, cause);
    this.kind = kind;
    this.chain = List.copyOf(chain);
  }

  /**
   * What is wrong.
   *
   * @return the kind
   */
  public Kind kind() {
    return kind;
  }

  /**
   * What the peer sent. Nothing in it may be relied on.
   *
   * @return the chain, leaf first, perhaps empty
   */
  public List<X509Certificate> chain() {
    return chain;
  }
}
