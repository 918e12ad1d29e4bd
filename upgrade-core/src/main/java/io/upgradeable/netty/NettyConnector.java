package io.upgradeable.netty;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelOption;
import io.netty.channel.ConnectTimeoutException;
import io.netty.channel.EventLoop;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.FastThreadLocalThread;
import io.upgradeable.Connection;
import io.upgradeable.LayerStack;
import io.upgradeable.UpgradeException;
import io.upgradeable.UpgradeException.ConnectFailed;
import io.upgradeable.UpgradeException.LayerTimedOut;
import io.upgradeable.UpgradeException.PeerRefused;
import io.upgradeable.UpgradeException.Where;
import io.upgradeable.UpgradeObserver;
import io.upgradeable.internal.Blocking;
import io.upgradeable.negotiation.Role;
import io.upgradeable.session.Session;
import io.upgradeable.tls.InvalidTlsConfigurationException;
import io.upgradeable.tls.TlsPolicy;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Opens connections and brings their layers up. One connector serves any number of connections and
 * targets; its threads, TLS contexts and buffers are shared. Thread-safe.
 *
 * <pre>{@code
 * try (NettyConnector connector = NettyConnector.builder().build()) {
 *   Layer<PingResult> ping = Ping.client(endpoint, policy);
 *   Connection connection = connector.connect(LayerStack.tcp(endpoint).then(ping));
 *   System.out.println(connection.result(ping));
 * }
 * }</pre>
 */
public final class NettyConnector implements AutoCloseable {

  /** Precedent: a SYN is repeated after 1, 3 and 7 seconds (RFC 6298). */
  private static final Duration DEFAULT_CONNECT_TIMEOUT = Duration.ofSeconds(10);

  private static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(60);

  private final Transports transports;
  private final Duration connectTimeout;
  private final Duration timeout;
  private final SafeObserver observer;
  private final TlsContexts contexts;
  private final NameResolver resolver;

  /** Whose threads these are: this connector, or the one that it is a view of. */
  private final NettyConnector owner;

  private final Set<NettyConnector> views = ConcurrentHashMap.newKeySet();

  /** Acceptors on these event loops. */
  private final Set<NettyAcceptor> borrowers = ConcurrentHashMap.newKeySet();

  private final Set<Attempt> attempts = ConcurrentHashMap.newKeySet();
  private final Set<Channel> open = ConcurrentHashMap.newKeySet();
  private volatile boolean closed;
  private volatile boolean sharesLoops;

  private NettyConnector(Builder builder) {
    this.transports = Transports.open(builder.transport, builder.threads, "upgradeable-client");
    this.connectTimeout = builder.connectTimeout;
    this.timeout = builder.timeout;
    this.observer = new SafeObserver(builder.observer);
    this.contexts = new TlsContexts();
    this.resolver = new NameResolver();
    this.owner = this;
  }

  private NettyConnector(NettyConnector owner, UpgradeObserver observer) {
    this.transports = owner.transports;
    this.connectTimeout = owner.connectTimeout;
    this.timeout = owner.timeout;
    this.observer = new SafeObserver(observer);
    this.contexts = owner.contexts;
    this.resolver = owner.resolver;
    this.owner = owner;
  }

  /**
   * Starts a connector.
   *
   * @return a builder with the defaults
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * The same connector for somebody who watches his own connections only. It has this one's
   * threads, TLS contexts, resolver and times, and costs nothing to speak of. To close it closes
   * the connections that were opened by it, and no others; to close this connector closes it too. A
   * view of a view is one of the same connector, and stays open when the first one is closed.
   *
   * @param watcher watches every set-up of the new connector, instead of this one's observer;
   *     called on event loops
   * @return to be closed, or it is kept until this connector is closed
   * @throws IllegalStateException if this connector is closed
   */
  public NettyConnector observedBy(UpgradeObserver watcher) {
    NettyConnector view = new NettyConnector(owner, Objects.requireNonNull(watcher, "watcher"));
    owner.views.add(view);
    if (closed || owner.closed) {
      view.close();
      throw new IllegalStateException("the connector is closed");
    }
    return view;
  }

