package io.upgradeable.tls;

/** The TLS implementation to use. What is verified, and how strictly, does not depend on it. */
public enum TlsEngine {
  /** OpenSSL where its native library is on the path and loads, the JDK's otherwise. */
  AUTO,
  /** The JDK's. */
  JDK,
  /**
   * OpenSSL (BoringSSL); a missing native library is a configuration error, not a reason for the
   * JDK's.
   */
  OPENSSL
}
