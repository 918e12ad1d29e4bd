package io.upgradeable.smtp;

import io.upgradeable.Connection;
import io.upgradeable.Endpoint;
import io.upgradeable.Layer;
import io.upgradeable.Limits;
import io.upgradeable.UpgradeObserver;
import io.upgradeable.negotiation.Message;
import io.upgradeable.negotiation.TlsFacts;
import io.upgradeable.netty.NettyAcceptor;
import io.upgradeable.sasl.SaslChannel;
import io.upgradeable.sasl.SaslServer;
import io.upgradeable.sasl.SaslUsers;
import io.upgradeable.session.Session;
import io.upgradeable.tls.ImplicitTls;
import io.upgradeable.tls.InvalidTlsConfigurationException;
import io.upgradeable.tls.TlsIdentity;
import io.upgradeable.tls.TlsPolicy;
import java.io.IOException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A small server of SMTP or LMTP for demonstrations and tests: it takes mail under TLS, by STARTTLS
 * or from the first byte, and gives it to a {@link SmtpServerHandler}. It relays nothing. Safe for
 * use by several threads.
 *
 * <pre>{@code
 * ReceivedMessages mailbox = new ReceivedMessages();
 * try (SmtpServer server =
 *     SmtpServer.builder()
 *         .listen(Endpoint.of("127.0.0.1", 0))
 *         .tls(policy)
 *         .handler(mailbox)
 *         .start()) {
 *   send(server.endpoint());
 *   System.out.println(mailbox.await(1, Duration.ofSeconds(10)));
 * }
 * }</pre>
 */
public final class SmtpServer implements AutoCloseable {

  private static final Message REFUSAL =
      Message.line("421 4.3.2 Too many connections, try again later", "\r\n");

  private final Supplier<TlsPolicy> policy;
  private final SmtpServerSetup setup;
  private final Layer<SmtpServerResult> layer;
  private final Set<SmtpServerSession> sessions = ConcurrentHashMap.newKeySet();
  private final NettyAcceptor acceptor;
  private volatile boolean shuttingDown;

  private SmtpServer(Builder builder, NettyAcceptor.Builder acceptor) throws IOException {
    this.policy = builder.requirePolicy();
    Optional<SaslServer> sasl = builder.users.map(SaslServer::new);
    SmtpServerOptions options = builder.options();
    if (sasl.isPresent()) {
      options = options.withCapability(SmtpServerAuth.capability(sasl.get(), channel(shownNow())));
    }
    this.setup =
        new SmtpServerSetup(
            options,
            builder.limits,
            builder.requireHandler(),
            sasl,
            builder.threadsOfAuth,
            builder.dialogue);
    if (builder.implicitTls) {
      acceptor.layer(builder.limited(ImplicitTls.server(policy)));
      this.layer = builder.limited(Smtp.serverOverTls(options));
    } else {
      this.layer = builder.limited(Smtp.server(policy, options));
      acceptor.refusal(REFUSAL);
    }
    this.acceptor = acceptor.layer(layer).session(this::newSession).start();
  }

  private List<X509Certificate> shownNow() {
    return policy.get().identity().map(TlsIdentity::chain).orElse(List.of());
  }

  /** What SCRAM can be bound to: the certificate of the handshake, which may be replaced by now. */
  private static SaslChannel channel(List<X509Certificate> shown) {
    return shown.isEmpty() ? SaslChannel.tls() : SaslChannel.tls(shown.get(0));
  }

  private Session newSession(Connection connection) {
    SmtpServerResult hello = connection.result(layer);
    List<X509Certificate> shown = connection.tls().map(TlsFacts::localChain).orElse(List.of());
    SmtpServerPeer peer =
        new SmtpServerPeer(
            hello.clientName(), connection.remoteAddress(), connection.tls(), Optional.empty());
    return new SmtpServerSession(
        setup, peer, hello.extended(), channel(shown), this::onOpened, sessions::remove);
  }

  private void onOpened(SmtpServerSession session) {
    sessions.add(session);
    if (shuttingDown) { // Looked at last: a shutdown either sees the session or is seen here.
      session.shutDown();
    }
  }

