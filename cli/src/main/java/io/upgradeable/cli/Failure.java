package io.upgradeable.cli;

import io.upgradeable.UpgradeException;
import io.upgradeable.tls.InvalidTlsConfigurationException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.Optional;

/**
 * Why a command failed, ready to be told.
 *
 * @param exitCode what the shell gets
 * @param kind a stable name: the failure's class in the core, {@code Usage}, {@code Interrupted} or
 *     {@code Other}
 * @param message one line, printable
 * @param upgrade the core's failure, if it is one
 * @param cause for {@code --stacktrace}
 */
record Failure(
    ExitCode exitCode,
    String kind,
    String message,
    Optional<UpgradeException> upgrade,
    Throwable cause) {

  /** What is said of a command that the user ended. */
  static final String INTERRUPTED = "interrupted";

  static Failure of(Throwable cause) {
    if (cause instanceof CommandFailedException failed) {
      return failed.failure();
    } else if (cause instanceof UpgradeException upgrade) {
      return ofUpgrade(upgrade);
    } else if (cause instanceof UsageException
        || cause instanceof InvalidTlsConfigurationException) {
      return plain(ExitCode.USAGE, "Usage", text(cause), cause);
    } else if (cause instanceof InterruptedException || cause instanceof InterruptedIOException) {
      return plain(ExitCode.INTERRUPTED, "Interrupted", INTERRUPTED, cause);
    } else if (cause instanceof IOException) {
      return plain(ExitCode.OTHER, "Other", text(cause), cause);
    }
    String bug = "internal error: " + cause + " (--stacktrace shows where)";
    return plain(ExitCode.OTHER, "Other", bug, cause);
  }

  /** A failure that no exception of the core tells. */
  static Failure of(ExitCode exitCode, String kind, String message) {
    return plain(exitCode, kind, message, new IOException(message));
  }

  /** The same failure, told in other words. */
  Failure withMessage(String text) {
    return new Failure(exitCode, kind, Printable.line(text), upgrade, cause);
  }

  private static Failure ofUpgrade(UpgradeException upgrade) {
    ExitCode code = ExitCode.of(upgrade);
    return new Failure(
        code,
        upgrade.getClass().getSimpleName(),
        Printable.line(code.meaning() + ": " + upgrade.getMessage()),
        Optional.of(upgrade),
        upgrade);
  }

  private static Failure plain(ExitCode code, String kind, String message, Throwable cause) {
    return new Failure(code, kind, Printable.line(message), Optional.empty(), cause);
  }

  private static String text(Throwable cause) {
    String message = cause.getMessage();
    return message == null || message.isEmpty() ? cause.getClass().getSimpleName() : message;
  }
}
