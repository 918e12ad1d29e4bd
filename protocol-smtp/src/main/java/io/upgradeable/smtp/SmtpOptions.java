package io.upgradeable.smtp;

import java.util.Objects;

/**
 * What a client may choose. Immutable.
 *
 * @param heloName what the client calls itself in EHLO: its fully qualified domain name, or an
 *     address in brackets (RFC 5321, 4.1.4)
 * @param dialect SMTP or LMTP
 */
public record SmtpOptions(String heloName, SmtpDialect dialect) {

  /**
   * SMTP, by the name {@code [127.0.0.1]}: it tells nothing about this machine. Servers that take
   * mail from strangers may ask for better; see {@link #withHeloName}.
   */
  public static final SmtpOptions DEFAULTS = new SmtpOptions("[127.0.0.1]", SmtpDialect.SMTP);

  /**
   * Checks the components.
   *
   * @throws IllegalArgumentException if the name is neither a domain nor an address in brackets, so
   *     that no CR, LF or space can get into a command
   */
  public SmtpOptions {
    SmtpName.require(heloName);
    Objects.requireNonNull(dialect, "dialect");
  }

  /**
   * The same options with another name.
   *
   * @param name what the client calls itself
   * @return the changed copy
   * @throws IllegalArgumentException if the name is neither a domain nor an address in brackets
   */
  public SmtpOptions withHeloName(String name) {
    return new SmtpOptions(name, dialect);
  }

  /**
   * The same options for another dialect.
   *
   * @param value SMTP or LMTP
   * @return the changed copy
   */
  public SmtpOptions withDialect(SmtpDialect value) {
    return new SmtpOptions(heloName, value);
  }
}