  /**
   * Connects, brings the layers up, and waits for it.
   *
   * @param stack where to connect and what to negotiate
   * @return the connection; nobody reads from it
   * @throws UpgradeException if the peer or the way to it failed
   * @throws IOException if the thread was interrupted ({@link java.io.InterruptedIOException})
   * @throws IllegalStateException if called on an event loop, which must not block
   */
  public Connection connect(LayerStack stack) throws IOException {
    return Blocking.await(isEventLoop(), () -> connectAsync(stack));
  }

  /**
   * Connects, brings the layers up, and waits for it.
   *
   * @param stack where to connect and what to negotiate
   * @param session what happens on the connection then
   * @return the connection
   * @throws UpgradeException if the peer or the way to it failed
   * @throws IOException if the thread was interrupted ({@link java.io.InterruptedIOException})
   * @throws IllegalStateException if called on an event loop, which must not block
   */
  public Connection connect(LayerStack stack, Session session) throws IOException {
    return Blocking.await(isEventLoop(), () -> connectAsync(stack, session));
  }

  /**
   * Connects and brings the layers up.
   *
   * @param stack where to connect and what to negotiate
   * @return completes on the event loop with the connection, or with an {@link UpgradeException};
   *     to cancel it closes the connection
   * @throws InvalidTlsConfigurationException if no engine can do what a policy of the stack asks
   */
  public CompletableFuture<Connection> connectAsync(LayerStack stack) {
    return connectAsync(stack, Optional.empty());
  }

  /**
   * Connects and brings the layers up.
   *
   * @param stack where to connect and what to negotiate
   * @param session what happens on the connection then
   * @return completes on the event loop with the connection, or with an {@link UpgradeException};
   *     to cancel it closes the connection
   * @throws InvalidTlsConfigurationException if no engine can do what a policy of the stack asks
   */
  public CompletableFuture<Connection> connectAsync(LayerStack stack, Session session) {
    return connectAsync(stack, Optional.of(session));
  }

  private CompletableFuture<Connection> connectAsync(LayerStack stack, Optional<Session> session) {
    // Whatever is wrong with a policy is found before anything is sent anywhere.
    stack.layers().forEach(layer -> layer.tls().ifPresent(this::checkPolicy));
    Attempt attempt = new Attempt(stack, session, nextLoop());
    attempts.add(attempt);
    attempt.result.whenComplete((connection, error) -> attempts.remove(attempt));
    if (closed) {
      attempts.remove(attempt);
      throw new IllegalStateException("the connector is closed");
    }
    attempt.start();
    return attempt.result;
  }

  private EventLoop nextLoop() {
    if (owner.sharesLoops) {
      // What an accepted connection connects to stays on its loop: no hand-over between threads.
      for (EventExecutor loop : transports.group()) {
        if (loop.inEventLoop()) {
          return (EventLoop) loop;
        }
      }
    }
    return transports.group().next();
  }

  /** Lends the event loops to an acceptor. */
  Transports share() {
    checkOpen();
    owner.sharesLoops = true;
    return transports;
  }

  /** Before the event loops end, an acceptor on them is closed. */
  void lentTo(NettyAcceptor borrower) {
    owner.borrowers.add(borrower);
    try {
      owner.checkOpen(); // Looked at last, so that a close either sees the borrower or is seen.
    } catch (IllegalStateException e) {
      borrower.shutdownAsync(Duration.ZERO);
      throw e;
    }
  }

  void returnedBy(NettyAcceptor borrower) {
    owner.borrowers.remove(borrower);
  }

  private void checkOpen() {
    if (closed) {
      throw new IllegalStateException("the connector is closed");
    }
  }

  /**
   * Checks a policy that only a session will use, in a late upgrade.
   *
   * @param policy the policy
   * @throws InvalidTlsConfigurationException if no engine can do what it asks
   * @throws IllegalArgumentException if it is a server's
   */
  public void checkPolicy(TlsPolicy policy) {
    if (policy.role() != Role.CLIENT) {
      throw new IllegalArgumentException("expected a client's TLS policy, got a server's");
    }
    ReferenceCountUtil.release(contexts.retained(policy));
  }

