package io.upgradeable.smtp;

/** The options by which the dialogue files go. */
final class TestOptions {

  static final SmtpOptions CLIENT = SmtpOptions.DEFAULTS.withHeloName("client.example.org");

  static final SmtpServerOptions SERVER =
      SmtpServerOptions.DEFAULTS
          .withName("mail.example.net")
          .withCapability("SIZE 10485760")
          .withCapability("AUTH PLAIN");

  static final SmtpOptions LMTP_CLIENT = CLIENT.withDialect(SmtpDialect.LMTP);

  static final SmtpServerOptions LMTP_SERVER = SERVER.withDialect(SmtpDialect.LMTP);

  private TestOptions() {}
}
