package io.upgradeable.smtp;

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

  /** The one mailbox without a domain (RFC 5321, 4.5.1). */
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
    int end = endOfPath();
    String path = end < 0 ? "" : text.substring(at, end);
    String mailbox = path.startsWith("@") ? path.substring(path.indexOf(':') + 1) : path;
    if (end < 0 || !isMailbox(mailbox, path)) {
      throw new SmtpServerRefusal(501, status + " Expected <local-part@domain>");
    }
    at = end + 1;
    return mailbox;
  }

  /** Where the {@code >} stands, which in quotes is a letter like others, or -1. */
  private int endOfPath() {
    boolean quoted = false;
    for (int i = at; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '>' && !quoted) {
        return i;
      } else if (c == '\\' && quoted) {
        i++;
      } else if (c == '"') {
        quoted = !quoted;
      }
    }
    return -1;
  }

  private static boolean isMailbox(String mailbox, String path) {
    if (path.isEmpty() || path.equalsIgnoreCase(POSTMASTER)) {
      return true;
    }
    try {
      return Mailbox.parse(mailbox).toString().equals(mailbox);
    } catch (IllegalArgumentException e) {
      return false;
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
