package io.upgradeable.connect;

import io.upgradeable.Connection;
import io.upgradeable.Endpoint;
import io.upgradeable.Layer;
import io.upgradeable.Limits;
import io.upgradeable.UpgradeObserver;
import io.upgradeable.netty.NettyAcceptor;
import io.upgradeable.netty.NettyConnector;
import io.upgradeable.netty.Transport;
import io.upgradeable.sasl.SaslUsers;
import io.upgradeable.tls.ImplicitTls;
import io.upgradeable.tls.TlsPolicy;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * A proxy that opens tunnels (CONNECT) and does nothing else. It is of no use until it is told what
 * to allow:
 *
 * <pre>{@code
 * try (ConnectProxy proxy =
 *     ConnectProxy.builder()
 *         .listen(Endpoint.parse("127.0.0.1:3128"))
 *         .allow("*.example.net:443")
 *         .accessLog(System.out::println)
 *         .start()) {
 *   ...
 * }
 * }</pre>
 *
 * <p>It listens on this machine only, unless it knows users. It dials public addresses only, unless
 * a rule names another one; the address is checked, not the name, and it is the very address that
 * is dialled. A request that two readers could understand differently is refused, and every refusal
 * closes the connection, so that nothing behind it is taken for another request.
 *
 * <p>Users prove themselves with Basic, so give the proxy a TLS policy then: without it passwords
 * travel in plaintext.
 */
public final class ConnectProxy implements AutoCloseable {

  /** The name of the layer that reads requests. */
  private static final String REQUESTS = "connect";

  private static final System.Logger LOG = System.getLogger("io.upgradeable.connect");

  /** Connections beside tunnels: those whose request is under way, or that are being refused. */
  private static final int OTHER_CONNECTIONS = 256;

  private final NettyConnector connector;
  private final NettyAcceptor acceptor;
  private final TargetRules rules;
  private final Optional<BasicUsers> users;
  private final Duration idleTimeout;
  private final int maxTunnels;
  private final Consumer<TunnelRecord> accessLog;
  private final AtomicInteger tunnels = new AtomicInteger();

  /** How many requests are not in the access log yet. */
  private final AtomicInteger unlogged = new AtomicInteger();

  private final CompletableFuture<Void> allLogged = new CompletableFuture<>();
  private volatile boolean acceptorEnded;

  private ConnectProxy(Builder builder, Endpoint listen) throws IOException {
    this.rules = new TargetRules(builder.rules, builder.publicPorts);
    this.users = builder.users.map(BasicUsers::new);
    this.idleTimeout = builder.idleTimeout;
    this.maxTunnels = builder.maxTunnels;
    this.accessLog = builder.accessLog;
    this.connector =
        NettyConnector.builder()
            .transport(builder.transport)
            .threads(builder.threads)
            .connectTimeout(builder.connectTimeout)
            .timeout(builder.connectTimeout)
            .build();
    try {
      this.acceptor = newAcceptor(builder, listen);
    } catch (IOException | RuntimeException e) {
      connector.close();
      users.ifPresent(BasicUsers::closeAsync);
      throw e;
    }
  }

  private NettyAcceptor newAcceptor(Builder builder, Endpoint listen) throws IOException {
    Layer<ConnectRequest> requests =
        Layer.of(REQUESTS, ConnectServerUpgrade::new)
            .limits(
                Limits.SERVER
                    .withUnreadBytes(HttpHeadReader.MAX_BYTES)
                    .withStepTimeout(builder.headTimeout)
                    .withLayerTimeout(builder.headTimeout))
            .build();
    NettyAcceptor.Builder accepting =
        NettyAcceptor.builder()
            .listen(listen)
            .eventLoopsOf(connector)
            .maxConnections(Math.addExact(maxTunnels, OTHER_CONNECTIONS))
            .maxConnectionsPerAddress(builder.maxConnectionsPerClient)
            .observer(new RefusedHeads(REQUESTS, builder.observer, this::log))
            .session(
                connection ->
                    new TunnelSession(this, connection.result(requests), clientOf(connection)));
    builder.tls.ifPresentOrElse(
        policy -> accepting.layer(ImplicitTls.server(policy).withLimits(tlsLimits(builder))),
        () -> accepting.refusal(ProxyAnswer.refusal(503, "Refused: too many connections.")));
    return accepting.layer(requests).start();
  }

  private static Limits tlsLimits(Builder builder) {
    return Limits.SERVER
        .withHandshakeTimeout(builder.headTimeout)
        .withLayerTimeout(builder.headTimeout);
  }

  private static String clientOf(Connection connection) {
    return connection.peer();
  }

