package io.upgradeable.connect;

import io.upgradeable.Endpoint;
import io.upgradeable.Layer;
import java.util.Optional;

/** SOCKS as layers, ready to be put on a stack. Names are sent as names: the proxy resolves. */
public final class Socks {

  /** The port of SOCKS (IANA). */
  public static final int DEFAULT_PORT = 1080;

  private Socks() {}

  /**
   * A tunnel through a SOCKS 5 proxy (RFC 1928).
   *
   * @param target where it leads
   * @return the layer
   * @throws IllegalArgumentException if no proxy could reach the target by its name
   */
  public static Layer<SocksResult> version5(Endpoint target) {
    return version5(target, Optional.empty());
  }

  /**
   * A tunnel through a SOCKS 5 proxy, with a user and a password (RFC 1929) if it asks for them.
   *
   * @param target where it leads
   * @param credentials who asks; SOCKS has no TLS, so they must be {@link
   *     ProxyCredentials#evenInPlaintext()}
   * @return the layer
   * @throws IllegalArgumentException if no proxy could reach the target by its name, or the
   *     credentials are not a user's and a password of at most 255 bytes, or may not leave in
   *     plaintext
   */
  public static Layer<SocksResult> version5(Endpoint target, ProxyCredentials credentials) {
    return version5(target, Optional.of(credentials));
  }

  private static Layer<SocksResult> version5(
      Endpoint target, Optional<ProxyCredentials> credentials) {
    HttpConnect.requireTarget(target);
    credentials.ifPresent(Socks5Upgrade::requireUsable);
    return Layer.of("socks5", () -> new Socks5Upgrade(target, credentials))
        .target(target)
        .tunnel()
        .build();
  }

  /**
   * A tunnel through a SOCKS 4a proxy.
   *
   * @param target where it leads: a name or an IPv4 address
   * @param user who asks, perhaps empty; it proves nothing
   * @return the layer
   * @throws IllegalArgumentException if the target is an IPv6 address, which SOCKS 4 cannot say, or
   *     no proxy could reach it by its name, or the user has a NUL
   */
  public static Layer<SocksResult> version4a(Endpoint target, String user) {
    HttpConnect.requireTarget(target);
    Socks4aUpgrade.requireUsable(target, user);
    return Layer.of("socks4a", () -> new Socks4aUpgrade(target, user))
        .target(target)
        .tunnel()
        .build();
  }
}
