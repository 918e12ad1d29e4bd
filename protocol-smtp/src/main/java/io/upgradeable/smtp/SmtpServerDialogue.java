package io.upgradeable.smtp;

import io.upgradeable.sasl.SaslChannel;
import io.upgradeable.sasl.SaslServerStep;
import io.upgradeable.smtp.SmtpServerFaults.Action;
import io.upgradeable.smtp.SmtpServerFaults.Phase;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * The server's dialogue under TLS, from the reply to EHLO to QUIT (RFC 5321, 4; RFC 2033): the
 * meaning of what is read. When to read and to write is the {@link SmtpServerSession}'s.
 *
 * <p>Not thread-safe; used on the connection's event loop.
 */
final class SmtpServerDialogue {

  private static final String AUTH = "AUTH ";

  private static final SmtpReply OK = SmtpReply.of(250, "2.0.0 OK");
  private static final SmtpReply GO_AHEAD =
      SmtpReply.of(354, "Expected the content, and <CRLF>.<CRLF> at its end");
  private static final SmtpReply LOCAL_ERROR =
      SmtpReply.of(451, "4.3.0 Something went wrong here, try again later");
  private static final SmtpReply TOO_MANY_BAD_COMMANDS =
      SmtpReply.of(421, "4.7.0 Too many bad commands, goodbye");

  /** What the next bytes are. */
  private enum Mode {
    COMMAND,
    CONTENT,
    CHUNK,
    AUTH_RESPONSE
  }

  private final SmtpServerSetup setup;
  private final SmtpServerSession session;
  private final Set<String> offeredToExtended;
  private final Optional<SmtpServerAuth> auth;
  private final SmtpServerTrace trace;
  private SmtpServerPeer peer;
  private Set<String> offered;
  private Mode mode = Mode.COMMAND;
  private @Nullable SmtpServerTransaction transaction;

  /** The last MAIL was refused, so that what was said behind it at once must be refused, too. */
  private boolean mailRefused;

  private long chunkSize;
  private long chunkLeft;
  private boolean chunkIsLast;
  private Optional<SmtpServerRefusal> chunkRefusal = Optional.empty();
  private int badCommands;
  private int commands;
  private int contents;
  private boolean inLine;

  SmtpServerDialogue(
      SmtpServerSetup setup,
      SmtpServerPeer peer,
      boolean extended,
      SaslChannel channel,
      SmtpServerSession session) {
    this.setup = setup;
    this.peer = peer;
    this.auth = setup.sasl().map(sasl -> new SmtpServerAuth(sasl, channel, setup.threadsOfAuth()));
    this.session = session;
    this.trace = new SmtpServerTrace(setup.observer());
    this.offeredToExtended = setup.offered();
    this.offered = extended ? offeredToExtended : Set.of();
  }

  /** How many commands have been read so far. */
  int commands() {
    return commands;
  }

  /** How many contents have begun so far; all chunks of a message are one. */
  int contents() {
    return contents;
  }

  /** Whether a command has begun to come. */
  boolean isInLine() {
    return inLine;
  }

  /** Whether the next bytes are content. */
  boolean isReadingContent() {
    return mode == Mode.CONTENT || mode == Mode.CHUNK;
  }

  /** Whether a content has begun to come, or must be read over. */
  boolean isInContent() {
    return isReadingContent() || (transaction != null && transaction.incoming() != null);
  }

  /** A reply is about to leave. */
  void onReplied(SmtpReply reply) {
    trace.reply(peer, reply);
  }

  /** The connection is gone. */
  void abandon() {
    if (transaction != null) {
      transaction.abandon();
      transaction = null;
    }
  }

  /**
   * Reads one command, or as much as there is of a content.
   *
   * @param input moved over what was read
   * @return false if more bytes are needed
   */
  boolean read(ByteBuffer input) {
    return switch (mode) {
      case COMMAND -> readCommand(input);
      case CONTENT -> readContent(input);
      case CHUNK -> readChunk(input);
      case AUTH_RESPONSE -> readAuthResponse(input);
    };
  }

  private boolean readCommand(ByteBuffer input) {
    boolean utf8 = offered.contains(SmtpServerExtension.SMTPUTF8.keyword());
    int maxBytes =
        beginsWithAuth(input) ? SmtpServerAuth.MAX_LINE_BYTES : SmtpCommandLine.MAX_BYTES;
    SmtpCommandLine line = SmtpCommandLine.read(input, maxBytes, utf8);
    if (line instanceof SmtpCommandLine.Whole command) {
      onLine();
      onCommand(command);
      return true;
    }
    return awaitsLine(line, input);
  }

