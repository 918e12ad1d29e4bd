package io.upgradeable.smtp;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * Where the content of one message goes. Its bytes are what the client sent, without stuffed dots;
 * lines end in CRLF, and no CR or LF stands alone.
 *
 * <p>The methods are called on the connection's event loop, one at a time, and must not block: what
 * takes time completes its stage later, from any thread. The next call comes after that, and
 * nothing is read from the client meanwhile. Any number of {@link #write} is followed by one {@link
 * #commit} or one {@link #abort}.
 *
 * <p>An exception, thrown or in a stage, is this side's mistake: it is logged by the logger {@code
 * io.upgradeable}, and the client is told to try again later (451). After a {@link #write} that
 * failed comes {@link #abort}, and the rest of the content goes nowhere.
 */
public interface SmtpServerSink {

  /** The stage of a call that is over. */
  CompletionStage<Void> DONE = CompletableFuture.completedFuture(null);

  /** What a client is told unless there is more to say. */
  List<SmtpReply> ACCEPTED = List.of(SmtpReply.of(250, "2.0.0 Accepted"));

  /**
   * Takes the next bytes.
   *
   * @param bytes not empty, and the sink's own from now on: nobody changes them
   * @return completes when more is welcome, for instance {@link #DONE}
   */
  CompletionStage<Void> write(ByteBuffer bytes);

  /**
   * The message is complete. From the moment in which the client hears a positive reply it relies
   * on the message not getting lost (RFC 5321, 6.1), so that this should complete when it is in a
   * safe place. If the connection ends meanwhile the client will not know, and will send the
   * message once more.
   *
   * @return completes with one reply for all recipients, or, with LMTP, also with one for each of
   *     them, in their order; 2xx, 4xx or 5xx
   */
  CompletionStage<List<SmtpReply>> commit();

  /** The message will not be completed; what was taken must not be delivered. */
  void abort();
}
