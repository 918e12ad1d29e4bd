package io.upgradeable;

import io.upgradeable.internal.Blocking;
import java.time.Duration;
import java.util.Objects;

/**
 * What one layer allows its peer: bytes and time. Time limits are absolute from the moment they
 * start; bytes that arrive do not extend them.
 *
 * @param unreadBytes how many bytes may wait for the rest of their message
 * @param plaintextBytes how many bytes the layer's dialogue may have in all, in each direction of
 *     trust (before TLS and after it)
 * @param handshakeBytes how many bytes the peer may send until a TLS handshake is finished
 * @param stepTimeout how long one awaited message may take
 * @param handshakeTimeout how long a TLS handshake may take
 * @param layerTimeout how long the layer may take in all, its handshake included
 */
public record Limits(
    int unreadBytes,
    int plaintextBytes,
    int handshakeBytes,
    Duration stepTimeout,
    Duration handshakeTimeout,
    Duration layerTimeout) {

  /** The defaults for a client: it asked for the dialogue, so it is patient and generous. */
  public static final Limits CLIENT =
      new Limits(
          64 * 1024,
          256 * 1024,
          128 * 1024,
          Duration.ofSeconds(30),
          Duration.ofSeconds(10),
          Duration.ofSeconds(60));

  /** The defaults for a server: anybody may connect, so it is stingy. */
  public static final Limits SERVER =
      new Limits(
          8 * 1024,
          64 * 1024,
          64 * 1024,
          Duration.ofSeconds(30),
          Duration.ofSeconds(10),
          Duration.ofSeconds(60));

  /**
   * Checks the components.
   *
   * @throws IllegalArgumentException if one is not positive
   */
  public Limits {
    requirePositive(unreadBytes, "unreadBytes");
    requirePositive(plaintextBytes, "plaintextBytes");
    requirePositive(handshakeBytes, "handshakeBytes");
    requirePositive(stepTimeout, "stepTimeout");
    requirePositive(handshakeTimeout, "handshakeTimeout");
    requirePositive(layerTimeout, "layerTimeout");
  }

  private static void requirePositive(int value, String name) {
    if (value <= 0) {
      throw new IllegalArgumentException("expected a positive " + name + ", got " + value);
    }
  }

  private static void requirePositive(Duration value, String name) {
    Blocking.requirePositive(Objects.requireNonNull(value, name));
  }

  /**
   * The same limits with another bound on unread bytes.
   *
   * @param bytes how many bytes may wait for the rest of their message
   * @return the changed copy
   */
  public Limits withUnreadBytes(int bytes) {
    return new Limits(
        bytes, plaintextBytes, handshakeBytes, stepTimeout, handshakeTimeout, layerTimeout);
  }

  /**
   * The same limits with another bound on the layer's dialogue.
   *
   * @param bytes how many bytes the dialogue may have in all
   * @return the changed copy
   */
  public Limits withPlaintextBytes(int bytes) {
    return new Limits(
        unreadBytes, bytes, handshakeBytes, stepTimeout, handshakeTimeout, layerTimeout);
  }

  /**
   * The same limits with another bound on the handshake.
   *
   * @param bytes how many bytes the peer may send until the handshake is finished
   * @return the changed copy
   */
  public Limits withHandshakeBytes(int bytes) {
    return new Limits(
        unreadBytes, plaintextBytes, bytes, stepTimeout, handshakeTimeout, layerTimeout);
  }

  /**
   * The same limits with another time for one awaited message.
   *
   * @param timeout how long one awaited message may take
   * @return the changed copy
   */
  public Limits withStepTimeout(Duration timeout) {
    return new Limits(
        unreadBytes, plaintextBytes, handshakeBytes, timeout, handshakeTimeout, layerTimeout);
  }

  /**
   * The same limits with another time for the handshake.
   *
   * @param timeout how long a TLS handshake may take
   * @return the changed copy
   */
  public Limits withHandshakeTimeout(Duration timeout) {
    return new Limits(
        unreadBytes, plaintextBytes, handshakeBytes, stepTimeout, timeout, layerTimeout);
  }

  /**
   * The same limits with another time for the whole layer.
   *
   * @param timeout how long the layer may take in all
   * @return the changed copy
   */
  public Limits withLayerTimeout(Duration timeout) {
    return new Limits(
        unreadBytes, plaintextBytes, handshakeBytes, stepTimeout, handshakeTimeout, timeout);
  }
}
