package io.upgradeable.smtp;

/**
 * Hears what is said between a server and its clients, from the reply to EHLO under TLS on; what
 * comes before that an {@link io.upgradeable.UpgradeObserver} hears. Called on event loops, for all
 * connections: methods must be quick; what they throw is logged by the logger {@code
 * io.upgradeable} and changes nothing.
 */
public interface SmtpServerObserver {

  /** Hears nothing. */
  SmtpServerObserver NONE = new SmtpServerObserver() {};

  /**
   * A client said a command.
   *
   * @param peer the client
   * @param line the line without its end; what is secret of it stands as {@code <redacted>}.
   *     Whoever prints it escapes control characters
   */
  default void command(SmtpServerPeer peer, String line) {}

  /**
   * A content has come to its end, or a chunk of one.
   *
   * @param peer the client
   * @param bytes how many bytes it had, without stuffed dots
   */
  default void content(SmtpServerPeer peer, long bytes) {}

  /**
   * The server answers.
   *
   * @param peer the client
   * @param reply the reply; a challenge of AUTH stands as {@code <redacted>}
   */
  default void reply(SmtpServerPeer peer, SmtpReply reply) {}
}
