package io.upgradeable.sasl;

import java.util.Base64;

/**
 * Reads a SCRAM message attribute by attribute, in the order that the RFC demands (RFC 5802, 7):
 * {@code r=...,s=...,i=...}. Lengths are bounded by the message's own.
 */
final class ScramReader {

  /** Real ones have at most about sixty characters. */
  private static final int MAX_NONCE_LENGTH = 1024;

  private static final int MAX_NUMBER_DIGITS = 9;

  private final String text;
  private final String what;

  /** Where the next attribute begins; behind the text's end once there is none. */
  private int position;

  /**
   * Reads a message.
   *
   * @param what what the message is, for failures
   * @throws SaslFailedException if it is no UTF-8, or has a NUL
   */
  ScramReader(byte[] message, String what) throws SaslFailedException {
    this.what = what;
    char[] decoded = Utf8.decode(message).orElseThrow(() -> broken("bytes that are no UTF-8"));
    text = new String(decoded);
    if (text.indexOf('\0') >= 0) {
      throw broken("a NUL");
    }
  }

  /** The rest of the message, from the next attribute on. */
  String rest() {
    return text.substring(Math.min(position, text.length()));
  }

  /** What was read so far, without the comma behind it. */
  String read() {
    return text.substring(0, Math.max(0, position - 1));
  }

  /**
   * Returns if nothing is left.
   *
   * @throws SaslFailedException if something is
   */
  void requireEnd() throws SaslFailedException {
    if (position <= text.length()) {
      throw broken("more behind its end");
    }
  }

  boolean startsWith(String attribute) {
    return text.startsWith(attribute + "=", position);
  }

  /**
   * Reads the part up to the next comma, whatever it is.
   *
   * @throws SaslFailedException at the end of the message
   */
  String takePart() throws SaslFailedException {
    if (position > text.length()) {
      throw broken("its end after " + text.length() + " characters");
    }
    int comma = text.indexOf(',', position);
    int end = comma < 0 ? text.length() : comma;
    String part = text.substring(position, end);
    position = end + 1;
    return part;
  }

  /**
   * Reads the next attribute.
   *
   * @param name its name, a letter
   * @return its value, not empty
   * @throws SaslFailedException if another one comes, or none
   */
  String take(String name) throws SaslFailedException {
    int start = position;
    String part = takePart();
    if (!part.startsWith(name + "=") || part.length() == 2) {
      throw SaslFailedException.misbehaved(
          "the attribute %s in character %d of %s".formatted(name, start + 1, what),
          part.isEmpty() ? "nothing" : "something else");
    }
    return part.substring(2);
  }

  /** Reads the attribute {@code r}: visible characters without a comma. */
  String takeNonce() throws SaslFailedException {
    String nonce = take("r");
    boolean visible = nonce.chars().allMatch(c -> c > ' ' && c <= '~');
    if (!visible || nonce.length() > MAX_NONCE_LENGTH) {
      throw broken(
          visible ? "a nonce of " + nonce.length() + " characters" : "a nonce of other characters");
    }
    return nonce;
  }

  /** Reads bytes in the one base64 form that they have. */
  byte[] takeBase64(String name) throws SaslFailedException {
    String value = take(name);
    try {
      byte[] bytes = Base64.getDecoder().decode(value);
      if (ScramText.base64(bytes).equals(value)) {
        return bytes;
      }
    } catch (IllegalArgumentException notBase64) {
      // told below
    }
    throw broken("an attribute " + name + " that is no base64");
  }

  /** Reads the attribute {@code i}: a positive number without leading zeros. */
  int takeIterations() throws SaslFailedException {
    String value = take("i");
    boolean number =
        value.length() <= MAX_NUMBER_DIGITS
            && value.charAt(0) != '0'
            && value.chars().allMatch(c -> c >= '0' && c <= '9');
    if (!number) {
      throw broken("the iteration count " + SaslFailedException.quoted(value));
    }
    return Integer.parseInt(value);
  }

  /**
   * Reads what is left, and understands nothing of it.
   *
   * @throws SaslFailedException if it has another form, or must be understood ({@code m})
   */
  void skipExtensions() throws SaslFailedException {
    while (position <= text.length()) {
      skipExtension();
    }
  }

  /** Reads one attribute that may be anything but {@code m}. */
  void skipExtension() throws SaslFailedException {
    String part = takePart();
    boolean attribute = part.length() > 2 && part.charAt(1) == '=' && isLetter(part.charAt(0));
    if (!attribute || part.charAt(0) == 'm') {
      throw broken(
          attribute ? "an extension that must be understood" : "something that is no attribute");
    }
  }

  private static boolean isLetter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  }

  private SaslFailedException broken(String got) {
    return SaslFailedException.misbehaved(what, got);
  }
}
