package io.upgradeable.cli;

import io.upgradeable.Endpoint;
import io.upgradeable.connect.ProxyHop;
import io.upgradeable.sasl.Secret;
import java.util.List;
import java.util.function.Predicate;

/** The proxies that a command goes through, with what they want to know, until it ends. */
final class Proxies implements AutoCloseable {

  /** Every target is reached straight. */
  static final Proxies NONE = new Proxies(List.of(), List.of(), target -> true);

  private final List<ProxyHop> hops;
  private final List<Secret> secrets;
  private final Predicate<Endpoint> exceptions;

  /**
   * The proxies.
   *
   * @param hops the nearest first
   * @param secrets what their credentials hold, closed in the end
   * @param exceptions the targets that are reached without them
   */
  Proxies(List<ProxyHop> hops, List<Secret> secrets, Predicate<Endpoint> exceptions) {
    this.hops = List.copyOf(hops);
    this.secrets = List.copyOf(secrets);
    this.exceptions = exceptions;
  }

  /**
   * The way to a target.
   *
   * @throws UsageException if one of the proxies cannot reach what comes next by its name
   */
  Way to(Endpoint target) {
    try {
      return new Way(exceptions.test(target) ? List.of() : hops, target);
    } catch (IllegalArgumentException e) {
      throw new UsageException("no way through the proxies: " + e.getMessage(), e);
    }
  }

  @Override
  public void close() {
    secrets.forEach(Secret::close);
  }
}
