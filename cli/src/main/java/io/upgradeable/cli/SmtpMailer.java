package io.upgradeable.cli;

import io.upgradeable.Layer;
import io.upgradeable.LayerStack;
import io.upgradeable.Security;
import io.upgradeable.sasl.SaslMechanism;
import io.upgradeable.sasl.Secret;
import io.upgradeable.smtp.DeliveryPhase;
import io.upgradeable.smtp.DeliveryReport;
import io.upgradeable.smtp.Smtp;
import io.upgradeable.smtp.SmtpClient;
import io.upgradeable.smtp.SmtpOpportunisticResult;
import io.upgradeable.smtp.SmtpOpportunisticResult.InPlaintext;
import io.upgradeable.smtp.SmtpOptions;
import io.upgradeable.smtp.SmtpResult;
import io.upgradeable.smtp.SmtpSession;
import io.upgradeable.smtp.SmtpSessionOptions;
import io.upgradeable.tls.TlsRequirement;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Opens a session with the mail server that a command talks to. */
final class SmtpMailer {

  /** More than a session takes to say what became of a message that it breaks off. */
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final Client client;
  private final SmtpOptions options;
  private final AuthOptions auth;
  private final Consumer<InPlaintext> warning;
  private final AtomicBoolean warned = new AtomicBoolean();
  private final AtomicBoolean reported = new AtomicBoolean();
  private final AtomicReference<@Nullable SaslMechanism> used = new AtomicReference<>();

  /**
   * Begins.
   *
   * @param client whom to talk to
   * @param options how
   * @param auth as whom
   * @param warning is told when a session comes up in plaintext
   */
  SmtpMailer(Client client, SmtpOptions options, AuthOptions auth, Consumer<InPlaintext> warning) {
    this.client = client;
    this.options = options;
    this.auth = auth;
    this.warning = warning;
  }

  /** As whom to authenticate, how long that may take, and in the words of which time. */
  private record Login(Secret secret, Supplier<Duration> limit, String time) {}

  /**
   * Sends one message and says goodbye.
   *
   * @param outcome is told what became of it, also where the user ends the command meanwhile
   */
  void send(Mail mail, Consumer<DeliveryReport> outcome) throws IOException {
    inSession(
        session -> session.sendAsync(mail.envelope(), mail.content(), client.timeLeft()), outcome);
  }

  /**
   * Asks how far a message would come, and says goodbye.
   *
   * @param outcome is told what the server said to it, also where the user ends the command
   */
  void probe(Mail mail, SmtpPhase last, Consumer<DeliveryReport> outcome) throws IOException {
    DeliveryPhase phase = last == SmtpPhase.MAIL ? DeliveryPhase.MAIL : DeliveryPhase.RCPT;
    inSession(
        session -> session.probeAsync(mail.envelope(), mail.content(), phase, client.timeLeft()),
        outcome);
  }

  /**
   * Authenticates and says goodbye.
   *
   * @param done runs before the goodbye, once the server knows who we are
   */
  void signIn(Runnable done) throws IOException {
    inSession(session -> CompletableFuture.completedFuture(session), session -> done.run());
  }

  /** What came of it is told before the goodbye, in which the user may lose patience. */
  private <T> void inSession(Function<SmtpSession, CompletableFuture<T>> talk, Consumer<T> outcome)
      throws IOException {
    // The secret is asked for before there is a server that waits for it.
    try (Secret secret = secret();
        SmtpSession session = open(secret)) {
      tellOutcome(session, talk.apply(session), outcome);
      session.quit();
      if (Thread.currentThread().isInterrupted()) {
        throw new InterruptedIOException(); // It came too late for the wait to notice.
      }
    }
  }

  /** An interrupt breaks off what is under way; what became of it by then is told all the same. */
  private static <T> void tellOutcome(
      SmtpSession session, CompletableFuture<T> talking, Consumer<T> outcome) throws IOException {
    try {
      outcome.accept(talking.get());
    } catch (ExecutionException e) {
      throw Futures.rethrown(e);
    } catch (InterruptedException e) {
      session.closeAsync(); // To cancel would be to hear no more of it.
      try {
        outcome.accept(talking.get(PATIENCE.toNanos(), TimeUnit.NANOSECONDS));
      } catch (InterruptedException | ExecutionException | TimeoutException nothingToTell) {
        // That it was interrupted is all that is known.
      }
      Thread.currentThread().interrupt();
      throw new InterruptedIOException();
    }
  }

