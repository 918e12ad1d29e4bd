package io.upgradeable.it.mail;

import io.upgradeable.Endpoint;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** A way to a server that can be cut, for all who are on it. */
final class CuttingRelay implements AutoCloseable {

  private final Endpoint server;
  private final ServerSocket listener;
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();

  CuttingRelay(Endpoint server) throws IOException {
    this.server = server;
    this.listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    daemon(this::accept);
  }

  /** By the name that the server's certificate carries. */
  Endpoint endpoint() {
    return Endpoint.of("localhost", listener.getLocalPort());
  }

  /** Ends all connections, wherever they are. */
  void cut() {
    sockets.forEach(CuttingRelay::closeQuietly);
  }

  private static void daemon(Runnable task) {
    Thread thread = new Thread(task, "cutting-relay");
    thread.setDaemon(true);
    thread.start();
  }

  private void accept() {
    try {
      while (true) {
        Socket client = listener.accept();
        sockets.add(client);
        Socket upstream = new Socket(server.host(), server.port());
        sockets.add(upstream);
        daemon(() -> pump(client, upstream));
        daemon(() -> pump(upstream, client));
      }
    } catch (IOException closed) {
      cut();
    }
  }

  private void pump(Socket from, Socket to) {
    try (from;
        to) {
      byte[] buffer = new byte[16 * 1024];
      for (int n = from.getInputStream().read(buffer);
          n >= 0;
          n = from.getInputStream().read(buffer)) {
        to.getOutputStream().write(buffer, 0, n);
      }
    } catch (IOException cut) {
      // so be it
    }
    sockets.remove(from);
    sockets.remove(to);
  }

  private static void closeQuietly(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      // it is gone, which is what was wanted
    }
  }

  @Override
  public void close() {
    try {
      listener.close();
    } catch (IOException e) {
      throw new IllegalStateException("not closed", e);
    }
    cut();
  }
}
