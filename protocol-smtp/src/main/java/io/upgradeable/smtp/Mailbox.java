package io.upgradeable.smtp;

import io.upgradeable.internal.IpAddress;
import java.net.IDN;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.regex.Pattern;

/**
 * A mailbox, {@code local-part@domain} (RFC 5321, 4.1.2), perhaps with characters beyond ASCII (RFC
 * 6531, 3.3). Nothing that could end a command or begin a parameter gets into it: no control, no
 * space, no line end of any script, not even in quotes, where the RFC would bear a space.
 *
 * @param localPart as it stands before the {@code @}: atoms with dots between them, or a string in
 *     double quotes; at most 64 bytes of UTF-8
 * @param domain a domain, in letters of any script, or an address in brackets; at most 255 bytes.
 *     One with a letter that the versions of IDNA map to different domains (sharp s, final sigma,
 *     the joiners) is refused where it would have to travel as an A-label: give that label instead
 */
public record Mailbox(String localPart, String domain) {

  /** RFC 5321, 4.5.3.1.1. */
  private static final int MAX_LOCAL_PART = 64;

  /** RFC 5321, 4.5.3.1.2. */
  private static final int MAX_DOMAIN = 255;

  /** RFC 5321, 4.5.3.1.3, without the angle brackets that a path has around it. */
  private static final int MAX_LENGTH = 254;

  /** The underscore is in no RFC and in many a host's name. */
  private static final Pattern ASCII_DOMAIN =
      Pattern.compile(
          "[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
              + "(?:\\.[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*");

  private static final Pattern GENERAL_LITERAL =
      Pattern.compile("[A-Za-z0-9-]*[A-Za-z0-9]:[!-Z^-~]+");

  /**
   * UTS 46, table 1, and the capital of its first: IDNA2003, which the JDK speaks, turns them into
   * others or drops them, so that the mail would go to whoever registered that name.
   */
  private static final Pattern DEVIATING = Pattern.compile("[\u00df\u1e9e\u03c2\u200c\u200d]");

  private static final String IPV6 = "IPv6:";

  /**
   * Checks the components.
   *
   * @throws IllegalArgumentException if they are no mailbox
   */
  public Mailbox {
    requireLocalPart(localPart);
    requireDomain(domain);
    if (isAscii(localPart) && DEVIATING.matcher(domain).find()) {
      throw new IllegalArgumentException(
          "expected the A-label (xn--...) of a domain with a sharp s, a final sigma or a joiner:"
              + " which domain that is depends on the version of IDNA");
    }
    if (utf8Length(localPart) + 1 + utf8Length(domain) > MAX_LENGTH) {
      throw new IllegalArgumentException("expected a mailbox of at most 254 bytes, got more");
    }
  }

  /**
   * Reads {@code local-part@domain}.
   *
   * @param text the text, without angle brackets or a display name
   * @return the mailbox
   * @throws IllegalArgumentException if the text has another form
   */
  public static Mailbox parse(String text) {
    int at = text.lastIndexOf('@');
    if (at < 0) {
      throw new IllegalArgumentException("expected local-part@domain, got no @");
    }
    return new Mailbox(text.substring(0, at), text.substring(at + 1));
  }

  private static void requireLocalPart(String text) {
    Objects.requireNonNull(text, "localPart");
    boolean quoted = text.length() >= 2 && text.startsWith("\"") && text.endsWith("\"");
    boolean wellFormed = !text.isEmpty() && utf8Length(text) <= MAX_LOCAL_PART;
    wellFormed = wellFormed && (quoted ? isQuotedContent(text) : isDotString(text));
    if (!wellFormed) {
      throw new IllegalArgumentException(
          "expected a local part of at most 64 bytes as in RFC 5321, 4.1.2, without spaces, got"
              + " %d characters that are none".formatted(text.length()));
    }
  }

  private static boolean isDotString(String text) {
    if (text.startsWith(".") || text.endsWith(".") || text.contains("..")) {
      return false;
    }
    return text.codePoints().allMatch(c -> c == '.' || isAtext(c) || isBeyondAscii(c));
  }

  private static boolean isAtext(int c) {
    return (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z')
        || (c >= '0' && c <= '9')
        || (c < 0x80 && "!#$%&'*+-/=?^_`{|}~".indexOf(c) >= 0);
  }

  /** What may stand in a command as a letter; no control, space or lone surrogate does. */
  private static boolean isBeyondAscii(int c) {
    return c >= 0xa0
        && !Character.isSpaceChar(c)
        && Character.getType(c) != Character.SURROGATE
        && Character.isDefined(c);
  }

  private static boolean isQuotedContent(String text) {
    boolean escaped = false;
    for (int c : text.substring(1, text.length() - 1).codePoints().toArray()) {
      boolean plain = (c > ' ' && c <= '~') || isBeyondAscii(c);
      if (!plain || (!escaped && c == '"')) {
        return false;
      }
      escaped = !escaped && c == '\\';
    }
    return !escaped;
  }

  private static void requireDomain(String text) {
    Objects.requireNonNull(text, "domain");
    boolean literal = text.startsWith("[") && text.endsWith("]");
    boolean wellFormed = !text.isEmpty() && utf8Length(text) <= MAX_DOMAIN;
    wellFormed = wellFormed && (literal ? isLiteral(text) : isDomain(text));
    if (!wellFormed) {
      throw new IllegalArgumentException(
          "expected a domain, or an address in brackets, got %d characters that are none"
              .formatted(text.length()));
    }
  }

  private static boolean isLiteral(String text) {
    String inside = text.substring(1, text.length() - 1);
    if (inside.regionMatches(true, 0, IPV6, 0, IPV6.length())) {
      String address = inside.substring(IPV6.length());
      return address.indexOf('%') < 0
          && address.indexOf(':') >= 0
          && IpAddress.parse(address).isPresent();
    }
    return (IpAddress.parse(inside).isPresent() && inside.indexOf(':') < 0)
        || GENERAL_LITERAL.matcher(inside).matches();
  }

  private static boolean isDomain(String text) {
    if (isAscii(text)) {
      return ASCII_DOMAIN.matcher(text).matches();
    }
    if (!text.codePoints().allMatch(c -> c == '.' || c == '-' || isLetter(c))) {
      return false;
    }
    try {
      return ASCII_DOMAIN.matcher(IDN.toASCII(text, IDN.ALLOW_UNASSIGNED)).matches();
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  private static boolean isLetter(int c) {
    return c < 0x80 ? Character.isLetterOrDigit(c) : isBeyondAscii(c);
  }

  /**
   * Whether only a server that offers SMTPUTF8 can take this mailbox (RFC 6531): where the local
   * part is beyond ASCII. A domain beyond ASCII has a form in ASCII.
   *
   * @return true if SMTPUTF8 is needed
   */
  public boolean needsSmtpUtf8() {
    return !isAscii(localPart);
  }

  /** What stands in a command: with the domain in ASCII unless SMTPUTF8 is needed anyway. */
  String onWire() {
    String name =
        isAscii(domain) || needsSmtpUtf8() ? domain : IDN.toASCII(domain, IDN.ALLOW_UNASSIGNED);
    return localPart + "@" + name;
  }

  static boolean isAscii(String text) {
    return text.chars().allMatch(c -> c < 0x80);
  }

  private static int utf8Length(String text) {
    return text.getBytes(StandardCharsets.UTF_8).length;
  }

  /** {@code local-part@domain}, as given. */
  @Override
  public String toString() {
    return localPart + "@" + domain;
  }
}
