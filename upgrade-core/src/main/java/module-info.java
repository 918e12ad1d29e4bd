/** The upgradeable transport: layers, negotiations, the one TLS hook and upgradeable streams. */
module io.upgradeable.core {
  // Netty is required without "transitive": a protocol module cannot see it, on purpose.
  requires io.netty.buffer;
  requires io.netty.common;
  requires io.netty.handler;
  requires io.netty.resolver;
  requires io.netty.transport;
  requires io.netty.transport.unix.common;
  requires static io.netty.transport.classes.epoll;
  requires static io.netty.transport.classes.io_uring;
  requires static io.netty.transport.classes.kqueue;
  requires static transitive org.jspecify;

  exports io.upgradeable;
  exports io.upgradeable.internal to
      io.upgradeable.ldap,
      io.upgradeable.smtp;
  exports io.upgradeable.negotiation;
  exports io.upgradeable.netty;
  exports io.upgradeable.session;
  exports io.upgradeable.tls;
}
