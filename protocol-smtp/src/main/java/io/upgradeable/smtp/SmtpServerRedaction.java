package io.upgradeable.smtp;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Set;

/**
 * What a trace shows of a client's lines: all but what it says behind AUTH (RFC 4954), wherever it
 * says it. A client that was refused AUTH may go on with its name and password all the same, so
 * that a line that is no command is shown only until AUTH was heard.
 *
 * <p>Not thread-safe; one per connection.
 */
final class SmtpServerRedaction {

  /** What stands for a secret. */
  static final String REDACTED = "<redacted>";

  private static final String AUTH = "AUTH";

  private static final Set<String> COMMANDS =
      Set.of(
          "EHLO",
          "HELO",
          "LHLO",
          "STARTTLS",
          "MAIL",
          "RCPT",
          "DATA",
          "BDAT",
          "RSET",
          "NOOP",
          "QUIT",
          "VRFY",
          "EXPN",
          "HELP",
          "ETRN",
          "TURN");

  /** Any other word behind AUTH may be the secret itself. */
  private static final Set<String> MECHANISMS =
      Set.of(
          "PLAIN",
          "LOGIN",
          "CRAM-MD5",
          "DIGEST-MD5",
          "SCRAM-SHA-1",
          "SCRAM-SHA-1-PLUS",
          "SCRAM-SHA-256",
          "SCRAM-SHA-256-PLUS",
          "XOAUTH2",
          "OAUTHBEARER",
          "EXTERNAL",
          "GSSAPI",
          "NTLM");

  private boolean authHeard;

  /**
   * Shows lines; the last one may be cut.
   *
   * @param received what came, in the order in which it came
   * @return the same with secrets replaced
   */
  ByteBuffer shown(ByteBuffer received) {
    String text = StandardCharsets.ISO_8859_1.decode(received.duplicate()).toString();
    StringBuilder shown = new StringBuilder(text.length());
    int start = 0;
    while (start < text.length()) {
      int end = text.indexOf('\n', start);
      end = end < 0 ? text.length() : end + 1;
      shown.append(shownLine(text.substring(start, end)));
      start = end;
    }
    return StandardCharsets.ISO_8859_1.encode(shown.toString());
  }

  /** Shows one line, with its end if it has one. */
  String shownLine(String line) {
    String words = line.stripTrailing();
    String end = line.substring(words.length());
    String upperCase = words.toUpperCase(Locale.ROOT);
    String verb = firstWord(upperCase);
    if (verb.equals(AUTH)) {
      authHeard = true;
      return shownAuth(upperCase) + end;
    } else if (COMMANDS.contains(verb)) {
      return line;
    }
    authHeard |= upperCase.contains(AUTH);
    return authHeard ? REDACTED + end : line;
  }

  private static String shownAuth(String words) {
    String argument = words.substring(AUTH.length()).strip();
    if (argument.isEmpty()) {
      return AUTH;
    }
    String mechanism = firstWord(argument);
    if (!MECHANISMS.contains(mechanism)) {
      return AUTH + " " + REDACTED;
    }
    boolean alone = mechanism.length() == argument.length();
    return AUTH + " " + mechanism + (alone ? "" : " " + REDACTED);
  }

  private static String firstWord(String text) {
    int space = text.indexOf(' ');
    return space < 0 ? text : text.substring(0, space);
  }
}
