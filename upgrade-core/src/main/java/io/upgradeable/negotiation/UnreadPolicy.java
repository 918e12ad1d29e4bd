package io.upgradeable.negotiation;

/** What becomes of bytes that are unread at the moment of {@link Step.StartTls}. */
public enum UnreadPolicy {
  /**
   * Any unread byte, be it half a line, fails the connection as injected plaintext. For every
   * protocol in which one side waits for the other's go-ahead (SMTP, LDAP, TLS after a CONNECT
   * answer): an honest peer has nothing to say there.
   */
  REJECT,

  /**
   * Unread bytes must begin a TLS handshake record and go into the TLS engine. Only for protocols
   * without a go-ahead (ping, a PROXY preface), where the peer's ClientHello may share the segment
   * with the last plaintext line.
   */
  TLS_RECORD
}
