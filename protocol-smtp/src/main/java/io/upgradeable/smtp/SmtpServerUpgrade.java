package io.upgradeable.smtp;

import io.upgradeable.negotiation.Message;
import io.upgradeable.negotiation.Negotiation;
import io.upgradeable.negotiation.Reason;
import io.upgradeable.negotiation.Step;
import io.upgradeable.negotiation.TlsFacts;
import io.upgradeable.smtp.SmtpServerFaults.Action;
import io.upgradeable.smtp.SmtpServerFaults.Phase;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * The server: greeting, EHLO, STARTTLS, and under TLS, with everything forgotten, EHLO again. It is
 * done when it answered that, and leaves AUTH and mail to the session. The state diagram is in the
 * {@linkplain io.upgradeable.smtp package description}.
 *
 * <p>Before TLS it executes nothing that could matter: AUTH, MAIL and their like are answered with
 * 530 (RFC 3207, 4), so that there is nothing to carry over. A second STARTTLS is answered with
 * 503.
 *
 * <p>An HTTP request was sent by a browser that somebody led here: the connection is closed without
 * a word, before a body can be taken for commands. Ten bad commands end it with 421, and a line
 * that is none (too long, bare LF or CR, a byte beyond printable ASCII) with 500.
 */
public final class SmtpServerUpgrade implements Negotiation<SmtpServerResult> {

  /** How many bad commands a client has; the last one is answered with 421. */
  static final int MAX_BAD_COMMANDS = 10;

  private static final String LINE_END = "\r\n";
  private static final String A_COMMAND = "an SMTP command";