  /**
   * Starts a proxy.
   *
   * @return a builder with the defaults
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Where the proxy listens.
   *
   * @return the bound address
   */
  public Endpoint endpoint() {
    return acceptor.endpoint();
  }

  /**
   * How many tunnels are open or being opened.
   *
   * @return the number now
   */
  public int tunnelCount() {
    return tunnels.get();
  }

  NettyConnector connector() {
    return connector;
  }

  TargetRules rules() {
    return rules;
  }

  Optional<BasicUsers> users() {
    return users;
  }

  Duration idleTimeout() {
    return idleTimeout;
  }

  /** Whether there is room for one more tunnel, which is counted then. */
  boolean enter() {
    if (tunnels.incrementAndGet() > maxTunnels) {
      tunnels.decrementAndGet();
      return false;
    }
    return true;
  }

  void leave() {
    tunnels.decrementAndGet();
  }

  /** A request came, which is to be in the access log. */
  void requestBegan() {
    unlogged.incrementAndGet();
  }

  /** A request is in the access log. Whichever comes last, this or the acceptor's end, tells. */
  void requestLogged() {
    if (unlogged.decrementAndGet() == 0 && acceptorEnded) {
      allLogged.complete(null);
    }
  }

  void log(TunnelRecord entry) {
    try {
      accessLog.accept(entry);
    } catch (RuntimeException | Error mistake) {
      LOG.log(System.Logger.Level.ERROR, "the access log failed", mistake);
    }
  }

  /**
   * Stops accepting at once and lets the tunnels end by themselves.
   *
   * @param grace how long they may take; those that remain are closed then; called again, this can
   *     shorten it
   * @return completes when everything is closed, which may take targets two seconds more, and each
   *     request is in the access log
   */
  public CompletableFuture<Void> shutdownAsync(Duration grace) {
    return acceptor
        .shutdownAsync(grace)
        .thenCompose(
            done -> {
              connector.close(); // And with it the targets' sides of the tunnels.
              acceptorEnded = true;
              if (unlogged.get() == 0) {
                allLogged.complete(null);
              }
              return users
                  .map(BasicUsers::closeAsync)
                  .orElseGet(() -> CompletableFuture.completedFuture(null));
            })
        .thenCompose(checked -> allLogged);
  }

  /** Stops accepting, closes what is open, and waits for it, unless on an event loop. */
  @Override
  public void close() {
    CompletableFuture<Void> closed = shutdownAsync(Duration.ZERO);
    if (!NettyConnector.isEventLoop()) {
      closed.join();
    }
  }

  /** Builds a {@link ConnectProxy}. */
  public static final class Builder {

    /** Longer ones are a mistake, and a relay refuses them. */
    private static final Duration MAX_LIMIT = Duration.ofDays(365);

    private final List<TargetRule> rules = new ArrayList<>();
    private final Set<Integer> publicPorts = new TreeSet<>();
    private Optional<Endpoint> listen = Optional.empty();
    private Optional<Supplier<TlsPolicy>> tls = Optional.empty();
    private Optional<SaslUsers> users = Optional.empty();
    private boolean anybody;
    private Transport transport = Transport.AUTO;
    private int threads = Runtime.getRuntime().availableProcessors();
    private int maxTunnels = 1000;
    private int maxConnectionsPerClient = 100;
    private Duration headTimeout = Duration.ofSeconds(10);
    private Duration connectTimeout = Duration.ofSeconds(10);
    private Duration idleTimeout = Duration.ofMinutes(5);
    private Consumer<TunnelRecord> accessLog = entry -> {};
    private UpgradeObserver observer = UpgradeObserver.NONE;

    private Builder() {}

    /**
     * Says where to listen: on this machine only, unless there are {@linkplain #users users}.
     *
     * @param endpoint the address and port; port 0 lets the system choose
     * @return this
     */
    public Builder listen(Endpoint endpoint) {
      listen = Optional.of(endpoint);
      return this;
    }

    /**
     * Speaks TLS with clients: the proxy is an {@code https} proxy then.
     *
     * @param policy gives the policy in force; asked once for each connection
     * @return this
     */
    public Builder tls(Supplier<TlsPolicy> policy) {
      tls = Optional.of(policy);
      return this;
    }

    /**
     * Allows targets. The host is a name, {@code *.example.net} for all names below it, {@code *}
     * for every host, an address, or a network ({@code 10.1.0.0/16}, {@code [fd00::]/8} without
     * brackets: {@code fd00::/8}); the port is a number or {@code *}. Names and {@code *} reach
     * public addresses only, whatever a name resolves to; addresses and networks reach what they
     * name.
     *
     * @param rule {@code HOST:PORT}
     * @return this
     * @throws IllegalArgumentException if the rule has another form
     */
    public Builder allow(String rule) {
      rules.add(TargetRule.parse(rule));
      return this;
    }

