package io.upgradeable.cli;

import java.util.function.Consumer;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** What the library logs, in one line each: a server's user wants no stack trace. */
final class LibraryLog extends Handler implements AutoCloseable {

  // Held, because the JDK forgets the settings of a logger that nobody holds.
  private static final Logger LIBRARY = Logger.getLogger("io.upgradeable");

  private final Consumer<String> lines;

  private LibraryLog(Consumer<String> lines) {
    this.lines = lines;
  }

  /**
   * Listens until closed.
   *
   * @param lines is told each line, on any thread
   */
  static LibraryLog listen(Consumer<String> lines) {
    LibraryLog log = new LibraryLog(lines);
    LIBRARY.setUseParentHandlers(false);
    LIBRARY.addHandler(log);
    return log;
  }

  @Override
  public void publish(LogRecord event) {
    Throwable cause = event.getThrown();
    while (cause != null && cause.getCause() != null) {
      cause = cause.getCause();
    }
    String why = cause == null || cause.getMessage() == null ? "" : ": " + cause.getMessage();
    lines.accept(Printable.line("warning: " + event.getMessage() + why));
  }

  @Override
  public void flush() {}

  @Override
  public void close() {
    LIBRARY.removeHandler(this);
    LIBRARY.setUseParentHandlers(true);
  }
}
