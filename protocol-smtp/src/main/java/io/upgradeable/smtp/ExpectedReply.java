package io.upgradeable.smtp;

import java.time.Duration;
import java.util.function.Predicate;

/**
 * A reply that the server owes, in its place in the FIFO. The handler only takes note: what follows
 * from a reply is done once everything that came with it was read.
 */
class ExpectedReply {

  private final String awaited;
  private final Duration limit;
  private final Predicate<SmtpReply> handler;

  /**
   * Makes the place of a reply, or of several in a row.
   *
   * @param awaited what is waited for, in words
   * @param limit how long it may take
   * @param handler takes a reply; false if one more is owed in this place
   */
  ExpectedReply(String awaited, Duration limit, Predicate<SmtpReply> handler) {
    this.awaited = awaited;
    this.limit = limit;
    this.handler = handler;
  }

  final String awaited() {
    return awaited;
  }

  final Duration limit() {
    return limit;
  }

  final boolean onReply(SmtpReply reply) {
    return handler.test(reply);
  }

  /** The server says 421 in this place: it answers this command and none behind it. */
  void onClosing(SmtpReply reply) {}

  /** Nothing came in time; false if that is a failure of the session. */
  boolean onTimeout() {
    return false;
  }
}
