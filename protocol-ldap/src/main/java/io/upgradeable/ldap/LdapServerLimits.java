package io.upgradeable.ldap;

import io.upgradeable.internal.Blocking;
import java.time.Duration;

/**
 * What a client may cost a server after the upgrade. Immutable. Bytes that arrive extend no
 * deadline.
 *
 * @param messageBytes the longest request
 * @param badRequests how many requests in vain a client has, failed binds among them; the last one
 *     ends the connection
 * @param messageTimeout how long a request may take from its first byte to its last
 * @param idleTimeout how long a client may say nothing between two requests, and how long the
 *     server may take over a bind
 */
public record LdapServerLimits(
    int messageBytes, int badRequests, Duration messageTimeout, Duration idleTimeout) {

  /** 64 KiB, 10 requests in vain, 30 s and 60 s. */
  public static final LdapServerLimits DEFAULTS =
      new LdapServerLimits(
          64 * 1024,
          LdapServerUpgrade.MAX_BAD_REQUESTS,
          Duration.ofSeconds(30),
          Duration.ofSeconds(60));

  /**
   * Checks the components.
   *
   * @throws IllegalArgumentException if one is not positive
   */
  public LdapServerLimits {
    requirePositive(messageBytes, "messageBytes");
    requirePositive(badRequests, "badRequests");
    Blocking.requirePositive(messageTimeout);
    Blocking.requirePositive(idleTimeout);
  }

  private static void requirePositive(int value, String name) {
    if (value <= 0) {
      throw new IllegalArgumentException("expected a positive " + name + ", got " + value);
    }
  }

  /**
   * The same limits with another number of requests in vain.
   *
   * @param count how many a client has
   * @return the changed copy
   */
  public LdapServerLimits withBadRequests(int count) {
    return new LdapServerLimits(messageBytes, count, messageTimeout, idleTimeout);
  }

  /**
   * The same limits with other times.
   *
   * @param message how long a request may take
   * @param idle how long a client may say nothing
   * @return the changed copy
   */
  public LdapServerLimits withTimeouts(Duration message, Duration idle) {
    return new LdapServerLimits(messageBytes, badRequests, message, idle);
  }
}
