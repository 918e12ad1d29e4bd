package io.upgradeable.cli;

import io.upgradeable.Connection;
import io.upgradeable.Endpoint;
import io.upgradeable.Layer;
import io.upgradeable.LayerStack;
import io.upgradeable.netty.NettyConnector;
import io.upgradeable.tls.ImplicitTls;
import io.upgradeable.tls.TlsPolicy;
import java.io.IOException;

/** What a protocol's command connects with: whom to talk to, how, and where to report it. */
final class Client implements AutoCloseable {

  /**
   * Whom to talk to.
   *
   * @param address where to connect
   * @param name the peer by the name that TLS checks
   * @param policy how to turn into TLS
   * @param implicitTls whether TLS begins with the first byte
   */
  record Peer(Endpoint address, Endpoint name, TlsPolicy policy, boolean implicitTls) {}

  private final Peer peer;
  private final TimeOptions times;
  private final Report report;
  private final DialogueRecorder recorder;
  private final NettyConnector connector;

  Client(Peer peer, TimeOptions times, Report report, DialogueRecorder recorder) {
    this.peer = peer;
    this.times = times;
    this.report = report;
    this.recorder = recorder;
    NettyConnector.Builder builder = NettyConnector.builder().threads(1).observer(recorder);
    times.applyTo(builder);
    this.connector = builder.build();
  }

  Peer peer() {
    return peer;
  }

  Report report() {
    return report;
  }

  /** The same layer with the times that the user allows; it is the key to its result. */
  <R> Layer<R> limited(Layer<R> layer) {
    return times.limit(layer);
  }

  /**
   * Connects and brings the protocol up, over TLS from the first byte if that was asked for.
   *
   * @param protocol the protocol's layer
   * @return the connection
   */
  Connection connect(Layer<?> protocol) throws IOException {
    LayerStack stack = LayerStack.tcp(peer.address());
    if (peer.implicitTls()) {
      stack = stack.then(limited(ImplicitTls.client(peer.name(), peer.policy())));
    }
    stack = stack.then(protocol);
    report.stack(stack);
    try {
      Connection connection = connector.connect(stack);
      report.connected(connection);
      return connection;
    } finally {
      recorder.tls().ifPresent(report::tls);
    }
  }

  @Override
  public void close() {
    connector.close();
  }
}
