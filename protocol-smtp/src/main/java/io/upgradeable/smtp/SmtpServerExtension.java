package io.upgradeable.smtp;

/** What a server can offer under TLS beyond RFC 5321. It offers only what it honours. */
public enum SmtpServerExtension {
  /** Several commands at once (RFC 2920). Offered unless withdrawn. */
  PIPELINING("PIPELINING"),

  /** The largest message, and a message's size told before it is sent (RFC 1870). As above. */
  SIZE("SIZE"),

  /** Bytes beyond ASCII in the content (RFC 6152). As above. */
  EIGHT_BIT_MIME("8BITMIME"),

  /** Characters beyond ASCII in addresses and headers (RFC 6531). As above. */
  SMTPUTF8("SMTPUTF8"),

  /** Content in counted chunks, by BDAT (RFC 3030). As above. */
  CHUNKING("CHUNKING"),

  /**
   * Delivery status notifications (RFC 3461). Only for a handler that sends them: the server itself
   * hands on what was asked for, and no more.
   */
  DSN("DSN"),

  /**
   * Verified TLS at each hop (RFC 8689). Only for a handler that relays in no other way, or not at
   * all.
   */
  REQUIRETLS("REQUIRETLS");

  private final String keyword;

  SmtpServerExtension(String keyword) {
    this.keyword = keyword;
  }

  /**
   * The word by which it is offered.
   *
   * @return the EHLO keyword
   */
  public String keyword() {
    return keyword;
  }
}