  /** AUTH is the one command that may be long. */
  private boolean beginsWithAuth(ByteBuffer input) {
    if (auth.isEmpty() || input.remaining() < AUTH.length()) {
      return false;
    }
    for (int i = 0; i < AUTH.length(); i++) {
      if (Character.toUpperCase((char) input.get(input.position() + i)) != AUTH.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  private void onLine() {
    commands++;
    inLine = false;
  }

  private boolean awaitsLine(SmtpCommandLine line, ByteBuffer input) {
    if (line instanceof SmtpCommandLine.Broken) {
      session.reply(SmtpReply.of(500, "5.5.2 That is no command line, goodbye"));
      session.close();
    }
    inLine = input.hasRemaining();
    return false;
  }

  private void onCommand(SmtpCommandLine.Whole command) {
    trace.command(peer, command);
    Optional<Action> fault = phaseOf(command.verb()).flatMap(setup.options().faults()::at);
    if (fault.isEmpty()) {
      execute(command);
    } else if (fault.get() instanceof Action.Answer answer) {
      session.reply(answer.reply());
    } else if (fault.get() instanceof Action.Delay delay) {
      session.later(delay.time(), () -> execute(command));
    } else {
      session.drop();
    }
  }

  private Optional<Phase> phaseOf(String verb) {
    return switch (verb) {
      case "EHLO", "HELO", "LHLO" ->
          setup.options().faults().at(Phase.EHLO).isPresent()
              ? Optional.of(Phase.EHLO)
              : Optional.of(Phase.SECURED_EHLO);
      case "AUTH" -> Optional.of(Phase.AUTH);
      case "MAIL" -> Optional.of(Phase.MAIL);
      case "RCPT" -> Optional.of(Phase.RCPT);
      case "DATA" -> Optional.of(Phase.DATA);
      case "RSET" -> Optional.of(Phase.RSET);
      case "QUIT" -> Optional.of(Phase.QUIT);
      default -> Optional.empty();
    };
  }

  private void execute(SmtpCommandLine.Whole command) {
    try {
      dispatch(command.verb(), command.argument());
    } catch (SmtpServerRefusal refusal) {
      refuse(refusal);
    }
  }

  private void dispatch(String verb, String argument) throws SmtpServerRefusal {
    if (verb.equals(setup.options().dialect().hello())
        || (verb.equals("HELO") && setup.options().dialect() == SmtpDialect.SMTP)) {
      onHello(verb, argument);
      return;
    } else if (SmtpServerUpgrade.HTTP_METHODS.contains(verb)) {
      session.drop();
      return;
    }
    switch (verb) {
      case "MAIL" -> onMail(argument);
      case "RCPT" -> onRcpt(argument);
      case "DATA" -> onData(argument);
      case "BDAT" -> onBdat(argument);
      case "RSET" -> onRset(argument);
      case "NOOP" -> session.reply(OK);
      case "QUIT" -> onQuit(argument);
      case "VRFY" -> onVrfy(argument);
      case "AUTH" -> onAuth(argument);
      case "HELP" ->
          session.reply(SmtpReply.of(214, "2.0.0 RFC 5321 says it all, and RFC 2033 for LMTP"));
      case "STARTTLS" -> throw new SmtpServerRefusal(503, "5.5.1 TLS is there already");
      case "EXPN", "ETRN", "TURN" -> throw new SmtpServerRefusal(502, "5.5.1 Not done here");
      default -> throw new SmtpServerRefusal(500, "5.5.2 Unknown command");
    }
  }

  private void refuse(SmtpServerRefusal refusal) {
    if (refusal.isMistake()) {
      badCommands++;
    }
    session.reply(
        badCommands == setup.limits().badCommands() ? TOO_MANY_BAD_COMMANDS : refusal.reply());
  }

  private static void requireNothing(String verb, String argument) throws SmtpServerRefusal {
    if (!argument.isEmpty()) {
      throw new SmtpServerRefusal(501, "5.5.4 Expected nothing behind " + verb);
    }
  }

  private static void requireAscii(String argument) throws SmtpServerRefusal {
    if (argument.chars().anyMatch(c -> c >= 0x80)) {
      throw new SmtpServerRefusal(501, "5.5.4 Expected ASCII");
    }
  }

  private void onHello(String verb, String argument) throws SmtpServerRefusal {
    requireAscii(argument);
    if (argument.isEmpty() || argument.indexOf(' ') >= 0) {
      throw new SmtpServerRefusal(501, "5.5.4 Expected one name behind " + verb);
    }
    abandon();
    peer = peer.withName(argument);
    boolean extended = !verb.equals("HELO");
    offered = extended ? offeredToExtended : Set.of();
    session.reply(
        new SmtpReply(
            250, extended ? setup.options().ehloLines(true) : List.of(setup.options().name())));
  }

  private void onAuth(String argument) throws SmtpServerRefusal {
    if (auth.isEmpty() || !offered.contains("AUTH")) {
      throw new SmtpServerRefusal(502, "5.5.1 Not offered");
    } else if (peer.user().isPresent()) {
      throw new SmtpServerRefusal(503, "5.5.1 There is a user already"); // RFC 4954, 4
    } else if (transaction != null) {
      throw new SmtpServerRefusal(503, "5.5.1 Expected the end of the transaction first");
    }
    onAuthStep(auth.get(), auth.get().begin(argument));
  }

  private boolean readAuthResponse(ByteBuffer input) {
    SmtpCommandLine line = SmtpCommandLine.readText(input, SmtpServerAuth.MAX_LINE_BYTES, false);
    if (line instanceof SmtpCommandLine.Text response) {
      onLine();
      mode = Mode.COMMAND;
      trace.secret(peer);
      try {
        onAuthStep(auth.orElseThrow(), auth.orElseThrow().respond(response.line()));
      } catch (SmtpServerRefusal refusal) {
        refuse(refusal);
      }
      return true;
    }
    return awaitsLine(line, input);
  }

  private void onAuthStep(SmtpServerAuth present, CompletionStage<SaslServerStep> next) {
    session.await(
        () -> next,
        (step, mistake) -> {
          if (step instanceof SaslServerStep.Challenge challenge) {
            mode = Mode.AUTH_RESPONSE;
            session.reply(SmtpServerAuth.challenge(challenge));
          } else if (step instanceof SaslServerStep.Granted granted) {
            peer = peer.withUser(granted.authorizationId());
            session.reply(SmtpReply.of(235, "2.7.0 Welcome"));
          } else if (mistake != null) {
            session.reply(SmtpReply.of(454, "4.7.0 Something went wrong here, try again later"));
          } else {
            session.reply(present.refuse());
          }
        });
  }

  private void onMail(String argument) throws SmtpServerRefusal {
    if (transaction != null) {
      throw new SmtpServerRefusal(503, "5.5.1 Expected the end of the transaction first");
    }
    mailRefused = true; // Unless all goes well.
    ReceivedSender sender = SmtpServerArguments.sender(argument, offered);
    if (sender.declaredSize().orElse(0) > setup.limits().messageBytes()) {
      throw new SmtpServerRefusal(SmtpServerIncoming.tooLarge(setup.limits().messageBytes()));
    }
    session.await(
        () -> setup.handler().onMail(peer, sender),
        (decision, mistake) -> {
          SmtpReply said = saidByHandler(decision, mistake);
          if (said.isPositive()) {
            transaction = new SmtpServerTransaction(sender);
            mailRefused = false;
          }
        });
  }

  /** Tells the client what the handler decided, or that it failed to. */
  private SmtpReply saidByHandler(@Nullable SmtpReply decision, @Nullable Throwable mistake) {
    SmtpReply reply =
        decision != null && mistake == null && (decision.isPositive() || decision.isFailure())
            ? decision
            : LOCAL_ERROR;
    try {
      session.reply(reply);
      return reply;
    } catch (IllegalArgumentException unsayable) {
      SmtpServerSession.logMistake(unsayable);
      session.reply(LOCAL_ERROR);
      return LOCAL_ERROR;
    }
  }

  private SmtpServerTransaction requireTransaction() throws SmtpServerRefusal {
    SmtpServerTransaction present = transaction;
    if (present == null) {
      throw mailRefused
          ? SmtpServerRefusal.consequence(503, "5.5.1 MAIL was refused")
          : new SmtpServerRefusal(503, "5.5.1 Expected MAIL first");
    }
    return present;
  }

  /** RFC 3030, 2: once a chunk came, only chunks follow. */
  private static void requireNoChunk(SmtpServerTransaction mail) throws SmtpServerRefusal {
    if (mail.incoming() != null || mail.hasFailedChunk()) {
      throw new SmtpServerRefusal(503, "5.5.1 Expected BDAT or RSET");
    }
  }

  private void onRcpt(String argument) throws SmtpServerRefusal {
    SmtpServerTransaction mail = requireTransaction();
    requireNoChunk(mail);
    ReceivedRecipient recipient =
        SmtpServerArguments.recipient(argument, offered, mail.sender().isSmtpUtf8());
    if (mail.recipients().size() == setup.limits().recipients()) {
      throw new SmtpServerRefusal(452, "4.5.3 Too many recipients");
    }
    session.await(
        () -> setup.handler().onRecipient(peer, mail.sender(), recipient),
        (decision, mistake) -> {
          if (saidByHandler(decision, mistake).isPositive()) {
            mail.recipients().add(recipient);
          } else {
            mail.noteRefusedRecipient();
          }
        });
  }

  private void requireRecipients(SmtpServerTransaction mail) throws SmtpServerRefusal {
    if (mail.areAllRefused()) {
      // RFC 2033, 4.2, says 503 for LMTP.
      throw SmtpServerRefusal.consequence(
          setup.options().dialect() == SmtpDialect.LMTP ? 503 : 554,
          "5.5.1 No recipient was accepted");
    } else if (mail.recipients().isEmpty()) {
      throw new SmtpServerRefusal(503, "5.5.1 Expected RCPT first");
    }
  }

  private void onData(String argument) throws SmtpServerRefusal {
    requireNothing("DATA", argument);
    SmtpServerTransaction mail = requireTransaction();
    requireNoChunk(mail);
    requireRecipients(mail);
    begin(mail, SmtpServerContentReader.untilDot());
    session.reply(GO_AHEAD);
    mode = Mode.CONTENT;
    contents++;
  }

  private void begin(SmtpServerTransaction mail, SmtpServerContentReader reader)
      throws SmtpServerRefusal {
    ReceivedEnvelope envelope = new ReceivedEnvelope(peer, mail.sender(), mail.recipients());
    SmtpServerSink sink;
    try {
      sink = Objects.requireNonNull(setup.handler().onMessage(envelope), "a sink");
    } catch (RuntimeException mistake) {
      SmtpServerSession.logMistake(mistake);
      throw new SmtpServerRefusal(LOCAL_ERROR);
    }
    mail.begin(new SmtpServerIncoming(reader, sink, setup.limits().messageBytes()));
  }

  private boolean readContent(ByteBuffer input) {
    if (!input.hasRemaining()) {
      return false;
    }
    SmtpServerTransaction mail = Objects.requireNonNull(transaction);
    SmtpServerIncoming incoming = Objects.requireNonNull(mail.incoming());
    session.await(
        () -> incoming.read(input, Long.MAX_VALUE),
        (nothing, mistake) -> {
          if (mistake != null) {
            incoming.refuse(LOCAL_ERROR);
          }
          if (incoming.isOver()) {
            mode = Mode.COMMAND;
            trace.content(peer, incoming.size());
            onEndOfContent(mail);
          }
        });
    return true;
  }

  private void onBdat(String argument) {
    Optional<SmtpServerArguments.Chunk> chunk = SmtpServerArguments.chunk(argument);
    if (chunk.isEmpty()) {
      // Nobody knows how many bytes follow, and whether they are commands.
      session.reply(SmtpReply.of(501, "5.5.4 Expected BDAT and a size, goodbye"));
      session.close();
      return;
    }
    chunkSize = chunk.get().size();
    chunkLeft = chunkSize;
    chunkIsLast = chunk.get().last();
    chunkRefusal = Optional.empty();
    mode = Mode.CHUNK;
    if (transaction == null || transaction.incoming() == null) {
      contents++; // A message's first chunk, or one that is read over and belongs to none.
    }
    try {
      prepareForChunk();
    } catch (SmtpServerRefusal refusal) {
      chunkRefusal = Optional.of(refusal); // Told behind its bytes.
    }
  }

  private void prepareForChunk() throws SmtpServerRefusal {
    if (!offered.contains(SmtpServerExtension.CHUNKING.keyword())) {
      throw new SmtpServerRefusal(502, "5.5.1 Not offered");
    }
    SmtpServerTransaction mail = requireTransaction();
    if (mail.hasFailedChunk()) {
      throw SmtpServerRefusal.consequence(503, "5.5.1 Expected RSET after a refused chunk");
    }
    requireRecipients(mail);
    if (mail.incoming() == null) {
      begin(mail, SmtpServerContentReader.ofChunks());
    }
  }

  private boolean readChunk(ByteBuffer input) {
    if (chunkLeft == 0) {
      mode = Mode.COMMAND;
      onEndOfChunk();
      return true;
    } else if (!input.hasRemaining()) {
      return false;
    } else if (chunkRefusal.isPresent()) {
      int skipped = (int) Math.min(chunkLeft, input.remaining());
      input.position(input.position() + skipped);
      chunkLeft -= skipped;
      return true;
    }
    SmtpServerIncoming incoming =
        Objects.requireNonNull(Objects.requireNonNull(transaction).incoming());
    int before = input.position();
    session.await(
        () -> incoming.read(input, chunkLeft),
        (nothing, mistake) -> {
          if (mistake != null) {
            incoming.refuse(LOCAL_ERROR);
          }
        });
    chunkLeft -= input.position() - before;
    return true;
  }

  private void onEndOfChunk() {
    trace.content(peer, chunkSize);
    if (chunkRefusal.isPresent()) {
      onRefusedChunk(chunkRefusal.get());
      return;
    }
    SmtpServerTransaction mail = Objects.requireNonNull(transaction);
    SmtpServerIncoming incoming = Objects.requireNonNull(mail.incoming());
    if (chunkIsLast) {
      incoming.end();
      onEndOfContent(mail);
    } else if (incoming.refusal().isPresent()) {
      onRefusedChunk(new SmtpServerRefusal(incoming.refusal().get()));
    } else {
      session.reply(SmtpReply.of(250, "2.0.0 " + chunkSize + " bytes taken"));
    }
  }

  private void onRefusedChunk(SmtpServerRefusal refusal) {
    if (transaction != null) {
      transaction.failChunks();
    }
    refuse(refusal);
  }

  private void onEndOfContent(SmtpServerTransaction mail) {
    Optional<Action> fault = setup.options().faults().at(Phase.DOT);
    if (fault.isEmpty()) {
      finish(mail);
    } else if (fault.get() instanceof Action.Answer answer) {
      mail.abandon();
      transaction = null;
      tellOutcome(mail, List.of(answer.reply()));
    } else if (fault.get() instanceof Action.Delay delay) {
      session.later(delay.time(), () -> finish(mail));
    } else {
      session.drop();
    }
  }

  private void finish(SmtpServerTransaction mail) {
    SmtpServerIncoming incoming = Objects.requireNonNull(mail.incoming());
    transaction = null;
    Optional<SmtpReply> refusal = incoming.refusal();
    if (refusal.isEmpty()) {
      session.await(
          incoming.sink()::commit,
          (outcome, mistake) ->
              tellOutcome(
                  mail, outcome == null || mistake != null ? List.of(LOCAL_ERROR) : outcome));
      return;
    }
    tellOutcome(mail, List.of(refusal.get()));
    if (incoming.mayHideCommands()) {
      session.close();
    }
  }

  /** One reply, or with LMTP one for each recipient (RFC 2033, 4.2). */
  private void tellOutcome(SmtpServerTransaction mail, List<SmtpReply> outcome) {
    int count = setup.options().dialect() == SmtpDialect.LMTP ? mail.recipients().size() : 1;
    if (outcome.size() != 1 && outcome.size() != count) {
      SmtpServerSession.logMistake(
          new IllegalStateException(
              "expected 1 reply or %d, got %d".formatted(count, outcome.size())));
      outcome = List.of(LOCAL_ERROR);
    }
    for (int i = 0; i < count; i++) {
      saidByHandler(outcome.get(outcome.size() == 1 ? 0 : i), null);
    }
  }

  private void onRset(String argument) throws SmtpServerRefusal {
    requireNothing("RSET", argument);
    abandon();
    mailRefused = false;
    session.reply(OK);
  }

  private void onQuit(String argument) throws SmtpServerRefusal {
    requireNothing("QUIT", argument);
    session.reply(SmtpReply.of(221, "2.0.0 Goodbye"));
    session.close();
  }

  private void onVrfy(String argument) throws SmtpServerRefusal {
    requireAscii(argument);
    if (argument.isEmpty()) {
      throw new SmtpServerRefusal(501, "5.5.4 Expected a name behind VRFY");
    }
    session.reply(SmtpReply.of(252, "2.5.0 Nobody is verified here, send and see"));
  }
}
