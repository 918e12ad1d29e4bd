package io.upgradeable.cli;

/** How far an SMTP dialogue goes; in the order of the dialogue. */
enum SmtpPhase {
  /** The TCP connection is open, and nothing is said. */
  CONNECT("the connection"),
  /** The server said who it is. */
  GREETING("the greeting"),
  /** The server said what it offers: in plaintext, or under implicit TLS. */
  EHLO("EHLO"),
  /** TLS is on, and nothing is said under it. */
  STARTTLS("STARTTLS"),
  /** The server knows who we are. */
  AUTH("AUTH"),
  /** The server said whether it takes mail from the sender. */
  MAIL("MAIL"),
  /** The server said whether it takes mail for each recipient. */
  RCPT("RCPT");

  private final String what;

  SmtpPhase(String what) {
    this.what = what;
  }

  /** Whether it is part of sending a message. */
  boolean needsMail() {
    return this == MAIL || this == RCPT;
  }

  /** What is over then, in words. */
  String what() {
    return what;
  }
}
