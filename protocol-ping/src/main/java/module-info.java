/** Ping, the teaching protocol: both roles as negotiations. */
module io.upgradeable.ping {
  requires transitive io.upgradeable.core;
  requires static transitive org.jspecify;

  exports io.upgradeable.ping;
}
