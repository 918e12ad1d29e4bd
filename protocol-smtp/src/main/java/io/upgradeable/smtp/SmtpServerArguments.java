package io.upgradeable.smtp;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Reads the arguments of MAIL, RCPT and BDAT (RFC 5321, 4.1.1.2 and 4.1.1.3; RFC 3030, 2). They
 * come from a line of bounded length, without controls.
 */
final class SmtpServerArguments {

  /** RFC 5321, 4.5.3.1.1 to 4.5.3.1.3. */
  private static final int MAX_LOCAL_PART = 64;

  private static final int MAX_DOMAIN = 255;
  private static final int MAX_MAILBOX = 254;

  private static final String POSTMASTER = "Postmaster";

  private static final Pattern KEYWORD = Pattern.compile("[A-Za-z0-9][A-Za-z0-9-]*");

  /** RFC 5321, 4.1.2, with RFC 6531, 3.3: no space, no control, no equals sign. */
  private static final Pattern VALUE = Pattern.compile("[!-<>-~\\x{a0}-\\x{10ffff}]+");

  /** RFC 3461, 4. */
  private static final String XTEXT = "(?:[!-*,-<>-~]|\\+[0-9A-F]{2})";

  private static final String NOTIFICATION = "(?:SUCCESS|FAILURE|DELAY)";

  /** What may stand behind the equals sign; a parameter without a value has none. */
  private record Parameter(String extension, Pattern value) {
    Parameter(String extension, String value) {
      this(extension, Pattern.compile(value));
    }
  }

  private static final Map<String, Parameter> OF_MAIL =
      Map.of(
          "SIZE", new Parameter("SIZE", "[0-9]{1,18}"),
          "BODY", new Parameter("8BITMIME", "(?i:7BIT|8BITMIME)"),
          "SMTPUTF8", new Parameter("SMTPUTF8", ""),
          "RET", new Parameter("DSN", "(?i:FULL|HDRS)"),
          "ENVID", new Parameter("DSN", XTEXT + "{1,100}"),
          "AUTH", new Parameter("AUTH", "<>|" + XTEXT + "{1,500}"),
          "REQUIRETLS", new Parameter("REQUIRETLS", ""));

  private static final Map<String, Parameter> OF_RCPT =
      Map.of(
          "NOTIFY",
          new Parameter("DSN", "(?i:NEVER|" + NOTIFICATION + "(?:," + NOTIFICATION + "){0,2})"),
          "ORCPT",
          new Parameter("DSN", "[A-Za-z0-9-]{1,30};[!-<>-~\\x{a0}-\\x{10ffff}]{1,500}"));

  private static final Pattern CHUNK = Pattern.compile("([0-9]{1,18})(?: +((?i:LAST)))?");

  /** How much a BDAT brings. */
  record Chunk(long size, boolean last) {}

  private final String text;
  private int at;

  private SmtpServerArguments(String text) {
    this.text = text;
  }

  /**
   * Reads the argument of MAIL.
   *
   * @param offered the keywords of what the server offered this client
   * @throws SmtpServerRefusal with what the client is told
   */
  static ReceivedSender sender(String argument, Set<String> offered) throws SmtpServerRefusal {
    SmtpServerArguments reader = new SmtpServerArguments(argument);
    reader.expectPrefix("FROM:", "5.5.4 Expected MAIL FROM:<address>");
    String address = reader.path("5.1.7");
    Map<String, String> parameters = reader.parameters(OF_MAIL, offered);
    requireAscii(argument, parameters.containsKey("SMTPUTF8"));
    return new ReceivedSender(address, parameters);
  }

  /**
   * Reads the argument of RCPT.
   *
   * @param offered the keywords of what the server offered this client
   * @param utf8 whether the message's MAIL said SMTPUTF8
   * @throws SmtpServerRefusal with what the client is told
   */
  static ReceivedRecipient recipient(String argument, Set<String> offered, boolean utf8)
      throws SmtpServerRefusal {
    SmtpServerArguments reader = new SmtpServerArguments(argument);
    reader.expectPrefix("TO:", "5.5.4 Expected RCPT TO:<address>");
    String address = reader.path("5.1.3");
    if (address.isEmpty()) {
      throw new SmtpServerRefusal(501, "5.1.3 Expected a mailbox, got none");
    }
    Map<String, String> parameters = reader.parameters(OF_RCPT, offered);
    requireAscii(argument, utf8);
    return new ReceivedRecipient(address, parameters);
  }

  /** Reads the argument of BDAT; empty if nobody knows how many bytes follow. */
  static Optional<Chunk> chunk(String argument) {
    var matcher = CHUNK.matcher(argument);
    return matcher.matches()
        ? Optional.of(new Chunk(Long.parseLong(matcher.group(1)), matcher.group(2) != null))
        : Optional.empty();
  }

  private static void requireAscii(String argument, boolean utf8) throws SmtpServerRefusal {
    if (!utf8 && argument.chars().anyMatch(c -> c >= 0x80)) {
      throw new SmtpServerRefusal(553, "5.6.7 Expected SMTPUTF8 with such an address");
    }
  }

