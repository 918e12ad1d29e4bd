package io.upgradeable;

import java.io.IOException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The peer, or the way to it, failed. One subtype per kind of failure; mistakes of the caller are
 * {@link IllegalStateException} and {@link IllegalArgumentException} instead and never this.
 *
 * <p>The message has a fixed order: the layer's path, the peer, what was awaited, what came
 * instead. It may quote the peer, whose control characters are for the printer to escape; it never
 * holds a secret or injected bytes.
 */
public abstract sealed class UpgradeException extends IOException {

  private final String path;
  private final String peer;
  private final String awaited;
  private final String got;

  private UpgradeException(Where where, String got, @Nullable Throwable cause) {
    super(
        "%s: %s: expected %s, got %s".formatted(where.path(), where.peer(), where.awaited(), got),
        cause);
    this.path = where.path();
    this.peer = where.peer();
    this.awaited = where.awaited();
    this.got = got;
  }

  /**
   * Where a failure happened.
   *
   * @param path the chain line up to the layer
   * @param peer the peer's name
   * @param awaited what was waited for
   */
  public record Where(String path, String peer, String awaited) {}

  /**
   * The chain line up to the layer that failed.
   *
   * @return for instance {@code tcp(mail:587) > smtp+tls(mail)}
   */
  public final String path() {
    return path;
  }

  /**
   * The peer's name.
   *
   * @return the endpoint for a client, the address for a server
   */
  public final String peer() {
    return peer;
  }

  /**
   * What was awaited.
   *
   * @return in the protocol's words
   */
  public final String awaited() {
    return awaited;
  }

  /**
   * What came instead.
   *
   * @return in one phrase
   */
  public final String got() {
    return got;
  }

  /** No connection: the name has no address, or no address answered. */
  public static final class ConnectFailed extends UpgradeException {
    /**
     * Makes the failure.
     *
     * @param where where
     * @param got what happened
     * @param cause the system's own error
     */
    public ConnectFailed(Where where, String got, @Nullable Throwable cause) {
      super(where, got, cause);
    }
  }

  /** A time limit passed. */
  public static final class LayerTimedOut extends UpgradeException {
    private final Duration limit;

    /**
     * Makes the failure.
     *
     * @param where where
     * @param limit the time that was allowed
     */
    public LayerTimedOut(Where where, Duration limit) {
      super(where, "nothing complete within " + inWords(limit), null);
      this.limit = limit;
    }

    private static String inWords(Duration limit) {
      return limit.toMillis() % 1000 == 0 ? limit.toSeconds() + " s" : limit.toMillis() + " ms";
    }

    /**
     * The time that was allowed.
     *
     * @return the limit that passed
     */
    public Duration limit() {
      return limit;
    }
  }

  /** The peer understood and said no. */
  public static final class PeerRefused extends UpgradeException {
    private final String code;
    private final String text;
    private final boolean mayReconnect;

    /**
     * Makes the failure.
     *
     * @param where where
     * @param code the protocol's own code of the refusal
     * @param text what the peer said besides
     */
    public PeerRefused(Where where, String code, String text) {
      this(where, code, text, false);
    }

    /**
     * Makes the failure.
     *
     * @param where where
     * @param code the protocol's own code of the refusal
     * @param text what the peer said besides
     * @param mayReconnect whether the layer would ask differently on a new connection
     */
    public PeerRefused(Where where, String code, String text, boolean mayReconnect) {
      super(
          where, text.isEmpty() ? "the refusal " + code : "the refusal " + code + " " + text, null);
      this.code = code;
      this.text = text;
      this.mayReconnect = mayReconnect;
    }

    /**
     * Whether the layer would ask differently on a new connection, because it has learned how: a
     * proxy closed after its challenge. A connector opens that connection by itself, once for each
     * layer, and hands this failure on only if it could not.
     *
     * @return true if a new connection may fare better
     */
    public boolean mayReconnect() {
      return mayReconnect;
    }

    /**
     * The protocol's own code of the refusal.
     *
     * @return for instance {@code 454}
     */
    public String code() {
      return code;
    }

    /**
     * What the peer said besides.
     *
     * @return the text, perhaps empty
     */
    public String text() {
      return text;
    }
  }

  /** The peer does not offer the upgrade. */
  public static final class TlsNotOffered extends UpgradeException {
    /**
     * Makes the failure.
     *
     * @param where where
     * @param sought what was looked for in vain
     */
    public TlsNotOffered(Where where, String sought) {
      super(where, "no " + sought + " among what the peer offers", null);
    }
  }

  /** The peer broke the protocol or a limit. */
  public static final class PeerMisbehaved extends UpgradeException {
    /**
     * Makes the failure.
     *
     * @param where where, with what the protocol allows as awaited
     * @param got what came instead
     */
    public PeerMisbehaved(Where where, String got) {
      super(where, got, null);
    }
  }

  /** Plaintext arrived where only TLS may follow. The bytes themselves are nowhere kept. */
  public static final class PlaintextInjected extends UpgradeException {
    private final int byteCount;

    /**
     * Makes the failure.
     *
     * @param where where
     * @param byteCount how many plaintext bytes were seen, at least 1
     */
    public PlaintextInjected(Where where, int byteCount) {
      super(
          where,
          byteCount + (byteCount == 1 ? " byte" : " bytes") + " of plaintext across the upgrade",
          null);
      this.byteCount = byteCount;
    }

    /**
     * How many plaintext bytes were seen.
     *
     * @return at least 1
     */
    public int byteCount() {
      return byteCount;
    }
  }

  /** The TLS handshake, or a later TLS record, failed. */
  public static final class TlsFailed extends UpgradeException {
    /**
     * Makes the failure.
     *
     * @param where where
     * @param got what happened
     * @param cause the engine's own error
     */
    public TlsFailed(Where where, String got, @Nullable Throwable cause) {
      super(where, got, cause);
    }
  }

  /** The peer's certificate is not accepted. */
  public static final class CertificateRejected extends UpgradeException {
    private final transient List<X509Certificate> chain;

    /**
     * Makes the failure.
     *
     * @param where where
     * @param problem what is wrong with the certificate
     * @param chain what the peer sent, leaf first, so that it can still be shown
     * @param cause the verifier's own error
     */
    public CertificateRejected(
        Where where, String problem, List<X509Certificate> chain, @Nullable Throwable cause) {
      super(where, problem, cause);
      this.chain = List.copyOf(chain);
    }

    /**
     * What the peer sent. Nothing in it was verified.
     *
     * @return the chain, leaf first, perhaps empty
     */
    public List<X509Certificate> chain() {
      return chain;
    }
  }

  /** The peer closed early. */
  public static final class PeerClosed extends UpgradeException {
    /**
     * Makes the failure.
     *
     * @param where where
     * @param got how it closed
     * @param cause the system's own error, if there was one
     */
    public PeerClosed(Where where, String got, @Nullable Throwable cause) {
      super(where, got, cause);
    }
  }
}
