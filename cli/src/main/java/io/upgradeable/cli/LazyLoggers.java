package io.upgradeable.cli;

import java.util.ResourceBundle;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Logs into the JDK's log as ever, but starts it only for what it would show. The JDK asks for a
 * logger with the first certificate that it reads, and has nothing to say then.
 */
public final class LazyLoggers extends System.LoggerFinder {

  /** For the JDK. */
  public LazyLoggers() {}

  /** Whether the user set the JDK's log up. */
  static boolean isLogSetUp() {
    return System.getProperty("java.util.logging.config.file") != null
        || System.getProperty("java.util.logging.config.class") != null;
  }

  @Override
  public System.Logger getLogger(String name, Module module) {
    return new LazyLogger(name);
  }

  private record LazyLogger(String name) implements System.Logger {

    @Override
    public String getName() {
      return name;
    }

    /** The JDK's log shows what is worth an INFO unless it is set up otherwise. */
    @Override
    public boolean isLoggable(Level level) {
      return isLogSetUp()
          ? Logger.getLogger(name).isLoggable(inLog(level))
          : level.getSeverity() >= Level.INFO.getSeverity();
    }

    @Override
    public void log(
        Level level, @Nullable ResourceBundle bundle, String message, @Nullable Throwable thrown) {
      if (isLoggable(level)) {
        Logger.getLogger(name).logp(inLog(level), name, "", message, thrown);
      }
    }

    @Override
    public void log(
        Level level, @Nullable ResourceBundle bundle, String format, @Nullable Object... values) {
      if (isLoggable(level)) {
        Logger.getLogger(name).logp(inLog(level), name, "", format, values);
      }
    }

    private static java.util.logging.Level inLog(Level level) {
      return switch (level) {
        case ALL -> java.util.logging.Level.ALL;
        case TRACE -> java.util.logging.Level.FINER;
        case DEBUG -> java.util.logging.Level.FINE;
        case INFO -> java.util.logging.Level.INFO;
        case WARNING -> java.util.logging.Level.WARNING;
        case ERROR -> java.util.logging.Level.SEVERE;
        case OFF -> java.util.logging.Level.OFF;
      };
    }
  }
}
