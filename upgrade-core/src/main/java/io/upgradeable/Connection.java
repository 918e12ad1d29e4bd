package io.upgradeable;

import io.upgradeable.negotiation.TlsFacts;
import java.net.SocketAddress;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * A connection whose layers are up. Safe for use by several threads; values that grow (after a late
 * upgrade) are snapshots.
 */
public interface Connection extends AutoCloseable {

  /**
   * The layers that are up, bottom first.
   *
   * @return a snapshot
   */
  List<LayerFacts> layers();

  /**
   * The chain line of the layers that are up.
   *
   * @return for instance {@code tcp(mail:587) > smtp+tls(mail)}
   */
  String path();

  /**
   * What the peer is called: the endpoint for a client, the address for a server.
   *
   * @return the peer
   */
  String peer();

  /**
   * The address at the other end of the socket.
   *
   * @return the address
   */
  SocketAddress remoteAddress();

  /**
   * The address at this end of the socket.
   *
   * @return the address
   */
  SocketAddress localAddress();

  /**
   * What a layer's negotiation returned.
   *
   * @param <R> the result's type
   * @param layer a layer of this connection's stack
   * @return the result
   * @throws IllegalArgumentException if the connection has no such layer
   */
  default <R> R result(Layer<R> layer) {
    for (LayerFacts facts : layers()) {
      if (facts.layer() == layer) {
        @SuppressWarnings("unchecked") // the facts of a layer hold its own negotiation's result
        R result = (R) facts.result();
        return result;
      }
    }
    throw new IllegalArgumentException("no layer " + layer + " in " + path());
  }

  /**
   * The topmost TLS.
   *
   * @return its facts, or empty if there is none
   */
  default Optional<TlsFacts> tls() {
    List<LayerFacts> layers = layers();
    for (int i = layers.size() - 1; i >= 0; i--) {
      if (layers.get(i).tls().isPresent()) {
        return layers.get(i).tls();
      }
    }
    return Optional.empty();
  }

  /**
   * How far TLS protects what is exchanged.
   *
   * @return found by walking the layers down to the first tunnel
   */
  default Security security() {
    return LayerFacts.security(layers());
  }

  /**
   * Closes after what was written before, in bounded time.
   *
   * @return completes when the connection is gone
   */
  CompletableFuture<Void> closeAsync();

  /**
   * Starts closing and returns at once.
   *
   * @see #closeAsync()
   */
  @Override
  void close();
}
