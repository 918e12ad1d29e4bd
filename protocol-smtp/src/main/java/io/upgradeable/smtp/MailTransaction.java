package io.upgradeable.smtp;

import io.upgradeable.internal.Promise;
import io.upgradeable.smtp.ContentReader.EightBitFound;
import io.upgradeable.smtp.ContentReader.Framing;
import io.upgradeable.smtp.ContentReader.Piece;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * One message on its way: MAIL, RCPT for each recipient, and the content by DATA or BDAT. It takes
 * note of each reply, and decides for each recipient what became of the message, once.
 *
 * <pre>{@code
 * QUEUED --> ENVELOPE -- 354 (DATA), 2xx for a recipient (BDAT) --> CONTENT -- its end --> ENDED
 *                |                                                     |                     |
 *                +--- all refused ---> OVER <--- a chunk is refused ---+     the answers     |
 *                                       ^----------------------------------------------------+
 * }</pre>
 *
 * <p>With PIPELINING all commands of the envelope leave at once, DATA last (RFC 2920, 3.1), or with
 * BDAT a content of a single piece too, if it can be read again; without it one command waits for
 * the reply to the other.
 */
final class MailTransaction extends SmtpJob {

  private static final int START_CONTENT = 354;

  private static final byte[] LONE_DOT = ".\r\n".getBytes(StandardCharsets.US_ASCII);

  /** DATA's content is cut into pieces of this size; nobody sees the cuts. */
  private static final int DATA_PIECE = 64 * 1024;

  /** How many pieces may be on their way to the operating system, or chunks unanswered. */
  private static final int MAX_UNDER_WAY = 2;

  private enum State {
    QUEUED,
    ENVELOPE,
    CONTENT,
    ENDED,
    OVER
  }

  private final Envelope envelope;
  private final MailContent content;

  /** MAIL or RCPT if no message is to be sent, else END. */
  private final DeliveryPhase last;

  private static final int TOO_MANY_IN_OLD_WORDS = 552;
  private static final EnhancedStatus TOO_MANY_RECIPIENTS = new EnhancedStatus(5, 5, 3);

  private final Promise<DeliveryReport> promise = new Promise<>();

  /** By index in the envelope. */
  private final Map<Integer, RecipientReport> decided = new TreeMap<>();

  private State state = State.QUEUED;
  private DeliveryPhase phase = DeliveryPhase.QUEUED;
  private @Nullable MailPlan plan;
  private @Nullable SmtpReply mailRefusal;
  private boolean mailAccepted;

  /** Indices of those whose RCPT was accepted, in order. */
  private final List<Integer> accepted = new ArrayList<>();

  /** How many replies to RCPT came, or, without PIPELINING, which one is next. */
  private int rcptReplies;

  private final List<Integer> asked = new ArrayList<>();
  private boolean rcptUnderWay;
  private boolean mailAnswered;
  private boolean dataSent;
  private boolean contentGranted;
  private @Nullable SmtpReply contentRefusal;
  private @Nullable ContentReader reader;
  private @Nullable Piece ready;
  private boolean allRead;
  private int underWay;
  private int unansweredChunks;

  /** LMTP: one answer to the content's end for each recipient. */
  private boolean perRecipient;

  private int finalReplies;
  private boolean finalAnswered;
  private @Nullable Exception contentFailure;
  private Optional<Exception> failure = Optional.empty();
  private @Nullable Future<?> limitTimer;

  MailTransaction(Envelope envelope, MailContent content) {
    this(envelope, content, DeliveryPhase.END);
  }

  private MailTransaction(Envelope envelope, MailContent content, DeliveryPhase last) {
    this.envelope = Objects.requireNonNull(envelope, "envelope");
    this.content = Objects.requireNonNull(content, "content");
    this.last = last;
  }

  /** Goes as far as MAIL or RCPT, and takes all back. The content is not opened. */
  static MailTransaction probe(Envelope envelope, MailContent content, DeliveryPhase last) {
    if (last != DeliveryPhase.MAIL && last != DeliveryPhase.RCPT) {
      throw new IllegalArgumentException("expected MAIL or RCPT to be the last, got " + last);
    }
    return new MailTransaction(envelope, content, last);
  }

  Promise<DeliveryReport> promise() {
    return promise;
  }

  void limitedBy(Future<?> timer) {
    limitTimer = timer;
  }

  /** Forgets the time limit: it is not waited for any more. */
  void stopTimer() {
    if (limitTimer != null) {
      limitTimer.cancel(false);
    }
  }

