package io.upgradeable.smtp;

import io.upgradeable.internal.Blocking;
import java.time.Duration;
import java.util.Objects;

/**
 * What a client may cost a server once it said EHLO under TLS. Immutable. Bytes that arrive extend
 * no deadline. What the handler takes its time for is not limited: the handler knows best.
 *
 * @param messageBytes the largest content, line ends counted and stuffed dots not (RFC 1870)
 * @param recipients how many recipients a message may have (RFC 5321, 4.5.3.1.8: at least 100)
 * @param badCommands how many bad commands a client has; the last one is answered with 421
 * @param commandTimeout how long a command may take from its first byte to its last
 * @param idleTimeout how long a client may say nothing between two commands
 * @param messageTimeout how long the content of a message may take in all
 */
public record SmtpServerLimits(
    long messageBytes,
    int recipients,
    int badCommands,
    Duration commandTimeout,
    Duration idleTimeout,
    Duration messageTimeout) {

  /** 10 MiB, 100 recipients, 10 bad commands; 30 s, 60 s and 5 min. */
  public static final SmtpServerLimits DEFAULTS =
      new SmtpServerLimits(
          10 * 1024 * 1024,
          100,
          SmtpServerUpgrade.MAX_BAD_COMMANDS,
          Duration.ofSeconds(30),
          Duration.ofSeconds(60),
          Duration.ofMinutes(5));

  /**
   * Checks the components.
   *
   * @throws IllegalArgumentException if one is not positive, or a time is over a year
   */
  public SmtpServerLimits {
    requirePositive(messageBytes, "messageBytes");
    requirePositive(recipients, "recipients");
    requirePositive(badCommands, "badCommands");
    Blocking.requirePositive(commandTimeout);
    Blocking.requirePositive(idleTimeout);
    Blocking.requirePositive(messageTimeout);
  }

  private static void requirePositive(long value, String name) {
    if (value <= 0) {
      throw new IllegalArgumentException("expected a positive " + name + ", got " + value);
    }
  }

  /**
   * The same limits with another size of messages.
   *
   * @param bytes the largest content
   * @return the changed copy
   */
  public SmtpServerLimits withMessageBytes(long bytes) {
    return new SmtpServerLimits(
        bytes, recipients, badCommands, commandTimeout, idleTimeout, messageTimeout);
  }

  /**
   * The same limits with another number of recipients.
   *
   * @param count how many recipients a message may have
   * @return the changed copy
   */
  public SmtpServerLimits withRecipients(int count) {
    return new SmtpServerLimits(
        messageBytes, count, badCommands, commandTimeout, idleTimeout, messageTimeout);
  }

  /**
   * The same limits with other times.
   *
   * @param command how long a command may take
   * @param idle how long a client may say nothing
   * @param message how long the content of a message may take
   * @return the changed copy
   */
  public SmtpServerLimits withTimeouts(Duration command, Duration idle, Duration message) {
    return new SmtpServerLimits(
        messageBytes,
        recipients,
        badCommands,
        Objects.requireNonNull(command, "command"),
        Objects.requireNonNull(idle, "idle"),
        Objects.requireNonNull(message, "message"));
  }
}
