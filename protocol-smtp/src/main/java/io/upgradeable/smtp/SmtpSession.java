package io.upgradeable.smtp;

import io.upgradeable.Connection;
import io.upgradeable.Layer;
import io.upgradeable.LayerStack;
import io.upgradeable.UpgradeException;
import io.upgradeable.internal.Blocking;
import io.upgradeable.internal.Opening;
import io.upgradeable.netty.NettyConnector;
import io.upgradeable.sasl.SaslCredentials;
import io.upgradeable.sasl.SaslMechanism;
import io.upgradeable.sasl.SaslPreference;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/**
 * A client's connection over which mail goes, one message after the other. Thread-safe. Each
 * operation has a blocking form and an {@code Async} form; any number of them may be under way, and
 * they take effect in the order of the calls. Blocking forms hold no monitor and suit virtual
 * threads; called on an event loop they throw {@link IllegalStateException}. Dependents of the
 * futures run on the event loop and must not block.
 *
 * <p><b>What is thrown and what is reported.</b> A message that was taken gets a {@link
 * DeliveryReport}, whatever happens to it: refusals, a connection that breaks, a content that
 * cannot be read. Exceptions are for the rest: a mistake of the caller ({@link
 * IllegalArgumentException}, {@link IllegalStateException}), and a call on a session that is over,
 * which did nothing: it throws the {@link UpgradeException} that ended the session, or {@link
 * java.nio.channels.ClosedChannelException} if this side closed it.
 *
 * <p>A message that cannot be sent to its end (the content cannot be read, its future is cancelled)
 * is never completed: the connection is closed, or, with BDAT, the message is taken back by RSET.
 * Whoever completes a message's future in another way, {@code orTimeout} for instance, cancels it
 * as well.
 */
public final class SmtpSession implements AutoCloseable {

  private final SmtpDialogue dialogue;

  SmtpSession(SmtpDialogue dialogue) {
    this.dialogue = dialogue;
  }

  /**
   * Connects, brings the layers up, and waits for it.
   *
   * @param connector opens the connection
   * @param stack where to connect and what to negotiate
   * @param layer the layer of the stack whose result tells what the server offers
   * @param options what the session may choose
   * @return the session, to be closed
   * @throws UpgradeException if the peer or the way to it failed
   * @throws IOException if the thread was interrupted
   */
  public static SmtpSession connect(
      NettyConnector connector,
      LayerStack stack,
      Layer<SmtpResult> layer,
      SmtpSessionOptions options)
      throws IOException {
    return Blocking.await(
        NettyConnector.isEventLoop(), () -> connectAsync(connector, stack, layer, options));
  }

  /**
   * Connects and brings the layers up.
   *
   * @param connector opens the connection
   * @param stack where to connect and what to negotiate
   * @param layer the layer of the stack whose result tells what the server offers
   * @param options what the session may choose
   * @return completes with the session, to be closed
   */
  public static CompletableFuture<SmtpSession> connectAsync(
      NettyConnector connector,
      LayerStack stack,
      Layer<SmtpResult> layer,
      SmtpSessionOptions options) {
    return open(connector, stack, layer, SmtpResult::capabilities, options);
  }

  /**
   * Connects, upgrades to TLS if the server lets us, and waits for it.
   *
   * @param connector opens the connection
   * @param stack where to connect and what to negotiate
   * @param layer the layer of the stack whose result tells what the server offers
   * @param options what the session may choose
   * @return the session, to be closed; ask {@link Connection#security()} how it went
   * @throws UpgradeException if the peer or the way to it failed
   * @throws IOException if the thread was interrupted
   */
  public static SmtpSession connectOpportunistic(
      NettyConnector connector,
      LayerStack stack,
      Layer<SmtpOpportunisticResult> layer,
      SmtpSessionOptions options)
      throws IOException {
    return Blocking.await(
        NettyConnector.isEventLoop(),
        () -> connectOpportunisticAsync(connector, stack, layer, options));
  }

  /**
   * Connects, and upgrades to TLS if the server lets us.
   *
   * @param connector opens the connection
   * @param stack where to connect and what to negotiate
   * @param layer the layer of the stack whose result tells what the server offers
   * @param options what the session may choose
   * @return completes with the session, to be closed; ask {@link Connection#security()} how it went
   */
  public static CompletableFuture<SmtpSession> connectOpportunisticAsync(
      NettyConnector connector,
      LayerStack stack,
      Layer<SmtpOpportunisticResult> layer,
      SmtpSessionOptions options) {
    return open(connector, stack, layer, SmtpOpportunisticResult::capabilities, options);
  }

