package io.upgradeable.smtp;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An enhanced status code, for instance {@code 5.7.1} (RFC 3463, 2): what a reply's text begins
 * with where the server announced ENHANCEDSTATUSCODES (RFC 2034).
 *
 * @param category 2 for success, 4 for a failure that may pass, 5 for one that will not
 * @param subject where it arose, 0 to 999
 * @param detail what it was, 0 to 999
 */
public record EnhancedStatus(int category, int subject, int detail) {

  /** Digits without a needless zero in front, and a space or the end behind. */
  private static final Pattern AT_START =
      Pattern.compile("([245])\\.(0|[1-9][0-9]{0,2})\\.(0|[1-9][0-9]{0,2})(?: |\\z)");

  private static final int MAX_PART = 999;

  /**
   * Checks the components.
   *
   * @throws IllegalArgumentException if one is out of range
   */
  public EnhancedStatus {
    if (category != 2 && category != 4 && category != 5) {
      throw new IllegalArgumentException("expected a category of 2, 4 or 5, got " + category);
    }
    requirePart(subject, "subject");
    requirePart(detail, "detail");
  }

  private static void requirePart(int value, String name) {
    if (value < 0 || value > MAX_PART) {
      throw new IllegalArgumentException("expected a " + name + " from 0 to 999, got " + value);
    }
  }

  /** Reads the code that a line of a reply begins with, if it begins with one. */
  static Optional<EnhancedStatus> atStartOf(String line) {
    Matcher matcher = AT_START.matcher(line);
    return matcher.lookingAt()
        ? Optional.of(new EnhancedStatus(part(matcher, 1), part(matcher, 2), part(matcher, 3)))
        : Optional.empty();
  }

  private static int part(Matcher matcher, int group) {
    return Integer.parseInt(matcher.group(group));
  }

  /** The code as it is written, for instance {@code 5.7.1}. */
  @Override
  public String toString() {
    return category + "." + subject + "." + detail;
  }
}
