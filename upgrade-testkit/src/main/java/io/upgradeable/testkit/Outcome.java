package io.upgradeable.testkit;

import io.upgradeable.negotiation.Reason;

/**
 * How a negotiation ended in memory.
 *
 * @param <R> the negotiation's result
 */
public sealed interface Outcome<R> {

  /**
   * The negotiation is done.
   *
   * @param <R> the negotiation's result
   * @param result what it had to tell
   * @param unread how many bytes it left to the next layer
   */
  record Done<R>(R result, int unread) implements Outcome<R> {}

  /**
   * The negotiation failed, or broke a limit.
   *
   * @param <R> the negotiation's result
   * @param reason why
   */
  record Failed<R>(Reason reason) implements Outcome<R> {}

  /**
   * Plaintext was there where only TLS may follow: what the driver's hook calls {@link
   * io.upgradeable.UpgradeException.PlaintextInjected}.
   *
   * @param <R> the negotiation's result
   * @param byteCount how many bytes were seen
   */
  record Injected<R>(int byteCount) implements Outcome<R> {}

  /**
   * The kind, as dialogue files spell it.
   *
   * @return one of the kinds listed at {@link Dialogue}
   */
  default String kind() {
    if (this instanceof Failed<R> failed) {
      return failed.reason().getClass().getSimpleName();
    }
    return this instanceof Done<R> ? "Done" : "PlaintextInjected";
  }
}