  private static <R> CompletableFuture<SmtpSession> open(
      NettyConnector connector,
      LayerStack stack,
      Layer<R> layer,
      Function<R, SmtpCapabilities> capabilities,
      SmtpSessionOptions options) {
    if (!stack.layers().contains(layer)) {
      throw new IllegalArgumentException(
          "expected a layer of the stack " + stack + ", got " + layer);
    }
    SmtpDialogue dialogue =
        new SmtpDialogue(
            connection -> capabilities.apply(connection.result(layer)),
            SmtpDialect.of(layer),
            options);
    return Opening.of(connector.connectAsync(stack, dialogue), () -> new SmtpSession(dialogue));
  }

  /**
   * Sends a message and waits for its report.
   *
   * @param envelope from whom and to whom
   * @param content what
   * @return what became of it
   * @throws IllegalStateException if the content could be read once, and was
   * @throws UpgradeException what had ended the session before this call
   * @throws IOException if this side had closed the session, or the thread was interrupted
   */
  public DeliveryReport send(Envelope envelope, MailContent content) throws IOException {
    return await(() -> sendAsync(envelope, content));
  }

  /**
   * Sends a message within a time limit and waits for its report.
   *
   * @param envelope from whom and to whom
   * @param content what
   * @param limit how long it may take in all, the messages before it included; a message that is
   *     under way then takes the connection with it
   * @return what became of it
   * @throws IllegalStateException if the content could be read once, and was
   * @throws UpgradeException what had ended the session before this call
   * @throws IOException if this side had closed the session, or the thread was interrupted
   */
  public DeliveryReport send(Envelope envelope, MailContent content, Duration limit)
      throws IOException {
    return await(() -> sendAsync(envelope, content, limit));
  }

  /**
   * Sends a message behind those that were taken before.
   *
   * @param envelope from whom and to whom
   * @param content what
   * @return completes with what became of it, or with what had ended the session before. To cancel
   *     it takes the message from the queue, or, if it is under way, closes the connection, though
   *     not before a message ahead of it has its answer
   * @throws IllegalStateException if the content could be read once, and was
   */
  public CompletableFuture<DeliveryReport> sendAsync(Envelope envelope, MailContent content) {
    return untilOver(content, sendKeeping(envelope, content));
  }

  /** Like {@link #sendAsync}, and leaves a content that was not opened to the caller. */
  CompletableFuture<DeliveryReport> sendKeeping(Envelope envelope, MailContent content) {
    return dialogue.send(envelope, content, Optional.empty());
  }

  /** Whatever the end is, a stream that can be read once is closed at it. */
  static CompletableFuture<DeliveryReport> untilOver(
      MailContent content, CompletableFuture<DeliveryReport> sending) {
    sending.whenComplete((report, error) -> content.discard());
    return sending;
  }

  /**
   * Sends a message behind those that were taken before, within a time limit. With PIPELINING it
   * travels in one write with the content of the one before it if it is given before that leaves,
   * ahead or in a dependent of an earlier message's future, and otherwise waits for that one's
   * answer.
   *
   * @param envelope from whom and to whom
   * @param content what
   * @param limit how long it may take in all, the messages before it included; a message that is
   *     under way then takes the connection with it
   * @return completes with what became of it, or with what had ended the session before. To cancel
   *     it takes the message from the queue, or, if it is under way, closes the connection
   * @throws IllegalStateException if the content could be read once, and was
   */
  public CompletableFuture<DeliveryReport> sendAsync(
      Envelope envelope, MailContent content, Duration limit) {
    Optional<Duration> positive = Optional.of(Blocking.requirePositive(limit));
    return untilOver(content, dialogue.send(envelope, content, positive));
  }

  /**
   * Asks how far a message would come, sends none, and waits for the answer.
   *
   * @param envelope from whom and to whom
   * @param content what would be sent; its size and kind are told, it is not opened
   * @param last the last command: {@link DeliveryPhase#MAIL} or {@link DeliveryPhase#RCPT}
   * @param limit how long it may take in all, the messages before it included
   * @return as that of {@link #probeAsync}
   * @throws UpgradeException what had ended the session before this call
   * @throws IOException if this side had closed the session, or the thread was interrupted
   */
  public DeliveryReport probe(
      Envelope envelope, MailContent content, DeliveryPhase last, Duration limit)
      throws IOException {
    return await(() -> probeAsync(envelope, content, last, limit));
  }

  /**
   * Asks how far a message would come, behind those that were taken before, and sends none: MAIL,
   * if wished RCPT for each recipient, and RSET. Many servers accept here and refuse later.
   *
   * @param envelope from whom and to whom
   * @param content what would be sent; its size and kind are told, it is not opened
   * @param last the last command: {@link DeliveryPhase#MAIL} or {@link DeliveryPhase#RCPT}
   * @param limit how long it may take in all, the messages before it included
   * @return completes with an entry for each recipient: {@link DeliveryOutcome#NOT_SENT} with the
   *     server's reply to the last command if it would go on, or a refusal; or fails with what had
   *     ended the session before
   * @throws IllegalArgumentException if the last command is another
   */
  public CompletableFuture<DeliveryReport> probeAsync(
      Envelope envelope, MailContent content, DeliveryPhase last, Duration limit) {
    return dialogue.probe(envelope, content, last, Blocking.requirePositive(limit));
  }