  private void expectPrefix(String prefix, String refusal) throws SmtpServerRefusal {
    // RFC 5321, 4.1.1.2: no space on either side of the colon.
    if (!text.regionMatches(true, 0, prefix, 0, prefix.length())
        || !text.startsWith("<", prefix.length())) {
      throw new SmtpServerRefusal(501, refusal);
    }
    at = prefix.length() + 1;
  }

  /** Reads a path behind its {@code <}; a source route is skipped (RFC 5321, appendix C). */
  private String path(String status) throws SmtpServerRefusal {
    boolean routed = peek() == '@';
    if (routed) {
      int colon = text.indexOf(':', at);
      requirePath(colon > 0 && isPlain(text.substring(at, colon), "@,.-_[]:"), status);
      at = colon + 1;
    }
    int start = at;
    if (routed || peek() != '>') {
      String localPart = localPart(status);
      boolean postmaster = peek() == '>' && localPart.equalsIgnoreCase(POSTMASTER);
      if (!postmaster) {
        requirePath(peek() == '@', status);
        at++;
        domain(status);
      }
    }
    requirePath(peek() == '>', status);
    String mailbox = text.substring(start, at);
    requirePath(utf8Length(mailbox) <= MAX_MAILBOX, status);
    at++;
    return mailbox;
  }

  private String localPart(String status) throws SmtpServerRefusal {
    int start = at;
    if (peek() == '"') {
      quotedString(status);
    } else {
      while (isLetter(peek()) || "!#$%&'*+-/=?^_`{|}~.".indexOf(peek()) >= 0) {
        at++;
      }
    }
    String localPart = text.substring(start, at);
    requirePath(!localPart.isEmpty() && utf8Length(localPart) <= MAX_LOCAL_PART, status);
    return localPart;
  }

  private void quotedString(String status) throws SmtpServerRefusal {
    at++;
    while (peek() != '"') {
      if (peek() == '\\') {
        at++;
      }
      requirePath(peek() == ' ' || (peek() > ' ' && peek() <= '~') || isLetter(peek()), status);
      at++;
    }
    at++;
  }

  private void domain(String status) throws SmtpServerRefusal {
    int start = at;
    boolean literal = peek() == '[';
    while (at < text.length() && peek() != '>') {
      at++;
    }
    String domain = text.substring(start, at);
    boolean wellFormed =
        literal
            ? domain.endsWith("]") && isPlain(domain.substring(1, domain.length() - 1), ".:-")
            : isPlain(domain, ".-_") && !domain.startsWith(".") && !domain.endsWith(".");
    requirePath(wellFormed && utf8Length(domain) <= MAX_DOMAIN, status);
  }

  /** Letters, digits, and what else is said; one at least. */
  private static boolean isPlain(String text, String others) {
    return !text.isEmpty()
        && text.chars().allMatch(c -> isLetter((char) c) || others.indexOf(c) >= 0);
  }

  /** A letter or digit, or a character beyond ASCII that is neither space nor control. */
  private static boolean isLetter(char c) {
    if (c >= 0x80) {
      return c >= 0xa0 && !Character.isSpaceChar(c);
    }
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  }

  private static int utf8Length(String text) {
    return text.getBytes(StandardCharsets.UTF_8).length;
  }

  /** The character to be read next, or NUL at the end: no line has one. */
  private char peek() {
    return at < text.length() ? text.charAt(at) : 0;
  }

  private static void requirePath(boolean wellFormed, String status) throws SmtpServerRefusal {
    if (!wellFormed) {
      throw new SmtpServerRefusal(501, status + " Expected <local-part@domain>");
    }
  }

  private Map<String, String> parameters(Map<String, Parameter> known, Set<String> offered)
      throws SmtpServerRefusal {
    if (at == text.length()) {
      return Map.of();
    } else if (text.charAt(at) != ' ') {
      throw new SmtpServerRefusal(501, "5.5.4 Expected a space behind the address");
    }
    Map<String, String> parameters = new LinkedHashMap<>();
    for (String word : text.substring(at + 1).split(" ", -1)) {
      int equals = word.indexOf('=');
      String name = (equals < 0 ? word : word.substring(0, equals)).toUpperCase(Locale.ROOT);
      String value = equals < 0 ? "" : word.substring(equals + 1);
      if (!KEYWORD.matcher(name).matches()
          || (equals >= 0 && !VALUE.matcher(value).matches())
          || parameters.putIfAbsent(name, value) != null) {
        throw new SmtpServerRefusal(501, "5.5.4 Expected parameters, each once");
      }
      Parameter parameter = known.get(name);
      if (parameter == null || !offered.contains(parameter.extension())) {
        throw new SmtpServerRefusal(555, "5.5.4 Unknown parameter");
      } else if (!parameter.value().matcher(value).matches()) {
        throw new SmtpServerRefusal(501, "5.5.4 Unknown value of " + name);
      }
    }
    return parameters;
  }
}
