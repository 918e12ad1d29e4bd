package io.upgradeable.smtp;

/** By which command a message's content goes to the server. */
public enum ContentTransfer {
  /**
   * Whichever is faster: {@link #BDAT} where the server offers CHUNKING and not PIPELINING, as it
   * saves the round trip of DATA there, otherwise {@link #DATA}. With PIPELINING the envelope of
   * the next message travels behind the content, and nothing waits for the network; BDAT in the
   * same place is at the mercy of servers that answer command and chunk in two segments and of
   * delayed acknowledgements. What the dots cost is not worth a thought: bytes are looked at
   * anyway.
   */
  AUTO,
  /** DATA (RFC 5321, 4.1.1.4), which every server knows. */
  DATA,
  /** BDAT (RFC 3030) where the server offers CHUNKING, otherwise DATA. */
  BDAT
}
