package io.upgradeable.ping;

import io.upgradeable.Endpoint;
import io.upgradeable.Layer;
import io.upgradeable.tls.TlsPolicy;
import java.util.function.Supplier;

/** Ping as layers, ready to be put on a stack or given to a server. */
public final class Ping {

  /** The port of the demonstration that ping comes from. */
  public static final int DEFAULT_PORT = 10001;

  private static final String NAME = "ping";

  private Ping() {}

  /**
   * A client that begins in plaintext and upgrades.
   *
   * @param peer the server, by the name that its certificate must carry
   * @param policy how TLS is to be
   * @return the layer
   */
  public static Layer<PingResult> client(Endpoint peer, TlsPolicy policy) {
    return Layer.of(NAME, PingUpgrade::startTls).target(peer).tls(policy).build();
  }

  /**
   * A client for a stack that is under TLS already.
   *
   * @return the layer
   */
  public static Layer<PingResult> clientOverTls() {
    return Layer.of(NAME, PingUpgrade::overTls).build();
  }

  /**
   * A server that begins in plaintext and upgrades.
   *
   * @param policy gives the policy in force; asked once per connection
   * @return the layer
   */
  public static Layer<PingServerResult> server(Supplier<TlsPolicy> policy) {
    return Layer.of(NAME, PingServerUpgrade::startTls).tls(policy).build();
  }

  /**
   * A server for connections that are under TLS already.
   *
   * @return the layer
   */
  public static Layer<PingServerResult> serverOverTls() {
    return Layer.of(NAME, PingServerUpgrade::overTls).build();
  }
}