  /** Whether the server may have all of it. */
  boolean isEnded() {
    return state == State.ENDED || state == State.OVER;
  }

  private MailPlan plan() {
    return Objects.requireNonNull(plan, "plan");
  }

  @Override
  boolean mayFollowContent(SmtpDialogue dialogue) {
    // BDAT that is refused leaves the transaction open: the next one must not be mixed with it.
    return !dialogue.server().usesBdat();
  }

  @Override
  boolean mayBeFollowed() {
    return state == State.ENDED && !plan().usesBdat();
  }

  @Override
  String awaited() {
    return state == State.CONTENT ? "a peer that takes the content" : "the content";
  }

  @Override
  void begin(SmtpDialogue dialogue) {
    if (promise.isDone()) {
      over(dialogue); // Cancelled in the queue, and the task that takes it from there comes later.
      return;
    }
    plan = MailPlan.of(envelope, content, dialogue.server());
    decided.putAll(plan().refused());
    for (int i = 0; i < envelope.recipients().size(); i++) {
      if (!decided.containsKey(i)) {
        asked.add(i);
      }
    }
    if (asked.isEmpty()) {
      over(dialogue);
      return;
    }
    state = State.ENVELOPE;
    if (isSent() && plan().usesBdat() && dialogue.isPipelining() && content.isRepeatable()) {
      openContent(dialogue); // Its first piece decides what may go at once.
    } else {
      // A content that can be read once is not spent on a server that may not want it.
      sendEnvelope(dialogue);
    }
  }

  private boolean isSent() {
    return last == DeliveryPhase.END;
  }

  /** All commands that may go at once. */
  private void sendEnvelope(SmtpDialogue dialogue) {
    phase = DeliveryPhase.MAIL;
    dialogue.resetIfNeeded();
    dialogue.command(plan().mail(), new Reply(dialogue, "the reply to MAIL", this::onMail));
    if (dialogue.isPipelining() && last != DeliveryPhase.MAIL) {
      asked.forEach(index -> sendRcpt(dialogue, index));
      if (isSent() && !plan().usesBdat()) {
        sendData(dialogue);
      }
    }
  }

  private void sendRcpt(SmtpDialogue dialogue, int index) {
    rcptUnderWay = true;
    dialogue.command(
        MailPlan.rcptCommand(envelope.recipients().get(index), dialogue.server().capabilities()),
        new Reply(dialogue, "the reply to RCPT", (talk, reply) -> onRcpt(talk, index, reply)));
  }

  private void sendData(SmtpDialogue dialogue) {
    dataSent = true;
    dialogue.command("DATA", new Reply(dialogue, "the reply to DATA (354)", this::onData));
  }

  /** A reply to one of our commands. */
  private final class Reply extends ExpectedReply {
    Reply(SmtpDialogue dialogue, String awaited, Handler handler) {
      super(awaited, dialogue.replyTimeout(), reply -> handler.on(dialogue, reply));
    }

    @Override
    void onClosing(SmtpReply reply) {
      onClosingReply(reply);
    }
  }

  /** The reply to the content's end, or in LMTP the replies. */
  private final class FinalReply extends ExpectedReply {
    FinalReply(SmtpDialogue dialogue) {
      super(
          "the reply to the content's end",
          dialogue.finalReplyTimeout(),
          reply -> onFinal(dialogue, reply));
    }

    @Override
    void onClosing(SmtpReply reply) {
      if (perRecipient && finalReplies < accepted.size()) {
        decideBy(accepted.get(finalReplies), reply, DeliveryPhase.END);
      } else {
        accepted.forEach(index -> decideBy(index, reply, DeliveryPhase.END));
      }
    }
  }

  private interface Handler {
    boolean on(SmtpDialogue dialogue, SmtpReply reply);
  }

  private boolean onMail(SmtpDialogue dialogue, SmtpReply reply) {
    mailAnswered = true;
    if (reply.isPositive()) {
      mailAccepted = true;
      if (last == DeliveryPhase.MAIL) {
        asked.forEach(index -> decideNotSent(index, reply));
      }
      phase = DeliveryPhase.RCPT;
    } else if (reply.isFailure()) {
      mailRefusal = reply;
      if (!dialogue.isPipelining() || last == DeliveryPhase.MAIL) {
        asked.forEach(index -> decideBy(index, reply, DeliveryPhase.MAIL));
      }
    } else {
      dialogue.misbehaved("the reply to MAIL", reply);
    }
    return true;
  }

