package io.upgradeable.negotiation;

/** The side of a connection that this program is. */
public enum Role {
  /** The side that connected. */
  CLIENT,
  /** The side that accepted. */
  SERVER
}
