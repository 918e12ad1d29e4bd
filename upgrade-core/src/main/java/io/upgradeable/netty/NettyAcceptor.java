package io.upgradeable.netty;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import io.upgradeable.Connection;
import io.upgradeable.Endpoint;
import io.upgradeable.Layer;
import io.upgradeable.UpgradeObserver;
import io.upgradeable.negotiation.Message;
import io.upgradeable.negotiation.Role;
import io.upgradeable.session.Session;
import io.upgradeable.tls.InvalidTlsConfigurationException;
import io.upgradeable.tls.TlsPolicy;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

/**
 * Accepts connections and brings their layers up, in the server role. Thread-safe.
 *
 * <pre>{@code
 * try (NettyAcceptor acceptor =
 *     NettyAcceptor.builder()
 *         .listen(Endpoint.parse("127.0.0.1:10001"))
 *         .layer(Ping.server(policy))
 *         .start()) {
 *   System.out.println("listening on " + acceptor.endpoint());
 * }
 * }</pre>
 *
 * <p>Certificates are replaced by giving a layer a {@link io.upgradeable.tls.ReloadableTlsPolicy}:
 * connections that are up keep the old one, new ones get the new one.
 */
public final class NettyAcceptor implements AutoCloseable {

  private static final int DEFAULT_MAX_CONNECTIONS = 2000;
  private static final int BACKLOG = 1024;

  private final Transports transports;
  private final Optional<NettyConnector> lender;
  private final List<Layer<?>> layers;
  private final Function<Connection, Optional<Session>> sessions;
  private final SafeObserver observer;
  private final int maxConnections;
  private final int maxConnectionsPerAddress;
  private final Message refusal;
  private final TlsContexts contexts = new TlsContexts();
  private final Set<Channel> open = ConcurrentHashMap.newKeySet();
  private final Map<InetAddress, AtomicInteger> openByAddress = new ConcurrentHashMap<>();
  private final AtomicInteger count = new AtomicInteger();
  private final AtomicBoolean closing = new AtomicBoolean();
  private volatile boolean listenerClosed;
  private final CompletableFuture<Void> unbound = new CompletableFuture<>();
  private final CompletableFuture<Void> drained = new CompletableFuture<>();
  private final CompletableFuture<Void> ended = new CompletableFuture<>();
  private final Channel listener;

  private NettyAcceptor(Builder builder, Endpoint listen) throws IOException {
    this.layers = List.copyOf(builder.layers);
    this.sessions = builder.sessions;
    this.observer = new SafeObserver(builder.observer);
    this.maxConnections = builder.maxConnections;
    this.maxConnectionsPerAddress = builder.maxConnectionsPerAddress;
    this.refusal = builder.refusal;
    try {
      layers.forEach(layer -> layer.tls().ifPresent(this::checkPolicy));
      builder.reserve.forEach(this::checkPolicy);
      this.lender = builder.lender;
      this.transports =
          lender
              .map(NettyConnector::share)
              .orElseGet(
                  () -> Transports.open(builder.transport, builder.threads, "upgradeable-server"));
    } catch (RuntimeException e) {
      contexts.close();
      throw e;
    }
    InetSocketAddress address = new InetSocketAddress(listen.host(), listen.port());
    if (address.isUnresolved()) {
      closeTransports();
      contexts.close();
      throw new IOException("cannot listen on " + listen + ": no such host");
    }
    ChannelFuture bound = bind(address);
    if (!bound.isSuccess()) {
      closeTransports();
      contexts.close();
      throw new IOException(
          "cannot listen on " + listen + ": " + Failures.textOf(bound.cause()), bound.cause());
    }
    this.listener = bound.channel();
    lender.ifPresent(connector -> connector.lentTo(this));
  }

  private void closeTransports() {
    if (lender.isEmpty()) {
      transports.close();
    }
  }

  private void checkPolicy(TlsPolicy policy) {
    if (policy.role() != Role.SERVER) {
      throw new IllegalArgumentException("expected a server's TLS policy, got a client's");
    }
    ReferenceCountUtil.release(contexts.retained(policy));
  }

