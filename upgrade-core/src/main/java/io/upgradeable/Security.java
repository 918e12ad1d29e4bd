package io.upgradeable;

/** How far TLS protects the bytes of a connection, found by walking its layers from the top. */
public enum Security {
  /** No TLS at all. */
  PLAINTEXT,
  /** TLS ends at a hop (a proxy): what lies behind it sees plaintext. */
  HOP_ONLY,
  /** TLS reaches the origin: the peer that the topmost layer talks to. */
  ORIGIN
}
