package io.upgradeable.sasl;

/**
 * What a SCRAM server tells everybody of a user (RFC 5802, 5.1), but for the salt's bytes.
 *
 * @param iterations how often the digest is repeated, from 4096 to a million
 * @param saltBytes the length of the salt, from 1 to 1024
 */
public record ScramParameters(int iterations, int saltBytes) {

  /** What {@link StoredSecret#of(Secret)} chooses. */
  public static final ScramParameters DEFAULTS =
      new ScramParameters(StoredSecret.DEFAULT_ITERATIONS, StoredSecret.SALT_BYTES);

  /** Refuses what no verifier has. */
  public ScramParameters {
    require(iterations, saltBytes);
  }

  static void require(int iterations, int saltBytes) {
    if (saltBytes < 1 || saltBytes > ScramExchange.MAX_SALT_BYTES) {
      throw new IllegalArgumentException(
          "expected a salt of 1 to %d bytes, got %d"
              .formatted(ScramExchange.MAX_SALT_BYTES, saltBytes));
    }
    if (iterations < ScramKeys.MIN_ITERATIONS || iterations > ScramKeys.MAX_ITERATIONS) {
      throw new IllegalArgumentException(
          "expected %d to %d iterations, got %d"
              .formatted(ScramKeys.MIN_ITERATIONS, ScramKeys.MAX_ITERATIONS, iterations));
    }
  }
}
