package io.upgradeable.cli;

import io.netty.util.internal.logging.InternalLoggerFactory;
import io.netty.util.internal.logging.JdkLoggerFactory;
import java.util.logging.Level;
import java.util.logging.Logger;

/** What Netty is told before it starts. */
final class NettySettings {

  /** Its events for the flight recorder cost 50 ms at the start of every command. */
  private static final String FLIGHT_RECORDER = "io.netty.jfr.enabled";

  /** The JDK's log, where somebody set it up: to start it costs 20 ms and more. */
  private static final class JdkLog {

    // Held, because the JDK forgets the level of a logger that nobody holds.
    private static final Logger NETTY = Logger.getLogger("io.netty");

    private JdkLog() {}

    static InternalLoggerFactory factory() {
      if (NETTY.getLevel() == null) {
        NETTY.setLevel(Level.OFF);
      }
      return JdkLoggerFactory.INSTANCE;
    }
  }

  private NettySettings() {}

  /**
   * Keeps Netty's log away from the terminal, where the commands tell in one line each what a user
   * has to know, and saves start-up time. A setting of the user's own stays.
   */
  static void apply() {
    if (System.getProperty(FLIGHT_RECORDER) == null) {
      System.setProperty(FLIGHT_RECORDER, "false");
    }
    InternalLoggerFactory.setDefaultFactory(
        LazyLoggers.isLogSetUp() ? JdkLog.factory() : SilentLogger.FACTORY);
  }
}