  /**
   * Sends a message many times. Only the first connection is part of the report.
   *
   * @param facts is told what becomes of each
   */
  void sendMany(Mail mail, LoadOptions load, LoadFacts facts) throws IOException {
    try (Secret secret = secret();
        SmtpClient pool =
            SmtpClient.builder(
                    endpoint ->
                        openFor(
                            new Login(
                                secret, client.times()::timeout, "the time for one connection")))
                .endpoints(client.peer().address())
                .maxConnections(load.connections())
                .maxMessagesPerConnection(Integer.MAX_VALUE)
                .build()) {
      SmtpLoad sending = new SmtpLoad(pool, mail, load.count(), facts);
      boolean reached = sending.sendFirst();
      client.reportTls();
      if (reached) {
        client.recorder().stop();
        sending.sendOthers(load.connections(), Terminal.showsErrors());
      }
    }
  }

  /** By what the first connection was authenticated, once it is. */
  Optional<SaslMechanism> mechanism() {
    return Optional.ofNullable(used.get());
  }

  private Secret secret() throws IOException {
    return auth.isGiven() ? auth.secret() : Secret.none();
  }

  private SmtpSession open(Secret secret) throws IOException {
    try {
      return Futures.await(
          openFor(new Login(secret, client::timeLeft, "the time for the whole command")));
    } finally {
      client.reportTls();
    }
  }

  /** Connects and authenticates. */
  private CompletableFuture<SmtpSession> openFor(Login login) {
    Client.Peer peer = client.peer();
    if (peer.implicitTls()) {
      return opened(openRequired(client.limited(Smtp.clientOverTls(options))), login);
    } else if (peer.startTls() == TlsRequirement.REQUIRED) {
      return opened(
          openRequired(client.limited(Smtp.client(peer.name(), peer.policy(), options))), login);
    }
    return opened(
        openOpportunistic(
            client.limited(Smtp.opportunisticClient(peer.name(), peer.policy(), options))),
        login);
  }

  private CompletableFuture<SmtpSession> openRequired(Layer<SmtpResult> layer) {
    LayerStack stack = client.plan(layer);
    return SmtpSession.connectAsync(client.connector(), stack, layer, sessionOptions());
  }

  private CompletableFuture<SmtpSession> openOpportunistic(Layer<SmtpOpportunisticResult> layer) {
    LayerStack stack = client.plan(layer);
    return SmtpSession.connectOpportunisticAsync(client.connector(), stack, layer, sessionOptions())
        .thenApply(
            session -> {
              if (session.connection().result(layer) instanceof InPlaintext plaintext
                  && warned.compareAndSet(false, true)) {
                warning.accept(plaintext);
              }
              return session;
            });
  }

  /** The first connection is the one that is reported. */
  private CompletableFuture<SmtpSession> opened(
      CompletableFuture<SmtpSession> opening, Login login) {
    return opening.thenCompose(
        session -> {
          if (reported.compareAndSet(false, true)) {
            client.report().connected(session.connection());
          }
          return auth.isGiven()
              ? authenticated(session, login)
              : CompletableFuture.completedFuture(session);
        });
  }

  private CompletableFuture<SmtpSession> authenticated(SmtpSession session, Login login) {
    if (session.connection().security() != Security.ORIGIN && !auth.isInsecure()) {
      return session
          .quitAsync()
          .thenCompose(gone -> CompletableFuture.failedFuture(AuthOptions.willNotInPlaintext()));
    }
    return session
        .authenticateAsync(auth.credentials(login.secret()), auth.preference())
        .orTimeout(login.limit().get().toNanos(), TimeUnit.NANOSECONDS)
        .handle(
            (mechanism, error) -> {
              if (error == null) {
                used.compareAndSet(null, mechanism);
                return CompletableFuture.completedFuture(session);
              }
              return error instanceof TimeoutException
                  ? session
                      .closeAsync()
                      .<SmtpSession>thenCompose(
                          gone ->
                              CompletableFuture.failedFuture(
                                  client.outOfTime("the end of the authentication", login.time())))
                  : session
                      .quitAsync()
                      .<SmtpSession>thenCompose(gone -> CompletableFuture.failedFuture(error));
            })
        .thenCompose(Function.identity());
  }

  private SmtpSessionOptions sessionOptions() {
    SmtpSessionOptions session =
        SmtpSessionOptions.DEFAULTS.withObserver(new SmtpTranscript(client.recorder()));
    if (auth.isInsecure()) {
      session = session.withInsecureAuthInPlaintext();
    }
    Optional<Duration> step = client.times().stepTimeout();
    return step.isEmpty()
        ? session
        : session.withReplyTimeout(step.get()).withFinalReplyTimeout(step.get());
  }
}
