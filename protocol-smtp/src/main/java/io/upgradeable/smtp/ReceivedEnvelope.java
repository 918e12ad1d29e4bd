package io.upgradeable.smtp;

import java.util.List;
import java.util.Objects;

/**
 * The envelope of a message that is about to come.
 *
 * @param peer who sends it
 * @param sender from whom it is said to be
 * @param recipients those that the handler accepted, one or more, in the order in which they came
 */
public record ReceivedEnvelope(
    SmtpServerPeer peer, ReceivedSender sender, List<ReceivedRecipient> recipients) {

  /** Copies the list. */
  public ReceivedEnvelope {
    Objects.requireNonNull(peer, "peer");
    Objects.requireNonNull(sender, "sender");
    recipients = List.copyOf(recipients);
  }
}
