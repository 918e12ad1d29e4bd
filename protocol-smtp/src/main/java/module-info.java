/** SMTP, submission and LMTP: the upgrade to TLS in both roles, and sending mail. */
module io.upgradeable.smtp {
  requires transitive io.upgradeable.core;
  requires transitive io.upgradeable.sasl;
  requires static transitive org.jspecify;

  exports io.upgradeable.smtp;
}
