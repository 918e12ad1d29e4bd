package io.upgradeable.cli;

import io.netty.util.internal.logging.AbstractInternalLogger;
import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import org.jspecify.annotations.Nullable;

/** Netty's log where nobody reads it. */
final class SilentLogger extends AbstractInternalLogger {

  static final InternalLoggerFactory FACTORY =
      new InternalLoggerFactory() {
        @Override
        protected InternalLogger newInstance(String name) {
          return new SilentLogger(name);
        }
      };

  private SilentLogger(String name) {
    super(name);
  }

  @Override
  public boolean isTraceEnabled() {
    return false;
  }

  @Override
  public void trace(String message) {}

  @Override
  public void trace(String format, @Nullable Object value) {}

  @Override
  public void trace(String format, @Nullable Object one, @Nullable Object other) {}

  @Override
  public void trace(String format, @Nullable Object... values) {}

  @Override
  public void trace(String message, Throwable cause) {}

  @Override
  public boolean isDebugEnabled() {
    return false;
  }

  @Override
  public void debug(String message) {}

  @Override
  public void debug(String format, @Nullable Object value) {}

  @Override
  public void debug(String format, @Nullable Object one, @Nullable Object other) {}

  @Override
  public void debug(String format, @Nullable Object... values) {}

  @Override
  public void debug(String message, Throwable cause) {}

  @Override
  public boolean isInfoEnabled() {
    return false;
  }

  @Override
  public void info(String message) {}

  @Override
  public void info(String format, @Nullable Object value) {}

  @Override
  public void info(String format, @Nullable Object one, @Nullable Object other) {}

  @Override
  public void info(String format, @Nullable Object... values) {}

  @Override
  public void info(String message, Throwable cause) {}

  @Override
  public boolean isWarnEnabled() {
    return false;
  }

  @Override
  public void warn(String message) {}

  @Override
  public void warn(String format, @Nullable Object value) {}

  @Override
  public void warn(String format, @Nullable Object one, @Nullable Object other) {}

  @Override
  public void warn(String format, @Nullable Object... values) {}

  @Override
  public void warn(String message, Throwable cause) {}

  @Override
  public boolean isErrorEnabled() {
    return false;
  }

  @Override
  public void error(String message) {}

  @Override
  public void error(String format, @Nullable Object value) {}

  @Override
  public void error(String format, @Nullable Object one, @Nullable Object other) {}

  @Override
  public void error(String format, @Nullable Object... values) {}

  @Override
  public void error(String message, Throwable cause) {}
}
