package io.upgradeable.connect;

import io.upgradeable.Endpoint;
import io.upgradeable.negotiation.Message;
import io.upgradeable.negotiation.Negotiation;
import io.upgradeable.negotiation.Reason;
import io.upgradeable.negotiation.Step;
import io.upgradeable.negotiation.TlsFacts;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The client of SOCKS 4a: one request, one answer of eight bytes. There is no RFC; the documents
 * are {@code SOCKS4.protocol} and {@code SOCKS4A.protocol} of the first implementation.
 */
public final class Socks4aUpgrade implements Negotiation<SocksResult> {

  private static final int ANSWER_BYTES = 8;
  private static final int GRANTED = 90;
  private static final String ANSWER = "the proxy's answer to CONNECT";

  private enum State {
    NEW,
    AWAITING_ANSWER,
    OVER
  }

  private final Endpoint target;
  private final String user;
  private State state = State.NEW;

  Socks4aUpgrade(Endpoint target, String user) {
    this.target = target;
    this.user = user;
  }

  static void requireUsable(Endpoint target, String user) {
    if (target.host().indexOf(':') >= 0) {
      throw new IllegalArgumentException("SOCKS 4 knows no IPv6, got " + target);
    }
    Message.requireOneLine(user);
  }

  @Override
  public Step<SocksResult> begin() {
    moveTo(State.AWAITING_ANSWER);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(4);
    out.write(1);
    out.write(target.port() >> 8);
    out.write(target.port());
    // An address that cannot be one says that a name follows.
    out.writeBytes(target.isAddress() ? AddressBytes.bytes(target) : new byte[] {0, 0, 0, 1});
    out.writeBytes(user.getBytes(StandardCharsets.UTF_8));
    out.write(0);
    if (!target.isAddress()) {
      out.writeBytes(target.host().getBytes(StandardCharsets.US_ASCII));
      out.write(0);
    }
    return Step.send(Message.shownAs(out.toByteArray(), "SOCKS4a CONNECT " + target), ANSWER);
  }

  @Override
  public Step<SocksResult> receive(ByteBuffer input) {
    int first = input.get(input.position()) & 0xff;
    if (first != 0) {
      return fail(Reason.misbehaved(ANSWER + " (SOCKS 4)", "version " + first));
    } else if (input.remaining() < ANSWER_BYTES) {
      return Step.await(ANSWER);
    }
    byte[] answer = new byte[ANSWER_BYTES];
    input.get(answer);
    int code = answer[1] & 0xff;
    if (code == GRANTED) {
      moveTo(State.OVER);
      int port = (answer[2] & 0xff) << 8 | (answer[3] & 0xff);
      return Step.done(new SocksResult(AddressBytes.text(Arrays.copyOfRange(answer, 4, 8)), port));
    } else if (code > GRANTED && code <= GRANTED + 3) {
      return fail(
          Reason.refused(
              String.valueOf(code),
              code == GRANTED + 1 ? "rejected or failed" : "rejected for want of an identd"));
    }
    return fail(Reason.misbehaved(ANSWER + " (SOCKS 4)", "code " + code));
  }

  @Override
  public Step<SocksResult> secured(TlsFacts facts) {
    throw new IllegalStateException("no TLS starts in this dialogue");
  }

  @Override
  public Step<SocksResult> inputClosed() {
    return fail(Reason.closed());
  }

  private Step<SocksResult> fail(Reason reason) {
    moveTo(State.OVER);
    return Step.fail(reason);
  }

  private void moveTo(State next) {
    if (next.compareTo(state) <= 0) {
      throw new IllegalStateException("expected a step onward from " + state + ", got " + next);
    }
    state = next;
  }
}
