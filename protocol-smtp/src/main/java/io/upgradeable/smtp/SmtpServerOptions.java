package io.upgradeable.smtp;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.regex.Pattern;

/**
 * What a server may choose. Immutable.
 *
 * @param name what the server calls itself
 * @param capabilities what it offers under TLS, each a keyword with its parameters, for instance
 *     {@code SIZE 10485760}: what the session behind the negotiation can do. ENHANCEDSTATUSCODES is
 *     always offered; before TLS nothing but that, STARTTLS, and of these SMTPUTF8
 * @param dialect SMTP or LMTP
 * @param faults what goes wrong on purpose, to test clients
 */
public record SmtpServerOptions(
    String name, List<String> capabilities, SmtpDialect dialect, SmtpServerFaults faults) {

  /** SMTP, by the name {@code localhost}, with no capability under TLS. */
  public static final SmtpServerOptions DEFAULTS =
      new SmtpServerOptions("localhost", List.of(), SmtpDialect.SMTP, SmtpServerFaults.NONE);

  /** RFC 5321, 4.1.1.1: a keyword, and parameters of printable ASCII. */
  private static final Pattern CAPABILITY =
      Pattern.compile("[A-Za-z0-9][A-Za-z0-9-]*(?: [\\x21-\\x7e]+)*");

  /** The longest line that a client must be ready for is 512 bytes, code and CRLF included. */
  private static final int MAX_CAPABILITY = 506;

  /**
   * Offered before TLS as well: relays (Postfix) decide by the first EHLO whether a message that
   * needs it can go at all, and return it to its sender if not.
   */
  private static final String SMTPUTF8 = "SMTPUTF8";

  /**
   * Checks the components and copies the list.
   *
   * @throws IllegalArgumentException if the name is neither a domain nor an address in brackets, or
   *     a capability is none, or is one that the negotiation itself offers
   */
  public SmtpServerOptions {
    SmtpName.require(name);
    Objects.requireNonNull(dialect, "dialect");
    Objects.requireNonNull(faults, "faults");
    capabilities = List.copyOf(capabilities);
    for (String capability : capabilities) {
      String keyword = capability.split(" ", 2)[0].toUpperCase(Locale.ROOT);
      if (capability.length() > MAX_CAPABILITY
          || !CAPABILITY.matcher(capability).matches()
          || keyword.equals("STARTTLS")
          || keyword.equals("ENHANCEDSTATUSCODES")) {
        throw new IllegalArgumentException(
            "expected a keyword of the session's with its parameters, got something else");
      }
    }
  }

  /**
   * The same options with another name.
   *
   * @param value what the server calls itself
   * @return the changed copy
   * @throws IllegalArgumentException if the name is neither a domain nor an address in brackets
   */
  public SmtpServerOptions withName(String value) {
    return new SmtpServerOptions(value, capabilities, dialect, faults);
  }

  /**
   * The same options with one more capability under TLS.
   *
   * @param capability a keyword with its parameters
   * @return the changed copy
   * @throws IllegalArgumentException if it is no capability, or one that is always offered
   */
  public SmtpServerOptions withCapability(String capability) {
    List<String> all = new ArrayList<>(capabilities);
    all.add(capability);
    return new SmtpServerOptions(name, all, dialect, faults);
  }

  /**
   * The same options for another dialect.
   *
   * @param value SMTP or LMTP
   * @return the changed copy
   */
  public SmtpServerOptions withDialect(SmtpDialect value) {
    return new SmtpServerOptions(name, capabilities, value, faults);
  }

  /**
   * The same options with faults.
   *
   * @param value what goes wrong on purpose
   * @return the changed copy
   */
  public SmtpServerOptions withFaults(SmtpServerFaults value) {
    return new SmtpServerOptions(name, capabilities, dialect, value);
  }

  /** The lines of the reply to EHLO or LHLO: the name, and what is offered. */
  List<String> ehloLines(boolean underTls) {
    List<String> lines = new ArrayList<>(List.of("ENHANCEDSTATUSCODES"));
    if (underTls) {
      lines.addAll(capabilities);
    } else {
      capabilities.stream().filter(SMTPUTF8::equalsIgnoreCase).forEach(lines::add);
      lines.add("STARTTLS");
    }
    lines.removeIf(line -> !faults.shows(line));
    lines.add(0, name);
    return lines;
  }
}
