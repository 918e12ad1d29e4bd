package io.upgradeable.bench;

import io.upgradeable.Endpoint;
import io.upgradeable.Layer;
import io.upgradeable.Limits;
import io.upgradeable.netty.NettyAcceptor;
import io.upgradeable.ping.Ping;
import io.upgradeable.tls.TlsIdentity;
import io.upgradeable.tls.TlsPolicy;

/** Our server. */
final class PingServer {

  private PingServer() {}

  /**
   * Serves until stdin ends.
   *
   * @param args {@code --cert FILE --key FILE --engine ENGINE --groups NAMES --hold BOOLEAN}
   * @throws Exception if the address cannot be bound
   */
  public static void main(String[] args) throws Exception {
    Load load = new Load(args);
    TlsPolicy.Builder tls =
        TlsPolicy.server()
            .identity(TlsIdentity.pem(load.file("--cert"), load.file("--key")))
            .engine(load.engine());
    load.groups().ifPresent(groups -> tls.groups(groups.split(":", -1)));
    TlsPolicy policy = tls.build();
    NettyAcceptor.Builder acceptor =
        NettyAcceptor.builder().listen(Endpoint.of("127.0.0.1", 0)).threads(1);
    if (load.flag("--hold")) {
      Layer<?> layer = HeldPing.server(policy);
      acceptor.layer(layer).maxConnections(Integer.MAX_VALUE).session(up -> new HeldPing.Idle());
    } else {
      acceptor.layer(Ping.server(() -> policy).withLimits(Limits.SERVER));
    }
    try (NettyAcceptor running = acceptor.start()) {
      Console.serve(running.endpoint());
    }
  }
}