  private boolean onRcpt(SmtpDialogue dialogue, int index, SmtpReply reply) {
    rcptReplies++;
    rcptUnderWay = rcptReplies < asked.size() && dialogue.isPipelining();
    if (reply.isPositive()) {
      accepted.add(index);
      if (!isSent()) {
        decideNotSent(index, reply);
      }
      if (mailRefusal != null) {
        // Whose message would these get? Nothing that we could say ends such a transaction.
        mailRefusal = null;
        dialogue.misbehaved("a refusal of RCPT behind a refusal of MAIL", reply);
      }
    } else if (reply.isFailure()) {
      SmtpReply refusal = mailRefusal;
      if (refusal != null) {
        decideBy(index, refusal, DeliveryPhase.MAIL);
      } else {
        decideBy(index, reply, DeliveryPhase.RCPT);
      }
    } else {
      dialogue.misbehaved("the reply to RCPT", reply);
    }
    if (rcptReplies == asked.size()) {
      phase = plan().usesBdat() ? DeliveryPhase.CONTENT : DeliveryPhase.DATA;
    }
    return true;
  }

  private boolean onData(SmtpDialogue dialogue, SmtpReply reply) {
    if (reply.code() == START_CONTENT) {
      contentGranted = true;
    } else if (reply.isFailure()) {
      contentRefusal = reply;
      accepted.forEach(index -> decideBy(index, reply, DeliveryPhase.DATA));
    } else {
      dialogue.misbehaved("the reply to DATA (354)", reply);
    }
    return true;
  }

  private boolean onChunk(SmtpDialogue dialogue, SmtpReply reply) {
    unansweredChunks--;
    if (reply.isFailure()) {
      if (contentRefusal == null) {
        contentRefusal = reply;
        accepted.forEach(index -> decideBy(index, reply, DeliveryPhase.CONTENT));
      }
    } else if (!reply.isPositive()) {
      dialogue.misbehaved("the reply to BDAT", reply);
    }
    return true;
  }

  private boolean onFinal(SmtpDialogue dialogue, SmtpReply reply) {
    if (!reply.isPositive() && !reply.isFailure()) {
      dialogue.misbehaved("the reply to the content's end", reply);
      return true;
    }
    if (perRecipient && finalReplies < accepted.size()) {
      decideBy(accepted.get(finalReplies), reply, DeliveryPhase.END);
      finalReplies++;
    } else {
      accepted.forEach(index -> decideBy(index, reply, DeliveryPhase.END));
      finalReplies = accepted.size();
    }
    if (plan().usesBdat() && reply.isFailure()) {
      contentRefusal = reply;
    }
    finalAnswered = finalReplies >= accepted.size();
    return finalAnswered;
  }

  @Override
  void advance(SmtpDialogue dialogue) {
    if (state == State.ENVELOPE) {
      advanceEnvelope(dialogue);
    }
    if (state == State.CONTENT) {
      advanceContent(dialogue);
    }
    if (state == State.ENDED && finalAnswered) {
      if (plan().usesBdat() && contentRefusal != null) {
        dialogue.resetSoon();
      }
      over(dialogue);
    }
  }

  private void advanceEnvelope(SmtpDialogue dialogue) {
    if (phase == DeliveryPhase.QUEUED) {
      firstPiece(dialogue);
    } else if (isProbeAnswered()) {
      if (mailAccepted) {
        dialogue.resetSoon();
      }
      over(dialogue);
    } else if (contentRefusal != null) {
      dialogue.needReset(mailAccepted || !accepted.isEmpty());
      over(dialogue);
    } else if (contentGranted) {
      startData(dialogue);
    } else if (!dataSent && mailAnswered && rcptReplies == asked.size()) {
      envelopeAnswered(dialogue);
    } else if (!dataSent && !dialogue.isPipelining() && mailAnswered && !rcptUnderWay) {
      if (mailRefusal == null) {
        sendRcpt(dialogue, asked.get(rcptReplies));
      } else {
        over(dialogue);
      }
    }
  }

  private boolean isProbeAnswered() {
    return !isSent() && mailAnswered && (last == DeliveryPhase.MAIL || rcptReplies == asked.size());
  }

