package io.upgradeable.connect;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * One challenge of a {@code Proxy-Authenticate} field (RFC 9110, 11.3 and 11.6).
 *
 * @param scheme the scheme in lower case
 * @param parameters by lower-case name
 */
record Challenge(String scheme, Map<String, String> parameters) {

  /** More is no proxy's. */
  private static final int MAX_CHALLENGES = 16;

  Challenge {
    parameters = Map.copyOf(parameters);
  }

  Optional<String> parameter(String name) {
    return Optional.ofNullable(parameters.get(name));
  }

  /** Reads all challenges; a field that breaks the grammar ends at the break. */
  static List<Challenge> parse(List<String> values) {
    List<Challenge> challenges = new ArrayList<>();
    for (String value : values) {
      new Parser(value, challenges).parse();
    }
    return List.copyOf(challenges);
  }

  private static final class Parser {
    private final String text;
    private final List<Challenge> found;
    private int at;

    Parser(String text, List<Challenge> found) {
      this.text = text;
      this.found = found;
    }

    void parse() {
      skip(" \t,");
      while (at < text.length() && found.size() < MAX_CHALLENGES) {
        String scheme = token();
        if (scheme.isEmpty()) {
          return;
        }
        Map<String, String> parameters = new LinkedHashMap<>();
        skip(" \t");
        boolean good = parameters(parameters);
        found.add(new Challenge(scheme.toLowerCase(Locale.ROOT), parameters));
        if (!good) {
          return;
        }
        skip(" \t,");
      }
    }

    /** Reads {@code name=value} up to the next scheme; false if the grammar is broken. */
    private boolean parameters(Map<String, String> parameters) {
      while (at < text.length()) {
        int before = at;
        String name = token().toLowerCase(Locale.ROOT);
        skip(" \t");
        if (name.isEmpty() || at == text.length() || text.charAt(at) != '=') {
          at = before; // A token68 that nobody asks for, or the next scheme.
          return skipToken68();
        }
        at++;
        skip(" \t");
        Optional<String> value = value();
        if (value.isEmpty() || parameters.putIfAbsent(name, value.get()) != null) {
          return false;
        }
        skip(" \t");
        if (at < text.length() && text.charAt(at) != ',') {
          return false;
        }
        skip(" \t,");
      }
      return true;
    }

    private boolean skipToken68() {
      int end = at;
      while (end < text.length() && " \t,".indexOf(text.charAt(end)) < 0) {
        end++;
      }
      boolean token68 = end == text.length() || text.charAt(end) == ',';
      boolean isScheme = at > 0 && text.lastIndexOf(',', at - 1) >= lastNonSpaceBefore(at);
      if (token68 && !isScheme) {
        at = end;
      }
      return true;
    }

    private int lastNonSpaceBefore(int index) {
      int i = index - 1;
      while (i > 0 && (text.charAt(i) == ' ' || text.charAt(i) == '\t')) {
        i--;
      }
      return i;
    }

    private String token() {
      int start = at;
      while (at < text.length() && HttpField.isTokenChar(text.charAt(at))) {
        at++;
      }
      return text.substring(start, at);
    }

    private Optional<String> value() {
      if (at == text.length() || text.charAt(at) != '"') {
        String token = token();
        return token.isEmpty() ? Optional.empty() : Optional.of(token);
      }
      at++;
      StringBuilder value = new StringBuilder();
      while (at < text.length()) {
        char c = text.charAt(at++);
        if (c == '"') {
          return Optional.of(value.toString());
        }
        if (c == '\\' && at < text.length()) {
          c = text.charAt(at++);
        }
        value.append(c);
      }
      return Optional.empty();
    }

    private void skip(String characters) {
      while (at < text.length() && characters.indexOf(text.charAt(at)) >= 0) {
        at++;
      }
    }
  }
}