  private ChannelFuture bind(InetSocketAddress address) {
    return new ServerBootstrap()
        .group(transports.group())
        .channel(transports.serverSocket())
        .option(ChannelOption.SO_BACKLOG, BACKLOG)
        .option(ChannelOption.SO_REUSEADDR, true)
        .childOption(ChannelOption.AUTO_READ, false)
        .childOption(ChannelOption.TCP_NODELAY, true)
        .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
        .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, NettyConnector.WATER_MARK)
        .childHandler(new Door())
        .bind(address)
        .awaitUninterruptibly();
  }

  /**
   * Starts an acceptor.
   *
   * @return a builder with the defaults
   */
  public static Builder builder() {
    return new Builder();
  }

  /** The first handler of an accepted channel: lets it in or refuses it. */
  @Sharable
  private final class Door extends ChannelInboundHandlerAdapter {
    @Override
    public void channelActive(ChannelHandlerContext ctx) {
      ctx.channel().config().setRecvByteBufAllocator(new ReadSizes());
      if (admit(ctx.channel())) {
        begin(ctx);
      } else {
        refuse(ctx);
      }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      ctx.close();
    }
  }

  /**
   * The last handler of an admitted channel, for as long as it has any: whoever is below has heard
   * of the channel's end by then, which its close future would tell of too early.
   */
  private final class Exit extends ChannelInboundHandlerAdapter {
    private final InetAddress address;

    Exit(InetAddress address) {
      this.address = address;
    }

    @Override
    public void channelUnregistered(ChannelHandlerContext ctx) {
      leave(ctx.channel(), address); // Follows each close, whether there was a session or not.
    }
  }

  private boolean admit(Channel channel) {
    if (!(channel.remoteAddress() instanceof InetSocketAddress remote)) {
      return false; // Gone already.
    }
    InetAddress address = remote.getAddress();
    if (count.incrementAndGet() > maxConnections) {
      oneLess();
      return false;
    }
    AtomicBoolean admitted = new AtomicBoolean();
    openByAddress.compute(
        address,
        (key, known) -> {
          AtomicInteger counter = known == null ? new AtomicInteger() : known;
          admitted.set(counter.incrementAndGet() <= maxConnectionsPerAddress);
          return counter;
        });
    open.add(channel);
    channel.pipeline().addLast(new Exit(address));
    // Looked at last, so that a shutdown either sees this channel or is seen here.
    return admitted.get() && !closing.get();
  }

  private void leave(Channel channel, InetAddress address) {
    open.remove(channel);
    openByAddress.computeIfPresent(
        address, (key, known) -> known.decrementAndGet() == 0 ? null : known);
    oneLess();
  }

  /** Whichever comes last, the end of the listening or the last connection's, tells of both. */
  private void oneLess() {
    if (count.decrementAndGet() == 0 && listenerClosed) {
      drained.complete(null);
    }
  }

  private void refuse(ChannelHandlerContext ctx) {
    if (refusal.length() > 0) {
      ctx.write(Unpooled.wrappedBuffer(refusal.bytes()));
    }
    // Said and gone: a refused peer gets no time, or refusing would cost as much as serving.
    ctx.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
  }

  private void begin(ChannelHandlerContext ctx) {
    NettyConnection connection = NettyConnection.accepted(ctx.channel(), contexts, observer);
    if (connection.isObserved()) {
      observer.connectStarted(connection.path());
      observer.connectCompleted(connection.path(), connection.remoteAddress());
    }
    SetUp.start(
        ctx,
        connection,
        layers,
        sessions::apply,
        new SetUp.Listener() {
          @Override
          public void completed(NettyConnection up) {
            // With a session the connection is the session's to close.
          }

          @Override
          public void failed(Throwable cause) {
            // The observer was told, and the channel is being closed.
          }
        });
  }

  /**
   * Where this acceptor listens.
   *
   * @return the bound address, with the port that the system chose if it was asked to
   */
  public InetSocketAddress localAddress() {
    return (InetSocketAddress) listener.localAddress();
  }

  /**
   * Where this acceptor listens.
   *
   * @return the bound address as an endpoint
   */
  public Endpoint endpoint() {
    InetSocketAddress address = localAddress();
    return Endpoint.of(address.getAddress().getHostAddress(), address.getPort());
  }

  /**
   * How many connections are open.
   *
   * @return the number now
   */
  public int connectionCount() {
    return count.get();
  }

  /**
   * Stops accepting at once and lets the open connections end by themselves. Called again, it can
   * shorten the time that they have.
   *
   * @param grace how long they may take; those that remain are closed then
   * @return completes when everything is closed and each session has heard of it
   * @throws ArithmeticException if the grace has more milliseconds than a long can count
   */
  public CompletableFuture<Void> shutdownAsync(Duration grace) {
    long millis = grace.toMillis();
    if (closing.compareAndSet(false, true)) {
      stopListening();
    }
    unbound.thenRun(() -> closeConnectionsAfter(millis));
    return ended.copy();
  }

  private void stopListening() {
    drained.whenComplete(
        (nothing, error) -> {
          closeTransports();
          contexts.close();
          lender.ifPresent(connector -> connector.returnedBy(this));
          ended.complete(null);
        });
    listener
        .close()
        .addListener(
            closed -> {
              listenerClosed = true;
              if (count.get() == 0) {
                drained.complete(null);
              }
              unbound.complete(null);
            });
  }

  private void closeConnectionsAfter(long millis) {
    if (drained.isDone()) {
      return;
    }
    try {
      Future<?> timer =
          transports
              .group()
              .schedule(
                  () -> open.forEach(LingeringClose::closeUnlessUnderWay),
                  millis,
                  TimeUnit.MILLISECONDS);
      drained.whenComplete((nothing, error) -> timer.cancel(false));
    } catch (RejectedExecutionException e) {
      // The event loops end, and the connections with them.
    }
  }

  /**
   * Stops accepting, closes what is open, and waits for it: a shutdown without grace, in which a
   * connection that was closed before still has its two seconds. On an event loop it does not wait.
   */
  @Override
  public void close() {
    CompletableFuture<Void> closed = shutdownAsync(Duration.ZERO);
    if (!NettyConnector.isEventLoop()) {
      closed.join();
    }
  }

  /** Builds a {@link NettyAcceptor}. */
  public static final class Builder {

    private final List<Layer<?>> layers = new ArrayList<>();
    private final List<TlsPolicy> reserve = new ArrayList<>();
    private Optional<Endpoint> listen = Optional.empty();
    private Transport transport = Transport.AUTO;
    private int threads = Runtime.getRuntime().availableProcessors();
    private Function<Connection, Optional<Session>> sessions =
        connection -> {
          connection.close();
          return Optional.empty();
        };
    private UpgradeObserver observer = UpgradeObserver.NONE;
    private int maxConnections = DEFAULT_MAX_CONNECTIONS;
    private int maxConnectionsPerAddress = Integer.MAX_VALUE;
    private Message refusal = Message.empty();
    private Optional<NettyConnector> lender = Optional.empty();

    private Builder() {}

    /**
     * Says where to listen. There is no default.
     *
     * @param endpoint the address and port; port 0 lets the system choose
     * @return this
     */
    public Builder listen(Endpoint endpoint) {
      listen = Optional.of(endpoint);
      return this;
    }

    /**
     * Adds a layer on top of those added before.
     *
     * @param layer a layer in the server role
     * @return this
     */
    public Builder layer(Layer<?> layer) {
      layers.add(Objects.requireNonNull(layer, "layer"));
      return this;
    }

    /**
     * Checks a policy at the start that only a session will use, in a late upgrade.
     *
     * @param policy the policy
     * @return this
     */
    public Builder tlsInReserve(TlsPolicy policy) {
      reserve.add(policy);
      return this;
    }

    /**
     * Says what happens on a connection whose layers are up. Unless called, it is closed then.
     *
     * @param factory makes the session of one connection, on its event loop; what it throws is
     *     logged by the logger {@code io.upgradeable}, and closes that connection
     * @return this
     */
    public Builder session(Function<Connection, Session> factory) {
      Objects.requireNonNull(factory, "factory");
      sessions = connection -> Optional.of(factory.apply(connection));
      return this;
    }

    /**
     * Watches every set-up.
     *
     * @param value called on event loops
     * @return this
     */
    public Builder observer(UpgradeObserver value) {
      observer = Objects.requireNonNull(value, "observer");
      return this;
    }

    /**
     * Limits the open connections; 2000 unless called.
     *
     * @param limit at least 1; one more is refused
     * @return this
     */
    public Builder maxConnections(int limit) {
      maxConnections = requirePositive(limit);
      return this;
    }

    /**
     * Limits the open connections of one peer address; not limited unless called.
     *
     * @param limit at least 1; one more is refused
     * @return this
     */
    public Builder maxConnectionsPerAddress(int limit) {
      maxConnectionsPerAddress = requirePositive(limit);
      return this;
    }

    /**
     * What a refused peer is told in plaintext before it is disconnected; nothing unless called.
     *
     * @param message for instance a mail server's 421 line
     * @return this
     */
    public Builder refusal(Message message) {
      refusal = Objects.requireNonNull(message, "message");
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
     * Runs on the event loops of a connector instead of own ones; transport and threads are then
     * the connector's. What a session of this acceptor connects to by it stays on the session's
     * loop, so that bytes go from one connection to the other without changing threads.
     *
     * @param connector the lender; to close it, or the connector that it is a view of, ends the
     *     loops and closes this acceptor, though to close a view does not
     * @return this
     */
    public Builder eventLoopsOf(NettyConnector connector) {
      lender = Optional.of(connector);
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

    private static int requirePositive(int value) {
      if (value < 1) {
        throw new IllegalArgumentException("expected at least 1, got " + value);
      }
      return value;
    }

    /**
     * Binds and begins to accept.
     *
     * @return the acceptor, to be closed
     * @throws IOException if the address cannot be bound
     * @throws InvalidTlsConfigurationException if no engine can do what a policy asks
     * @throws IllegalStateException if no address was given, or on an event loop
     */
    public NettyAcceptor start() throws IOException {
      if (NettyConnector.isEventLoop()) {
        throw new IllegalStateException("a blocking call on an event loop might wait for itself");
      }
      Endpoint endpoint =
          listen.orElseThrow(() -> new IllegalStateException("expected an address to listen on"));
      return new NettyAcceptor(this, endpoint);
    }
  }
}
