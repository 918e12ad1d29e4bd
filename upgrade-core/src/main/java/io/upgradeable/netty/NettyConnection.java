package io.upgradeable.netty;

import io.netty.channel.Channel;
import io.upgradeable.Connection;
import io.upgradeable.Endpoint;
import io.upgradeable.Layer;
import io.upgradeable.LayerFacts;
import io.upgradeable.Security;
import io.upgradeable.UpgradeException.Where;
import io.upgradeable.UpgradeObserver;
import io.upgradeable.negotiation.Role;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * What is known of one connection while it grows: its channel, its place in the world, and the
 * facts of the layers that are up. Facts are added on the event loop and read from anywhere.
 */
final class NettyConnection implements Connection {

  private final Channel channel;
  private final Role role;
  private final Optional<Endpoint> endpoint;
  private final SocketAddress remoteAddress; // kept: a closed socket no longer tells
  private final SocketAddress localAddress;
  private final TlsContexts contexts;
  private final SafeObserver observer;
  private volatile List<LayerFacts> layers = List.of();
  private List<TlsUpgrade> engines = List.of();
  private volatile boolean closing;
  private boolean lingering;
  private boolean carriedInput;
  private Deadlines.@Nullable Deadline setUpDeadline;

  private NettyConnection(
      Channel channel,
      Role role,
      Optional<Endpoint> endpoint,
      TlsContexts contexts,
      SafeObserver observer) {
    this.channel = channel;
    this.role = role;
    this.endpoint = endpoint;
    this.remoteAddress = channel.remoteAddress();
    this.localAddress = channel.localAddress();
    this.contexts = contexts;
    this.observer = observer;
  }

  static NettyConnection opened(
      Channel channel, Endpoint endpoint, TlsContexts contexts, SafeObserver observer) {
    return new NettyConnection(channel, Role.CLIENT, Optional.of(endpoint), contexts, observer);
  }

  static NettyConnection accepted(Channel channel, TlsContexts contexts, SafeObserver observer) {
    return new NettyConnection(channel, Role.SERVER, Optional.empty(), contexts, observer);
  }

  /** Limits the time of the set-up that is under way; null when it is over. */
  void setUpDeadline(Deadlines.@Nullable Deadline deadline) {
    setUpDeadline = deadline;
  }

  Deadlines.@Nullable Deadline setUpDeadline() {
    return setUpDeadline;
  }

  Channel channel() {
    return channel;
  }

  Role role() {
    return role;
  }

  TlsContexts contexts() {
    return contexts;
  }

  UpgradeObserver observer() {
    return observer;
  }

  boolean isObserved() {
    return !observer.isNone();
  }

  /** Bytes of the peer came through all layers that are up. */
  void onInput() {
    carriedInput = true;
  }

  /**
   * Whether the peer sent bytes since the last TLS or tunnel came up, on this event loop's view.
   */
  boolean carriedInput() {
    return carriedInput;
  }

  /** A new level begins: what comes from now on is under TLS, or from another peer. */
  void onNewLevel() {
    carriedInput = false;
  }

  void add(LayerFacts facts, @Nullable TlsUpgrade tls) {
    if (facts.layer().isTunnel()) {
      onNewLevel();
    }
    layers = appended(layers, facts);
    if (tls != null) {
      engines = appended(engines, tls);
    }
  }

  private static <T> List<T> appended(List<T> list, T last) {
    List<T> more = new ArrayList<>(list);
    more.add(last);
    return List.copyOf(more);
  }

  /** The TLS that the bytes above all layers go through, if there is one. */
  @Nullable TlsUpgrade topTls() {
    return engines.isEmpty() ? null : engines.get(engines.size() - 1);
  }

  /** All TLS that is up, the topmost last. */
  List<TlsUpgrade> engines() {
    return engines;
  }

  /** This side closes the channel, by whichever handle. */
  void onClose() {
    closing = true;
  }

  /** Whether this side has begun to close. */
  boolean isClosing() {
    // A loop that ends closes its channels without asking their handlers.
    return closing || channel.eventLoop().isShuttingDown();
  }

  /** The chain line up to a layer that is not up yet. */
  String pathTo(Layer<?> layer) {
    return path() + " > " + layer;
  }

  /**
   * The peer that a new layer on top talks to: its own target, the last tunnel's, or the endpoint.
   */
  Optional<Endpoint> peerOf(Layer<?> layer) {
    if (layer.target().isPresent() && !layer.isTunnel()) {
      return layer.target();
    }
    // A tunnel's target is the peer of those above it; its own TLS, if any, is with the proxy.
    for (int i = layers.size() - 1; i >= 0; i--) {
      Layer<?> below = layers.get(i).layer();
      if (below.isTunnel() && below.target().isPresent()) {
        return below.target();
      }
    }
    return endpoint;
  }

  Where where(String awaited) {
    return new Where(path(), peer(), awaited);
  }

  @Override
  public List<LayerFacts> layers() {
    return layers;
  }

  @Override
  public String path() {
    StringBuilder line = new StringBuilder("tcp(").append(peer()).append(')');
    layers.forEach(facts -> line.append(" > ").append(facts));
    return line.toString();
  }

  @Override
  public String peer() {
    return endpoint.map(Endpoint::toString).orElseGet(() -> text(remoteAddress()));
  }

  /** An address by its numbers, never by a name that somebody once looked up. */
  static String text(SocketAddress address) {
    if (address instanceof InetSocketAddress internet && internet.getAddress() != null) {
      String host = internet.getAddress().getHostAddress();
      return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + internet.getPort();
    }
    return address.toString();
  }

  @Override
  public SocketAddress remoteAddress() {
    return remoteAddress;
  }

  @Override
  public SocketAddress localAddress() {
    return localAddress;
  }

  @Override
  public Security security() {
    return LayerFacts.security(layers);
  }

  @Override
  public CompletableFuture<Void> closeAsync() {
    if (channel.closeFuture().isDone()) {
      return CompletableFuture.completedFuture(null); // Its event loop may have ended as well.
    }
    CompletableFuture<Void> gone = new CompletableFuture<>();
    channel.closeFuture().addListener(ignored -> gone.complete(null));
    try {
      if (channel.eventLoop().inEventLoop()) {
        beginToClose();
      } else {
        channel.eventLoop().execute(this::beginToClose);
      }
    } catch (RejectedExecutionException ended) {
      gone.complete(null); // The event loop has ended meanwhile, and closed its channels.
    }
    return gone;
  }

  private void beginToClose() {
    onClose();
    linger(engines);
  }

  /** Closes behind what was written, after the goodbye of these engines; on the event loop. */
  void linger(List<TlsUpgrade> goodbyes) {
    if (!lingering) {
      lingering = true;
      LingeringClose.begin(channel, goodbyes);
    }
  }

  @Override
  public void close() {
    closeAsync();
  }

  @Override
  public String toString() {
    return path() + " with " + peer();
  }
}
