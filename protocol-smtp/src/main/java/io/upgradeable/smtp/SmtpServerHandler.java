package io.upgradeable.smtp;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * Decides what a server takes, and takes it. One handler serves all connections: its methods are
 * called on their event loops, at the same time, and must not block. A decision that takes time
 * completes its stage later, from any thread; its connection waits.
 *
 * <p>A decision is a reply: 2xx accepts, 4xx and 5xx refuse, and 421 also ends the connection. An
 * exception, thrown or in a stage, is this side's mistake: it is logged by the logger {@code
 * io.upgradeable}, and the client is told to try again later (451).
 *
 * <pre>{@code
 * SmtpServerHandler handler =
 *     new SmtpServerHandler() {
 *       @Override
 *       public CompletionStage<SmtpReply> onRecipient(
 *           SmtpServerPeer peer, ReceivedSender sender, ReceivedRecipient recipient) {
 *         return recipient.address().endsWith("@example.test")
 *             ? ACCEPTED
 *             : refused(SmtpReply.of(550, "5.1.1 No such mailbox"));
 *       }
 *
 *       @Override
 *       public SmtpServerSink onMessage(ReceivedEnvelope envelope) {
 *         return mailbox.onMessage(envelope);
 *       }
 *     };
 * }</pre>
 */
@FunctionalInterface
public interface SmtpServerHandler {

  /** The decision to accept. */
  CompletionStage<SmtpReply> ACCEPTED =
      CompletableFuture.completedFuture(SmtpReply.of(250, "2.1.0 OK"));

  /**
   * A decision that is made already.
   *
   * @param reply what the client is told
   * @return the decision
   */
  static CompletionStage<SmtpReply> refused(SmtpReply reply) {
    return CompletableFuture.completedFuture(reply);
  }

  /**
   * A client wants to send a message. Everybody may, unless this is overridden.
   *
   * @param peer who it is
   * @param sender from whom the message is said to be
   * @return the decision
   */
  default CompletionStage<SmtpReply> onMail(SmtpServerPeer peer, ReceivedSender sender) {
    return ACCEPTED;
  }

  /**
   * A message is to go to a recipient. It may go to anybody, unless this is overridden.
   *
   * @param peer who sends it
   * @param sender from whom the message is said to be
   * @param recipient to whom it is to go
   * @return the decision
   */
  default CompletionStage<SmtpReply> onRecipient(
      SmtpServerPeer peer, ReceivedSender sender, ReceivedRecipient recipient) {
    return ACCEPTED;
  }

  /**
   * The content of a message is about to come.
   *
   * @param envelope what it belongs to
   * @return where it goes
   */
  SmtpServerSink onMessage(ReceivedEnvelope envelope);

  /**
   * Accepts everything and keeps nothing.
   *
   * @return the handler
   */
  static SmtpServerHandler discarding() {
    return envelope ->
        new SmtpServerSink() {
          @Override
          public CompletionStage<Void> write(ByteBuffer bytes) {
            return DONE;
          }

          @Override
          public CompletionStage<List<SmtpReply>> commit() {
            return CompletableFuture.completedFuture(SmtpServerSink.ACCEPTED);
          }

          @Override
          public void abort() {}
        };
  }
}
