package io.upgradeable.connect;

import io.upgradeable.negotiation.Message;
import io.upgradeable.negotiation.Negotiation;
import io.upgradeable.negotiation.Reason;
import io.upgradeable.negotiation.Step;
import io.upgradeable.negotiation.TlsFacts;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The server: reads one request for a tunnel and refuses everything else. Who may go where, and the
 * 200, are left to what follows; bytes behind the head are the tunnel's and stay unread.
 */
public final class ConnectServerUpgrade implements Negotiation<ConnectRequest> {

  private static final String REQUEST = "a request for a tunnel (CONNECT)";

  /** A field of credentials with its folded lines, if somebody folded it. */
  private static final Pattern CREDENTIALS =
      Pattern.compile(
          "(authorization[ \\t]*:[ \\t]*[A-Za-z0-9-]*)[^\\r\\n]*(?:\\r?\\n[ \\t][^\\r\\n]*)*",
          Pattern.CASE_INSENSITIVE);

  private enum State {
    NEW,
    AWAITING_REQUEST,
    OVER
  }

  private final HttpHeadReader reader = new HttpHeadReader(HttpHeadReader.Kind.REQUEST);
  private State state = State.NEW;

  /** The machine for one connection. */
  public ConnectServerUpgrade() {}

  @Override
  public Step<ConnectRequest> begin() {
    moveTo(State.AWAITING_REQUEST);
    return Step.await(REQUEST);
  }

  @Override
  public Step<ConnectRequest> receive(ByteBuffer input) {
    HttpHeadReader.Found found = reader.read(input);
    if (found instanceof HttpHeadReader.Whole whole) {
      input.position(input.position() + whole.end());
      return onHead(whole.head());
    } else if (found instanceof HttpHeadReader.Broken broken) {
      return refuse(broken.tooLarge() ? 431 : 400, broken.got(), broken.got());
    }
    return Step.await(REQUEST);
  }

  private Step<ConnectRequest> onHead(HttpHead head) {
    RequestLine.Checked checked = RequestLine.check(head);
    if (checked instanceof RequestLine.Refused refused) {
      return refuse(refused.status(), refused.why(), "a request of which " + refused.why());
    }
    moveTo(State.OVER);
    Optional<ConnectRequest.Presented> credentials =
        HttpField.values(head.fields(), "Proxy-Authorization").stream()
            .findFirst()
            .map(ConnectRequest.Presented::new);
    return Step.done(new ConnectRequest(((RequestLine.Tunnel) checked).target(), credentials));
  }

  /** Whatever stands behind the scheme of credentials is a secret, in a broken request too. */
  @Override
  public ByteBuffer shown(ByteBuffer received) {
    String text = StandardCharsets.ISO_8859_1.decode(received).toString();
    String redacted = CREDENTIALS.matcher(text).replaceAll("$1 <redacted>");
    return ByteBuffer.wrap(redacted.getBytes(StandardCharsets.ISO_8859_1));
  }

  private Step<ConnectRequest> refuse(int status, String said, String got) {
    moveTo(State.OVER);
    Message answer = ProxyAnswer.refusal(status, "Refused: " + said + ".");
    return Step.fail(Reason.misbehaved(REQUEST, got), answer);
  }

  @Override
  public Step<ConnectRequest> secured(TlsFacts facts) {
    throw new IllegalStateException("no TLS starts in this dialogue");
  }

  @Override
  public Step<ConnectRequest> inputClosed() {
    moveTo(State.OVER);
    return Step.fail(Reason.closed());
  }

  private void moveTo(State next) {
    if (next.compareTo(state) <= 0) {
      throw new IllegalStateException("expected a step onward from " + state + ", got " + next);
    }
    state = next;
  }
}
