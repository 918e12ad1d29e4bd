package io.upgradeable.cli;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * What the build asked picocli about the commands and left beside the classes ({@link
 * PrebuiltTexts}), so that a start need not.
 */
final class PrebuiltText {

  /** Ends the names of the files with a command's options; {@link PlainReader} knows the form. */
  static final String OPTIONS = ".options";

  /** Ends the names of the files with a command's help, for a terminal with colours. */
  static final String HELP = ".help";

  private static final char ESCAPE = '\u001b';

  private PrebuiltText() {}

  static String fileName(String command, String kind) {
    return command.replace(' ', '-') + kind;
  }

  /**
   * Reads a text.
   *
   * @param command a command, as in {@code serve ping}
   * @param kind which of its texts
   * @return the text; empty where there is none
   */
  static Optional<String> find(String command, String kind) {
    try (InputStream in = PrebuiltText.class.getResourceAsStream(fileName(command, kind))) {
      return in == null
          ? Optional.empty()
          : Optional.of(new String(in.readAllBytes(), StandardCharsets.UTF_8));
    } catch (IOException unreadable) {
      return Optional.empty(); // picocli knows it all
    }
  }

  /** Leaves the colours out (ESC [ ... m). */
  static String plain(String text) {
    StringBuilder plain = new StringBuilder(text.length());
    int from = 0;
    for (int escape = text.indexOf(ESCAPE); escape >= 0; escape = text.indexOf(ESCAPE, from)) {
      plain.append(text, from, escape);
      from = text.indexOf('m', escape) + 1;
    }
    return plain.append(text, from, text.length()).toString();
  }
}
