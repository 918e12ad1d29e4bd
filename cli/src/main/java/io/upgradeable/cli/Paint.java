package io.upgradeable.cli;

/**
 * Colour on a terminal, and nothing elsewhere.
 *
 * @param enabled whether there is colour
 */
record Paint(boolean enabled) {

  private static final String RESET = "\u001b[0m";

  String bold(String text) {
    return with("1", text);
  }

  String dim(String text) {
    return with("2", text);
  }

  String good(String text) {
    return with("32", text);
  }

  String bad(String text) {
    return with("31", text);
  }

  String ours(String text) {
    return with("36", text);
  }

  String theirs(String text) {
    return with("33", text);
  }

  private String with(String code, String text) {
    return enabled ? "\u001b[" + code + "m" + text + RESET : text;
  }
}