  /**
   * Starts a server.
   *
   * @return a builder with the defaults
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Where the server listens.
   *
   * @return the bound address, with the port that the system chose if it was asked to
   */
  public Endpoint endpoint() {
    return acceptor.endpoint();
  }

  /**
   * How many connections are open.
   *
   * @return the number now
   */
  public int connectionCount() {
    return acceptor.connectionCount();
  }

  /**
   * Stops accepting at once. Clients hear 421 as soon as no message of theirs is under way.
   *
   * @param grace how long messages that are under way may take; what remains then is closed; called
   *     again, this can shorten it
   * @return completes when everything is closed
   */
  public CompletableFuture<Void> shutdownAsync(Duration grace) {
    shuttingDown = true;
    CompletableFuture<Void> ended = acceptor.shutdownAsync(grace);
    sessions.forEach(SmtpServerSession::shutDown);
    return ended;
  }

  /**
   * Stops accepting, closes what is open, and waits for it: a shutdown without grace. On an event
   * loop it does not wait.
   */
  @Override
  public void close() {
    acceptor.close();
  }

  /** Builds an {@link SmtpServer}. */
  public static final class Builder {

    private final NettyAcceptor.Builder acceptor = NettyAcceptor.builder();
    private final Set<SmtpServerExtension> extensions =
        EnumSet.complementOf(EnumSet.of(SmtpServerExtension.DSN, SmtpServerExtension.REQUIRETLS));
    private @Nullable Supplier<TlsPolicy> policy;
    private @Nullable SmtpServerHandler handler;
    private boolean implicitTls;
    private String name = SmtpServerOptions.DEFAULTS.name();
    private SmtpDialect dialect = SmtpDialect.SMTP;
    private SmtpServerLimits limits = SmtpServerLimits.DEFAULTS;
    private Optional<SaslUsers> users = Optional.empty();
    private Executor threadsOfAuth = SmtpServerAuthThreads.POOL;
    private SmtpServerObserver dialogue = SmtpServerObserver.NONE;
    private SmtpServerFaults faults = SmtpServerFaults.NONE;
    private Optional<Limits> layerLimits = Optional.empty();

    private Builder() {}

    /**
     * Says where to listen. There is no default.
     *
     * @param endpoint the address and port; port 0 lets the system choose
     * @return this
     */
    public Builder listen(Endpoint endpoint) {
      acceptor.listen(endpoint);
      return this;
    }

    /**
     * Says how TLS is to be. There is no default.
     *
     * @param value a server's policy
     * @return this
     */
    public Builder tls(TlsPolicy value) {
      Objects.requireNonNull(value, "policy");
      return tls(() -> value);
    }

    /**
     * Says how TLS is to be, with a policy that may be replaced while the server runs.
     *
     * @param value gives the policy in force, quickly and without blocking, for instance a {@link
     *     io.upgradeable.tls.ReloadableTlsPolicy}; asked once per connection
     * @return this
     */
    public Builder tls(Supplier<TlsPolicy> value) {
      policy = Objects.requireNonNull(value, "policy");
      return this;
    }

    /**
     * Lets connections begin with TLS (RFC 8314) instead of turning into it by STARTTLS.
     *
     * @return this
     */
    public Builder implicitTls() {
      implicitTls = true;
      return this;
    }

    /**
     * Says who decides and receives. There is no default.
     *
     * @param value serves all connections
     * @return this
     */
    public Builder handler(SmtpServerHandler value) {
      handler = Objects.requireNonNull(value, "handler");
      return this;
    }

    /**
     * Says what the server calls itself; {@code localhost} unless called.
     *
     * @param value a domain, or an address in brackets
     * @return this
     */
    public Builder name(String value) {
      name = SmtpName.require(value);
      return this;
    }

    /**
     * Chooses the dialect; SMTP unless called.
     *
     * @param value SMTP or LMTP
     * @return this
     */
    public Builder dialect(SmtpDialect value) {
      dialect = Objects.requireNonNull(value, "dialect");
      return this;
    }

