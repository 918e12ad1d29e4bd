package io.upgradeable.testkit;

/** Where randomness starts: anew in each run, or at {@code -Dupgradeable.seed=N} to repeat one. */
final class Seed {

  private Seed() {}

  static long next() {
    return Long.getLong("upgradeable.seed", System.nanoTime());
  }
}