  /**
   * Whether the calling thread is an event loop, of this connector or another: it must not block.
   * Any other thread of Netty's counts as one.
   *
   * @return true on an event loop
   */
  public static boolean isEventLoop() {
    // Event loops are the only threads of this kind here.
    return Thread.currentThread() instanceof FastThreadLocalThread;
  }

  /** One run through the addresses of an endpoint, one after the other, until one answers. */
  private final class Attempt {
    private final LayerStack stack;
    private final Optional<Session> session;
    private final EventLoop loop;
    private final Deadlines.Deadline deadline = Deadlines.Deadline.in(timeout);
    private Deadlines.Deadline connectDeadline = Deadlines.Deadline.in(connectLimit());
    private final CompletableFuture<Connection> result = new CompletableFuture<>();
    private final String path;
    private final List<String> refusals = new ArrayList<>();
    private @Nullable Throwable lastError;
    private final AtomicBoolean connectEnded = new AtomicBoolean(true); // Not begun.
    private final Set<String> reconnected = new HashSet<>();
    private boolean timedOut;

    Attempt(LayerStack stack, Optional<Session> session, EventLoop loop) {
      this.stack = stack;
      this.session = session;
      this.loop = loop;
      this.path = "tcp(" + stack.endpoint() + ")";
    }

    /** Connecting is part of the whole set-up and cannot take longer. */
    private Duration connectLimit() {
      return connectTimeout.compareTo(timeout) < 0 ? connectTimeout : timeout;
    }

    void start() {
      result.whenComplete(this::onResult);
      open();
    }

    /** Whoever completes it from outside gives it up, with a cancel or without. */
    private void onResult(@Nullable Connection connection, @Nullable Throwable error) {
      tellConnectFailed(
          error == null || result.isCancelled()
              ? new CancellationException("cancelled by the caller")
              : error);
    }

    private void open() {
      observer.connectStarted(path);
      connectEnded.set(false); // From here on there is an end to tell.
      if (result.isDone()) {
        result.whenComplete(this::onResult); // The look that it had before came too early.
        return;
      }
      try {
        CompletableFuture<List<InetSocketAddress>> lookUp = resolver.resolve(stack.endpoint());
        if (!lookUp.isDone()) {
          limitLookUp(lookUp);
        }
        if (lookUp.isDone() && loop.inEventLoop()) {
          lookUp.whenComplete(this::onResolved); // An address, dialled from its own loop.
        } else {
          lookUp.whenCompleteAsync(this::onResolved, loop);
          result.whenComplete((connection, failure) -> lookUp.cancel(false));
        }
      } catch (RejectedExecutionException e) {
        failConnect(
            new ConnectFailed(where("an address of the name"), "too many look-ups waiting", e));
      }
    }

    private void limitLookUp(CompletableFuture<?> lookUp) {
      var timer =
          loop.schedule(
              () -> {
                failConnect(new LayerTimedOut(where("the addresses of the name"), connectLimit()));
                lookUp.cancel(false); // One that waits still is left out then.
              },
              connectDeadline.remaining().toNanos(),
              TimeUnit.NANOSECONDS);
      lookUp.whenComplete((addresses, error) -> timer.cancel(false));
    }

    private void onResolved(
        @Nullable List<InetSocketAddress> addresses, @Nullable Throwable error) {
      try {
        tryAddresses(addresses, error);
      } catch (RuntimeException | Error mistake) { // Whose rule it is that may be wrong.
        tellConnectFailed(mistake);
        result.completeExceptionally(mistake);
      }
    }

    private void tryAddresses(
        @Nullable List<InetSocketAddress> addresses, @Nullable Throwable error) {
      if (addresses == null) {
        failConnect(new ConnectFailed(where("an address of the name"), "no answer", error));
      } else if (addresses.isEmpty()) {
        failConnect(new ConnectFailed(where("an address of the name"), "no such host", null));
      } else {
        List<InetSocketAddress> allowed = new ArrayList<>(addresses);
        allowed.removeIf(address -> !stack.allows(address.getAddress()));
        if (allowed.isEmpty()) {
          failConnect(
              new ConnectFailed(
                  where("an address that may be dialled"),
                  "only others (" + addresses.size() + ")",
                  null));
        } else {
          tryAddress(allowed, 0);
        }
      }
    }

