package io.upgradeable.smtp;

/** How far a message came for a recipient, in the order of the dialogue. */
public enum DeliveryPhase {
  /** Waiting for its turn: nothing of it was sent. */
  QUEUED,
  /** Checked here: the envelope demands TLS to the end, and this way has none (RFC 8689). */
  REQUIRETLS,
  /** Checked here: a mailbox or the header needs SMTPUTF8, and it is not offered (RFC 6531). */
  SMTPUTF8,
  /** Checked here: the content is 8-bit, and 8BITMIME is not offered (RFC 6152). */
  BODY,
  /** Checked here: larger than the server takes (RFC 1870). */
  SIZE,
  /** The MAIL command. */
  MAIL,
  /** The recipient's RCPT command. */
  RCPT,
  /** The DATA command, before the content. */
  DATA,
  /** The content, its end not included. */
  CONTENT,
  /** Behind the content's end (DATA's dot or the last BDAT), at the server's answer to it. */
  END
}
