package io.upgradeable.smtp;

import java.util.regex.Pattern;

/** The names by which the two sides call themselves: a domain or an address literal. */
final class SmtpName {

  /** RFC 5321, 4.5.3.1.2. */
  private static final int MAX_LENGTH = 255;

  /** The underscore is in no RFC and in many a host's name. */
  private static final Pattern NAME =
      Pattern.compile("[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?|\\[[A-Za-z0-9.:-]+]");

  private SmtpName() {}

  /**
   * Refuses whatever would not be one word of a command line, CR, LF and spaces among it.
   *
   * @throws IllegalArgumentException if the text is no name; it is not quoted
   */
  static String require(String text) {
    if (text.length() > MAX_LENGTH || !NAME.matcher(text).matches()) {
      throw new IllegalArgumentException(
          "expected a domain, or an address in brackets, of at most 255 characters of ASCII,"
              + " got %d characters that are none".formatted(text.length()));
    }
    return text;
  }
}
