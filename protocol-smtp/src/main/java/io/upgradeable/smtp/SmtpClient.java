package io.upgradeable.smtp;

import io.upgradeable.Endpoint;
import io.upgradeable.UpgradeException;
import io.upgradeable.UpgradeException.LayerTimedOut;
import io.upgradeable.UpgradeException.PeerClosed;
import io.upgradeable.UpgradeException.PeerRefused;
import io.upgradeable.internal.Blocking;
import io.upgradeable.internal.BlockingThreads;
import io.upgradeable.internal.Promise;
import io.upgradeable.netty.NettyConnector;
import io.upgradeable.sasl.SaslCredentials;
import io.upgradeable.sasl.SaslPreference;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Sends mail over a few connections that are opened when they are needed and used again. Messages
 * that find all of them busy wait, in order, and not for ever. Thread-safe; no lock is held around
 * I/O. Dependents of the futures run on an event loop or on a thread of the client's, and must not
 * block.
 *
 * <pre>{@code
 * SmtpClient client =
 *     SmtpClient.builder(
 *             endpoint -> {
 *               Layer<SmtpResult> smtp = Smtp.client(endpoint, policy);
 *               LayerStack stack = LayerStack.tcp(endpoint).then(smtp);
 *               return SmtpSession.connectAsync(connector, stack, smtp, SmtpSessionOptions.DEFAULTS);
 *             })
 *         .endpoints(Endpoint.of("mx1.example.net", 25), Endpoint.of("mx2.example.net", 25))
 *         .build();
 * DeliveryReport report = client.send(envelope, content);
 * }</pre>
 *
 * <p><b>Which server.</b> The endpoints are tried in order for each new connection: the next one
 * where one cannot be reached, breaks off, or refuses for now. A refusal for good (5yz, be it to
 * the greeting, EHLO, STARTTLS or AUTH) ends the search: the next server would hear the same
 * message with the same result. Where no other connection is left it is also reported for every
 * message that waits for one: a login that is refused is not tried once for each of them. What a
 * proxy on the way refuses says nothing of the next server.
 *
 * <p><b>Once more.</b> A message that was under way when its connection turned out to be dead, or
 * said 421, is sent once more over a fresh connection, if its end was not sent, so that it cannot
 * arrive twice, and if its content can be read again. Everything else is the caller's to repeat:
 * see {@link DeliveryReport#retryable()}.
 *
 * <p><b>What is thrown.</b> As by {@link SmtpSession}: a message that was taken gets a report, also
 * where no connection could be had: then nobody was sent anything, and {@link
 * DeliveryReport#failure()} tells why.
 */
public final class SmtpClient implements AutoCloseable {

  /** RFC 5321, 4.2.1: a negative completion that would be the same the next time. */
  private static final Pattern FOR_GOOD = Pattern.compile("5[0-9]{2}");

  /** Lazily, as it is the first client that needs them. */
  private static final class Threads {
    private static final Executor OWN = BlockingThreads.perTask("upgradeable-smtp-client");
  }

  private final Function<Endpoint, CompletableFuture<SmtpSession>> opener;
  private final List<Endpoint> endpoints;
  private final int maxConnections;
  private final int maxMessages;
  private final int maxWaiting;
  private final Duration waitLimit;
  private final Duration idleLimit;
  private final Optional<Duration> keepAlive;
  private final Function<SmtpSession, CompletableFuture<?>> login;
  private final ReentrantLock lock = new ReentrantLock();
  private final Deque<Pooled> idle = new ArrayDeque<>();
  private final Deque<Request> waiting = new ArrayDeque<>();
  private int connections;

  /** How many of the connections are about to be gone: so many of the first that wait follow. */
  private int leaving;

  private boolean closed;

  private SmtpClient(Builder builder) {
    this.opener = builder.opener;
    this.endpoints = List.copyOf(builder.endpoints);
    this.maxConnections = builder.maxConnections;
    this.maxMessages = builder.maxMessages;
    this.maxWaiting = builder.maxWaiting;
    this.waitLimit = builder.waitLimit;
    this.idleLimit = builder.idleLimit;
    this.keepAlive = builder.keepAlive;
    this.login = builder.login;
  }

  /**
   * Starts a client.
   *
   * @param opener opens a session with one endpoint. One that does more with it closes it where
   *     that fails; for AUTH there is {@link Builder#authenticate}
   * @return a builder with the defaults
   */
  public static Builder builder(Function<Endpoint, CompletableFuture<SmtpSession>> opener) {
    return new Builder(opener);
  }

  /**
   * Starts a client for the mail of a domain: its mail exchangers, in the order of RFC 5321, 5.1.
   *
   * @param domain the part behind the {@code @} of the recipients' addresses
   * @param port where exchangers listen, usually {@link Smtp#RELAY_PORT}
   * @param exchangers finds them
   * @param opener opens a session with one endpoint
   * @return completes with a builder that has the endpoints, or with the failure of the lookup
   */
  public static CompletableFuture<Builder> forDomain(
      String domain,
      int port,
      MailExchangers exchangers,
      Function<Endpoint, CompletableFuture<SmtpSession>> opener) {
    Builder builder = builder(opener);
    return exchangers
        .lookup(domain)
        .thenApply(
            found -> {
              builder.endpoints = found.stream().map(exchanger -> exchanger.at(port)).toList();
              return builder;
            });
  }

  /** A connection between two messages. */
  private static final class Pooled {
    private final SmtpSession session;
    private int messages;
    private long idleSince;
    private @Nullable Timer timer;

    Pooled(SmtpSession session) {
      this.session = session;
    }
  }

  /** One message, from the call to its report. */
  private static final class Request {
    private final Envelope envelope;
    private final MailContent content;
    private final Promise<DeliveryReport> promise = new Promise<>();
    private boolean repeated;
    private @Nullable Timer timer;

    Request(Envelope envelope, MailContent content) {
      this.envelope = Objects.requireNonNull(envelope, "envelope");
      this.content = Objects.requireNonNull(content, "content");
    }

    void notSent(Exception why) {
      List<RecipientReport> entries =
          envelope.recipients().stream()
              .map(
                  recipient ->
                      new RecipientReport(
                          recipient,
                          DeliveryOutcome.NOT_SENT,
                          DeliveryPhase.QUEUED,
                          Optional.empty(),
                          String.valueOf(why.getMessage())))
              .toList();
      promise.complete(new DeliveryReport(entries, Optional.of(why)));
    }
  }

  /**
   * A delay that can be called off. The JDK's one thread for all delays of the process only hands
   * the task over: it completes futures, whose dependents are the caller's code.
   */
  private static final class Timer {
    private final CompletableFuture<Boolean> fired = new CompletableFuture<>();

    Timer(Duration delay, Runnable task) {
      fired.thenAccept(
          inTime -> {
            if (inTime) {
              Threads.OWN.execute(task);
            }
          });
      fired.completeOnTimeout(true, delay.toNanos(), TimeUnit.NANOSECONDS);
    }

    static void stop(@Nullable Timer timer) {
      if (timer != null) {
        timer.fired.complete(false);
      }
    }
  }

  /**
   * Sends a message and waits for its report.
   *
   * @param envelope from whom and to whom
   * @param content what
   * @return what became of it
   * @throws RejectedExecutionException if too many messages wait already
   * @throws IllegalStateException if the content could be read once, and was
   * @throws IOException if the client is closed, or the thread was interrupted
   */
  public DeliveryReport send(Envelope envelope, MailContent content) throws IOException {
    return Blocking.await(NettyConnector.isEventLoop(), () -> sendAsync(envelope, content));
  }

  /**
   * Sends a message.
   *
   * @param envelope from whom and to whom
   * @param content what
   * @return completes with what became of it, or with {@link ClosedChannelException} if the client
   *     is closed. To cancel it, or to complete it in another way such as {@code orTimeout}, takes
   *     the message from the queue, or, if it is under way, closes its connection
   * @throws RejectedExecutionException if too many messages wait already
   * @throws IllegalStateException if the content could be read once, and was
   */
  public CompletableFuture<DeliveryReport> sendAsync(Envelope envelope, MailContent content) {
    if (content.isSpent()) {
      throw new IllegalStateException("this content could be read once, and was");
    }
    Request request = new Request(envelope, content);
    dispatch(request);
    return SmtpSession.untilOver(content, request.promise.future());
  }

  private void dispatch(Request request) {
    Pooled free = null;
    boolean opens = false;
    lock.lock();
    try {
      if (closed) {
        request.promise.fail(new ClosedChannelException());
        return;
      }
      free = takeIdle();
      if (free == null && connections < maxConnections) {
        connections++;
        opens = true;
      } else if (free == null) {
        await(request);
      }
    } finally {
      lock.unlock();
    }
    if (free != null) {
      send(request, free);
    } else if (opens) {
      open(request);
    }
  }

  private void await(Request request) {
    if (waiting.size() - leaving >= maxWaiting) {
      throw new RejectedExecutionException(maxWaiting + " messages wait for a connection already");
    }
    waiting.add(request);
    request.timer = new Timer(waitLimit, () -> waitedTooLong(request));
    request.promise.whenGivenUp(() -> withdraw(request));
  }

  private boolean withdraw(Request request) {
    lock.lock();
    try {
      Timer.stop(request.timer);
      return waiting.remove(request);
    } finally {
      lock.unlock();
    }
  }

  private void waitedTooLong(Request request) {
    boolean gaveUp;
    lock.lock();
    try {
      // Not one that is about to have the place of a connection that leaves.
      gaveUp = waiting.stream().limit(leaving).noneMatch(request::equals) && withdraw(request);
    } finally {
      lock.unlock();
    }
    if (gaveUp) {
      request.notSent(new TimeoutException("no connection was free within " + waitLimit));
    }
  }

  /** The one used last: the others may become old and go. */
  private @Nullable Pooled takeIdle() {
    for (Pooled next = idle.pollLast(); next != null; next = idle.pollLast()) {
      Timer.stop(next.timer);
      if (next.session.isOpen()) {
        return next;
      }
      leaving++;
      Pooled dead = next;
      Threads.OWN.execute(() -> quit(dead)); // Not from here: the lock is held.
    }
    return null;
  }

  /** Opens a connection for a request; its place is counted already. */
  private void open(Request request) {
    tryEndpoint(request, 0);
  }

  private void tryEndpoint(Request request, int index) {
    CompletableFuture<SmtpSession> opening;
    try {
      opening = opener.apply(endpoints.get(index)).thenCompose(this::authenticated);
    } catch (RuntimeException | Error e) {
      opening = CompletableFuture.failedFuture(e);
    }
    opening.whenComplete(
        (session, error) -> {
          if (error == null) {
            send(request, new Pooled(session));
          } else if (!request.promise.isDone()
              && index + 1 < endpoints.size()
              && mayTryNext(unwrapped(error))) {
            tryEndpoint(request, index + 1);
          } else {
            couldNotOpen(request, unwrapped(error));
          }
        });
  }

  /** A session that cannot be used as it was meant to is closed, not left to nobody. */
  private CompletableFuture<SmtpSession> authenticated(SmtpSession session) {
    return login
        .apply(Objects.requireNonNull(session, "the opener's session"))
        .handle(
            (nothing, error) ->
                error == null
                    ? CompletableFuture.completedFuture(session)
                    // The next one is opened in its place, once it is gone.
                    : session
                        .closeAsync()
                        .thenCompose(
                            gone -> CompletableFuture.<SmtpSession>failedFuture(unwrapped(error))))
        .thenCompose(Function.identity());
  }

  private static boolean mayTryNext(Throwable error) {
    return error instanceof UpgradeException && !isForGood(error);
  }

  /** Whether a mail server itself said so: a proxy has codes of its own, 502 and 5 among them. */
  private static boolean isForGood(Throwable error) {
    return error instanceof PeerRefused refused
        && FOR_GOOD.matcher(refused.code()).matches()
        && SmtpDialect.isOnTopOf(refused.path());
  }

  private static Throwable unwrapped(Throwable error) {
    Throwable cause = error.getCause();
    return error instanceof CompletionException && cause != null ? cause : error;
  }

  private void couldNotOpen(Request request, Throwable error) {
    if (isForGood(error)) {
      refuseWaiting((UpgradeException) error);
    } else {
      vacate();
    }
    if (error instanceof IOException failure) {
      request.notSent(failure);
    } else {
      request.promise.fail(error); // a mistake of whoever opens
    }
  }

  /**
   * Each of those that wait would hear the same, and a login that is refused once for each of them
   * may lock an account. The place is free. While there are other connections the waiting are left
   * to them, which may be served well.
   */
  private void refuseWaiting(UpgradeException refusal) {
    List<Request> refused = List.of();
    lock.lock();
    try {
      connections--;
      if (connections == 0) {
        refused = List.copyOf(waiting);
        waiting.clear();
      }
    } finally {
      lock.unlock();
    }
    refused.forEach(
        request -> {
          Timer.stop(request.timer);
          request.notSent(refusal);
        });
  }

  private void send(Request request, Pooled on) {
    if (request.promise.isDone()) {
      release(on); // It was cancelled while it waited for this connection.
      return;
    }
    on.messages++;
    CompletableFuture<DeliveryReport> sending = sendOn(on.session, request);
    request.promise.whenGivenUp(() -> sending.cancel(false));
    sending.whenComplete(
        (report, error) -> {
          if (sending.isCancelled()) {
            discard(on);
          } else {
            sent(request, on, report, error);
          }
        });
  }

  /** A message was called off in the middle: its connection is of no use, open as it may look. */
  private void discard(Pooled used) {
    lock.lock();
    try {
      leaving++;
    } finally {
      lock.unlock();
    }
    used.session.closeAsync().whenComplete((nothing, error) -> gone());
  }

  private static CompletableFuture<DeliveryReport> sendOn(SmtpSession session, Request request) {
    try {
      return session.sendKeeping(request.envelope, request.content); // perhaps once more elsewhere
    } catch (RuntimeException | Error e) {
      return CompletableFuture.failedFuture(e); // Such as: the content went elsewhere meanwhile.
    }
  }

  private void sent(
      Request request, Pooled on, @Nullable DeliveryReport report, @Nullable Throwable error) {
    boolean again = !request.repeated && mayRepeat(request, on, report, error);
    if (again) {
      request.repeated = true;
      // In the place of this one, once it is gone.
      on.session.closeAsync().whenComplete((nothing, gone) -> open(request));
      return;
    }
    release(on);
    if (report != null) {
      request.promise.complete(report);
    } else if (error != null && unwrapped(error) instanceof IOException failure) {
      request.notSent(failure);
    } else if (request.repeated && error instanceof IllegalStateException spent) {
      request.notSent(spent); // Its content went elsewhere meanwhile: no mistake of this call's.
    } else if (error != null) {
      request.promise.fail(unwrapped(error));
    }
  }

  private static boolean mayRepeat(
      Request request, Pooled on, @Nullable DeliveryReport report, @Nullable Throwable error) {
    if (request.promise.isDone() || request.content.isSpent() || on.session.isOpen()) {
      return false;
    }
    if (report == null) {
      // The session was over before: nothing was sent.
      return error != null && unwrapped(error) instanceof IOException;
    }
    boolean harmless =
        report.recipients().stream()
            .noneMatch(
                entry ->
                    entry.outcome() == DeliveryOutcome.ACCEPTED
                        || entry.outcome() == DeliveryOutcome.UNKNOWN
                        || entry.phase() == DeliveryPhase.END);
    return harmless && report.failure().filter(why -> isDead(why, on)).isPresent();
  }

  private static boolean isDead(Exception why, Pooled on) {
    boolean reused = on.messages > 1;
    return why instanceof PeerClosed
        || (why instanceof PeerRefused refused
            && refused.code().equals(String.valueOf(SmtpReply.CLOSING)))
        // A connection that a firewall forgot is silent.
        || (why instanceof LayerTimedOut && reused);
  }

  /** A connection has done its message. */
  private void release(Pooled used) {
    boolean usable = used.session.isOpen() && used.messages < maxMessages;
    Request next = null;
    lock.lock();
    try {
      usable &= !closed;
      if (usable) {
        next = waiting.poll();
        if (next != null) {
          Timer.stop(next.timer);
        } else {
          used.idleSince = System.nanoTime();
          idle.add(used);
          watch(used);
        }
      } else {
        leaving++;
      }
    } finally {
      lock.unlock();
    }
    if (next != null) {
      send(next, used);
    } else if (!usable) {
      quit(used);
    }
  }

  /**
   * Says goodbye over a connection that is counted as leaving. Its place is free when it is gone,
   * since until then it is one of the connections that the server sees. A server that owes another
   * reply, as to NOOP, gets no more time for that.
   */
  private void quit(Pooled old) {
    Timer limit = new Timer(old.session.goodbyeTimeout(), old.session::closeAsync);
    old.session
        .quitAsync()
        .whenComplete(
            (nothing, error) -> {
              Timer.stop(limit);
              gone();
            });
  }

  /** A connection that was leaving has left. */
  private void gone() {
    lock.lock();
    try {
      leaving--;
      vacate();
    } finally {
      lock.unlock();
    }
  }

  /** A place for a connection is free. */
  private void vacate() {
    Request next;
    lock.lock();
    try {
      next = waiting.poll();
      if (next == null) {
        connections--;
      } else {
        Timer.stop(next.timer);
      }
    } finally {
      lock.unlock();
    }
    if (next != null) {
      // Not from here: where each fails at once, a long queue would be a deep stack.
      Threads.OWN.execute(() -> open(next));
    }
  }

  /** Sees to an idle connection after a while; the lock is held. */
  private void watch(Pooled pooled) {
    long left = idleLimit.toNanos() - (System.nanoTime() - pooled.idleSince);
    Duration delay =
        Duration.ofNanos(Math.max(0, Math.min(left, keepAlive.orElse(idleLimit).toNanos())));
    pooled.timer = new Timer(delay, () -> onIdle(pooled));
  }

  private void onIdle(Pooled pooled) {
    boolean ends;
    lock.lock();
    try {
      if (!idle.contains(pooled)) {
        return;
      }
      ends =
          !pooled.session.isOpen() || System.nanoTime() - pooled.idleSince >= idleLimit.toNanos();
      if (ends) {
        idle.remove(pooled);
        leaving++;
      } else {
        watch(pooled);
      }
    } finally {
      lock.unlock();
    }
    if (ends) {
      quit(pooled);
    } else {
      pooled.session.noopAsync();
    }
  }

  /**
   * Says goodbye on connections that are idle, and on the others once their message is done.
   * Waiting messages fail with {@link ClosedChannelException}. Returns at once.
   */
  @Override
  public void close() {
    List<Pooled> parting;
    List<Request> failing;
    lock.lock();
    try {
      closed = true;
      parting = List.copyOf(idle);
      failing = List.copyOf(waiting);
      idle.clear();
      waiting.clear();
      leaving += parting.size();
    } finally {
      lock.unlock();
    }
    parting.forEach(
        pooled -> {
          Timer.stop(pooled.timer);
          quit(pooled);
        });
    failing.forEach(
        request -> {
          Timer.stop(request.timer);
          request.promise.fail(new ClosedChannelException());
        });
  }

  /** Builds an {@link SmtpClient}. */
  public static final class Builder {

    private final Function<Endpoint, CompletableFuture<SmtpSession>> opener;
    private List<Endpoint> endpoints = List.of();
    private int maxConnections = 4;
    private int maxMessages = 100;
    private int maxWaiting = 1000;
    private Duration waitLimit = Duration.ofSeconds(30);
    private Duration idleLimit = Duration.ofSeconds(30);
    private Optional<Duration> keepAlive = Optional.empty();
    private Function<SmtpSession, CompletableFuture<?>> login =
        session -> CompletableFuture.completedFuture(null);

    private Builder(Function<Endpoint, CompletableFuture<SmtpSession>> opener) {
      this.opener = Objects.requireNonNull(opener, "opener");
    }

    /**
     * Sets the servers, any of which takes the mail.
     *
     * @param first where to connect
     * @param more where to connect if that fails, in this order
     * @return this
     */
    public Builder endpoints(Endpoint first, Endpoint... more) {
      List<Endpoint> all = new ArrayList<>(List.of(first));
      all.addAll(List.of(more));
      endpoints = all;
      return this;
    }

    /**
     * Limits the connections, those that say goodbye included; 4 unless called.
     *
     * @param limit at least 1
     * @return this
     */
    public Builder maxConnections(int limit) {
      maxConnections = requirePositive(limit, "connections");
      return this;
    }

    /**
     * Limits the messages of one connection; 100 unless called. Servers have limits of their own.
     *
     * @param limit at least 1
     * @return this
     */
    public Builder maxMessagesPerConnection(int limit) {
      maxMessages = requirePositive(limit, "messages");
      return this;
    }

    /**
     * Limits the messages that wait for a connection; 1000 unless called.
     *
     * @param limit at least 1
     * @return this
     */
    public Builder maxWaiting(int limit) {
      maxWaiting = requirePositive(limit, "messages");
      return this;
    }

    /**
     * Limits the time that a message waits for a connection; 30 s unless called. Whose turn it is
     * when a connection that says goodbye is gone, waits for that.
     *
     * @param limit a positive duration
     * @return this
     */
    public Builder waitLimit(Duration limit) {
      waitLimit = Blocking.requirePositive(limit);
      return this;
    }

    /**
     * Limits the time that a connection is kept without a message; 30 s unless called.
     *
     * @param limit a positive duration
     * @return this
     */
    public Builder idleLimit(Duration limit) {
      idleLimit = Blocking.requirePositive(limit);
      return this;
    }

    /**
     * Keeps idle connections alive with NOOP; not done unless called.
     *
     * @param interval how often, shorter than the idle limit to have an effect
     * @return this
     */
    public Builder keepAlive(Duration interval) {
      keepAlive = Optional.of(Blocking.requirePositive(interval));
      return this;
    }

    /**
     * Authenticates over each new connection before its first message; not done unless called. A
     * connection over which that fails is closed. If the server refuses for good (5yz), all
     * messages that wait at that moment are reported as not sent; a later one tries again.
     *
     * @param credentials who, by what; asked for each connection
     * @param preference which mechanisms may be used
     * @return this
     */
    public Builder authenticate(Supplier<SaslCredentials> credentials, SaslPreference preference) {
      Objects.requireNonNull(credentials, "credentials");
      Objects.requireNonNull(preference, "preference");
      login =
          session -> {
            try {
              return session.authenticateAsync(credentials.get(), preference);
            } catch (RuntimeException | Error e) {
              return CompletableFuture.failedFuture(e);
            }
          };
      return this;
    }

    private static int requirePositive(int limit, String what) {
      if (limit < 1) {
        throw new IllegalArgumentException("expected at least 1 of " + what + ", got " + limit);
      }
      return limit;
    }

    /**
     * Makes the client; no connection is opened yet.
     *
     * @return the client, to be closed
     * @throws IllegalStateException if no endpoint was set
     */
    public SmtpClient build() {
      if (endpoints.isEmpty()) {
        throw new IllegalStateException("expected an endpoint or more, got none");
      }
      return new SmtpClient(this);
    }
  }
}
