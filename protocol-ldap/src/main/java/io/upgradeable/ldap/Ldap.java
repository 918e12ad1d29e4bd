package io.upgradeable.ldap;

import io.upgradeable.Endpoint;
import io.upgradeable.Layer;
import io.upgradeable.LayerStack;
import io.upgradeable.LayeredSocketFactory;
import io.upgradeable.netty.NettyConnector;
import io.upgradeable.tls.TlsPolicy;
import io.upgradeable.tls.TlsRequirement;
import java.util.function.Supplier;
import javax.net.SocketFactory;

/** LDAP as layers, ready to be put on a stack or given to a server. */
public final class Ldap {

  /** LDAP, upgraded by StartTLS (RFC 4511, 5.3). */
  public static final int PORT = 389;

  /** LDAP over implicit TLS; it has no RFC, and servers everywhere. */
  public static final int LDAPS_PORT = 636;

  private static final String NAME = "ldap";

  private Ldap() {}

  /**
   * A client that begins in plaintext and upgrades, or fails.
   *
   * @param peer the server, by the name that its certificate must carry
   * @param policy how TLS is to be
   * @return the layer
   */
  public static Layer<LdapSecured> client(Endpoint peer, TlsPolicy policy) {
    return Layer.of(NAME, LdapUpgrade::startTls).target(peer).tls(policy).build();
  }

  /**
   * A client that begins in plaintext and stays there if the server refuses StartTLS. This protects
   * against nobody who can change bytes on the way; the result says how it went. Once TLS has begun
   * there is no way back: a certificate that is not accepted fails the connection.
   *
   * @param peer the server, by the name that its certificate must carry
   * @param policy how TLS is to be
   * @return the layer
   */
  public static Layer<LdapOpportunisticResult> opportunisticClient(
      Endpoint peer, TlsPolicy policy) {
    return Layer.of(NAME, LdapUpgrade::opportunistic)
        .target(peer)
        .tls(policy)
        .tlsRequirement(TlsRequirement.OPPORTUNISTIC)
        .build();
  }

  /**
   * A client for a stack that is under TLS already: put it on {@link
   * io.upgradeable.tls.ImplicitTls#client}.
   *
   * @return the layer
   */
  public static Layer<LdapSecured> clientOverTls() {
    return Layer.of(NAME, LdapUpgrade::overTls).build();
  }

  /**
   * A server that begins in plaintext and upgrades.
   *
   * @param policy gives the policy in force; asked once per connection
   * @return the layer
   */
  public static Layer<LdapSecured> server(Supplier<TlsPolicy> policy) {
    return Layer.of(NAME, LdapServerUpgrade::startTls).tls(policy).build();
  }

  /**
   * A server for connections that are under TLS already: put it on {@link
   * io.upgradeable.tls.ImplicitTls#server(Supplier)}.
   *
   * @return the layer
   */
  public static Layer<LdapSecured> serverOverTls() {
    return Layer.of(NAME, LdapServerUpgrade::overTls).build();
  }

  /**
   * Sockets for existing LDAP clients: each is connected once StartTLS has succeeded, and the
   * client speaks plain LDAP over it, under TLS without knowing. UnboundID's client and JNDI are
   * tested so, the first against slapd.
   *
   * <pre>{@code
   * SocketFactory sockets = Ldap.socketFactory(connector, TlsPolicy.client().build());
   * LDAPConnection connection = new LDAPConnection(sockets, "ldap.example.net", 389); // UnboundID
   * }</pre>
   *
   * <p>JNDI wants a class of its own, named in {@code java.naming.ldap.factory.socket}, whose
   * static {@code getDefault()} returns such a factory.
   *
   * @param connector opens the connections; must stay open
   * @param policy how TLS is to be; the server's certificate must carry the name that the client
   *     was given
   * @return the factory; see {@link LayeredSocketFactory} for what its sockets promise
   */
  public static SocketFactory socketFactory(NettyConnector connector, TlsPolicy policy) {
    return new LayeredSocketFactory(
        connector, server -> LayerStack.tcp(server).then(client(server, policy)));
  }
}
