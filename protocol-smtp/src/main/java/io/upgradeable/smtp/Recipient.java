package io.upgradeable.smtp;

import java.util.Collections;
import java.util.EnumSet;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * One recipient of an envelope, with what is asked about delivery status notifications (RFC 3461).
 * Immutable.
 *
 * @param mailbox to whom
 * @param notifications when notifications are wanted; empty if nothing is asked
 * @param originalRecipient to whom the message was addressed at first, if that is to be told
 *     (ORCPT)
 */
public record Recipient(
    Mailbox mailbox, Set<Notify> notifications, Optional<Mailbox> originalRecipient) {

  /** When a notification is wanted (RFC 3461, 4.1). */
  public enum Notify {
    /** Never; excludes the others. */
    NEVER,
    /** When the message was delivered. */
    SUCCESS,
    /** When it cannot be delivered. */
    FAILURE,
    /** When delivery takes unusually long. */
    DELAY
  }

  /**
   * Checks the components and copies the set.
   *
   * @throws IllegalArgumentException if {@link Notify#NEVER} is not alone
   */
  public Recipient {
    Objects.requireNonNull(mailbox, "mailbox");
    Objects.requireNonNull(originalRecipient, "originalRecipient");
    notifications =
        notifications.isEmpty()
            ? Set.of()
            : Collections.unmodifiableSet(EnumSet.copyOf(notifications));
    if (notifications.contains(Notify.NEVER) && notifications.size() > 1) {
      throw new IllegalArgumentException("expected NEVER alone, got " + notifications);
    }
  }

  /**
   * A recipient about whom nothing is asked.
   *
   * @param mailbox to whom
   * @return the recipient
   */
  public static Recipient of(Mailbox mailbox) {
    return new Recipient(mailbox, Set.of(), Optional.empty());
  }

  /**
   * The same recipient, with notifications. They are asked for only where the server offers DSN.
   *
   * @param first when
   * @param more when else
   * @return the changed copy
   * @throws IllegalArgumentException if {@link Notify#NEVER} is not alone
   */
  public Recipient withNotify(Notify first, Notify... more) {
    return new Recipient(mailbox, EnumSet.of(first, more), originalRecipient);
  }

  /**
   * The same recipient, with the one to whom the message was addressed at first.
   *
   * @param original that mailbox
   * @return the changed copy
   */
  public Recipient withOriginalRecipient(Mailbox original) {
    return new Recipient(mailbox, notifications, Optional.of(original));
  }

  /** The mailbox. */
  @Override
  public String toString() {
    return mailbox.toString();
  }
}
