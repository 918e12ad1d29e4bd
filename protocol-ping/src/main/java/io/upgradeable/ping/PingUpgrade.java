package io.upgradeable.ping;

import io.upgradeable.negotiation.Message;
import io.upgradeable.negotiation.Negotiation;
import io.upgradeable.negotiation.Reason;
import io.upgradeable.negotiation.Step;
import io.upgradeable.negotiation.TlsFacts;
import io.upgradeable.negotiation.UnreadPolicy;
import java.nio.ByteBuffer;

/**
 * The client: PING in plaintext, STARTTLS, PING under TLS, QUIT. It is done when the server closes
 * after QUIT. The state diagram is in the {@linkplain io.upgradeable.ping package description}.
 *
 * <p>The client speaks only when nothing is unread: a server that plays the dialogue ahead does not
 * listen to us. At STARTTLS the driver's hook makes that check, and calls it injected plaintext.
 */
public final class PingUpgrade implements Negotiation<PingResult> {

  /** In the order in which they are passed. */
  private enum State {
    NEW,
    AWAITING_PLAINTEXT_PONG,
    SECURING,
    AWAITING_SECURED_PONG,
    AWAITING_CLOSE,
    OVER
  }

  private final State first;
  private State state = State.NEW;
  private int securedPongs;

  private PingUpgrade(State first) {
    this.first = first;
  }

  /**
   * A client that begins in plaintext and upgrades.
   *
   * @return the machine for one connection
   */
  public static PingUpgrade startTls() {
    return new PingUpgrade(State.AWAITING_PLAINTEXT_PONG);
  }

  /**
   * A client for a connection that is under TLS already: PING, PONG, QUIT.
   *
   * @return the machine for one connection
   */
  public static PingUpgrade overTls() {
    return new PingUpgrade(State.AWAITING_SECURED_PONG);
  }

  @Override
  public Step<PingResult> begin() {
    return sendPing(first);
  }

  @Override
  public Step<PingResult> receive(ByteBuffer input) {
    if (state == State.AWAITING_CLOSE) {
      return fail("nothing after QUIT", unread(input));
    }
    PingLine line = PingLine.read(input);
    if (line instanceof PingLine.Whole whole) {
      return whole.text().equals("PONG") ? onPong(input) : fail("PONG", "'" + whole.text() + "'");
    } else if (line instanceof PingLine.Broken broken) {
      moveTo(State.OVER);
      return Step.fail(broken.reason());
    }
    return Step.await("PONG");
  }

  private Step<PingResult> onPong(ByteBuffer input) {
    if (state == State.AWAITING_PLAINTEXT_PONG) {
      return sendStartTls();
    }
    securedPongs++;
    return input.hasRemaining() ? fail("nothing before QUIT", unread(input)) : sendQuit();
  }

  private Step<PingResult> sendPing(State next) {
    moveTo(next);
    return Step.send(command("PING"), "PONG");
  }

  private Step<PingResult> sendStartTls() {
    moveTo(State.SECURING);
    // The server does not answer STARTTLS, so an honest one has nothing to say here but TLS.
    return Step.startTls(command("STARTTLS"), UnreadPolicy.REJECT);
  }

  @Override
  public Step<PingResult> secured(TlsFacts facts) {
    return sendPing(State.AWAITING_SECURED_PONG);
  }

  private Step<PingResult> sendQuit() {
    moveTo(State.AWAITING_CLOSE);
    return Step.send(command("QUIT"), "the server to close");
  }

  @Override
  public Step<PingResult> inputClosed() {
    boolean saidGoodbye = state == State.AWAITING_CLOSE;
    moveTo(State.OVER);
    return saidGoodbye ? Step.done(new PingResult(securedPongs)) : Step.fail(Reason.closed());
  }

  private Step<PingResult> fail(String expected, String got) {
    moveTo(State.OVER);
    return Step.fail(Reason.misbehaved(expected, got));
  }

  private void moveTo(State next) {
    if (next.compareTo(state) <= 0) {
      throw new IllegalStateException("expected a step onward from " + state + ", got " + next);
    }
    state = next;
  }

  private static Message command(String name) {
    return Message.line(name, "\n");
  }

  private static String unread(ByteBuffer input) {
    return input.remaining() + (input.remaining() == 1 ? " byte" : " bytes");
  }
}
