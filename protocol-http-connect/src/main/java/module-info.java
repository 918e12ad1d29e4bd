/** HTTP CONNECT and SOCKS: tunnels through proxies, and a CONNECT proxy. */
module io.upgradeable.connect {
  requires transitive io.upgradeable.core;
  requires transitive io.upgradeable.sasl;
  // Only for Negotiate; without it that one method says so.
  requires static java.security.jgss;
  requires static transitive org.jspecify;

  exports io.upgradeable.connect;
}
