package io.upgradeable.bench;

import io.upgradeable.Endpoint;
import io.upgradeable.LayerStack;
import io.upgradeable.ldap.Ldap;
import io.upgradeable.ldap.LdapSession;
import io.upgradeable.ldap.LdapSessionOptions;
import io.upgradeable.netty.NettyConnector;
import io.upgradeable.tls.TlsPolicy;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** Our LDAP: StartTLS and the root DSE, on a new connection each time. */
final class LdapClient implements Load.Work {

  private final NettyConnector connector = NettyConnector.builder().threads(1).build();
  private final LayerStack stack;
  private final int atOnce;
  private volatile String engine = "?";

  private LdapClient(Load load) {
    TlsPolicy policy = TlsPolicy.client().trustFile(load.authority()).engine(load.engine()).build();
    stack =
        LayerStack.tcp(load.peer())
            .then(Ldap.client(Endpoint.of("localhost", load.peer().port()), policy));
    atOnce = load.atOnce();
  }

  /**
   * Runs a load.
   *
   * @param args see {@link Load}, and {@code --engine}
   * @throws Exception if it makes no sense to go on
   */
  public static void main(String[] args) throws Exception {
    Load.measure(LdapClient::new, args);
  }

  @Override
  public int run(int units) {
    return Lanes.async(units, atOnce, this::one);
  }

  private CompletableFuture<?> one() {
    return LdapSession.connectAsync(connector, stack, LdapSessionOptions.DEFAULTS)
        .thenCompose(
            session -> {
              engine = session.connection().tls().orElseThrow().engine();
              return session.rootDseAsync().thenCompose(entry -> session.unbindAsync());
            });
  }

  @Override
  public Map<String, String> facts() {
    return Map.of("engine", engine);
  }

  @Override
  public void close() {
    connector.close();
  }
}
