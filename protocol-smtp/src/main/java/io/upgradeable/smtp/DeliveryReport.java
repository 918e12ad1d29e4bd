package io.upgradeable.smtp;

import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * What became of a message, recipient by recipient. Some may be accepted and others not.
 *
 * @param recipients one entry for each recipient, in the envelope's order
 * @param failure what broke the message off for all who were not decided yet: the connection's
 *     {@link io.upgradeable.UpgradeException}, the exception of a content that cannot be read, or
 *     {@link java.nio.channels.ClosedChannelException} if this side closed; empty if nothing did
 */
public record DeliveryReport(List<RecipientReport> recipients, Optional<Exception> failure) {

  /** Copies the list. */
  public DeliveryReport {
    recipients = List.copyOf(recipients);
    Objects.requireNonNull(failure, "failure");
  }

  /**
   * Whether the server accepted the message for every recipient.
   *
   * @return true if there is nothing left to do; false if the report is about nobody
   */
  public boolean isAcceptedForAll() {
    return !recipients.isEmpty()
        && recipients.stream().allMatch(entry -> entry.outcome() == DeliveryOutcome.ACCEPTED);
  }

  /**
   * The entries with one outcome.
   *
   * @param outcome the outcome
   * @return the entries, in the envelope's order
   */
  public List<RecipientReport> with(DeliveryOutcome outcome) {
    return recipients.stream().filter(entry -> entry.outcome() == outcome).toList();
  }

  /**
   * The recipients to whom a later attempt may send the message without a risk that it arrives
   * twice: those of {@link DeliveryOutcome#REFUSED_TRANSIENT} and {@link DeliveryOutcome#NOT_SENT}.
   *
   * @return the recipients, in the envelope's order
   */
  public List<Recipient> retryable() {
    Predicate<RecipientReport> safe =
        entry ->
            entry.outcome() == DeliveryOutcome.REFUSED_TRANSIENT
                || entry.outcome() == DeliveryOutcome.NOT_SENT;
    return recipients.stream().filter(safe).map(RecipientReport::recipient).toList();
  }
}