  /**
   * Authenticates (AUTH, RFC 4954) by the strongest mechanism that the server offers and that fits,
   * and waits for the outcome.
   *
   * @param credentials who, by what; open until this returns
   * @return the mechanism
   * @throws UpgradeException.PeerRefused if the server says no, or offers nothing that fits; the
   *     session goes on
   * @throws UpgradeException if the session is over, or ends over it: a server that cannot prove
   *     what the mechanism demands, or says yes before it did, is not the one it should be
   * @throws IllegalStateException if the connection is in plaintext, unless the options allow that
   *     by name, or if the session is authenticated already
   * @throws IOException if this side had closed the session, or the thread was interrupted
   */
  public SaslMechanism authenticate(SaslCredentials credentials) throws IOException {
    return await(() -> authenticateAsync(credentials, SaslPreference.strongest()));
  }

  /**
   * Authenticates by a mechanism of the caller's preference, and waits for the outcome.
   *
   * @param credentials who, by what; open until this returns
   * @param preference which mechanisms may be used
   * @return the mechanism
   * @throws UpgradeException as {@link #authenticate(SaslCredentials)}
   * @throws IOException as {@link #authenticate(SaslCredentials)}
   */
  public SaslMechanism authenticate(SaslCredentials credentials, SaslPreference preference)
      throws IOException {
    return await(() -> authenticateAsync(credentials, preference));
  }

  /**
   * Authenticates by a mechanism of the caller's preference. What the server offers stays what it
   * was: no mechanism here puts a layer of its own over the connection.
   *
   * @param credentials who, by what; open until the future completes
   * @param preference which mechanisms may be used
   * @return completes with the mechanism, or fails as {@link #authenticate(SaslCredentials)} does.
   *     To cancel it calls the exchange off where that can still be done, and the session goes on
   */
  public CompletableFuture<SaslMechanism> authenticateAsync(
      SaslCredentials credentials, SaslPreference preference) {
    return dialogue.authenticate(credentials, preference);
  }

  /**
   * Asks for a sign of life (NOOP) and waits for it.
   *
   * @throws UpgradeException if the session is over, or ends over it
   * @throws IOException if this side had closed the session, or the thread was interrupted
   */
  public void noop() throws IOException {
    await(() -> noopAsync());
  }

  /**
   * Asks for a sign of life (NOOP).
   *
   * @return completes with the answer, or with what ended the session
   */
  public CompletableFuture<Void> noopAsync() {
    return dialogue.noop();
  }

  /**
   * Says goodbye behind all messages, and closes. Waits until the connection is gone; a server that
   * does not answer in {@link SmtpSessionOptions#goodbyeTimeout()} is left without.
   *
   * @throws IOException if the thread was interrupted
   */
  public void quit() throws IOException {
    await(() -> quitAsync());
  }

  /**
   * Says goodbye behind all messages, and closes.
   *
   * @return completes when the connection is gone, never with a failure
   */
  public CompletableFuture<Void> quitAsync() {
    return dialogue.quit();
  }

  Duration goodbyeTimeout() {
    return dialogue.server().options().goodbyeTimeout();
  }

  /**
   * What the server offers.
   *
   * @return as learned at the top of the stack
   */
  public SmtpCapabilities capabilities() {
    return dialogue.capabilities();
  }

  /**
   * The connection.
   *
   * @return the connection with its layers
   */
  public Connection connection() {
    return dialogue.connection();
  }

  /**
   * Whether messages are taken. That it is true promises nothing: the peer may go at any moment.
   *
   * @return false once the session is over, or about to say goodbye
   */
  public boolean isOpen() {
    return dialogue.isOpen();
  }

  /**
   * Why the session is over.
   *
   * @return what ended it; empty if it is open or was closed by this side
   */
  public Optional<UpgradeException> failure() {
    return dialogue.failure();
  }

  /** Closes at once and returns at once; messages that are under way break off. */
  @Override
  public void close() {
    dialogue.close();
  }

  /**
   * Closes at once; messages that are under way break off.
   *
   * @return completes when the connection is gone
   */
  public CompletableFuture<Void> closeAsync() {
    return dialogue.close();
  }

  private static <T> T await(java.util.function.Supplier<CompletableFuture<T>> operation)
      throws IOException {
    return Blocking.await(NettyConnector.isEventLoop(), operation);
  }
}
