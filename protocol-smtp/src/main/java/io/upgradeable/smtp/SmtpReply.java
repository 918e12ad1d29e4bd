package io.upgradeable.smtp;

import java.util.List;
import java.util.Optional;

/**
 * A whole reply of a server (RFC 5321, 4.2). Where it came from a peer, the text is the peer's:
 * whoever prints it escapes control characters.
 *
 * @param code the code that stands on each line, 200 to 599
 * @param lines the text of each line behind the code, at least one, perhaps empty; bytes that are
 *     no UTF-8 became U+FFFD
 */
public record SmtpReply(int code, List<String> lines) {

  /** The service is not available; the server closes. It may come instead of any other reply. */
  static final int CLOSING = 421;

  private static final int LOWEST = 200;
  private static final int HIGHEST = 599;

  /**
   * Checks the components and copies the list.
   *
   * @throws IllegalArgumentException if the code cannot be one, or there is no line
   */
  public SmtpReply {
    if (code < LOWEST || code > HIGHEST) {
      throw new IllegalArgumentException("expected a reply code, got " + code);
    }
    lines = List.copyOf(lines);
    if (lines.isEmpty()) {
      throw new IllegalArgumentException("expected a line or more, got none");
    }
  }

  /**
   * A reply of one line.
   *
   * @param code the code
   * @param text the text behind the code, with its enhanced status code if it has one
   * @return the reply
   * @throws IllegalArgumentException if the code cannot be one
   */
  public static SmtpReply of(int code, String text) {
    return new SmtpReply(code, List.of(text));
  }

  /**
   * All lines as one.
   *
   * @return the lines, joined by a space
   */
  public String text() {
    return String.join(" ", lines);
  }

  /**
   * The enhanced status code that the text begins with (RFC 2034). It counts only if its category
   * is the code's first digit: a banner that begins with a version number has none.
   *
   * @return the status, if there is one
   */
  public Optional<EnhancedStatus> enhancedStatus() {
    return EnhancedStatus.atStartOf(lines.get(0)).filter(status -> status.category() == code / 100);
  }

  /**
   * Whether the server did what it was asked for.
   *
   * @return true for 2xx
   */
  public boolean isPositive() {
    return code / 100 == 2;
  }

  /**
   * Whether the server refused for now: the same command may succeed later.
   *
   * @return true for 4xx
   */
  public boolean isTransientFailure() {
    return code / 100 == 4;
  }

  /**
   * Whether the server refused for good.
   *
   * @return true for 5xx
   */
  public boolean isPermanentFailure() {
    return code / 100 == 5;
  }

  /**
   * Whether the server refused.
   *
   * @return true for 4xx and 5xx
   */
  public boolean isFailure() {
    return isTransientFailure() || isPermanentFailure();
  }

  /** The code and all text, in one line. */
  @Override
  public String toString() {
    String text = text();
    return text.isEmpty() ? String.valueOf(code) : code + " " + text;
  }
}
