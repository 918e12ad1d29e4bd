package io.upgradeable;

import io.upgradeable.internal.Blocking;
import io.upgradeable.internal.BlockingThreads;
import io.upgradeable.netty.NettyAcceptor;
import io.upgradeable.netty.NettyConnector;
import io.upgradeable.tls.TlsPolicy;
import java.io.IOException;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Opens and serves {@link UpgradeableStream}s: connections that start in plaintext, with a TLS
 * policy that waits for {@link UpgradeableStream#startTls()}. Thread-safe.
 *
 * <pre>{@code
 * try (var streams = UpgradeableStreams.builder().tls(TlsPolicy.client().build()).build();
 *     var stream = streams.open(Endpoint.parse("localhost:10001"))) {
 *   stream.write("PING\n");
 *   System.out.println(stream.readLine().orElseThrow());
 *   stream.write("STARTTLS\n");
 *   System.out.println(stream.startTls().protocol());
 *   stream.write("PING\n");
 *   System.out.println(stream.readLine().orElseThrow());
 *   stream.write("QUIT\n");
 * }
 * }</pre>
 */
public final class UpgradeableStreams implements AutoCloseable {

  private static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(30);

  /** Precedent: twice the line of RFC 5321 with room for extensions. */
  private static final int DEFAULT_MAX_LINE_BYTES = 2048;

  private final Optional<Supplier<TlsPolicy>> policy;
  private final int threads;
  private final int maxConnections;
  private final UpgradeObserver observer;
  private final Consumer<Throwable> onHandlerFailure;
  private final StreamOptions options;
  private final NettyConnector connector;

  private UpgradeableStreams(Builder builder) {
    this.policy = builder.policy;
    this.threads = builder.threads;
    this.maxConnections = builder.maxConnections;
    this.observer = builder.observer;
    this.onHandlerFailure = builder.onHandlerFailure;
    this.options = new StreamOptions(builder.timeout, builder.maxLineBytes);
    this.connector =
        NettyConnector.builder()
            .threads(builder.threads)
            .connectTimeout(builder.connectTimeout)
            .observer(builder.observer)
            .build();
  }

  /**
   * Starts a factory of streams.
   *
   * @return a builder with the defaults
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Connects in plaintext and waits for it.
   *
   * @param endpoint where to connect; its host is the peer's name for TLS later
   * @return the stream, to be closed
   * @throws UpgradeException if the peer cannot be reached
   * @throws IOException if the thread was interrupted
   */
  public UpgradeableStream open(Endpoint endpoint) throws IOException {
    return Blocking.await(NettyConnector.isEventLoop(), () -> openAsync(endpoint));
  }

  /**
   * Connects in plaintext.
   *
   * @param endpoint where to connect; its host is the peer's name for TLS later
   * @return completes with the stream, to be closed
   */
  public CompletableFuture<UpgradeableStream> openAsync(Endpoint endpoint) {
    return openAsync(LayerStack.tcp(endpoint), endpoint);
  }

  /**
   * Connects, brings layers up (a proxy's tunnel, for instance), and puts a stream on top.
   *
   * @param stack where to connect and what to negotiate first
   * @param peer the peer behind all layers; its host is its name for TLS later
   * @return completes with the stream, to be closed
   */
  public CompletableFuture<UpgradeableStream> openAsync(LayerStack stack, Endpoint peer) {
    // A bad policy fails here, not at the upgrade.
    policy.ifPresent(waiting -> connector.checkPolicy(waiting.get()));
    CompletableFuture<UpgradeableStream> result = new CompletableFuture<>();
    AtomicBoolean opened = new AtomicBoolean();
    StreamSession session =
        new StreamSession(
            Optional.of(peer),
            policy,
            options,
            stream -> {
              opened.set(true);
              if (!result.complete(stream)) {
                stream.closeAsync(); // Given up meanwhile: nobody has it.
              }
            });
    CompletableFuture<Connection> connecting = connector.connectAsync(stack, session);
    connecting.whenComplete(
        (connection, error) -> {
          if (error != null) {
            result.completeExceptionally(error);
          }
        });
    result.whenComplete(
        (stream, error) -> {
          if (!opened.get()) { // Cancelled, or completed by somebody else, such as orTimeout().
            connecting.cancel(false);
          }
        });
    return result;
  }

  /** Handles one connection of a server with blocking calls, on a thread of its own. */
  @FunctionalInterface
  public interface Handler {
    /**
     * Serves one peer. The stream is closed when this returns.
     *
     * @param stream the stream, in plaintext
     * @throws IOException if the peer failed; ends the connection and is told to the observer of
     *     failures
     */
    void handle(UpgradeableStream stream) throws IOException;
  }

  /**
   * Listens, and serves each connection with a blocking handler: on virtual threads where the JDK
   * has them, on pooled threads otherwise.
   *
   * @param listen where to listen; port 0 lets the system choose
   * @param handler serves one connection
   * @return the server, to be closed
   * @throws IOException if the address cannot be bound
   * @throws IllegalStateException on an event loop
   */
  public UpgradeableServer serve(Endpoint listen, Handler handler) throws IOException {
    Objects.requireNonNull(handler, "handler");
    ExecutorService threads = BlockingThreads.perTask("upgradeable-handler");
    try {
      NettyAcceptor acceptor =
          acceptor(listen, stream -> threads.execute(() -> handleBlocking(handler, stream)));
      return new UpgradeableServer(acceptor, threads::shutdown);
    } catch (IOException | RuntimeException e) {
      threads.shutdown();
      throw e;
    }
  }

  /**
   * Listens, and serves each connection with a handler that never blocks.
   *
   * @param listen where to listen; port 0 lets the system choose
   * @param handler serves one connection, on its event loop; the stream is closed when the returned
   *     stage completes
   * @return the server, to be closed
   * @throws IOException if the address cannot be bound
   * @throws IllegalStateException on an event loop
   */
  public UpgradeableServer serveAsync(
      Endpoint listen, Function<UpgradeableStream, ? extends CompletionStage<?>> handler)
      throws IOException {
    Objects.requireNonNull(handler, "handler");
    return new UpgradeableServer(
        acceptor(listen, stream -> handleAsync(handler, stream)), () -> {});
  }

  private NettyAcceptor acceptor(Endpoint listen, Consumer<UpgradeableStream> onStream)
      throws IOException {
    NettyAcceptor.Builder acceptor =
        NettyAcceptor.builder()
            .listen(listen)
            .threads(threads)
            .maxConnections(maxConnections)
            .observer(observer)
            .session(connection -> new StreamSession(Optional.empty(), policy, options, onStream));
    // A bad certificate fails the start of the server, not its first upgrade.
    policy.ifPresent(waiting -> acceptor.tlsInReserve(waiting.get()));
    return acceptor.start();
  }

  private void handleBlocking(Handler handler, UpgradeableStream stream) {
    try (stream) {
      handler.handle(stream);
    } catch (IOException | RuntimeException e) {
      onHandlerFailure.accept(e);
    }
  }

  private void handleAsync(
      Function<UpgradeableStream, ? extends CompletionStage<?>> handler, UpgradeableStream stream) {
    CompletionStage<?> handled;
    try {
      handled = Objects.requireNonNull(handler.apply(stream), "the handler's stage");
    } catch (RuntimeException e) {
      handled = CompletableFuture.failedStage(e);
    }
    handled.whenComplete(
        (nothing, error) -> {
          stream.closeAsync();
          if (error != null) {
            onHandlerFailure.accept(error);
          }
        });
  }

  /** Ends the threads of {@link #open}; streams that are still open are closed. */
  @Override
  public void close() {
    connector.close();
  }

  /** Builds {@link UpgradeableStreams}. */
  public static final class Builder {

    private Optional<Supplier<TlsPolicy>> policy = Optional.empty();
    private Duration timeout = DEFAULT_TIMEOUT;
    private Duration connectTimeout = Duration.ofSeconds(10);
    private int maxLineBytes = DEFAULT_MAX_LINE_BYTES;
    private int maxConnections = 2000;
    private int threads = Runtime.getRuntime().availableProcessors();
    private UpgradeObserver observer = UpgradeObserver.NONE;
    private Consumer<Throwable> onHandlerFailure = failure -> {};

    private Builder() {}

    /**
     * Gives the streams the policy that waits for {@link UpgradeableStream#startTls()}.
     *
     * @param value a client's policy for {@link UpgradeableStreams#open}, a server's for {@link
     *     UpgradeableStreams#serve}
     * @return this
     */
    public Builder tls(TlsPolicy value) {
      Objects.requireNonNull(value, "policy");
      return tls(() -> value);
    }

    /**
     * Gives the streams a policy that may be replaced while a server runs.
     *
     * @param value asked at each upgrade, on the event loop; must not block
     * @return this
     */
    public Builder tls(Supplier<TlsPolicy> value) {
      policy = Optional.of(value);
      return this;
    }

    /**
     * Limits one read and one write; 30 s unless called.
     *
     * @param value a positive duration
     * @return this
     */
    public Builder timeout(Duration value) {
      timeout = Blocking.requirePositive(value);
      return this;
    }

    /**
     * Limits opening a connection; 10 s unless called.
     *
     * @param value a positive duration
     * @return this
     */
    public Builder connectTimeout(Duration value) {
      connectTimeout = Blocking.requirePositive(value);
      return this;
    }

    /**
     * Limits a line; 2048 bytes unless called.
     *
     * @param limit in bytes, without the line's LF, 1 to 65535
     * @return this
     */
    public Builder maxLineBytes(int limit) {
      if (limit < 1 || limit > 65_535) {
        throw new IllegalArgumentException("expected a line limit of 1 to 65535, got " + limit);
      }
      maxLineBytes = limit;
      return this;
    }

    /**
     * Limits a server's open connections; 2000 unless called.
     *
     * @param limit at least 1
     * @return this
     */
    public Builder maxConnections(int limit) {
      if (limit < 1) {
        throw new IllegalArgumentException("expected at least 1 connection, got " + limit);
      }
      maxConnections = limit;
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
     * Watches connections being set up and upgraded.
     *
     * @param value called on event loops
     * @return this
     */
    public Builder observer(UpgradeObserver value) {
      observer = Objects.requireNonNull(value, "observer");
      return this;
    }

    /**
     * Hears why a server's handler failed; nobody does unless called.
     *
     * @param value called with the exception, on the handler's thread
     * @return this
     */
    public Builder onHandlerFailure(Consumer<Throwable> value) {
      onHandlerFailure = Objects.requireNonNull(value, "onHandlerFailure");
      return this;
    }

    /**
     * Starts the threads.
     *
     * @return the factory, to be closed
     */
    public UpgradeableStreams build() {
      return new UpgradeableStreams(this);
    }
  }
}
