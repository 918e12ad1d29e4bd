package io.upgradeable;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Predicate;

/**
 * The layers of a connection from the bottom to the top, as a plan: where to connect, and what to
 * negotiate then, one layer after the other. {@link #toString()} draws it as one line of text:
 * {@code tcp(proxy:3128) > connect(mail:587) > smtp+tls(mail)}.
 */
public final class LayerStack {

  private final Endpoint endpoint;
  private final Predicate<InetAddress> addresses;
  private final List<Layer<?>> layers;

  private LayerStack(Endpoint endpoint, Predicate<InetAddress> addresses, List<Layer<?>> layers) {
    this.endpoint = endpoint;
    this.addresses = addresses;
    this.layers = layers;
  }

  /**
   * A stack that only connects.
   *
   * @param endpoint where the TCP connection goes
   * @return the stack
   */
  public static LayerStack tcp(Endpoint endpoint) {
    return new LayerStack(Objects.requireNonNull(endpoint, "endpoint"), any -> true, List.of());
  }

  /**
   * The same stack, which connects to some addresses of its endpoint only. What is asked is the
   * very address that is dialled then, so that a name cannot mean another one in between.
   *
   * @param allowed asked for each address of the name, quickly and without blocking, on an event
   *     loop; if none is allowed, connecting fails
   * @return the narrower stack
   */
  public LayerStack onlyTo(Predicate<InetAddress> allowed) {
    return new LayerStack(endpoint, addresses.and(allowed), layers);
  }

  /**
   * The same stack with one more layer on top.
   *
   * @param layer the layer
   * @return the higher stack
   * @throws IllegalArgumentException if the stack holds this very layer already
   */
  public LayerStack then(Layer<?> layer) {
    if (layers.contains(layer)) {
      throw new IllegalArgumentException(
          "expected a new layer, got one that is in the stack: " + layer);
    }
    List<Layer<?>> higher = new ArrayList<>(layers);
    higher.add(layer);
    return new LayerStack(endpoint, addresses, List.copyOf(higher));
  }

  /**
   * Where the TCP connection goes.
   *
   * @return the endpoint
   */
  public Endpoint endpoint() {
    return endpoint;
  }

  /**
   * Whether an address of the endpoint may be dialled.
   *
   * @param address one that the name has
   * @return true unless {@link #onlyTo} left it out
   */
  public boolean allows(InetAddress address) {
    return addresses.test(address);
  }

  /**
   * The layers above TCP.
   *
   * @return the layers, bottom first
   */
  public List<Layer<?>> layers() {
    return layers;
  }

  /** The chain line. */
  @Override
  public String toString() {
    StringBuilder line = new StringBuilder("tcp(").append(endpoint).append(')');
    layers.forEach(layer -> line.append(" > ").append(layer));
    return line.toString();
  }
}