  /** What a browser says first that somebody led here. */
  static final Set<String> HTTP_METHODS =
      Set.of("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "PRI");

  /** Commands of SMTP that are the session's. */
  private static final Set<String> COMMANDS_OF_THE_SESSION =
      Set.of("AUTH", "MAIL", "RCPT", "DATA", "BDAT", "VRFY", "EXPN", "ETRN", "HELP", "TURN");

  /** In the order in which they are passed. */
  private enum State {
    NEW,
    PLAINTEXT,
    SECURING,
    SECURED,
    OVER
  }

  private final SmtpServerOptions options;
  private final State first;
  private final SmtpServerRedaction redaction = new SmtpServerRedaction();
  private State state = State.NEW;
  private boolean helloSaid;
  private int badCommands;

  private SmtpServerUpgrade(SmtpServerOptions options, State first) {
    this.options = Objects.requireNonNull(options, "options");
    this.first = first;
  }

  /**
   * A server that begins in plaintext and upgrades.
   *
   * @param options what the server may choose
   * @return the machine for one connection
   */
  public static SmtpServerUpgrade startTls(SmtpServerOptions options) {
    return new SmtpServerUpgrade(options, State.PLAINTEXT);
  }

  /**
   * A server for a connection that is under TLS already, as on port 465. The machine cannot see
   * what is below it: the stack must say so.
   *
   * @param options what the server may choose
   * @return the machine for one connection
   */
  public static SmtpServerUpgrade overTls(SmtpServerOptions options) {
    return new SmtpServerUpgrade(options, State.SECURED);
  }

  @Override
  public Step<SmtpServerResult> begin() {
    moveTo(first);
    Optional<Step<SmtpServerResult>> fault = fault(Phase.GREETING);
    if (fault.isPresent()) {
      return fault.get();
    }
    String protocol = options.dialect() == SmtpDialect.SMTP ? "ESMTP" : "LMTP";
    return reply("220 " + options.name() + " " + protocol);
  }

  /** What goes wrong on purpose here: a wrong greeting, and one with 421, is the last word. */
  private Optional<Step<SmtpServerResult>> fault(Phase phase) {
    Optional<Action> action = options.faults().at(phase);
    if (action.isEmpty()) {
      return Optional.empty();
    } else if (action.get() instanceof Action.Answer answer) {
      SmtpReply reply = answer.reply();
      boolean last = phase == Phase.GREETING || reply.code() == SmtpReply.CLOSING;
      return Optional.of(last ? fail(Reason.closed(), reply.toString()) : reply(reply.toString()));
    }
    moveTo(State.OVER);
    return Optional.of(Step.fail(Reason.closed()));
  }

  private Optional<Step<SmtpServerResult>> faultAtHello() {
    return fault(Phase.EHLO)
        .or(() -> state == State.SECURED ? fault(Phase.SECURED_EHLO) : Optional.empty());
  }

  @Override
  public Step<SmtpServerResult> receive(ByteBuffer input) {
    SmtpCommandLine line = SmtpCommandLine.read(input);
    if (line instanceof SmtpCommandLine.Whole command) {
      return onCommand(command);
    } else if (line instanceof SmtpCommandLine.Broken broken) {
      return fail(
          Reason.misbehaved(
              "a command line of ASCII of at most " + SmtpCommandLine.MAX_BYTES + " bytes",
              broken.got()),
          "500 5.5.2 That is no command line, goodbye");
    }
    return Step.await(commands());
  }

  private Step<SmtpServerResult> onCommand(SmtpCommandLine.Whole command) {
    String verb = command.verb();
    if (verb.equals(options.dialect().hello())) {
      return onEhlo(command.argument());
    } else if (verb.equals("HELO") && options.dialect() == SmtpDialect.SMTP) {
      return onHelo(command.argument());
    } else if (HTTP_METHODS.contains(verb)) {
      moveTo(State.OVER);
      return Step.fail(Reason.misbehaved(A_COMMAND, "an HTTP request (" + verb + ")"));
    }
    return switch (verb) {
      case "STARTTLS" -> onStartTls(command.argument());
      case "NOOP" -> reply("250 2.0.0 OK");
      case "RSET" -> onRset(command.argument());
      case "QUIT" -> onQuit(command.argument());
      default -> onOtherCommand(verb);
    };
  }

  private Step<SmtpServerResult> onEhlo(String argument) {
    if (!isOneWord(argument)) {
      return refuse("501 5.5.4 Expected one name behind " + options.dialect().hello());
    }
    Optional<Step<SmtpServerResult>> fault = faultAtHello();
    if (fault.isPresent()) {
      return fault.get();
    }
    helloSaid = true;
    if (state == State.PLAINTEXT) {
      return Step.send(okReply(options.ehloLines(false)), commands());
    }
    moveTo(State.OVER);
    return Step.done(new SmtpServerResult(argument, true), okReply(options.ehloLines(true)));
  }

  private Step<SmtpServerResult> onHelo(String argument) {
    if (!isOneWord(argument)) {
      return refuse("501 5.5.4 Expected one name behind HELO");
    }
    Optional<Step<SmtpServerResult>> fault = faultAtHello();
    if (fault.isPresent()) {
      return fault.get();
    }
    Message reply = okReply(List.of(options.name()));
    if (state == State.PLAINTEXT) {
      return Step.send(reply, commands());
    }
    moveTo(State.OVER);
    return Step.done(new SmtpServerResult(argument, false), reply);
  }

  private Step<SmtpServerResult> onStartTls(String argument) {
    if (state == State.SECURED) {
      return refuse("503 5.5.1 TLS is there already");
    } else if (!argument.isEmpty()) {
      return refuse("501 5.5.4 Expected nothing behind STARTTLS");
    } else if (!helloSaid) {
      return refuse("503 5.5.1 Expected " + options.dialect().hello() + " first");
    }
    Optional<Step<SmtpServerResult>> fault = fault(Phase.STARTTLS);
    if (fault.isPresent()) {
      return fault.get();
    }
    moveTo(State.SECURING);
    return Step.startTls(line("220 2.0.0 Go ahead"));
  }

  @Override
  public Step<SmtpServerResult> secured(TlsFacts facts) {
    // RFC 3207, 4.2: whatever the client said before TLS, somebody else may have said.
    helloSaid = false;
    badCommands = 0;
    moveTo(State.SECURED);
    return Step.await(commands());
  }

  private Step<SmtpServerResult> onRset(String argument) {
    return argument.isEmpty()
        ? reply("250 2.0.0 OK")
        : refuse("501 5.5.4 Expected nothing behind RSET");
  }

  private Step<SmtpServerResult> onQuit(String argument) {
    // The client may go; but the layer is not up, and there will be no result.
    return argument.isEmpty()
        ? fail(Reason.closed(), "221 2.0.0 Goodbye")
        : refuse("501 5.5.4 Expected nothing behind QUIT");
  }

  private Step<SmtpServerResult> onOtherCommand(String verb) {
    if (!COMMANDS_OF_THE_SESSION.contains(verb)) {
      return refuse("500 5.5.2 Unknown command");
    }
    return refuse(
        state == State.PLAINTEXT
            ? "530 5.7.0 Expected STARTTLS first"
            : "503 5.5.1 Expected " + options.dialect().hello() + " first");
  }

  private Step<SmtpServerResult> refuse(String line) {
    badCommands++;
    if (badCommands == MAX_BAD_COMMANDS) {
      return fail(
          Reason.misbehaved(
              "fewer than " + MAX_BAD_COMMANDS + " bad commands", String.valueOf(badCommands)),
          "421 4.7.0 Too many bad commands, goodbye");
    }
    return reply(line);
  }

  @Override
  public ByteBuffer shown(ByteBuffer received) {
    return redaction.shown(received);
  }

  @Override
  public Step<SmtpServerResult> inputClosed() {
    moveTo(State.OVER);
    return Step.fail(Reason.closed());
  }

  private Step<SmtpServerResult> reply(String line) {
    return Step.send(line(line), commands());
  }

  private Step<SmtpServerResult> fail(Reason reason, String lastLine) {
    moveTo(State.OVER);
    return Step.fail(reason, line(lastLine));
  }

  /** What a client may say next, for error texts. */
  private String commands() {
    String hello = options.dialect().hello();
    return state == State.PLAINTEXT ? hello + " and STARTTLS" : hello + " under TLS";
  }

  /** RFC 5321 asks for a domain or an address, and clients say anything; one word is enough. */
  private static boolean isOneWord(String argument) {
    return !argument.isEmpty() && argument.indexOf(' ') < 0;
  }

  private static Message okReply(List<String> lines) {
    StringBuilder reply = new StringBuilder();
    for (int i = 0; i < lines.size(); i++) {
      boolean last = i == lines.size() - 1;
      reply
          .append(last ? "250 " : "250-")
          .append(Message.requireOneLine(lines.get(i)))
          .append(LINE_END);
    }
    return Message.text(reply.toString());
  }

  private static Message line(String line) {
    return Message.line(line, LINE_END);
  }

  private void moveTo(State next) {
    if (next.compareTo(state) <= 0) {
      throw new IllegalStateException("expected a step onward from " + state + ", got " + next);
    }
    state = next;
  }
}
