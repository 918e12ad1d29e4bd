package io.upgradeable.cli;

/**
 * The user asked for something that cannot be. The message is one line: expected what, got what.
 */
final class UsageException extends IllegalArgumentException {

  UsageException(String message) {
    super(message);
  }

  UsageException(String message, Throwable cause) {
    super(message, cause);
  }
}
