package io.upgradeable.ping;

import io.upgradeable.negotiation.Message;
import io.upgradeable.negotiation.Negotiation;
import io.upgradeable.negotiation.Reason;
import io.upgradeable.negotiation.Step;
import io.upgradeable.negotiation.TlsFacts;
import io.upgradeable.negotiation.UnreadPolicy;
import java.nio.ByteBuffer;

/**
 * The server: answers PING with PONG, turns into TLS at STARTTLS, is done at QUIT. The state
 * diagram is in the {@linkplain io.upgradeable.ping package description}.
 *
 * <p>The first unknown command ends the connection, so that a browser or a mailer that was led here
 * gets nothing executed. A client that says QUIT before STARTTLS fails as well: done means that TLS
 * was there.
 */
public final class PingServerUpgrade implements Negotiation<PingServerResult> {

  /** In the order in which they are passed. */
  private enum State {
    NEW,
    PLAINTEXT,
    SECURING,
    SECURED,
    OVER
  }

  private final State first;
  private State state = State.NEW;
  private int securedPings;

  private PingServerUpgrade(State first) {
    this.first = first;
  }

  /**
   * A server that begins in plaintext and upgrades.
   *
   * @return the machine for one connection
   */
  public static PingServerUpgrade startTls() {
    return new PingServerUpgrade(State.PLAINTEXT);
  }

  /**
   * A server for a connection that is under TLS already.
   *
   * @return the machine for one connection
   */
  public static PingServerUpgrade overTls() {
    return new PingServerUpgrade(State.SECURED);
  }

  @Override
  public Step<PingServerResult> begin() {
    moveTo(first);
    return Step.await(commands());
  }

  @Override
  public Step<PingServerResult> receive(ByteBuffer input) {
    PingLine line = PingLine.read(input);
    if (line instanceof PingLine.Whole whole) {
      return onCommand(whole.text());
    } else if (line instanceof PingLine.Broken broken) {
      moveTo(State.OVER);
      return Step.fail(broken.reason());
    }
    return Step.await(commands());
  }

  private Step<PingServerResult> onCommand(String command) {
    if (command.equals("PING")) {
      return onPing();
    } else if (command.equals("STARTTLS") && state == State.PLAINTEXT) {
      return onStartTls();
    } else if (command.equals("QUIT") && state == State.SECURED) {
      return onQuit();
    }
    String expected = commands();
    moveTo(State.OVER);
    return Step.fail(Reason.misbehaved(expected, "'" + command + "'"));
  }

  private Step<PingServerResult> onPing() {
    if (state == State.SECURED) {
      securedPings++;
    }
    return Step.send(Message.line("PONG", "\n"), commands());
  }

  private Step<PingServerResult> onStartTls() {
    moveTo(State.SECURING);
    // No reply tells the client to go on: its ClientHello may have come with the command.
    return Step.startTls(Message.empty(), UnreadPolicy.TLS_RECORD);
  }

  @Override
  public Step<PingServerResult> secured(TlsFacts facts) {
    moveTo(State.SECURED);
    return Step.await(commands());
  }

  private Step<PingServerResult> onQuit() {
    moveTo(State.OVER);
    return Step.done(new PingServerResult(securedPings));
  }

  @Override
  public Step<PingServerResult> inputClosed() {
    moveTo(State.OVER);
    return Step.fail(Reason.closed());
  }

  private String commands() {
    return state == State.PLAINTEXT ? "PING or STARTTLS" : "PING or QUIT";
  }

  private void moveTo(State next) {
    if (next.compareTo(state) <= 0) {
      throw new IllegalStateException("expected a step onward from " + state + ", got " + next);
    }
    state = next;
  }
}
