package io.upgradeable.connect;

import io.upgradeable.Endpoint;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;

/**
 * A token of the scheme Negotiate (RFC 4559), made ahead, because to make one asks a Kerberos
 * server and an event loop must not wait. It serves one connection: a proxy takes no token twice.
 */
public final class NegotiateToken {

  private final AtomicReference<byte[]> token;

  private NegotiateToken(byte[] token) {
    this.token = new AtomicReference<>(token);
  }

  /**
   * Asks the JDK's GSS for a token, with the Kerberos credentials of the current user. Blocks.
   *
   * @param proxy the proxy, whose service is {@code HTTP@host}
   * @return the token
   * @throws IOException if there are no credentials, or no ticket for the proxy
   * @throws UnsupportedOperationException if this runtime has no module java.security.jgss
   */
  public static NegotiateToken acquire(Endpoint proxy) throws IOException {
    try {
      return new NegotiateToken(KerberosToken.forService("HTTP@" + proxy.host()));
    } catch (NoClassDefFoundError absent) {
      throw new UnsupportedOperationException(
          "Negotiate needs the module java.security.jgss, which this runtime leaves out", absent);
    }
  }

  /**
   * A token from elsewhere.
   *
   * @param token the bytes, before base64; copied
   * @return the token
   */
  public static NegotiateToken of(byte[] token) {
    return new NegotiateToken(token.clone());
  }

  /** The bytes, once. */
  Optional<byte[]> take() {
    return Optional.ofNullable(token.getAndSet(null));
  }

  /** Tells nothing. */
  @Override
  public String toString() {
    return "<redacted>";
  }
}
