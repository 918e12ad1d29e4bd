package io.upgradeable.smtp;

import io.upgradeable.internal.Observing;

/**
 * Tells an observer what is said on one connection, with secrets replaced.
 *
 * <p>Not thread-safe; used on the connection's event loop.
 */
final class SmtpServerTrace {

  private static final int CHALLENGE = 334;

  private final SmtpServerObserver observer;
  private final SmtpServerRedaction redaction = new SmtpServerRedaction();

  SmtpServerTrace(SmtpServerObserver observer) {
    this.observer = observer;
  }

  /** Whether somebody watches: what nobody hears need not be put together. */
  private boolean isSilent() {
    return observer == SmtpServerObserver.NONE;
  }

  void command(SmtpServerPeer peer, SmtpCommandLine.Whole command) {
    if (!isSilent()) {
      String argument = command.argument().isEmpty() ? "" : " " + command.argument();
      String line = redaction.shownLine(command.verb() + argument);
      Observing.quietly(() -> observer.command(peer, line));
    }
  }

  /** A client answered a challenge. */
  void secret(SmtpServerPeer peer) {
    if (!isSilent()) {
      Observing.quietly(() -> observer.command(peer, SmtpServerRedaction.REDACTED));
    }
  }

  void content(SmtpServerPeer peer, long bytes) {
    if (!isSilent()) {
      Observing.quietly(() -> observer.content(peer, bytes));
    }
  }

  void reply(SmtpServerPeer peer, SmtpReply reply) {
    if (!isSilent()) {
      SmtpReply shown =
          reply.code() == CHALLENGE ? SmtpReply.of(CHALLENGE, SmtpServerRedaction.REDACTED) : reply;
      Observing.quietly(() -> observer.reply(peer, shown));
    }
  }
}
