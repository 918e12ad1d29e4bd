package io.upgradeable.testkit;

import io.upgradeable.Endpoint;
import io.upgradeable.testkit.Certificates.Issued;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
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
 * <p>Each wait is bounded, but for {@link Script#stall()} and {@link Script#discard()}, which end
 * with {@link #close()} at the latest. Bytes other than those expected, an end of the other side's
 * sending in their place, and steps that cannot be done, fail the test at {@link #awaitPlayed()}
 * or, at the latest, at {@link #close()}, with the step and both byte strings, escaped. That the
 * other side resets, or closes or fails in the TLS handshake, or closes while this side writes, is
 * the test's business and fails {@link #awaitPlayed()} only.
 */
public final class ScriptedPeer implements AutoCloseable {

  /** Only a broken test waits that long. */
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  /** How long {@link #close()} lets scripts write what nobody reads. */
  private static final Duration WRITE_PATIENCE = Duration.ofSeconds(3);

  private static final char[] NO_PASSWORD = {};

  private final Script script;
  private final SSLContext tls;
  private final boolean client;
  private final @Nullable ServerSocket listening;
  private final InetSocketAddress address;

  /** Falls when it is known how {@link #awaitPlayed()} ends. */
  private final CountDownLatch decided = new CountDownLatch(1);

  private final CountDownLatch closing = new CountDownLatch(1);
  private final List<AssertionError> mismatches = new CopyOnWriteArrayList<>();
  private final List<String> endings = new CopyOnWriteArrayList<>();
  private final List<ScriptedConnection> connections = new CopyOnWriteArrayList<>();
  private final List<Socket> sockets = new CopyOnWriteArrayList<>();
  private final List<Thread> threads = new CopyOnWriteArrayList<>();
  private volatile boolean writesEnd;
  private volatile boolean played;

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
      listening.setSoTimeout(ScriptedConnection.POLL_MILLIS);
      InetSocketAddress address = (InetSocketAddress) listening.getLocalSocketAddress();
      ScriptedPeer peer = new ScriptedPeer(script, identity, listening, address);
      peer.run("scripted server", () -> peer.acceptAll(listening));
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
    peer.run("scripted client", peer::connect);
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
    peer.run("scripted client", peer::connect);
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
   * Waits until one connection has played the whole script. A server's connection that only broke
   * off is not the last word: another one may come.
   *
   * @throws AssertionError at once if a script got other bytes than it expects or had a step that
   *     cannot be done, with the step and what came instead; at once if a client's only connection
   *     broke off; after 20 seconds if nobody has played the whole script
   */
  public void awaitPlayed() {
    try {
      decided.await(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    }
    throwMismatch();
    if (!played) {
      throw new AssertionError(
          "expected a script played to its end, got " + (endings.isEmpty() ? "no end" : endings));
    }
  }

  /**
   * Ends all connections, once their scripts have seen what has come by now.
   *
   * @throws AssertionError if other bytes came than the script expects, if a step could not be
   *     done, or if a script does not end
   */
  @Override
  public void close() {
    closing.countDown();
    boolean ended = joinAll(WRITE_PATIENCE);
    if (!ended) { // Whoever reads, or is yet to be accepted, comes to its end by itself.
      writesEnd = true;
      connections.forEach(ScriptedConnection::endWrite);
      ended = joinAll(PATIENCE);
    }
    if (listening != null) {
      closeQuietly(listening);
    }
    sockets.forEach(ScriptedPeer::closeQuietly);
    throwMismatch();
    if (!ended) {
      throw new AssertionError("expected all scripts to end, got one that goes on");
    }
  }

  /** False if they take too long. The accepting thread is the first, so none is missed. */
  private boolean joinAll(Duration patience) {
    long end = System.nanoTime() + patience.toNanos();
    try {
      for (int i = 0; i < threads.size(); i++) { // by index: the first one adds others
        Thread thread = threads.get(i);
        long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
        thread.join(Math.max(left, 1));
        if (thread.isAlive()) {
          return false;
        }
      }
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private void throwMismatch() {
    if (!mismatches.isEmpty()) {
      AssertionError first = mismatches.get(0);
      throw new AssertionError(first.getMessage(), first);
    }
  }

  private void acceptAll(ServerSocket server) {
    while (true) {
      boolean last = closing.getCount() == 0; // asked first, so that who came before is heard
      try {
        Socket socket = server.accept();
        sockets.add(socket);
        run("scripted server connection", () -> play(socket));
      } catch (SocketTimeoutException e) {
        if (last) {
          return;
        }
      } catch (IOException e) {
        return; // close() closed it
      }
    }
  }

  @SuppressWarnings("resource") // play() closes it
  private void connect() {
    Socket socket = new Socket();
    sockets.add(socket);
    try {
      socket.connect(address, (int) PATIENCE.toMillis());
    } catch (IOException e) {
      closeQuietly(socket);
      endings.add("no connection: " + e);
      decided.countDown();
      return;
    }
    play(socket);
  }

  private void play(Socket socket) {
    int number = 0;
    String step = "";
    try (socket) {
      ScriptedConnection connection =
          new ScriptedConnection(socket, this::newEngine, PATIENCE, closing, () -> writesEnd);
      connections.add(connection);
      for (Script.Step next : script.steps()) {
        number++;
        step = "step %d (%s)".formatted(number, next.name());
        next.action().run(connection);
      }
      step = "close";
      if (!socket.isClosed()) {
        closeQuietly(connection::close); // not a step: the other side may be gone
      }
      played = true;
      decided.countDown();
    } catch (IOException e) {
      // Whoever is under test may close at any time; that is the test's business.
      endings.add(step + ": " + e);
    } catch (AssertionError e) {
      failed(step + ": " + e.getMessage(), e);
    } catch (RuntimeException e) {
      failed(step + ": " + e, e);
    } finally {
      if (client) {
        decided.countDown();
      }
    }
  }

  private void failed(String what, Throwable cause) {
    mismatches.add(new AssertionError(what, cause));
    decided.countDown();
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

  private void run(String name, Runnable task) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    threads.add(thread);
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
