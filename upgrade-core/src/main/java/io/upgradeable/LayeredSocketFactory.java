package io.upgradeable;

import io.upgradeable.netty.NettyConnector;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.Objects;
import java.util.function.Function;
import javax.net.SocketFactory;

/**
 * Sockets for libraries that know nothing but {@link Socket}: each connects, brings a stack of
 * layers up, and carries what is above them. The library reads and writes as ever, and its bytes go
 * through the TLS that a layer has started. Thread-safe; the sockets' threads are the connector's.
 *
 * <pre>{@code
 * SocketFactory factory =
 *     new LayeredSocketFactory(
 *         connector, server -> LayerStack.tcp(server).then(Ldap.client(server, policy)));
 * // of another library, which believes to speak plaintext
 * LDAPConnection connection = new LDAPConnection(factory, "ldap.example.net", 389);
 * }</pre>
 *
 * <p>A socket is connected when its layers are up; until then {@code connect} waits, and fails with
 * an {@link UpgradeException}. Its time limits are the connector's; a timeout given to {@code
 * connect} is a shorter one beside them. There is no proxy and no local address: that is for the
 * stack to say.
 *
 * <p>The stack gets the server as the library names it. A library that looks names up by itself and
 * then names an address gets a certificate checked against that address, which fails; give such a
 * library a function that answers with the stack of the server that is meant.
 *
 * <p>Of the socket's options, {@code SO_TIMEOUT} is honoured: after a {@link
 * java.net.SocketTimeoutException} the socket is as it was. The others are accepted and ignored;
 * {@code TCP_NODELAY} is always on. Closing a socket closes its connection, after what was written
 * before, and wakes whoever reads; so does a write that is interrupted, because part of it may be
 * on its way. Bytes end with {@code close_notify}; without it a read fails with {@link
 * UpgradeException.PeerClosed} and not with an end of the stream. A half-close is possible in
 * plaintext only.
 */
public final class LayeredSocketFactory extends SocketFactory {

  private final NettyConnector connector;
  private final Function<Endpoint, LayerStack> stacks;

  /**
   * A factory.
   *
   * @param connector opens the connections; must stay open
   * @param stacks where to connect and what to negotiate, for the server that the library asks for
   */
  public LayeredSocketFactory(NettyConnector connector, Function<Endpoint, LayerStack> stacks) {
    this.connector = Objects.requireNonNull(connector, "connector");
    this.stacks = Objects.requireNonNull(stacks, "stacks");
  }

  @Override
  public Socket createSocket() throws IOException {
    return new LayeredSocket(connector::connectAsync, stacks);
  }

  @Override
  public Socket createSocket(String host, int port) throws IOException {
    return connected(InetSocketAddress.createUnresolved(host, port));
  }

  @Override
  public Socket createSocket(InetAddress address, int port) throws IOException {
    return connected(new InetSocketAddress(address, port));
  }

  /** Fails with {@link UnsupportedOperationException}: a stack chooses no local address. */
  @Override
  public Socket createSocket(String host, int port, InetAddress localAddress, int localPort) {
    throw new UnsupportedOperationException("a local address cannot be chosen");
  }

  /** Fails with {@link UnsupportedOperationException}: a stack chooses no local address. */
  @Override
  public Socket createSocket(
      InetAddress address, int port, InetAddress localAddress, int localPort) {
    throw new UnsupportedOperationException("a local address cannot be chosen");
  }

  private Socket connected(InetSocketAddress server) throws IOException {
    LayeredSocket socket = new LayeredSocket(connector::connectAsync, stacks);
    try {
      socket.connect(server, 0);
      return socket;
    } catch (IOException | RuntimeException e) {
      socket.close();
      throw e;
    }
  }
}
