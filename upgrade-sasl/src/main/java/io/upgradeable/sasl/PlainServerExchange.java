package io.upgradeable.sasl;

import java.util.Arrays;

/** The server's side of PLAIN (RFC 4616). */
final class PlainServerExchange extends SaslServerExchange {

  private final SaslServer server;

  PlainServerExchange(SaslServer server) {
    super(SaslMechanism.PLAIN);
    this.server = server;
  }

  @Override
  SaslServerStep answer(byte[] response) throws SaslFailedException {
    char[] message = decoded(response, "a message of PLAIN");
    try {
      int first = indexOfNul(message, 0);
      int second = indexOfNul(message, first + 1);
      boolean wellFormed =
          second > first + 1 // A user
              && second < message.length - 1 // A password
              && indexOfNul(message, second + 1) == message.length;
      if (!wellFormed) {
        throw SaslFailedException.misbehaved(
            "an identity, a user and a password with a NUL between them", "another form");
      }
      char[] password = Arrays.copyOfRange(message, second + 1, message.length);
      SaslServerStep step =
          server.checkPassword(
              new String(message, 0, first),
              Arrays.copyOfRange(message, first + 1, second),
              password);
      Arrays.fill(password, '\0');
      return step;
    } finally {
      Arrays.fill(message, '\0');
    }
  }

  /** The text's length where there is none. */
  private static int indexOfNul(char[] text, int from) {
    int i = from;
    while (i < text.length && text[i] != '\0') {
      i++;
    }
    return i;
  }
}
