package io.upgradeable.testkit;

import io.upgradeable.Limits;
import io.upgradeable.negotiation.Message;
import io.upgradeable.negotiation.Negotiation;
import io.upgradeable.negotiation.Reason;
import io.upgradeable.negotiation.Step;
import io.upgradeable.negotiation.TlsFacts;
import io.upgradeable.negotiation.UnreadPolicy;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Runs one negotiation without an event loop, by the same rules as the real driver, and asserts
 * that the negotiation keeps the rules of the SPI. A broken rule is an {@link AssertionError}.
 */
final class MemoryDriver<R> {

  /**
   * Bytes of somebody else before and behind the input, as a real driver's buffer may have them.
   */
  private static final int MARGIN = 3;

  private enum State {
    NEW,
    RUNNING,
    SECURING,
    OVER
  }

  private final Negotiation<R> negotiation;
  private final Limits limits;
  private final ByteArrayOutputStream sent = new ByteArrayOutputStream();
  private State state = State.NEW;
  private byte[] unread = {};
  private byte[] handshake = {};
  private int received;
  private int mostUnread;
  private @Nullable Outcome<R> outcome;

  MemoryDriver(Negotiation<R> negotiation, Limits limits) {
    this.negotiation = negotiation;
    this.limits = limits;
  }

  void begin() {
    require(state == State.NEW, "a driver begins once");
    state = State.RUNNING;
    carryOut(call("begin()", negotiation::begin));
  }

  /** Delivers one segment of the peer. */
  void deliver(byte[] segment) {
    switch (state) {
      case NEW -> throw new IllegalStateException("not begun");
      case RUNNING -> {
        received += segment.length;
        unread = Bytes.join(unread, segment);
        readOn();
      }
      case SECURING -> acrossTheUpgrade(segment);
      case OVER -> {}
    }
  }

  void closeInput() {
    if (state == State.SECURING) {
      finish(new Outcome.Failed<>(Reason.closed()));
    } else if (state == State.RUNNING) {
      Step<R> step = call("inputClosed()", negotiation::inputClosed);
      if (step instanceof Step.Done<R> || step instanceof Step.Fail<R>) {
        carryOut(step);
      } else {
        finish(new Outcome.Failed<>(Reason.closed()));
      }
    }
  }

  void secured(TlsFacts facts) {
    require(state == State.SECURING, "the handshake ends where it began");
    state = State.RUNNING;
    handshake = new byte[0];
    received = 0;
    carryOut(call("secured()", () -> negotiation.secured(facts)));
  }

  boolean isSecuring() {
    return state == State.SECURING;
  }

  boolean isOver() {
    return state == State.OVER;
  }

  Optional<Outcome<R>> outcome() {
    return Optional.ofNullable(outcome);
  }

  /** What was sent since the last call. */
  byte[] takeSent() {
    byte[] bytes = sent.toByteArray();
    sent.reset();
    return bytes;
  }

  /** The handshake bytes of the peer that came so far. */
  int handshakeBytes() {
    return handshake.length;
  }

  /** The most bytes that ever waited for the rest of their message. */
  int mostUnread() {
    return mostUnread;
  }

  private void readOn() {
    while (state == State.RUNNING && unread.length > 0) {
      int before = unread.length;
      Step<R> step = receive();
      int consumed = before - unread.length;
      if (step instanceof Step.Await<R>) {
        require(consumed == 0, "Await consumes nothing, got " + consumed + " bytes consumed");
        mostUnread = Math.max(mostUnread, unread.length);
        carryOut(step);
        enforceLimits();
        return;
      }
      require(!(step instanceof Step.Send<R>) || consumed > 0, "Send consumes a message");
      carryOut(step);
      enforceLimits();
    }
  }

  private Step<R> receive() {
    byte[] backing = new byte[MARGIN + unread.length + MARGIN];
    Arrays.fill(backing, (byte) 'M');
    System.arraycopy(unread, 0, backing, MARGIN, unread.length);
    ByteBuffer input = ByteBuffer.wrap(backing, MARGIN, unread.length).asReadOnlyBuffer();
    Step<R> step = call("receive()", () -> negotiation.receive(input));
    require(input.limit() == MARGIN + unread.length, "the input's limit stays where it was");
    require(input.position() >= MARGIN, "the input's position moves forward only");
    unread = Arrays.copyOfRange(unread, input.position() - MARGIN, unread.length);
    // The input is valid during the call only: a machine that kept it finds something else.
    Arrays.fill(backing, (byte) 'M');
    return step;
  }

  private void enforceLimits() {
    if (state != State.RUNNING) {
      return;
    }
    if (unread.length > limits.unreadBytes()) {
      overLimit("a message of at most " + limits.unreadBytes() + " bytes", unread.length);
    } else if (received > limits.plaintextBytes()) {
      overLimit("a dialogue of at most " + limits.plaintextBytes() + " bytes", received);
    }
  }

  private void overLimit(String expected, int got) {
    finish(new Outcome.Failed<>(Reason.misbehaved(expected, got + " bytes")));
  }

  private Step<R> call(String event, Supplier<Step<R>> handler) {
    Step<R> step;
    try {
      step = handler.get();
    } catch (RuntimeException e) {
      throw new AssertionError("a negotiation throws nothing, got " + e + at(event), e);
    }
    if (step == null) {
      throw new AssertionError(
          "a negotiation answers each event with a step, got null" + at(event));
    }
    return step;
  }

  /** Made for failures only: byte by byte, texts of all that is unread would cost the most. */
  private String at(String event) {
    return " from %s, unread: \"%s\"".formatted(event, Escaped.text(unread));
  }

  private void carryOut(Step<R> step) {
    if (step instanceof Step.Await<R> await) {
      require(!await.awaited().isBlank(), "Await says what is waited for");
    } else if (step instanceof Step.Send<R> send) {
      require(!send.awaited().isBlank(), "Send says what is waited for");
      write(send.message());
    } else if (step instanceof Step.StartTls<R> startTls) {
      onStartTls(startTls);
    } else if (step instanceof Step.Done<R> done) {
      write(done.finalMessage());
      finish(new Outcome.Done<>(done.result(), unread.length));
    } else if (step instanceof Step.Fail<R> fail) {
      write(fail.finalMessage());
      finish(new Outcome.Failed<>(fail.reason()));
    }
  }

  private void onStartTls(Step.StartTls<R> startTls) {
    byte[] leftOver = unread;
    unread = new byte[0];
    if (startTls.unread() == UnreadPolicy.REJECT && leftOver.length > 0) {
      finish(new Outcome.Injected<>(leftOver.length));
      return;
    }
    write(startTls.finalPlaintext());
    state = State.SECURING;
    acrossTheUpgrade(leftOver);
  }

  private void acrossTheUpgrade(byte[] segment) {
    handshake = Bytes.join(handshake, segment);
    if (!beginsTlsRecord(handshake)) {
      finish(new Outcome.Injected<>(handshake.length));
    }
  }

  private static boolean beginsTlsRecord(byte[] bytes) {
    return (bytes.length < 1 || bytes[0] == 0x16)
        && (bytes.length < 2 || bytes[1] == 0x03)
        && (bytes.length < 3 || (bytes[2] >= 0x00 && bytes[2] <= 0x04));
  }

  private void write(Message message) {
    byte[] bytes = new byte[message.length()];
    message.bytes().get(bytes);
    sent.writeBytes(bytes);
  }

  private void finish(Outcome<R> end) {
    state = State.OVER;
    outcome = end;
  }

  private static void require(boolean kept, String rule) {
    if (!kept) {
      throw new AssertionError("SPI rule broken: " + rule);
    }
  }
}
