package io.upgradeable.connect;

import io.upgradeable.Endpoint;
import io.upgradeable.Layer;
import java.util.Optional;

/** HTTP CONNECT as a layer, ready to be put on a stack. */
public final class HttpConnect {

  private static final String NAME = "connect";

  private HttpConnect() {}

  /**
   * A tunnel through the proxy below.
   *
   * @param target where it leads; the proxy resolves the name
   * @return the layer
   * @throws IllegalArgumentException if no proxy could reach the target by its name
   */
  public static Layer<ConnectResult> client(Endpoint target) {
    return client(target, ConnectOptions.NONE);
  }

  /**
   * A tunnel through the proxy below. The layer remembers how the proxy wants to be answered, so it
   * should stand on one proxy only.
   *
   * @param target where it leads; the proxy resolves the name
   * @param options credentials and more
   * @return the layer
   * @throws IllegalArgumentException if no proxy could reach the target by its name
   */
  public static Layer<ConnectResult> client(Endpoint target, ConnectOptions options) {
    requireTarget(target);
    Optional<ProxyAuthentication> authentication = options.newAuthentication();
    return Layer.of(NAME, () -> new ConnectUpgrade(target, options.fields(), authentication))
        .target(target)
        .tunnel()
        .build();
  }

  /** A zone means something on this machine only (RFC 6874), and port 0 nothing at all. */
  static Endpoint requireTarget(Endpoint target) {
    if (target.port() == 0 || target.host().indexOf('%') >= 0) {
      throw new IllegalArgumentException(
          "expected a host and a port that a proxy can reach, got " + target);
    }
    return target;
  }
}
