package io.upgradeable.smtp;

import java.util.Objects;
import java.util.Optional;

/**
 * What became of a message for one recipient. The server's text is the peer's: whoever prints it
 * escapes control characters.
 *
 * @param recipient to whom
 * @param outcome what became of it
 * @param phase where that was decided, or where it broke off
 * @param reply the server's reply that decided it; empty if none did
 * @param explanation why, in words, where no reply says it; otherwise empty
 */
public record RecipientReport(
    Recipient recipient,
    DeliveryOutcome outcome,
    DeliveryPhase phase,
    Optional<SmtpReply> reply,
    String explanation) {

  /** Checks the components. */
  public RecipientReport {
    Objects.requireNonNull(recipient, "recipient");
    Objects.requireNonNull(outcome, "outcome");
    Objects.requireNonNull(phase, "phase");
    Objects.requireNonNull(reply, "reply");
    Objects.requireNonNull(explanation, "explanation");
  }

  /**
   * One line, for instance {@code bob@example.net: REFUSED_PERMANENT at RCPT, 550 no such user}.
   */
  @Override
  public String toString() {
    String why = reply.map(SmtpReply::toString).orElse(explanation);
    return recipient + ": " + outcome + " at " + phase + (why.isEmpty() ? "" : ", " + why);
  }
}
