/** LDAP: the upgrade to TLS in both roles, a small client's session and a small server. */
module io.upgradeable.ldap {
  requires transitive io.upgradeable.core;
  requires transitive io.upgradeable.sasl;
  requires static transitive org.jspecify;

  exports io.upgradeable.ldap;
}
