package io.upgradeable.smtp;

import io.upgradeable.negotiation.Message;
import io.upgradeable.negotiation.Negotiation;
import io.upgradeable.negotiation.Reason;
import io.upgradeable.negotiation.Step;
import io.upgradeable.negotiation.TlsFacts;
import io.upgradeable.smtp.SmtpOpportunisticResult.InPlaintext;
import io.upgradeable.smtp.SmtpOpportunisticResult.Secured;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The client: greeting, EHLO, STARTTLS, EHLO under TLS. It is done when it knows what the server
 * offers there, and leaves AUTH and mail to the session. The state diagram is in the {@linkplain
 * io.upgradeable.smtp package description}.
 *
 * <p>The client speaks only when nothing is unread: a server that plays the dialogue ahead does not
 * listen to us. At STARTTLS the driver's hook makes that check, and calls it injected plaintext.
 * Bytes behind the last reply are the session's.
 *
 * <p>A server that refuses hears QUIT before we close, as RFC 5321, 4.1.1.10, demands; one that
 * says 421, or breaks the protocol, does not.
 *
 * @param <R> {@link SmtpResult}, or {@link SmtpOpportunisticResult} where plaintext is good enough
 */
public final class SmtpUpgrade<R> implements Negotiation<R> {

  private static final String STARTTLS = "STARTTLS";
  private static final int READY = 220;
  private static final int OK = 250;
  private static final int UNKNOWN_COMMAND = 500;
  private static final int NOT_IMPLEMENTED = 502;

  /** How much of a wrong reply a failure quotes. */
  private static final int MAX_QUOTED = 120;

  /** In the order in which they are passed. */
  private enum State {
    NEW("the start"),
    AWAITING_GREETING("the greeting (220)"),
    AWAITING_EHLO_REPLY("the reply to %s (250)"),
    AWAITING_STARTTLS_REPLY("the reply to STARTTLS (220)"),
    SECURING("a TLS handshake"),
    AWAITING_SECURED_EHLO_REPLY("the reply to %s under TLS (250)"),
    AWAITING_HELO_REPLY("the reply to HELO (250)"),
    OVER("nothing");

    /** What is waited for; {@code %s} stands for EHLO or LHLO. */
    private final String awaited;

    State(String awaited) {
      this.awaited = awaited;
    }
  }

  private final SmtpOptions options;
  private final boolean underTls;
  private final Function<SmtpResult, R> whenSecured;
  // Where the upgrade is required there is no way to make a result of plaintext.
  private final @Nullable Function<InPlaintext, R> whenInPlaintext;
  private SmtpReplyReader reader = new SmtpReplyReader();
  private Optional<SmtpReply> plaintextEhlo = Optional.empty();
  private State state = State.NEW;

  private SmtpUpgrade(
      SmtpOptions options,
      boolean underTls,
      Function<SmtpResult, R> whenSecured,
      @Nullable Function<InPlaintext, R> whenInPlaintext) {
    this.options = Objects.requireNonNull(options, "options");
    this.underTls = underTls;
    this.whenSecured = whenSecured;
    this.whenInPlaintext = whenInPlaintext;
  }

  /**
   * A client that begins in plaintext and upgrades, or fails.
   *
   * @param options what the client may choose
   * @return the machine for one connection
   */
  public static SmtpUpgrade<SmtpResult> startTls(SmtpOptions options) {
    return new SmtpUpgrade<>(options, false, Function.identity(), null);
  }

  /**
   * A client that begins in plaintext and stays there if the server does not offer STARTTLS or
   * refuses it. Anybody on the way can bring that about.
   *
   * @param options what the client may choose
   * @return the machine for one connection
   */
  public static SmtpUpgrade<SmtpOpportunisticResult> opportunistic(SmtpOptions options) {
    return new SmtpUpgrade<>(options, false, Secured::new, inPlaintext -> inPlaintext);
  }

  /**
   * A client for a connection that is under TLS already, as on port 465. The machine cannot see
   * what is below it: the stack must say so.
   *
   * @param options what the client may choose
   * @return the machine for one connection
   */
  public static SmtpUpgrade<SmtpResult> overTls(SmtpOptions options) {
    return new SmtpUpgrade<>(options, true, Function.identity(), null);
  }

  @Override
  public Step<R> begin() {
    moveTo(State.AWAITING_GREETING);
    return Step.await(awaited());
  }

  @Override
  public Step<R> receive(ByteBuffer input) {
    SmtpReplyReader.Found found = reader.read(input);
    if (found instanceof SmtpReplyReader.Whole whole) {
      return onReply(whole.reply(), input.remaining());
    } else if (found instanceof SmtpReplyReader.Broken broken) {
      moveTo(State.OVER);
      return Step.fail(broken.reason());
    }
    return Step.await(awaited());
  }

  private Step<R> onReply(SmtpReply reply, int unread) {
    return switch (state) {
      case AWAITING_GREETING -> onGreeting(reply, unread);
      case AWAITING_EHLO_REPLY -> onEhloReply(reply, unread);
      case AWAITING_STARTTLS_REPLY -> onStartTlsReply(reply, unread);
      case AWAITING_SECURED_EHLO_REPLY -> onSecuredEhloReply(reply, unread);
      case AWAITING_HELO_REPLY -> onHeloReply(reply, unread);
      case NEW, SECURING, OVER ->
          throw new IllegalStateException("expected no input while " + state);
    };
  }

