package io.upgradeable.sasl;

import java.io.IOException;

/**
 * The other side failed in an exchange; mistakes of the caller are {@link IllegalStateException}
 * and {@link IllegalArgumentException} instead. The message may quote the other side, bounded; it
 * never holds a secret. Control characters in it are for the printer to escape.
 */
public final class SaslFailedException extends IOException {

  /** How the other side failed. */
  public enum Kind {
    /** It understood and said no. */
    REFUSED,
    /** It broke the mechanism, or a limit. */
    MISBEHAVED
  }

  private static final int MAX_QUOTED = 64;

  private final Kind kind;
  private final String expected;
  private final String got;

  private SaslFailedException(Kind kind, String expected, String got) {
    super("expected %s, got %s".formatted(expected, got));
    this.kind = kind;
    this.expected = expected;
    this.got = got;
  }

  static SaslFailedException refused(String expected, String got) {
    return new SaslFailedException(Kind.REFUSED, expected, got);
  }

  static SaslFailedException misbehaved(String expected, String got) {
    return new SaslFailedException(Kind.MISBEHAVED, expected, got);
  }

  /** The other side's words, short enough for a message. */
  static String quoted(String text) {
    return text.length() <= MAX_QUOTED
        ? "'" + text + "'"
        : "'" + text.substring(0, MAX_QUOTED) + "...'";
  }

  /**
   * How the other side failed.
   *
   * @return the kind
   */
  public Kind kind() {
    return kind;
  }

  /**
   * What was expected.
   *
   * @return in the mechanism's words
   */
  public String expected() {
    return expected;
  }

  /**
   * What came instead.
   *
   * @return in one phrase
   */
  public String got() {
    return got;
  }
}
