package io.upgradeable.ldap;

import io.upgradeable.Connection;

/**
 * Watches the binds of a server. Called on the event loop, before the client has its answer; must
 * not block. What it throws is logged by the logger {@code io.upgradeable} and changes nothing.
 */
public interface LdapServerObserver {

  /** Watches nothing. */
  LdapServerObserver NONE = new LdapServerObserver() {};

  /**
   * A client is bound.
   *
   * @param connection its connection
   * @param authorizationId as whom (RFC 4513, 5.2.1.8), for instance {@code
   *     dn:uid=anna,dc=example,dc=net}; empty for an anonymous client. Control characters in it are
   *     for the printer to escape
   */
  default void bound(Connection connection, String authorizationId) {}

  /**
   * A client is not bound.
   *
   * @param connection its connection
   * @param result what it hears
   */
  default void bindRefused(Connection connection, LdapResult result) {}
}