    /**
     * Allows every public address on port 443.
     *
     * @return this
     */
    public Builder allowPublic() {
      return allowPublic(443);
    }

    /**
     * Allows every public address on a port.
     *
     * @param port 1 to 65535; think twice about 25
     * @return this
     */
    public Builder allowPublic(int port) {
      if (port < 1 || port > 65_535) {
        throw new IllegalArgumentException("expected a port from 1 to 65535, got " + port);
      }
      publicPorts.add(port);
      return this;
    }

    /**
     * Serves these users only; they prove themselves with Basic (RFC 7617).
     *
     * @param store their hashed passwords; asked on a thread that may take its time
     * @return this
     */
    public Builder users(SaslUsers store) {
      users = Optional.of(store);
      return this;
    }

    /**
     * Lets a proxy without users listen on an address that others can reach. Whoever can connect
     * acts with this machine's address then.
     *
     * @return this
     */
    public Builder servesAnybodyWhoCanConnect() {
      anybody = true;
      return this;
    }

    /**
     * Chooses the transport; {@link Transport#AUTO} unless called.
     *
     * @param value the transport
     * @return this
     */
    public Builder transport(Transport value) {
      transport = Objects.requireNonNull(value, "transport");
      return this;
    }

    /**
     * Sets the number of event loop threads; one per processor unless called.
     *
     * @param number at least 1
     * @return this
     */
    public Builder threads(int number) {
      threads = requirePositive(number);
      return this;
    }

    /**
     * Limits the tunnels; 1000 unless called.
     *
     * @param limit at least 1; one more is answered with 503
     * @return this
     */
    public Builder maxTunnels(int limit) {
      maxTunnels = requirePositive(limit);
      return this;
    }

    /**
     * Limits the connections from one address; 100 unless called.
     *
     * @param limit at least 1
     * @return this
     */
    public Builder maxConnectionsPerClient(int limit) {
      maxConnectionsPerClient = requirePositive(limit);
      return this;
    }

    private static int requirePositive(int value) {
      if (value < 1) {
        throw new IllegalArgumentException("expected at least 1, got " + value);
      }
      return value;
    }

    /**
     * Limits the time for a request, from the connection to its last byte, and that for a TLS
     * handshake before it; 10 s each unless called.
     *
     * @param limit a positive duration
     * @return this
     */
    public Builder headTimeout(Duration limit) {
      headTimeout = requirePositive(limit);
      return this;
    }

    /**
     * Limits the time for finding and dialling a target; 10 s unless called.
     *
     * @param limit a positive duration
     * @return this
     */
    public Builder connectTimeout(Duration limit) {
      connectTimeout = requirePositive(limit);
      return this;
    }

    /**
     * Ends tunnels in which no byte goes either way; 5 minutes unless called.
     *
     * @param limit a positive duration
     * @return this
     */
    public Builder idleTimeout(Duration limit) {
      idleTimeout = requirePositive(limit);
      return this;
    }

    private static Duration requirePositive(Duration value) {
      if (value.isNegative() || value.isZero() || value.compareTo(MAX_LIMIT) > 0) {
        throw new IllegalArgumentException(
            "expected a positive duration of at most 365 days, got " + value);
      }
      return value;
    }

    /**
     * Hears of each request when it is over, and of what came in a request's place.
     *
     * @param log called on event loops, must not block
     * @return this
     */
    public Builder accessLog(Consumer<TunnelRecord> log) {
      accessLog = Objects.requireNonNull(log, "log");
      return this;
    }

    /**
     * Watches every set-up, also of clients that never came to a request.
     *
     * @param value called on event loops
     * @return this
     */
    public Builder observer(UpgradeObserver value) {
      observer = Objects.requireNonNull(value, "observer");
      return this;
    }

    /**
     * Binds and begins to serve.
     *
     * @return the proxy, to be closed
     * @throws IOException if the address cannot be bound
     * @throws IllegalStateException if no address was given, or one that others can reach without
     *     users, or on an event loop
     */
    public ConnectProxy start() throws IOException {
      Endpoint endpoint =
          listen.orElseThrow(() -> new IllegalStateException("expected an address to listen on"));
      if (users.isEmpty() && !anybody && !isLoopback(endpoint)) {
        throw new IllegalStateException(
            "expected users for a proxy that others can reach, got none for " + endpoint);
      }
      return new ConnectProxy(this, endpoint);
    }

    private static boolean isLoopback(Endpoint endpoint) {
      try {
        return InetAddress.getByName(endpoint.host()).isLoopbackAddress();
      } catch (UnknownHostException unknown) {
        return false;
      }
    }
  }
}
