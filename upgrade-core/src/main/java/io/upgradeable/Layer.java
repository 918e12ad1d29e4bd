package io.upgradeable;

import io.upgradeable.negotiation.Negotiation;
import io.upgradeable.tls.TlsPolicy;
import io.upgradeable.tls.TlsRequirement;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * One floor of a connection: a negotiation with what the driver needs to run it. Immutable; the
 * same layer may serve any number of connections, and is the key to its result in each of them.
 *
 * @param <R> the result of the layer's negotiation
 */
public final class Layer<R> {

  private final String name;
  private final Supplier<? extends Negotiation<R>> negotiation;
  private final Optional<Endpoint> target;
  private final Optional<Supplier<TlsPolicy>> tls;
  private final TlsRequirement tlsRequirement;
  private final boolean tunnel;
  private final Optional<Limits> limits;

  private Layer(Builder<R> builder) {
    this.name = builder.name;
    this.negotiation = builder.negotiation;
    this.target = builder.target;
    this.tls = builder.tls;
    this.tlsRequirement = builder.tlsRequirement;
    this.tunnel = builder.tunnel;
    this.limits = builder.limits;
  }

  /**
   * Starts a layer.
   *
   * @param <R> the result of the layer's negotiation
   * @param name the protocol's short name, for instance {@code smtp}
   * @param negotiation makes the state machine, once per connection
   * @return a builder
   */
  public static <R> Builder<R> of(String name, Supplier<? extends Negotiation<R>> negotiation) {
    return new Builder<>(name, negotiation);
  }

  /**
   * The same layer with other limits, as a layer of its own.
   *
   * @param value the limits
   * @return the changed copy
   */
  public Layer<R> withLimits(Limits value) {
    Builder<R> copy = new Builder<>(name, negotiation);
    copy.target = target;
    copy.tls = tls;
    copy.tlsRequirement = tlsRequirement;
    copy.tunnel = tunnel;
    return copy.limits(value).build();
  }

  /**
   * The protocol's short name.
   *
   * @return the name
   */
  public String name() {
    return name;
  }

  /**
   * A new state machine for one connection.
   *
   * @return the negotiation
   */
  public Negotiation<R> newNegotiation() {
    return negotiation.get();
  }

  /**
   * The peer that this layer talks to, where it is not the endpoint of the layer below. It names
   * the peer for TLS.
   *
   * @return the target, if the layer has one of its own
   */
  public Optional<Endpoint> target() {
    return target;
  }

  /**
   * The policy by which this layer turns into TLS, as it is now.
   *
   * @return the policy, or empty if the layer never does
   */
  public Optional<TlsPolicy> tls() {
    return tls.map(Supplier::get);
  }

  /**
   * Whether the layer may be up without TLS although it has a policy for it.
   *
   * @return {@link TlsRequirement#REQUIRED} unless opportunism was asked for by name
   */
  public TlsRequirement tlsRequirement() {
    return tlsRequirement;
  }

  /**
   * Whether the bytes above this layer belong to a farther peer: true for a proxy's layer.
   *
   * @return true for a tunnel
   */
  public boolean isTunnel() {
    return tunnel;
  }

  /**
   * The layer's own limits.
   *
   * @return the limits, or empty for the defaults of the role
   */
  public Optional<Limits> limits() {
    return limits;
  }

  /** The layer's part of the chain line, for instance {@code smtp+tls(mail.example.net)}. */
  @Override
  public String toString() {
    return label(tls.isPresent());
  }

  String label(boolean secured) {
    StringBuilder text = new StringBuilder(name);
    if (secured && !name.equals("tls")) {
      text.append("+tls");
    }
    target.ifPresent(t -> text.append('(').append(tunnel ? t : t.host()).append(')'));
    return text.toString();
  }

  /**
   * Builds a {@link Layer}.
   *
   * @param <R> the result of the layer's negotiation
   */
  public static final class Builder<R> {

    private final String name;
    private final Supplier<? extends Negotiation<R>> negotiation;
    private Optional<Endpoint> target = Optional.empty();
    private Optional<Supplier<TlsPolicy>> tls = Optional.empty();
    private TlsRequirement tlsRequirement = TlsRequirement.REQUIRED;
    private boolean tunnel;
    private Optional<Limits> limits = Optional.empty();

    private Builder(String name, Supplier<? extends Negotiation<R>> negotiation) {
      this.name = Objects.requireNonNull(name, "name");
      this.negotiation = Objects.requireNonNull(negotiation, "negotiation");
    }

    /**
     * Names the peer that this layer talks to.
     *
     * @param endpoint the peer, also its name for TLS
     * @return this
     */
    public Builder<R> target(Endpoint endpoint) {
      target = Optional.of(endpoint);
      return this;
    }

    /**
     * Lets the negotiation start TLS.
     *
     * @param policy how
     * @return this
     */
    public Builder<R> tls(TlsPolicy policy) {
      Objects.requireNonNull(policy, "policy");
      return tls(() -> policy);
    }

    /**
     * Lets the negotiation start TLS with a policy that may be replaced while a server runs. It is
     * asked once per connection, before the first byte is exchanged.
     *
     * @param policy gives the policy in force, quickly and without blocking
     * @return this
     */
    public Builder<R> tls(Supplier<TlsPolicy> policy) {
      tls = Optional.of(policy);
      return this;
    }

    /**
     * Says whether the layer may be up without TLS. With {@link TlsRequirement#REQUIRED}, the
     * default, a negotiation that says it is done without TLS is broken and fails.
     *
     * @param requirement what holds
     * @return this
     */
    public Builder<R> tlsRequirement(TlsRequirement requirement) {
      tlsRequirement = Objects.requireNonNull(requirement, "requirement");
      return this;
    }

    /**
     * Says that the bytes above this layer belong to a farther peer.
     *
     * @return this
     */
    public Builder<R> tunnel() {
      tunnel = true;
      return this;
    }

    /**
     * Sets limits of the layer's own.
     *
     * @param value the limits
     * @return this
     */
    public Builder<R> limits(Limits value) {
      limits = Optional.of(value);
      return this;
    }

    /**
     * Finishes the layer.
     *
     * @return the layer
     */
    public Layer<R> build() {
      return new Layer<>(this);
    }
  }
}