  /** BDAT with PIPELINING: a content of one piece goes with its envelope. */
  private void firstPiece(SmtpDialogue dialogue) {
    Exception broken = contentFailure;
    if (broken != null) {
      decideAll(broken); // Nothing was sent, so there is nothing to take back.
      over(dialogue);
      return;
    }
    Piece piece = ready;
    if (piece != null) {
      sendEnvelope(dialogue);
      if (piece.last() && !dialogue.isOver()) {
        state = State.CONTENT;
        sendPiece(dialogue, piece);
      }
    }
  }

  /** Without DATA in the group: all recipients are answered. */
  private void envelopeAnswered(SmtpDialogue dialogue) {
    if (accepted.isEmpty()) {
      dialogue.needReset(mailAccepted);
      over(dialogue);
    } else if (plan().usesBdat()) {
      state = State.CONTENT;
      openContent(dialogue);
    } else {
      sendData(dialogue);
    }
  }

  private void startData(SmtpDialogue dialogue) {
    contentGranted = false;
    if (!dialogue.nothingUnread("the content")) {
      return;
    }
    if (!accepted.isEmpty()) {
      phase = DeliveryPhase.CONTENT;
      state = State.CONTENT;
      openContent(dialogue);
    } else if (dialogue.dialect() == SmtpDialect.LMTP) {
      // RFC 2033, 4.2: it must refuse, and no number of replies would be the right one.
      dialogue.misbehaved("a refusal of DATA without a recipient", "354");
    } else {
      // RFC 2920, 3.1: an empty message for nobody.
      state = State.ENDED;
      dialogue.content(ByteBuffer.wrap(LONE_DOT), 0, () -> {});
      dialogue.expect(new FinalReply(dialogue));
    }
  }

  private void openContent(SmtpDialogue dialogue) {
    ContentReader open = reader;
    if (open == null) {
      boolean bdat = plan().usesBdat();
      open =
          new ContentReader(
              content,
              bdat ? Framing.BDAT : Framing.DATA,
              bdat ? dialogue.server().options().chunkSize() : DATA_PIECE,
              plan().eightBitAllowed(),
              dialogue.executor(),
              new ContentReader.Listener() {
                @Override
                public void onPiece(Piece piece) {
                  ready = piece;
                  allRead = piece.last();
                  dialogue.settle();
                }

                @Override
                public void onFailure(Exception cause) {
                  contentFailure = cause;
                  dialogue.settle();
                }
              });
      reader = open;
      open.next();
    }
  }

  private void advanceContent(SmtpDialogue dialogue) {
    if (contentRefusal != null) {
      stopContent();
      if (unansweredChunks == 0) {
        dialogue.resetSoon();
        over(dialogue);
      }
      return;
    }
    Exception broken = contentFailure;
    if (broken != null) {
      giveUp(dialogue, broken);
      return;
    }
    while (state == State.CONTENT && ready != null && maySend(dialogue, ready)) {
      sendPiece(dialogue, ready);
    }
  }

  private boolean maySend(SmtpDialogue dialogue, Piece piece) {
    if (plan().usesBdat()) {
      // The last chunk waits for the answers to all others: a message without one of its chunks
      // can never be taken for whole.
      int most = piece.last() || !dialogue.isPipelining() ? 0 : MAX_UNDER_WAY - 1;
      if (unansweredChunks > most) {
        return false;
      }
    }
    return underWay < MAX_UNDER_WAY;
  }

  private void sendPiece(SmtpDialogue dialogue, Piece piece) {
    ready = null;
    ContentReader from = Objects.requireNonNull(reader, "reader");
    underWay++;
    if (plan().usesBdat()) {
      dialogue.tell(piece.command());
      if (!piece.last()) {
        unansweredChunks++;
        dialogue.expect(new Reply(dialogue, "the reply to BDAT", this::onChunk));
      }
    }
    dialogue.content(
        piece.bytes(),
        piece.contentBytes(),
        () -> {
          underWay--;
          from.recycle(piece.bytes());
        });
    if (piece.last()) {
      perRecipient = dialogue.dialect() == SmtpDialect.LMTP;
      dialogue.expect(new FinalReply(dialogue));
      state = State.ENDED;
      stopContent();
    } else if (!from.isMaking() && !allRead) {
      from.next();
    }
  }

  private void stopContent() {
    if (reader != null) {
      reader.close();
    }
    ready = null;
  }

  /** The content cannot be sent to its end: it must never look as if it had been. */
  private void giveUp(SmtpDialogue dialogue, Exception cause) {
    decideAll(cause);
    if (!plan().usesBdat()) {
      over(dialogue);
      dialogue.abandon(cause);
      return;
    }
    stopContent();
    if (unansweredChunks == 0) {
      dialogue.resetSoon();
      over(dialogue);
    }
  }

