package io.upgradeable.smtp;

/** Something that a session does in its turn. All methods are called on the event loop. */
abstract class SmtpJob {

  /** Its turn has come: nothing was sent before. */
  abstract void begin(SmtpDialogue dialogue);

  /** Everything that came was read: whatever can be done now is done. */
  void advance(SmtpDialogue dialogue) {}

  /** Whether what it sends may go behind a message whose end was sent and not yet answered. */
  boolean mayFollowContent(SmtpDialogue dialogue) {
    return false;
  }

  /** Whether all that it has to send was sent, so that the next one's commands may follow. */
  boolean mayBeFollowed() {
    return false;
  }

  /**
   * A reply came while none was owed.
   *
   * @return true if it is the reason why the session cannot go on, and was taken note of
   */
  boolean takesEarly(SmtpReply reply) {
    return false;
  }

  /** Whether it may begin only where nothing else is under way, and no RSET is due. */
  boolean goesAlone() {
    return false;
  }

  /** A reply to this job as it may be shown. */
  SmtpReply shown(SmtpReply reply) {
    return reply;
  }

  /** What is waited for while no reply is owed. */
  String awaited() {
    return "a turn";
  }

  /**
   * The session is over, whether or not this job had begun.
   *
   * @param cause why
   */
  abstract void broken(SmtpDialogue dialogue, Exception cause);
}
