package io.upgradeable.tls;

/** Whether a server asks its clients for a certificate. */
public enum ClientAuthentication {
  /** The client is not asked. */
  NONE,
  /**
   * The client is asked and may decline. A certificate that it does send must be trusted, else the
   * handshake fails.
   */
  OPTIONAL,
  /** The client must send a trusted certificate, else the handshake fails. */
  REQUIRED
}