  private Step<R> onGreeting(SmtpReply reply, int unread) {
    if (reply.code() != READY) {
      return unexpected(reply, unread);
    }
    return sendEhlo(
        underTls ? State.AWAITING_SECURED_EHLO_REPLY : State.AWAITING_EHLO_REPLY, unread);
  }

  private Step<R> onEhloReply(SmtpReply reply, int unread) {
    if (whenInPlaintext != null && knowsNoEhlo(reply)) {
      return sendHelo(unread);
    } else if (reply.code() != OK) {
      return unexpected(reply, unread);
    } else if (SmtpCapabilities.of(reply).offers(STARTTLS)) {
      plaintextEhlo = Optional.of(reply);
      return send(STARTTLS, State.AWAITING_STARTTLS_REPLY, unread);
    } else if (whenInPlaintext != null) {
      return doneInPlaintext(reply, SmtpCapabilities.of(reply), Optional.empty());
    }
    moveTo(State.OVER);
    return Step.fail(Reason.notOffered(STARTTLS), quit(unread));
  }

  private Step<R> onStartTlsReply(SmtpReply reply, int unread) {
    if (reply.code() == READY) {
      moveTo(State.SECURING);
      // Whatever is behind the go-ahead is the hook's to refuse.
      return Step.startTls(Message.empty());
    } else if (whenInPlaintext != null
        && reply.isFailure()
        && reply.code() != SmtpReply.CLOSING
        && plaintextEhlo.isPresent()) {
      SmtpReply ehlo = plaintextEhlo.get();
      return doneInPlaintext(ehlo, SmtpCapabilities.of(ehlo), Optional.of(reply));
    }
    return unexpected(reply, unread);
  }

  @Override
  public Step<R> secured(TlsFacts facts) {
    // RFC 3207, 4.2: whatever the server said before TLS, somebody else may have said.
    reader = new SmtpReplyReader();
    plaintextEhlo = Optional.empty();
    return sendEhlo(State.AWAITING_SECURED_EHLO_REPLY, 0);
  }

  private Step<R> onSecuredEhloReply(SmtpReply reply, int unread) {
    if (underTls && knowsNoEhlo(reply)) {
      return sendHelo(unread);
    } else if (reply.code() != OK) {
      return unexpected(reply, unread);
    }
    return doneUnderTls(reply, SmtpCapabilities.of(reply));
  }

  private Step<R> onHeloReply(SmtpReply reply, int unread) {
    if (reply.code() != OK) {
      return unexpected(reply, unread);
    }
    return underTls
        ? doneUnderTls(reply, SmtpCapabilities.NONE)
        : doneInPlaintext(reply, SmtpCapabilities.NONE, Optional.empty());
  }

  /** RFC 5321, 3.2: a server from before extensions. LMTP never had any such. */
  private boolean knowsNoEhlo(SmtpReply reply) {
    boolean unknown = reply.code() == UNKNOWN_COMMAND || reply.code() == NOT_IMPLEMENTED;
    return unknown && options.dialect() == SmtpDialect.SMTP;
  }

  private Step<R> sendEhlo(State next, int unread) {
    return send(options.dialect().hello() + " " + options.heloName(), next, unread);
  }

  private Step<R> sendHelo(int unread) {
    return send("HELO " + options.heloName(), State.AWAITING_HELO_REPLY, unread);
  }

  private Step<R> send(String command, State next, int unread) {
    if (unread > 0) {
      moveTo(State.OVER);
      String verb = command.split(" ", 2)[0];
      return Step.fail(
          Reason.misbehaved("nothing before " + verb, unread + (unread == 1 ? " byte" : " bytes")));
    }
    moveTo(next);
    return Step.send(Message.line(command, "\r\n"), awaited());
  }

  private Step<R> doneUnderTls(SmtpReply reply, SmtpCapabilities capabilities) {
    moveTo(State.OVER);
    return Step.done(
        whenSecured.apply(new SmtpResult(SmtpCapabilities.serverName(reply), capabilities)));
  }

  private Step<R> doneInPlaintext(
      SmtpReply reply, SmtpCapabilities capabilities, Optional<SmtpReply> refusal) {
    moveTo(State.OVER);
    return Step.done(
        Objects.requireNonNull(whenInPlaintext)
            .apply(new InPlaintext(SmtpCapabilities.serverName(reply), capabilities, refusal)));
  }

  private Step<R> unexpected(SmtpReply reply, int unread) {
    String expected = awaited();
    moveTo(State.OVER);
    if (reply.isFailure()) {
      return Step.fail(
          Reason.refused(String.valueOf(reply.code()), reply.text()),
          reply.code() == SmtpReply.CLOSING ? Message.empty() : quit(unread));
    }
    return Step.fail(Reason.misbehaved(expected, quoted(reply)));
  }

  private static Message quit(int unread) {
    return unread > 0 ? Message.empty() : Message.line("QUIT", "\r\n");
  }

  private static String quoted(SmtpReply reply) {
    String text = reply.toString();
    return "'" + (text.length() > MAX_QUOTED ? text.substring(0, MAX_QUOTED) + "..." : text) + "'";
  }

  @Override
  public Step<R> inputClosed() {
    moveTo(State.OVER);
    return Step.fail(Reason.closed());
  }

  private String awaited() {
    return state.awaited.formatted(options.dialect().hello());
  }

  private void moveTo(State next) {
    if (next.compareTo(state) <= 0) {
      throw new IllegalStateException("expected a step onward from " + state + ", got " + next);
    }
    state = next;
  }
}
