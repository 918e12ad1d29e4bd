package io.upgradeable.tls;

/**
 * What becomes of a connection whose peer does not offer the upgrade, or refuses it. Once TLS has
 * begun there is no difference: a handshake that fails always ends the connection.
 */
public enum TlsRequirement {
  /**
   * No TLS, no connection: nothing but the upgrade's own dialogue is ever sent in plaintext. The
   * default everywhere.
   */
  REQUIRED,

  /**
   * Goes on in plaintext where the peer says that it has no TLS. This protects against nobody who
   * can change bytes on the way: removing the offer is all that it takes (RFC 7435). The outcome is
   * reported by a type of its own and never as secure.
   */
  OPPORTUNISTIC
}
