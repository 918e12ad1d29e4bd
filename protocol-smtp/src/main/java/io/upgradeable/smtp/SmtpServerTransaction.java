package io.upgradeable.smtp;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A mail transaction, from MAIL to the end of the content (RFC 5321, 3.3).
 *
 * <p>Not thread-safe; used on the connection's event loop.
 */
final class SmtpServerTransaction {

  private static final SmtpReply ABANDONED = SmtpReply.of(451, "4.4.0 Abandoned");

  private final ReceivedSender sender;
  private final List<ReceivedRecipient> recipients = new ArrayList<>();
  private boolean recipientRefused;
  private @Nullable SmtpServerIncoming incoming;
  private boolean chunkFailed;

  SmtpServerTransaction(ReceivedSender sender) {
    this.sender = sender;
  }

  ReceivedSender sender() {
    return sender;
  }

  List<ReceivedRecipient> recipients() {
    return recipients;
  }

  void noteRefusedRecipient() {
    recipientRefused = true;
  }

  /** Whether there were recipients, and the handler wanted none of them. */
  boolean areAllRefused() {
    return recipients.isEmpty() && recipientRefused;
  }

  void begin(SmtpServerIncoming content) {
    incoming = content;
  }

  /** The content that has begun to come, if it has. */
  @Nullable SmtpServerIncoming incoming() {
    return incoming;
  }

  /** A BDAT was refused: so are all that follow, until RSET (RFC 3030, 2). */
  void failChunks() {
    abandon();
    chunkFailed = true;
  }

  boolean hasFailedChunk() {
    return chunkFailed;
  }

  /** The message will not be completed. */
  void abandon() {
    if (incoming != null) {
      incoming.refuse(ABANDONED);
      incoming = null;
    }
  }
}
