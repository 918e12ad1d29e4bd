package io.upgradeable.netty;

/** How sockets are driven. */
public enum Transport {
  /** The system's native transport where its library is on the path (epoll or kqueue), else NIO. */
  AUTO,
  /** The JDK's own selector. */
  NIO,
  /** Linux epoll. */
  EPOLL,
  /** kqueue of macOS and the BSDs. */
  KQUEUE,
  /** Linux io_uring. Never chosen by {@link #AUTO}: it is young. */
  IO_URING
}