    /**
     * A layer that was refused and learned how to ask on a new connection gets one, once, within
     * the time of the whole set-up.
     */
    private boolean reconnects(Throwable cause) {
      if (!(cause instanceof PeerRefused refused && refused.mayReconnect())
          || !reconnected.add(refused.path())
          || result.isDone()
          || closed) {
        return false;
      }
      Duration left = deadline.remaining();
      if (left.isZero()) {
        return false;
      }
      connectDeadline =
          Deadlines.Deadline.in(left.compareTo(connectLimit()) < 0 ? left : connectLimit());
      refusals.clear();
      timedOut = false;
      open();
      return true;
    }

    /** The connector was closed: nothing of this attempt will ever run again. */
    void abandon() {
      IllegalStateException closing = new IllegalStateException("the connector was closed");
      tellConnectFailed(closing);
      result.completeExceptionally(closing);
    }

    private Where where(String awaited) {
      return new Where(path, stack.endpoint().toString(), awaited);
    }

    private void failConnect(UpgradeException cause) {
      if (!result.isDone()) {
        tellConnectFailed(cause);
        result.completeExceptionally(cause);
      }
    }

    private void tellConnectFailed(Throwable cause) {
      if (connectEnded.compareAndSet(false, true)) {
        observer.connectFailed(path, cause);
      }
    }

    private void tryAddress(List<InetSocketAddress> addresses, int index) {
      if (result.isDone()) {
        return;
      }
      if (index == addresses.size()) {
        failConnect(
            timedOut
                ? new LayerTimedOut(where("a TCP connection"), connectLimit())
                : new ConnectFailed(
                    where("a TCP connection"), String.join("; ", refusals), lastError));
        return;
      }
      long left = connectDeadline.remaining().toMillis();
      // Every address gets its share of the time, so that a silent one does not use up all of it.
      long share = Math.max(1, left / (addresses.size() - index));
      InetSocketAddress address = addresses.get(index);
      ChannelFuture connecting =
          bootstrap((int) Math.min(share, Integer.MAX_VALUE)).connect(address);
      Channel channel = connecting.channel();
      result.whenComplete(
          (connection, error) -> {
            if (!(connection instanceof NettyConnection up) || up.channel() != channel) {
              // It failed, or somebody else completed it: nobody has this one.
              LingeringClose.closeUnlessUnderWay(channel);
            }
          });
      connecting.addListener(
          future -> {
            if (future.isSuccess()) {
              setUp(channel);
            } else {
              onRefusal(address, future.cause());
              tryAddress(addresses, index + 1);
            }
          });
    }

    private void onRefusal(InetSocketAddress address, Throwable cause) {
      boolean silent = cause instanceof ConnectTimeoutException;
      lastError = cause;
      timedOut |= silent;
      refusals.add(
          NettyConnection.text(address) + ": " + (silent ? "no answer" : Failures.textOf(cause)));
    }

    private Bootstrap bootstrap(int connectMillis) {
      return new Bootstrap()
          .group(loop)
          .channel(transports.socket())
          .option(ChannelOption.AUTO_READ, false)
          .option(ChannelOption.RECVBUF_ALLOCATOR, new ReadSizes())
          .option(ChannelOption.TCP_NODELAY, true)
          .option(ChannelOption.ALLOW_HALF_CLOSURE, true)
          .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, connectMillis)
          .option(ChannelOption.WRITE_BUFFER_WATER_MARK, WATER_MARK)
          .handler(new NoSession());
    }

