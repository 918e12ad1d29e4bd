package io.upgradeable.cli;

import io.upgradeable.smtp.Mailbox;
import java.util.ArrayList;
import java.util.List;

/**
 * Somebody who writes or is written to, as people type it: {@code bob@example.org} or {@code Bob
 * <bob@example.org>}.
 *
 * @param name the display name; empty if there is none
 * @param mailbox the mailbox
 */
record MailAddress(String name, Mailbox mailbox) {

  /**
   * Reads one.
   *
   * @param option whose argument it is, for messages
   */
  static MailAddress parse(String option, String text) {
    String stripped = text.strip();
    int open = stripped.lastIndexOf('<');
    boolean bracketed = open >= 0 && stripped.endsWith(">");
    String name = bracketed ? unquoted(stripped.substring(0, open).strip()) : "";
    String address = bracketed ? stripped.substring(open + 1, stripped.length() - 1) : stripped;
    if (name.chars().anyMatch(Character::isISOControl)) {
      throw new UsageException(option + ": expected a name without control characters");
    }
    try {
      return new MailAddress(name, Mailbox.parse(address));
    } catch (IllegalArgumentException e) {
      throw new UsageException(
          "%s: '%s' is no address: %s".formatted(option, stripped, e.getMessage()), e);
    }
  }

  /** Reads a list with commas between; a comma in quotes belongs to a name. */
  static List<MailAddress> parseAll(String option, List<String> texts) {
    List<MailAddress> all = new ArrayList<>();
    for (String text : texts) {
      boolean quoted = false;
      int start = 0;
      for (int i = 0; i < text.length(); i++) {
        char c = text.charAt(i);
        quoted ^= c == '"';
        if (c == ',' && !quoted) {
          all.add(parse(option, text.substring(start, i)));
          start = i + 1;
        }
      }
      all.add(parse(option, text.substring(start)));
    }
    return all;
  }

  private static String unquoted(String name) {
    boolean quoted = name.length() >= 2 && name.startsWith("\"") && name.endsWith("\"");
    return quoted ? name.substring(1, name.length() - 1) : name;
  }
}
