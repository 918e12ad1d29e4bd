package io.upgradeable.connect;

import io.upgradeable.negotiation.Message;
import java.util.List;
import java.util.Locale;

/**
 * A header field of HTTP/1.1 (RFC 9112, 5).
 *
 * @param name the name as it was sent; names are compared without regard to case
 * @param value the value, without white space around it
 */
public record HttpField(String name, String value) {

  /**
   * Checks the components.
   *
   * @throws IllegalArgumentException if the name is no token, or the value has CR, LF or NUL
   */
  public HttpField {
    if (name.isEmpty() || !name.chars().allMatch(HttpField::isTokenChar)) {
      throw new IllegalArgumentException("expected a token as the name of a field");
    }
    Message.requireOneLine(value);
  }

  /** RFC 9110, 5.6.2. */
  static boolean isTokenChar(int c) {
    return (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z')
        || (c >= '0' && c <= '9')
        || (c > 0 && "!#$%&'*+-.^_`|~".indexOf(c) >= 0);
  }

  boolean is(String other) {
    return name.equalsIgnoreCase(other);
  }

  /** The values of all fields of a name, in order. */
  static List<String> values(List<HttpField> fields, String name) {
    return fields.stream().filter(field -> field.is(name)).map(HttpField::value).toList();
  }

  /** Whether one of the comma-separated elements of a name's fields is this word. */
  static boolean hasElement(List<HttpField> fields, String name, String word) {
    for (String value : values(fields, name)) {
      for (String element : value.split(",", -1)) {
        if (element.strip().toLowerCase(Locale.ROOT).equals(word)) {
          return true;
        }
      }
    }
    return false;
  }
}
