package io.upgradeable.cli;

import io.netty.util.internal.logging.InternalLoggerFactory;
import io.netty.util.internal.logging.JdkLoggerFactory;
import java.util.logging.Level;
import java.util.logging.Logger;

/** Netty's own log. What a user has to know is told by the commands, in one line each. */
final class NettyLog {

  // Held, because the JDK forgets the level of a logger that nobody holds.
  private static final Logger NETTY = Logger.getLogger("io.netty");

  private NettyLog() {}

  /** Must be called before Netty makes its first logger. */
  static void silence() {
    NETTY.setLevel(Level.OFF);
    InternalLoggerFactory.setDefaultFactory(JdkLoggerFactory.INSTANCE);
  }
}
