package io.upgradeable.testkit;

import io.upgradeable.negotiation.Message;
import io.upgradeable.negotiation.Negotiation;
import io.upgradeable.negotiation.Reason;
import io.upgradeable.negotiation.Step;
import io.upgradeable.negotiation.TlsFacts;
import io.upgradeable.negotiation.UnreadPolicy;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * A client of another toy protocol, in which the server says the last word before TLS, as in SMTP:
 * {@code C: MAY I, S: GO AHEAD, =TLS=, S: WELCOME}.
 */
final class GoAheadNegotiation implements Negotiation<String> {

  static final String DIALOGUE =
      """
      dialogue client LF
      C: MAY I
      S: GO AHEAD
      =TLS=
      S: WELCOME
      =DONE=
      """;

  private static final int MAX_LINE = 32;

  private String expected = "GO AHEAD";

  @Override
  public Step<String> begin() {
    return Step.send(Message.line("MAY I", "\n"), expected);
  }

  @Override
  public Step<String> receive(ByteBuffer input) {
    String text = StandardCharsets.ISO_8859_1.decode(input.duplicate()).toString();
    int end = text.indexOf('\n');
    if (end < 0 && text.length() < MAX_LINE) {
      return Step.await(expected);
    }
    if (end < 0 || !text.substring(0, end).equals(expected)) {
      return Step.fail(Reason.misbehaved(expected, text));
    }
    input.position(input.position() + end + 1);
    return expected.equals("WELCOME")
        ? Step.done(expected)
        : Step.startTls(Message.empty(), UnreadPolicy.REJECT);
  }

  @Override
  public Step<String> secured(TlsFacts facts) {
    expected = "WELCOME";
    return Step.await(expected);
  }

  @Override
  public Step<String> inputClosed() {
    return Step.fail(Reason.closed());
  }
}
