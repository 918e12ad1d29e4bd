package io.upgradeable.smtp;

/** What became of a message for one recipient. */
public enum DeliveryOutcome {
  /** The server answers for it now. */
  ACCEPTED,
  /** Refused for now (4xx, or 552 to RCPT for too many recipients): a later attempt may succeed. */
  REFUSED_TRANSIENT,
  /** Refused for good (5xx), or by this side because the server does not offer what it takes. */
  REFUSED_PERMANENT,
  /**
   * The content's end was sent and no answer came: the server may have accepted it or not. To send
   * it again risks that it arrives twice, not to send it that it never does.
   */
  UNKNOWN,
  /** The server cannot have accepted it: its end was never sent. */
  NOT_SENT
}
