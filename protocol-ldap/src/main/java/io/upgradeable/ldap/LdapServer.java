package io.upgradeable.ldap;

import io.upgradeable.Connection;
import io.upgradeable.Endpoint;
import io.upgradeable.Layer;
import io.upgradeable.Limits;
import io.upgradeable.UpgradeObserver;
import io.upgradeable.netty.NettyAcceptor;
import io.upgradeable.sasl.SaslChannel;
import io.upgradeable.sasl.SaslServer;
import io.upgradeable.sasl.SaslUsers;
import io.upgradeable.session.Session;
import io.upgradeable.tls.ImplicitTls;
import io.upgradeable.tls.TlsPolicy;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.function.Supplier;

/**
 * A small LDAP server for demonstrations and tests: StartTLS or implicit TLS, and behind it simple
 * binds, SASL, "Who am I?" and a root DSE. It has no directory: every other operation is answered
 * with unwillingToPerform. Before TLS it does nothing at all.
 *
 * <pre>{@code
 * SaslUsers users = SaslUsers.of(Map.of("uid=anna,dc=example,dc=net", StoredSecret.of(password)));
 * try (LdapServer server =
 *     LdapServer.builder()
 *         .listen(Endpoint.parse("127.0.0.1:0"))
 *         .tls(() -> policy)
 *         .users(users)
 *         .start()) {
 *   System.out.println("listening on " + server.endpoint());
 * }
 * }</pre>
 *
 * <p>A user's name is the DN of a simple bind, to the letter, and the user name of SCRAM-SHA-256
 * and PLAIN. A client that showed a certificate which the policy verified may bind by EXTERNAL, as
 * the subject of its certificate. Thread-safe.
 */
public final class LdapServer implements AutoCloseable {

  private final SaslServer sasl;
  private final LdapServerLimits limits;
  private final boolean startTls;
  private final LdapServerObserver binds;
  private final Executor threadsOfBinds;
  private final Set<LdapServerSession> sessions = ConcurrentHashMap.newKeySet();
  private final NettyAcceptor acceptor;
  private volatile boolean shuttingDown;

  private LdapServer(Builder builder) throws IOException {
    this.sasl = new SaslServer(builder.users).withDataOnSuccess();
    this.limits = builder.limits;
    this.startTls = !builder.implicitTls;
    this.binds = builder.binds;
    this.threadsOfBinds = builder.threadsOfBinds.orElseGet(() -> BindThreads.Server.POOL);
    this.acceptor = builder.acceptor.session(this::newSession).start();
  }

  private Session newSession(Connection connection) {
    return new LdapServerSession(
        new LdapServerBinder(sasl, channel(connection), connection),
        limits,
        startTls,
        binds,
        threadsOfBinds,
        this::onOpened,
        sessions::remove);
  }

  /** With the certificate that this handshake showed, which SCRAM can be bound to. */
  private static SaslChannel channel(Connection connection) {
    return connection
        .tls()
        .flatMap(facts -> facts.localChain().stream().findFirst())
        .map(SaslChannel::tls)
        .orElseGet(SaslChannel::tls);
  }

  private void onOpened(LdapServerSession session) {
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
   * Stops accepting at once, sends a Notice of Disconnection to every client whose connection is up
   * or comes up yet, and closes those connections.
   *
   * @param grace how long that may take; what remains is closed then; called again, this can
   *     shorten it
   * @return completes when everything is closed
   */
  public CompletableFuture<Void> shutdownAsync(Duration grace) {
    shuttingDown = true;
    CompletableFuture<Void> ended = acceptor.shutdownAsync(grace);
    sessions.forEach(LdapServerSession::shutDown);
    return ended;
  }

  /** Stops accepting, closes what is open, and waits for it: a shutdown without grace. */
  @Override
  public void close() {
    acceptor.close();
  }

  /** Builds an {@link LdapServer}. */
  public static final class Builder {

    private final NettyAcceptor.Builder acceptor = NettyAcceptor.builder();
    private Optional<Supplier<TlsPolicy>> policy = Optional.empty();
    private boolean implicitTls;
    private SaslUsers users = SaslUsers.of(Map.of());
    private LdapServerLimits limits = LdapServerLimits.DEFAULTS;
    private Optional<Limits> layerLimits = Optional.empty();
    private LdapServerObserver binds = LdapServerObserver.NONE;
    private Optional<Executor> threadsOfBinds = Optional.empty();

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
     * Says how TLS is to be. There is no default, and no server without.
     *
     * @param value gives the policy in force; asked once per connection
     * @return this
     */
    public Builder tls(Supplier<TlsPolicy> value) {
      policy = Optional.of(value);
      return this;
    }

    /**
     * Begins connections with TLS, as on port 636, instead of waiting for StartTLS.
     *
     * @return this
     */
    public Builder implicitTls() {
      implicitTls = true;
      return this;
    }

    /**
     * Sets whom the server knows; nobody unless called.
     *
     * @param value by DN for simple binds, by user name for SASL
     * @return this
     */
    public Builder users(SaslUsers value) {
      users = Objects.requireNonNull(value, "users");
      return this;
    }

    /**
     * Sets what a client may cost; {@link LdapServerLimits#DEFAULTS} unless called.
     *
     * @param value the limits
     * @return this
     */
    public Builder limits(LdapServerLimits value) {
      limits = Objects.requireNonNull(value, "limits");
      return this;
    }

    /**
     * Sets what a client may cost until TLS is up; {@link Limits#SERVER} unless called.
     *
     * @param value the limits of each layer
     * @return this
     */
    public Builder layerLimits(Limits value) {
      layerLimits = Optional.of(value);
      return this;
    }

    /**
     * Limits the open connections; 2000 unless called.
     *
     * @param count at least 1; one more is refused
     * @return this
     */
    public Builder maxConnections(int count) {
      acceptor.maxConnections(count);
      return this;
    }

    /**
     * Limits the open connections of one address; not limited unless called.
     *
     * @param count at least 1; one more is refused
     * @return this
     */
    public Builder maxConnectionsPerAddress(int count) {
      acceptor.maxConnectionsPerAddress(count);
      return this;
    }

    /**
     * Sets the number of event loop threads; one per processor unless called.
     *
     * @param count at least 1
     * @return this
     */
    public Builder threads(int count) {
      acceptor.threads(count);
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
     * Watches every bind.
     *
     * @param value called on event loops
     * @return this
     */
    public Builder bindObserver(LdapServerObserver value) {
      binds = Objects.requireNonNull(value, "observer");
      return this;
    }

    /** Instead of the threads that all servers share. */
    Builder threadsOfBinds(Executor value) {
      threadsOfBinds = Optional.of(value);
      return this;
    }

    /**
     * Binds and begins to accept.
     *
     * @return the server, to be closed
     * @throws IOException if the address cannot be bound
     * @throws IllegalStateException if no address or no policy was given, or on an event loop
     */
    public LdapServer start() throws IOException {
      Supplier<TlsPolicy> tls =
          policy.orElseThrow(() -> new IllegalStateException("expected a TLS policy"));
      if (implicitTls) {
        acceptor.layer(limited(ImplicitTls.server(tls))).layer(limited(Ldap.serverOverTls()));
      } else {
        acceptor.layer(limited(Ldap.server(tls)));
        // Not where a client waits for TLS: it can make nothing of plaintext.
        acceptor.refusal(
            LdapTrace.message(Notices.write(LdapResultCode.BUSY, "Too many connections")));
      }
      return new LdapServer(this);
    }

    private <R> Layer<R> limited(Layer<R> layer) {
      return layerLimits.map(layer::withLimits).orElse(layer);
    }
  }
}
