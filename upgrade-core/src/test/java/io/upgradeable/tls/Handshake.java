package io.upgradeable.tls;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManager;
import org.jspecify.annotations.Nullable;

/** A TLS handshake between two engines, through memory. */
final class Handshake {

  private static final char[] NO_PASSWORD = {};
  private static final int ROUNDS = 200;

  private Handshake() {}

  /**
   * How it ended.
   *
   * @param failure the first error of either side, if there was one
   * @param byClient whether it was the client's
   */
  record Result(Optional<SSLException> failure, boolean byClient) {

    boolean succeeded() {
      return failure.isEmpty();
    }

    /** The certificate problem that the given side raised. */
    CertificateProblem problem(boolean expectedByClient) {
      SSLException e = failure.orElseThrow(() -> new AssertionError("the handshake succeeded"));
      if (byClient != expectedByClient) {
        throw new AssertionError("the other side failed", e);
      }
      for (Throwable cause = e; cause != null; cause = cause.getCause()) {
        if (cause instanceof CertificateProblem problem) {
          return problem;
        }
      }
      throw new AssertionError("not a certificate problem", e);
    }
  }

  /** A client that connects to the given host, with the JDK's own name check on or off. */
  static SSLEngine client(TlsPolicy policy, @Nullable String host, boolean jdkNameCheck)
      throws GeneralSecurityException, IOException {
    SSLEngine engine = context(policy).createSSLEngine(host, 4711);
    engine.setUseClientMode(true);
    SSLParameters parameters = versions(engine, policy);
    if (jdkNameCheck) {
      parameters.setEndpointIdentificationAlgorithm("HTTPS");
    }
    engine.setSSLParameters(parameters);
    return engine;
  }

  /** A server that asks for no certificate, and whose chain no sound policy would take. */
  static SSLEngine server(Pki.Issued identity) throws GeneralSecurityException, IOException {
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keyManagers(identity.keys().getPrivate(), identity.chain()), null, null);
    SSLEngine engine = context.createSSLEngine();
    engine.setUseClientMode(false);
    return engine;
  }

  static SSLEngine server(TlsPolicy policy) throws GeneralSecurityException, IOException {
    SSLEngine engine = context(policy).createSSLEngine();
    engine.setUseClientMode(false);
    SSLParameters parameters = versions(engine, policy);
    switch (policy.clientAuthentication()) {
      case NONE -> {}
      case OPTIONAL -> parameters.setWantClientAuth(true);
      case REQUIRED -> parameters.setNeedClientAuth(true);
    }
    engine.setSSLParameters(parameters);
    return engine;
  }

  private static SSLParameters versions(SSLEngine engine, TlsPolicy policy) {
    SSLParameters parameters = engine.getSSLParameters();
    parameters.setProtocols(
        policy.minimumVersion() == policy.maximumVersion()
            ? new String[] {policy.minimumVersion().jdkName()}
            : new String[] {"TLSv1.2", "TLSv1.3"});
    return parameters;
  }

  static SSLContext context(TlsPolicy policy) throws GeneralSecurityException, IOException {
    KeyManager[] keyManagers = null;
    if (policy.identity().isPresent()) {
      TlsIdentity identity = policy.identity().get();
      keyManagers = keyManagers(identity.privateKey(), identity.chain());
    }
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keyManagers, new TrustManager[] {policy.trustManager()}, null);
    return context;
  }

  private static KeyManager[] keyManagers(PrivateKey key, List<X509Certificate> chain)
      throws GeneralSecurityException, IOException {
    // Unlike PKCS#12 a JKS store takes any certificates for a chain.
    KeyStore store = KeyStore.getInstance("JKS");
    store.load(null, null);
    store.setKeyEntry("key", key, NO_PASSWORD, chain.toArray(X509Certificate[]::new));
    KeyManagerFactory factory = KeyManagerFactory.getInstance("SunX509");
    factory.init(store, NO_PASSWORD);
    return factory.getKeyManagers();
  }

  static Result run(SSLEngine client, SSLEngine server) {
    Side clientSide = new Side(client);
    Side serverSide = new Side(server);
    for (int i = 0; i < ROUNDS; i++) {
      try {
        clientSide.turn(serverSide);
      } catch (SSLException e) {
        return new Result(Optional.of(e), true);
      }
      try {
        serverSide.turn(clientSide);
      } catch (SSLException e) {
        return new Result(Optional.of(e), false);
      }
      if (clientSide.isDone() && serverSide.isDone()) {
        return new Result(Optional.empty(), false);
      }
    }
    throw new AssertionError("the handshake does not end");
  }

  private static final class Side {

    private final SSLEngine engine;
    private final ByteBuffer inbound = ByteBuffer.allocate(256 * 1024);
    private boolean begun;

    Side(SSLEngine engine) {
      this.engine = engine;
    }

    boolean isDone() {
      return begun
          && engine.getHandshakeStatus() == HandshakeStatus.NOT_HANDSHAKING
          && inbound.position() == 0;
    }

    void turn(Side peer) throws SSLException {
      if (!begun) {
        begun = true;
        engine.beginHandshake();
      }
      ByteBuffer plain = ByteBuffer.allocate(64 * 1024);
      for (int before = -1, after = 0; before != after; ) {
        before = peer.inbound.position() * 1_000_003 + inbound.position();
        engine.wrap(ByteBuffer.allocate(0), peer.inbound);
        runTasks();
        inbound.flip();
        engine.unwrap(inbound, plain);
        inbound.compact();
        runTasks();
        after = peer.inbound.position() * 1_000_003 + inbound.position();
      }
    }

    private void runTasks() {
      for (Runnable task = engine.getDelegatedTask();
          task != null;
          task = engine.getDelegatedTask()) {
        task.run();
      }
    }
  }
}
