package io.upgradeable.cli;

import io.upgradeable.Endpoint;
import io.upgradeable.Layer;
import io.upgradeable.netty.NettyAcceptor;
import io.upgradeable.tls.TlsIdentity;
import java.io.IOException;
import java.time.Duration;
import java.util.List;

/** The server that a client command talks to when it is given no target: on loopback, for once. */
final class EmbeddedServer implements AutoCloseable {

  private static final Duration VALIDITY = Duration.ofDays(1);

  private final NettyAcceptor acceptor;

  private EmbeddedServer(NettyAcceptor acceptor) {
    this.acceptor = acceptor;
  }

  /** Who the server will be: nobody else has this identity, and nobody will have it again. */
  static TlsIdentity newIdentity() {
    return ThrowAwayCertificate.create(ThrowAwayCertificate.LOCAL_NAMES, VALIDITY);
  }

  /**
   * Starts the server.
   *
   * @param layers the protocol's layers in the server role
   */
  static EmbeddedServer start(List<Layer<?>> layers) throws IOException {
    NettyAcceptor.Builder builder =
        NettyAcceptor.builder().listen(Endpoint.of("127.0.0.1", 0)).threads(1);
    layers.forEach(builder::layer);
    return new EmbeddedServer(builder.start());
  }

  /** Where to connect. */
  Endpoint address() {
    return acceptor.endpoint();
  }

  /** What the server is called, to be checked in its certificate. */
  Endpoint name() {
    return Endpoint.of("localhost", address().port());
  }

  @Override
  public void close() {
    acceptor.close();
  }
}
