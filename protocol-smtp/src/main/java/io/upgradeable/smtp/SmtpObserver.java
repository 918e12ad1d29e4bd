package io.upgradeable.smtp;

/**
 * Hears the dialogue of a session. Called on the event loop: methods must be quick; what they throw
 * is logged by the logger {@code io.upgradeable} and changes nothing. What a secret was is never
 * told: it is replaced where the command is made. The content of messages is told as a count only.
 */
public interface SmtpObserver {

  /** Hears nothing. */
  SmtpObserver NONE = new SmtpObserver() {};

  /**
   * A command is sent.
   *
   * @param line the command without its line end; what is secret of it stands as {@code <redacted>}
   */
  default void command(String line) {}

  /**
   * A piece of a message's content is sent.
   *
   * @param bytes how many, dots and line ends that were added included
   */
  default void content(long bytes) {}

  /**
   * A reply came.
   *
   * @param reply the peer's words: whoever prints them escapes control characters
   */
  default void reply(SmtpReply reply) {}
}
