package io.upgradeable.sasl;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Users in a file, one a line: the name, a colon, and the password's verifier as {@link
 * StoredSecret#toText()} writes it. Lines that begin with {@code #} and empty ones mean nothing. No
 * password can be read from it, but whoever has it can try some.
 */
public final class UserFile {

  private UserFile() {}

  /**
   * Reads a file.
   *
   * @param file in UTF-8
   * @return the users, who do not change
   * @throws IOException if it cannot be read
   * @throws IllegalArgumentException with the line's number, if the file has another form
   */
  public static SaslUsers read(Path file) throws IOException {
    return parse(Files.readAllLines(file));
  }

  /**
   * Reads the lines of a file.
   *
   * @param lines without their ends
   * @return the users, who do not change
   * @throws IllegalArgumentException with the line's number, if one has another form
   */
  public static SaslUsers parse(List<String> lines) {
    Map<String, StoredSecret> users = new HashMap<>();
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i);
      if (line.isBlank() || line.startsWith("#")) {
        continue;
      }
      int colon = line.indexOf(':');
      try {
        if (colon < 1
            || users.put(SaslPrep.stored(line.substring(0, colon)), stored(line, colon)) != null) {
          throw new IllegalArgumentException("expected NAME:VERIFIER, each name once");
        }
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException("line " + (i + 1) + ": " + e.getMessage(), e);
      }
    }
    return SaslUsers.of(users);
  }

  private static StoredSecret stored(String line, int colon) {
    return StoredSecret.parse(line.substring(colon + 1).strip());
  }

  /**
   * A line for a user.
   *
   * @param user the name
   * @param password the password; it may be closed afterwards
   * @return the line without its end
   * @throws IllegalArgumentException if SASLprep (RFC 4013) prohibits one of the two, or the name
   *     is empty or has a colon
   */
  public static String line(String user, Secret password) {
    String name = SaslPrep.stored(user);
    if (name.isEmpty() || name.indexOf(':') >= 0) {
      throw new IllegalArgumentException("expected a user's name without a colon");
    }
    return name + ":" + StoredSecret.of(password).toText();
  }
}
