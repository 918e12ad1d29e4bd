package io.upgradeable.sasl;

import com.ongres.saslprep.SASLprep;
import com.ongres.stringprep.Profile;

/**
 * SASLprep (RFC 4013): what makes the same password of two ways to type it. Whatever it says of the
 * text stays here, because the library's messages quote characters.
 */
final class SaslPrep {

  private static final Profile PROFILE = new SASLprep();

  private SaslPrep() {}

  /**
   * Prepares what a user typed, or a server received; unassigned code points are allowed (RFC 5802,
   * 5.1).
   *
   * @return a copy
   * @throws IllegalArgumentException if the text is prohibited, or nothing is left of it
   */
  static char[] query(char[] text) {
    return prepare(text, PROFILE::prepareQuery);
  }

  /**
   * Prepares a password for its key, in which unassigned code points are prohibited (RFC 5802,
   * 2.2).
   *
   * @return a copy
   * @throws IllegalArgumentException if the text is prohibited, or nothing is left of it
   */
  static char[] stored(char[] text) {
    return prepare(text, PROFILE::prepareStored);
  }

  /** {@link #query(char[])} for what is no secret. */
  static String query(String text) {
    return new String(query(text.toCharArray()));
  }

  /** {@link #stored(char[])} for what is no secret. */
  static String stored(String text) {
    return new String(stored(text.toCharArray()));
  }

  private interface Preparation {
    char[] apply(char[] text);
  }

  private static char[] prepare(char[] text, Preparation preparation) {
    if (isPlainAscii(text)) {
      return text.clone();
    }
    char[] prepared;
    try {
      prepared = preparation.apply(text);
    } catch (IllegalArgumentException prohibited) {
      throw new IllegalArgumentException("expected a text that SASLprep (RFC 4013) allows");
    }
    if (prepared.length == 0) {
      throw new IllegalArgumentException("expected a text of which SASLprep leaves something");
    }
    return prepared;
  }

  /** SASLprep changes nothing in it, and prohibits nothing. */
  private static boolean isPlainAscii(char[] text) {
    for (char c : text) {
      if (c < ' ' || c > '~') {
        return false;
      }
    }
    return text.length > 0;
  }
}
