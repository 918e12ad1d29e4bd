package io.upgradeable.dns;

import java.net.IDN;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/** Names of hosts and domains (RFC 1123, 2.1), in their ASCII form and lower case. */
final class HostName {

  /** RFC 1035, 2.3.4, without the lengths and the root's label. */
  private static final int MAX_LENGTH = 253;

  /** The underscore is in no RFC and in many a host's name. */
  private static final String LABEL = "[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?";

  /** No top-level domain is a number, but the last part of an IPv4 address is. */
  private static final Pattern NAME = Pattern.compile("(?:" + LABEL + "\\.)*(?![0-9]+$)" + LABEL);

  private HostName() {}

  /** Checks a name that came from DNS, with or without the root's dot. */
  static Optional<String> of(String text) {
    String name = text.endsWith(".") ? text.substring(0, text.length() - 1) : text;
    String lower = name.toLowerCase(Locale.ROOT);
    return lower.length() <= MAX_LENGTH && NAME.matcher(lower).matches()
        ? Optional.of(lower)
        : Optional.empty();
  }

  /**
   * Checks a domain that a user wrote, and turns an internationalised one into its ASCII form.
   *
   * @throws IllegalArgumentException if it is none; it is not quoted
   */
  static String require(String text) {
    Optional<String> name;
    try {
      name = of(IDN.toASCII(text, IDN.ALLOW_UNASSIGNED));
    } catch (IllegalArgumentException e) {
      name = Optional.empty();
    }
    return name.orElseThrow(
        () ->
            new IllegalArgumentException(
                "expected a domain of labels of at most 63 and in all 253 characters, got %d"
                        .formatted(text.length())
                    + " characters that are none"));
  }
}
