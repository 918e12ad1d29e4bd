package io.upgradeable.tls;

import org.jspecify.annotations.Nullable;

/**
 * A file, a key or an option for TLS cannot be used. The message is one line that says what, where,
 * and what was expected; it never holds key material or a password.
 */
public final class InvalidTlsConfigurationException extends IllegalArgumentException {

  /**
   * Makes the exception.
   *
   * @param message one line: what, where, what was expected
   */
  public InvalidTlsConfigurationException(String message) {
    super(message);
  }

  /**
   * Makes the exception.
   *
   * @param message one line: what, where, what was expected
   * @param cause the underlying error, whose text holds no secret
   */
  public InvalidTlsConfigurationException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
