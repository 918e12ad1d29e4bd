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

  /** Where such servers listen: a port of the system's choice. */
  static final Endpoint LOOPBACK = Endpoint.of("127.0.0.1", 0);

  private static final Duration VALIDITY = Duration.ofDays(1);

  private final Endpoint address;
  private final Runnable closing;

  /**
   * A server that runs.
   *
   * @param address where it listens
   * @param closing ends it
   */
  EmbeddedServer(Endpoint address, Runnable closing) {
    this.address = address;
    this.closing = closing;
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
    NettyAcceptor.Builder builder = NettyAcceptor.builder().listen(LOOPBACK).threads(1);
    layers.forEach(builder::layer);
    NettyAcceptor acceptor = builder.start();
    return new EmbeddedServer(acceptor.endpoint(), acceptor::close);
  }

  /** Where to connect. */
  Endpoint address() {
    return address;
  }

  /** What the server is called, to be checked in its certificate. */
  Endpoint name() {
    return Endpoint.of("localhost", address.port());
  }

  @Override
  public void close() {
    closing.run();
  }
}
