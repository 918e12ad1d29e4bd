package io.upgradeable.smtp;

/** A command is refused with a reply. It is the way out of a parser, not a failure of anybody's. */
final class SmtpServerRefusal extends Exception {

  private static final long serialVersionUID = 1;

  private final transient SmtpReply reply;
  private final boolean mistake;

  private SmtpServerRefusal(SmtpReply reply, boolean mistake) {
    super(reply.toString(), null, false, false);
    this.reply = reply;
    this.mistake = mistake;
  }

  SmtpServerRefusal(SmtpReply reply) {
    // RFC 5321, 4.2.2 and 4.3.2: the client's mistakes, and not what somebody decided.
    this(reply, reply.code() / 10 == 50 || reply.code() == 555);
  }

  SmtpServerRefusal(int code, String text) {
    this(SmtpReply.of(code, text));
  }

  /** What must follow from an earlier refusal where a client says several commands at once. */
  static SmtpServerRefusal consequence(int code, String text) {
    return new SmtpServerRefusal(SmtpReply.of(code, text), false);
  }

  /** Whether it counts as a bad command. */
  boolean isMistake() {
    return mistake;
  }

  SmtpReply reply() {
    return reply;
  }
}
