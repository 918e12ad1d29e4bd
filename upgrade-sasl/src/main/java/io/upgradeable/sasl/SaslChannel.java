package io.upgradeable.sasl;

import java.security.cert.X509Certificate;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What is known of the connection over which an exchange runs. Immutable.
 *
 * <p>A client says {@link #tls(X509Certificate)} with the leaf that the server showed, a server
 * with the leaf that it showed itself: both compute the same channel binding of it.
 */
public final class SaslChannel {

  private static final SaslChannel PLAINTEXT = new SaslChannel(false, false, null);

  private final boolean tls;
  private final boolean verified;
  private final byte @Nullable [] serverEndPoint;

  private SaslChannel(boolean tls, boolean verified, byte @Nullable [] serverEndPoint) {
    this.tls = tls;
    this.verified = verified;
    this.serverEndPoint = serverEndPoint;
  }

  /**
   * A connection without TLS.
   *
   * @return the channel
   */
  public static SaslChannel plaintext() {
    return PLAINTEXT;
  }

  /**
   * A connection under TLS with a server whose certificate is not known, so that nothing can be
   * bound to it.
   *
   * @return the channel, taken as verified
   */
  public static SaslChannel tls() {
    return new SaslChannel(true, true, null);
  }

  /**
   * A connection under TLS with a server whose certificate was verified, its name included.
   *
   * @param serverCertificate the server's leaf
   * @return the channel
   */
  public static SaslChannel tls(X509Certificate serverCertificate) {
    return new SaslChannel(true, true, TlsServerEndPoint.of(serverCertificate).orElse(null));
  }

  /**
   * The same connection with a peer that was not verified: anybody may be at the other end.
   *
   * @return the changed copy
   */
  public SaslChannel notVerified() {
    return new SaslChannel(tls, false, serverEndPoint);
  }

  /**
   * Whether the connection is under TLS.
   *
   * @return false for plaintext
   */
  public boolean isTls() {
    return tls;
  }

  /**
   * Whether it is known who is at the other end, and nobody else can read.
   *
   * @return true for TLS with a verified server
   */
  public boolean isVerified() {
    return verified;
  }

  /** The channel binding of type {@code tls-server-end-point}, if there is one. */
  Optional<byte[]> serverEndPoint() {
    return Optional.ofNullable(serverEndPoint);
  }

  @Override
  public String toString() {
    return tls ? verified ? "verified TLS" : "TLS without verification" : "plaintext";
  }
}
