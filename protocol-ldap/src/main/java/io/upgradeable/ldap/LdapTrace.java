package io.upgradeable.ldap;

import io.upgradeable.negotiation.Message;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * What a trace shows of messages: what they are, one per line, and of their content only what is no
 * secret: the name of an extended operation, the mechanism of a bind, and the result of an
 * operation. Names, passwords, credentials and values are never shown.
 */
final class LdapTrace {

  private LdapTrace() {}

  /** A message to send. */
  static Message message(BerWriter writer) {
    byte[] bytes = writer.toByteArray();
    return Message.shownAs(bytes, text(ByteBuffer.wrap(bytes)));
  }

  /** Bytes that begin with messages; the last one may be cut. */
  static ByteBuffer shown(ByteBuffer received) {
    return StandardCharsets.UTF_8.encode(text(received.duplicate()));
  }

  private static String text(ByteBuffer bytes) {
    LdapMessageReader reader = new LdapMessageReader(Integer.MAX_VALUE);
    StringBuilder text = new StringBuilder();
    while (bytes.hasRemaining()) {
      if (!(reader.read(bytes) instanceof LdapMessageReader.Whole whole)) {
        text.append(bytes.remaining()).append(" bytes that are no whole LDAP message\n");
        break;
      }
      text.append(line(whole.message())).append('\n');
    }
    return text.toString();
  }

  /** One line, whatever the peer says. */
  static String line(LdapMessage message) {
    String facts = message + facts(message);
    StringBuilder line = new StringBuilder(facts.length());
    for (int i = 0; i < facts.length(); i++) {
      char c = facts.charAt(i);
      if (Character.isISOControl(c)) {
        line.append("\\x%02x".formatted((int) c));
      } else {
        line.append(c);
      }
    }
    return line.toString();
  }

  private static String facts(LdapMessage message) {
    try {
      return switch (message.operation()) {
        case EXTENDED_REQUEST -> " " + ExtendedRequest.read(message.reader());
        case BIND_REQUEST -> {
          try (BindRequest request = BindRequest.read(message.reader())) {
            yield " " + request;
          }
        }
        case BIND_RESPONSE,
            SEARCH_RESULT_DONE,
            MODIFY_RESPONSE,
            ADD_RESPONSE,
            DEL_RESPONSE,
            MODIFY_DN_RESPONSE,
            COMPARE_RESPONSE,
            EXTENDED_RESPONSE ->
            " " + LdapResult.read(message.reader());
        default -> "";
      };
    } catch (BerException e) {
      return ", malformed: " + e.problem();
    }
  }
}