    private void setUp(Channel channel) {
      Set<Channel> channels = open; // The listener keeps no more than this of an attempt.
      channels.add(channel);
      channel.closeFuture().addListener(ignored -> channels.remove(channel));
      if (closed) {
        channel.close();
      }
      if (result.isDone()) {
        return; // Given up meanwhile, and the channel is being closed.
      }
      if (connectEnded.compareAndSet(false, true)) {
        observer.connectCompleted(path, channel.remoteAddress());
      }
      NettyConnection connection =
          NettyConnection.opened(channel, stack.endpoint(), contexts, observer);
      connection.setUpDeadline(deadline);
      SetUp.start(
          channel.pipeline().firstContext(),
          connection,
          stack.layers(),
          ignored -> session,
          new SetUp.Listener() {
            @Override
            public void completed(NettyConnection up) {
              result.complete(up);
            }

            @Override
            public void failed(Throwable cause) {
              if (!reconnects(cause)) {
                result.completeExceptionally(cause);
              }
            }
          });
    }
  }

  /** Above it writers are asked to wait, below the lower mark they may go on. */
  static final WriteBufferWaterMark WATER_MARK = new WriteBufferWaterMark(32 * 1024, 64 * 1024);

  /**
   * Ends the threads. Connections that are open or being opened are closed; one that was closed
   * before has its time yet, two seconds at most, to send what was written. Does not wait for that.
   * An acceptor to which the threads are lent is closed with it; to close a view ends no threads.
   */
  @Override
  public void close() {
    List<CompletableFuture<Void>> gone = new ArrayList<>();
    closeConnections(gone);
    if (owner != this) {
      // The rest is lent. Who lent it waits for these connections, too, before its loops end.
      CompletableFuture.allOf(gone.toArray(CompletableFuture[]::new))
          .thenRun(() -> owner.views.remove(this));
      return;
    }
    views.forEach(view -> view.closeConnections(gone));
    borrowers.forEach(borrower -> gone.add(borrower.shutdownAsync(Duration.ZERO)));
    resolver.close();
    CompletableFuture.allOf(gone.toArray(CompletableFuture[]::new)).thenRun(transports::close);
    contexts.close();
  }

  /**
   * By themselves, so that their sessions know who closed them. The loops end only then: one that
   * is told to end while it runs tasks ends without closing its channels (Netty 4.2, with a quiet
   * period of zero), and an engine's close may wait for its close_notify to leave.
   */
  private void closeConnections(List<CompletableFuture<Void>> gone) {
    closed = true;
    attempts.forEach(Attempt::abandon);
    for (Channel channel : open) {
      CompletableFuture<Void> closing = new CompletableFuture<>();
      channel.closeFuture().addListener(ignored -> closing.complete(null));
      gone.add(closing);
      if (!LingeringClose.closeUnlessUnderWay(channel)) {
        closing.complete(null);
      }
    }
  }

  /** Builds a {@link NettyConnector}. */
  public static final class Builder {

    private Transport transport = Transport.AUTO;
    private int threads = Runtime.getRuntime().availableProcessors();
    private Duration connectTimeout = DEFAULT_CONNECT_TIMEOUT;
    private Duration timeout = DEFAULT_TIMEOUT;
    private UpgradeObserver observer = UpgradeObserver.NONE;

    private Builder() {}

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
     * @param count at least 1
     * @return this
     */
    public Builder threads(int count) {
      if (count < 1) {
        throw new IllegalArgumentException("expected at least 1 thread, got " + count);
      }
      threads = count;
      return this;
    }

    /**
     * Limits finding the addresses and opening the TCP connection; 10 s unless called.
     *
     * @param value a positive duration
     * @return this
     */
    public Builder connectTimeout(Duration value) {
      connectTimeout = Blocking.requirePositive(value);
      return this;
    }

    /**
     * Limits the whole set-up, from the name to the last layer; 60 s unless called.
     *
     * @param value a positive duration
     * @return this
     */
    public Builder timeout(Duration value) {
      timeout = Blocking.requirePositive(value);
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
     * Starts the threads.
     *
     * @return the connector, to be closed
     * @throws IllegalArgumentException if the transport's native library is missing
     */
    public NettyConnector build() {
      return new NettyConnector(this);
    }
  }
}
