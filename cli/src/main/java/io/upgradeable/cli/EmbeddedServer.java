package io.upgradeable.cli;

import io.upgradeable.Endpoint;
import io.upgradeable.Layer;
import io.upgradeable.netty.NettyAcceptor;
import io.upgradeable.tls.TlsIdentity;
import io.upgradeable.tls.TlsPolicy;
import java.io.IOException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;

/** The server that a client command talks to when it is given no target: on loopback, for once. */
final class EmbeddedServer implements AutoCloseable {

  private static final Duration VALIDITY = Duration.ofDays(1);

  private final NettyAcceptor acceptor;
  private final TlsIdentity identity;

  private EmbeddedServer(NettyAcceptor acceptor, TlsIdentity identity) {
    this.acceptor = acceptor;
    this.identity = identity;
  }

  /**
   * Starts the server.
   *
   * @param layers makes the protocol's layers in the server role
   */
  static EmbeddedServer start(Function<TlsPolicy, List<Layer<?>>> layers) throws IOException {
    TlsIdentity identity = ThrowAwayCertificate.create(ThrowAwayCertificate.LOCAL_NAMES, VALIDITY);
    NettyAcceptor.Builder builder =
        NettyAcceptor.builder().listen(Endpoint.of("127.0.0.1", 0)).threads(1);
    layers.apply(TlsPolicy.server().identity(identity).build()).forEach(builder::layer);
    return new EmbeddedServer(builder.start(), identity);
  }

  /** Where to connect. */
  Endpoint address() {
    return acceptor.endpoint();
  }

  /** What the server is called, to be checked in its certificate. */
  Endpoint name() {
    return Endpoint.of("localhost", address().port());
  }

  /** What a client has to trust. */
  List<X509Certificate> certificates() {
    return identity.chain();
  }

  @Override
  public void close() {
    acceptor.close();
  }
}
