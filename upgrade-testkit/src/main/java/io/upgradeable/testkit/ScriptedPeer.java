package io.upgradeable.testkit;

import io.upgradeable.Endpoint;
import io.upgradeable.testkit.Certificates.Issued;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * A peer that knows no protocol: a plain socket on loopback, with threads of its own, that does
 * what its {@link Script} says. As a server it plays the script with everyone who connects; as a
 * client it plays it once. It trusts every certificate, because the one under test is at the other
 * end.
 *
 * <pre>{@code
 * try (ScriptedPeer server = ScriptedPeer.server(script, certificates.server("localhost"))) {
 *   connector.connect(LayerStack.tcp(server.endpoint()).then(layer));
 *   server.awaitPlayed();
 * }
 * }</pre>
 *
 * <p>Each wait is bounded. Bytes other than those expected fail the test at {@link #awaitPlayed()}
 * or, at the latest, at {@link #close()}, with the step and both byte strings, escaped.
 */
public final class ScriptedPeer implements AutoCloseable {

  /** Only a broken test waits that long. */
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private static final char[] NO_PASSWORD = {};

  private final Script script;
  private final SSLContext tls;
  private final boolean client;
  private final @Nullable ServerSocket listening;
  private final InetSocketAddress address;
  private final CountDownLatch played = new CountDownLatch(1);
  private final List<AssertionError> mismatches = new CopyOnWriteArrayList<>();
  private final List<String> endings = new CopyOnWriteArrayList<>();
  private final List<Socket> sockets = new CopyOnWriteArrayList<>();
  private volatile boolean closed;

  private ScriptedPeer(
      Script script,
      Optional<Issued> identity,
      @Nullable ServerSocket listening,
      InetSocketAddress address) {
    this.script = script;
    this.tls = context(identity);
    this.client = listening == null;
    this.listening = listening;
    this.address = address;
  }

  /**
   * Starts a server that never speaks TLS.
   *
   * @param script what it does
   * @return the running server
   */
  public static ScriptedPeer server(Script script) {
    return server(script, Optional.empty());
  }

  /**
   * Starts a server.
   *
   * @param script what it does
   * @param identity the certificate that it shows
   * @return the running server
   */
  public static ScriptedPeer server(Script script, Issued identity) {
    return server(script, Optional.of(identity));
  }

  private static ScriptedPeer server(Script script, Optional<Issued> identity) {
    try {
      ServerSocket listening = new ServerSocket(0, 128, InetAddress.getLoopbackAddress());
      InetSocketAddress address = (InetSocketAddress) listening.getLocalSocketAddress();
      ScriptedPeer peer = new ScriptedPeer(script, identity, listening, address);
      run("scripted server", () -> peer.acceptAll(listening));
      return peer;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Starts a client.
   *
   * @param server where it connects
   * @param script what it does
   * @return the running client
   */
  public static ScriptedPeer client(InetSocketAddress server, Script script) {
    ScriptedPeer peer = new ScriptedPeer(script, Optional.empty(), null, server);
    run("scripted client", peer::connect);
    return peer;
  }

  /**
   * Starts a client that shows a certificate when it is asked for one.
   *
   * @param server where it connects
   * @param script what it does
   * @param identity the certificate
   * @return the running client
   */
  public static ScriptedPeer client(InetSocketAddress server, Script script, Issued identity) {
    ScriptedPeer peer = new ScriptedPeer(script, Optional.of(identity), null, server);
    run("scripted client", peer::connect);
    return peer;
  }

  /**
   * Where a server listens, by the name {@code localhost}.
   *
   * @return the endpoint
   */
  public Endpoint endpoint() {
    return Endpoint.of("localhost", address.getPort());
  }

  /**
   * Waits until one connection has played the whole script.
   *
   * @throws AssertionError if it ended otherwise, with the step and what came instead
   */
  public void awaitPlayed() {
    boolean ended;
    try {
      ended = played.await(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    }
    throwMismatch();
    if (!ended || !endings.contains("")) {
      throw new AssertionError(
          "expected a script played to its end, got " + (endings.isEmpty() ? "no end" : endings));
    }
  }

  /**
   * Ends all connections.
   *
   * @throws AssertionError if other bytes came than the script expects
   */
  @Override
  public void close() {
    closed = true;
    ServerSocket server = listening;
    if (server != null) {
      closeQuietly(server);
    }
    sockets.forEach(ScriptedPeer::closeQuietly);
    throwMismatch();
  }

  private void throwMismatch() {
    if (!mismatches.isEmpty()) {
      AssertionError first = mismatches.get(0);
      throw new AssertionError(first.getMessage(), first);
    }
  }

  private void acceptAll(ServerSocket server) {
    while (!closed) {
      try {
        Socket socket = server.accept();
        run("scripted server connection", () -> play(socket));
      } catch (IOException e) {
        return; // close() closed it
      }
    }
  }

  @SuppressWarnings("resource") // play() closes it
  private void connect() {
    Socket socket = new Socket();
    try {
      socket.connect(address, (int) PATIENCE.toMillis());
    } catch (IOException e) {
      closeQuietly(socket);
      endings.add("no connection: " + e);
      played.countDown();
      return;
    }
    play(socket);
  }

  private void play(Socket socket) {
    sockets.add(socket);
    int number = 0;
    String step = "";
    try (socket) {
      ScriptedConnection connection =
          new ScriptedConnection(socket, this::newEngine, (int) PATIENCE.toMillis());
      for (Script.Step next : script.steps()) {
        number++;
        step = "step %d (%s)".formatted(number, next.name());
        next.action().run(connection);
      }
      if (!socket.isClosed()) {
        connection.close();
      }
      endings.add("");
    } catch (IOException e) {
      // Whoever is under test may close at any time; that is the test's business.
      endings.add(step + ": " + e);
    } catch (AssertionError e) {
      mismatches.add(new AssertionError(step + ": " + e.getMessage(), e));
      endings.add(step + ": " + e.getMessage());
    } finally {
      played.countDown();
    }
  }

  private SSLEngine newEngine() {
    SSLEngine engine = tls.createSSLEngine();
    engine.setUseClientMode(client);
    return engine;
  }

  private static SSLContext context(Optional<Issued> identity) {
    try {
      KeyManager[] keys = {};
      if (identity.isPresent()) {
        Issued issued = identity.get();
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, NO_PASSWORD);
        store.setKeyEntry(
            "peer", issued.key(), NO_PASSWORD, issued.chain().toArray(new X509Certificate[0]));
        KeyManagerFactory factory =
            KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(store, NO_PASSWORD);
        keys = factory.getKeyManagers();
      }
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(keys, new TrustManager[] {new TrustsEverybody()}, new SecureRandom());
      return context;
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException("no TLS", e);
    }
  }

  private static void run(String name, Runnable task) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    thread.start();
  }

  private static void closeQuietly(AutoCloseable socket) {
    try {
      socket.close();
    } catch (Exception e) {
      // It is gone, whatever it said.
    }
  }

  /** A scripted peer is not the one under test. */
  private static final class TrustsEverybody extends X509ExtendedTrustManager {

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}