    /**
     * Offers an extension that is not offered by default.
     *
     * @param value what the handler honours
     * @return this
     */
    public Builder offer(SmtpServerExtension value) {
      extensions.add(Objects.requireNonNull(value, "extension"));
      return this;
    }

    /**
     * Does not offer an extension, nor understand it.
     *
     * @param value what to do without
     * @return this
     */
    public Builder withdraw(SmtpServerExtension value) {
      extensions.remove(Objects.requireNonNull(value, "extension"));
      return this;
    }

    /**
     * Lets clients authenticate (RFC 4954), under TLS as all else. Whether a client must do so is
     * the handler's to decide; see {@link SmtpServerPeer#user()}.
     *
     * @param value whom the server knows
     * @return this
     */
    public Builder users(SaslUsers value) {
      users = Optional.of(value);
      return this;
    }

    /**
     * Sets what a client may cost; {@link SmtpServerLimits#DEFAULTS} unless called.
     *
     * @param value the limits of the session
     * @return this
     */
    public Builder limits(SmtpServerLimits value) {
      limits = Objects.requireNonNull(value, "limits");
      return this;
    }

    /**
     * Sets what a client may cost until it said EHLO under TLS; {@link Limits#SERVER} unless
     * called.
     *
     * @param value the limits of each layer
     * @return this
     */
    public Builder layerLimits(Limits value) {
      layerLimits = Optional.of(value);
      return this;
    }

    /**
     * Lets things go wrong on purpose; nothing does unless called.
     *
     * @param value what
     * @return this
     */
    public Builder faults(SmtpServerFaults value) {
      faults = Objects.requireNonNull(value, "faults");
      return this;
    }

    /**
     * Limits the open connections; 2000 unless called.
     *
     * @param limit at least 1; one more is told so (421) and disconnected
     * @return this
     */
    public Builder maxConnections(int limit) {
      acceptor.maxConnections(limit);
      return this;
    }

    /**
     * Limits the open connections of one address; not limited unless called.
     *
     * @param limit at least 1
     * @return this
     */
    public Builder maxConnectionsPerAddress(int limit) {
      acceptor.maxConnectionsPerAddress(limit);
      return this;
    }

    /**
     * Sets the number of event loop threads; one per processor unless called.
     *
     * @param number at least 1
     * @return this
     */
    public Builder threads(int number) {
      acceptor.threads(number);
      return this;
    }

    /**
     * Watches every set-up.
     *
     * @param value called on event loops
     * @return this
     */
    public Builder observer(UpgradeObserver value) {
      acceptor.observer(value);
      return this;
    }

    /**
     * Watches what is said under TLS.
     *
     * @param value called on event loops
     * @return this
     */
    public Builder dialogue(SmtpServerObserver value) {
      dialogue = Objects.requireNonNull(value, "observer");
      return this;
    }

    /** Instead of the threads that all servers share. */
    Builder threadsOfAuth(Executor value) {
      threadsOfAuth = value;
      return this;
    }

    private SmtpServerOptions options() {
      List<String> capabilities = new ArrayList<>();
      for (SmtpServerExtension extension : extensions) {
        boolean size = extension == SmtpServerExtension.SIZE;
        capabilities.add(extension.keyword() + (size ? " " + limits.messageBytes() : ""));
      }
      return new SmtpServerOptions(name, capabilities, dialect, faults);
    }

    private SmtpServerHandler requireHandler() {
      if (handler == null) {
        throw new IllegalStateException("expected a handler of mail");
      }
      return handler;
    }

    private Supplier<TlsPolicy> requirePolicy() {
      if (policy == null) {
        throw new IllegalStateException("expected a TLS policy");
      }
      return policy;
    }

    private <R> Layer<R> limited(Layer<R> layer) {
      return layerLimits.map(layer::withLimits).orElse(layer);
    }

    /**
     * Binds and begins to accept. Called once.
     *
     * @return the server, to be closed
     * @throws IOException if the address cannot be bound
     * @throws InvalidTlsConfigurationException if no engine can do what the policy asks
     * @throws IllegalStateException if the address, the policy or the handler is missing, or on an
     *     event loop
     */
    public SmtpServer start() throws IOException {
      return new SmtpServer(this, acceptor);
    }
  }
}
