/** Mail exchangers by DNS. */
module io.upgradeable.dns {
  requires io.netty.buffer;
  requires io.netty.codec.dns;
  requires io.netty.common;
  requires io.netty.resolver;
  requires io.netty.resolver.dns;
  requires io.netty.transport;
  requires transitive io.upgradeable.smtp;
  requires static transitive org.jspecify;

  exports io.upgradeable.dns;
}