  /** The content fails: for whoever is not decided yet. */
  private void decideAll(Exception cause) {
    boolean eightBit = cause instanceof EightBitFound;
    for (int index : asked) {
      decide(
          index,
          eightBit ? DeliveryOutcome.REFUSED_PERMANENT : DeliveryOutcome.NOT_SENT,
          eightBit ? DeliveryPhase.BODY : phase,
          Optional.empty(),
          String.valueOf(cause.getMessage()));
    }
    failure = eightBit ? Optional.empty() : Optional.of(cause);
  }

  @Override
  boolean takesEarly(SmtpReply reply) {
    if (state == State.CONTENT && !plan().usesBdat() && reply.isFailure()) {
      accepted.forEach(index -> decideBy(index, reply, DeliveryPhase.CONTENT));
      return true;
    }
    return false;
  }

  private void onClosingReply(SmtpReply reply) {
    DeliveryPhase where = phase;
    if (state == State.ENDED) {
      // Its whole content has left behind the envelope: those who were accepted may get it.
      for (int index : accepted) {
        decide(
            index,
            DeliveryOutcome.UNKNOWN,
            DeliveryPhase.END,
            Optional.empty(),
            "the server closed: " + reply);
      }
    }
    asked.forEach(index -> decideBy(index, reply, where));
  }

  @Override
  void broken(SmtpDialogue dialogue, Exception cause) {
    if (state == State.OVER) {
      return;
    }
    for (int i = 0; i < envelope.recipients().size(); i++) {
      SmtpReply refusal = mailRefusal;
      if (refusal != null) {
        decideBy(i, refusal, DeliveryPhase.MAIL);
      } else if (state == State.ENDED) {
        decide(i, DeliveryOutcome.UNKNOWN, DeliveryPhase.END, Optional.empty(), textOf(cause));
      } else {
        decide(i, DeliveryOutcome.NOT_SENT, phase, Optional.empty(), textOf(cause));
      }
    }
    if (failure.isEmpty()) {
      failure = Optional.of(cause);
    }
    over(dialogue);
  }

  private static String textOf(Exception cause) {
    return cause instanceof ClosedChannelException
        ? "the session was closed by this side"
        : String.valueOf(cause.getMessage());
  }

  private void decideBy(int index, SmtpReply reply, DeliveryPhase where) {
    DeliveryOutcome outcome =
        reply.isPositive()
            ? DeliveryOutcome.ACCEPTED
            : reply.isTransientFailure() || mayBeTooManyRecipients(reply, where)
                ? DeliveryOutcome.REFUSED_TRANSIENT
                : DeliveryOutcome.REFUSED_PERMANENT;
    decide(index, outcome, where, Optional.of(reply), "");
  }

  /**
   * RFC 821 had 552 for it, and servers still say so: another transaction may have the recipient
   * (RFC 5321, 4.5.3.1.10). One that says by its status that the mailbox is full means that.
   */
  private static boolean mayBeTooManyRecipients(SmtpReply reply, DeliveryPhase where) {
    return where == DeliveryPhase.RCPT
        && reply.code() == TOO_MANY_IN_OLD_WORDS
        && reply.enhancedStatus().map(TOO_MANY_RECIPIENTS::equals).orElse(true);
  }

  /** The server would go on, and we do not. */
  private void decideNotSent(int index, SmtpReply reply) {
    decide(index, DeliveryOutcome.NOT_SENT, phase, Optional.of(reply), "");
  }

  /** The first decision stands. */
  private void decide(
      int index,
      DeliveryOutcome outcome,
      DeliveryPhase where,
      Optional<SmtpReply> reply,
      String explanation) {
    decided.putIfAbsent(
        index,
        new RecipientReport(envelope.recipients().get(index), outcome, where, reply, explanation));
  }

  /** The end, and the one place where a report is made: with an entry for every recipient. */
  private void over(SmtpDialogue dialogue) {
    state = State.OVER;
    stopContent();
    stopTimer();
    String why = failure.map(MailTransaction::textOf).orElse("its end was not sent");
    for (int i = 0; i < envelope.recipients().size(); i++) {
      decide(i, DeliveryOutcome.NOT_SENT, phase, Optional.empty(), why);
    }
    DeliveryReport report = new DeliveryReport(List.copyOf(decided.values()), failure);
    dialogue.over(this, () -> promise.complete(report));
  }
}
