package io.upgradeable.cli;

import io.upgradeable.smtp.Envelope;
import io.upgradeable.smtp.MailContent;

/**
 * A message that is ready to be sent.
 *
 * @param envelope from whom and to whom
 * @param content what
 */
record Mail(Envelope envelope, MailContent content) {}
