package io.upgradeable.testkit;

import io.upgradeable.negotiation.Message;
import io.upgradeable.negotiation.Negotiation;
import io.upgradeable.negotiation.Reason;
import io.upgradeable.negotiation.Step;
import io.upgradeable.negotiation.TlsFacts;
import io.upgradeable.negotiation.UnreadPolicy;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.Set;

/**
 * A client of a toy protocol, with defects to choose from, so that the test kit can be tested:
 * {@code S: READY n, C: GO, =TLS=, S: WELCOME, C: THANKS, S: BYE}.
 */
final class ToyNegotiation implements Negotiation<ToyNegotiation.Result> {

  static final int MAX_LINE = 32;

  static final String DIALOGUE =
      """
      dialogue client LF
      S: READY 1
      C: GO
      =TLS=
      S: WELCOME
      C: THANKS
      S: BYE
      =DONE=
      """;

  /** What can be wrong with a negotiation. */
  enum Defect {
    AWAITS_AFTER_CONSUMING,
    SENDS_WITHOUT_CONSUMING,
    SWALLOWS_BYTES_AT_TLS,
    LETS_THE_HANDSHAKE_COME_EARLY,
    KEEPS_WHAT_PLAINTEXT_SAID,
    READS_WITHOUT_LIMIT,
    THROWS_AT_GARBAGE,
    GOES_ON_AFTER_GARBAGE,
    IS_DONE_AT_EOF,
    TAKES_HALF_A_LINE,
    HEARS_A_PLAYED_AHEAD_ANSWER,
    BEGINS_AGAIN,
    READS_FROM_INDEX_ZERO,
    SAYS_NOT_WHAT_IT_AWAITS
  }

  record Result(String heard) {}

  private enum State {
    NEW,
    GREETING,
    SECURING,
    SECURED,
    LEAVING,
    OVER
  }

  private final Set<Defect> defects = EnumSet.noneOf(Defect.class);
  private State state = State.NEW;
  private String heard = "";

  ToyNegotiation(Defect... defects) {
    this.defects.addAll(Set.of(defects));
  }

  @Override
  public Step<Result> begin() {
    if (state != State.NEW && !has(Defect.BEGINS_AGAIN)) {
      throw new IllegalStateException("begun");
    }
    state = State.GREETING;
    return Step.await(awaited());
  }

  @Override
  public Step<Result> receive(ByteBuffer input) {
    int start = has(Defect.READS_FROM_INDEX_ZERO) ? 0 : input.position();
    int limit = has(Defect.READS_WITHOUT_LIMIT) ? Integer.MAX_VALUE : MAX_LINE;
    for (int i = start; i < input.limit() && i - start < limit; i++) {
      if (input.get(i) == '\n') {
        return onLine(take(input, start, i), input);
      }
    }
    if (input.limit() - start >= limit) {
      return misbehaved("a line without end");
    }
    if (has(Defect.TAKES_HALF_A_LINE) && input.remaining() >= 3) {
      return onLine(take(input, start, input.limit() - 1), input);
    }
    if (has(Defect.AWAITS_AFTER_CONSUMING)) {
      input.position(input.limit());
    }
    return Step.await(awaited());
  }

  private String awaited() {
    return has(Defect.SAYS_NOT_WHAT_IT_AWAITS) ? "" : "a line";
  }

  private static String take(ByteBuffer input, int start, int end) {
    byte[] line = new byte[end - start];
    input.position(start).get(line);
    input.get();
    return new String(line, StandardCharsets.ISO_8859_1);
  }

  private Step<Result> onLine(String line, ByteBuffer input) {
    if (state == State.GREETING && line.startsWith("READY ")) {
      return onReady(line, input);
    } else if (state == State.SECURED && line.equals("WELCOME")) {
      return onWelcome(line, input);
    } else if (state == State.LEAVING && line.equals("BYE")) {
      state = State.OVER;
      return Step.done(new Result(heard));
    } else if (has(Defect.THROWS_AT_GARBAGE)) {
      throw new IllegalArgumentException(line);
    } else if (has(Defect.GOES_ON_AFTER_GARBAGE)) {
      return startTls();
    }
    return misbehaved(line);
  }

  private Step<Result> onReady(String line, ByteBuffer input) {
    if (has(Defect.KEEPS_WHAT_PLAINTEXT_SAID)) {
      heard = line;
    }
    if (has(Defect.SWALLOWS_BYTES_AT_TLS)) {
      input.position(input.limit());
    }
    return startTls();
  }

  private Step<Result> startTls() {
    state = State.SECURING;
    boolean early = has(Defect.LETS_THE_HANDSHAKE_COME_EARLY);
    return Step.startTls(
        Message.line("GO", "\n"), early ? UnreadPolicy.TLS_RECORD : UnreadPolicy.REJECT);
  }

  @Override
  public Step<Result> secured(TlsFacts facts) {
    state = State.SECURED;
    return Step.await(awaited());
  }

  private Step<Result> onWelcome(String line, ByteBuffer input) {
    if (input.hasRemaining() && !has(Defect.HEARS_A_PLAYED_AHEAD_ANSWER)) {
      return misbehaved("more than WELCOME");
    }
    state = State.LEAVING;
    heard = heard.isEmpty() ? line : heard;
    if (has(Defect.SENDS_WITHOUT_CONSUMING)) {
      input.position(input.position() - line.length() - 1);
    }
    return Step.send(Message.line("THANKS", "\n"), awaited());
  }

  @Override
  public Step<Result> inputClosed() {
    state = State.OVER;
    return has(Defect.IS_DONE_AT_EOF) ? Step.done(new Result(heard)) : Step.fail(Reason.closed());
  }

  private Step<Result> misbehaved(String got) {
    state = State.OVER;
    return Step.fail(Reason.misbehaved("a line of the toy protocol", got));
  }

  private boolean has(Defect defect) {
    return defects.contains(defect);
  }
}
