package io.upgradeable.testkit;

import io.upgradeable.Connection;
import io.upgradeable.Endpoint;
import io.upgradeable.Layer;
import io.upgradeable.LayerStack;
import io.upgradeable.Limits;
import io.upgradeable.UpgradeObserver;
import io.upgradeable.negotiation.Negotiation;
import io.upgradeable.negotiation.Role;
import io.upgradeable.netty.NettyAcceptor;
import io.upgradeable.netty.NettyConnector;
import io.upgradeable.testkit.Certificates.Issued;
import io.upgradeable.tls.InvalidTlsConfigurationException;
import io.upgradeable.tls.TlsEngine;
import io.upgradeable.tls.TlsPolicy;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/** One run of a negotiation through the real driver, on loopback, against a scripted peer. */
final class Trial<R> {

  /** Only a driver without deadlines takes that long. */
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  /** Made once: a key pair costs more than a test. */
  private static final Certificates CERTIFICATES = Certificates.create();

  private static final Issued GOOD = CERTIFICATES.server("localhost", "127.0.0.1", "::1");
  private static final Issued WRONG_NAME = CERTIFICATES.server("elsewhere.test");

  /** The engines that are there. */
  static final List<TlsEngine> ENGINES = engines();

  /** How it ended: one of the two is there. */
  record End<R>(Optional<R> result, Optional<Throwable> failure) {}

  private final Role role;
  private final Supplier<Negotiation<R>> negotiation;
  private final boolean startsTls;
  private final TlsEngine engine;
  private Limits limits;
  private Issued identity = GOOD;

  Trial(Role role, Supplier<Negotiation<R>> negotiation, boolean startsTls, TlsEngine engine) {
    this.role = role;
    this.negotiation = negotiation;
    this.startsTls = startsTls;
    this.engine = engine;
    this.limits = role == Role.CLIENT ? Limits.CLIENT : Limits.SERVER;
  }

  private static List<TlsEngine> engines() {
    List<TlsEngine> engines = new ArrayList<>(List.of(TlsEngine.JDK));
    TlsPolicy policy =
        TlsPolicy.server().identity(GOOD.identity()).engine(TlsEngine.OPENSSL).build();
    try {
      acceptor(Layer.of("probe", Trial::neverAsked).tls(policy).build(), UpgradeObserver.NONE)
          .close();
      engines.add(TlsEngine.OPENSSL);
    } catch (InvalidTlsConfigurationException | IOException e) {
      // No native library on the path: the JDK's engine is all there is.
    }
    return engines;
  }

  private static Negotiation<Object> neverAsked() {
    throw new IllegalStateException("nobody knows this port");
  }

  Trial<R> patience(Duration patience) {
    limits = limits.withStepTimeout(patience).withHandshakeTimeout(patience);
    return this;
  }

  Trial<R> wrongName() {
    identity = WRONG_NAME;
    return this;
  }

  /** Runs against a peer that plays its script to the end. */
  End<R> runWhole(Script script) {
    return run(script, true);
  }

  /** Runs against a peer whose script may be cut short. */
  End<R> run(Script script) {
    return run(script, false);
  }

  private End<R> run(Script script, boolean whole) {
    try {
      return role == Role.CLIENT ? runClient(script, whole) : runServer(script, whole);
    } catch (IOException | InterruptedException | TimeoutException e) {
      throw new AssertionError("expected an end, got " + e, e);
    }
  }

  private End<R> runClient(Script script, boolean whole)
      throws IOException, InterruptedException, TimeoutException {
    try (ScriptedPeer peer = ScriptedPeer.server(script, identity);
        NettyConnector connector = NettyConnector.builder().build()) {
      Layer<R> layer =
          layer(
              TlsPolicy.client().trust(CERTIFICATES.authorities()).engine(engine).build(),
              peer.endpoint());
      End<R> end;
      try (Connection connection =
          connector
              .connectAsync(LayerStack.tcp(peer.endpoint()).then(layer))
              .get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
        end = new End<>(Optional.of(connection.result(layer)), Optional.empty());
      } catch (ExecutionException e) {
        end = new End<>(Optional.empty(), Optional.ofNullable(e.getCause()));
      }
      return checked(peer, end, whole);
    }
  }

  private End<R> runServer(Script script, boolean whole)
      throws IOException, InterruptedException, TimeoutException {
    Layer<R> layer =
        layer(
            TlsPolicy.server().identity(identity.identity()).engine(engine).build(),
            Endpoint.of("localhost", 0));
    FirstEnd observer = new FirstEnd();
    try (NettyAcceptor acceptor = acceptor(layer, observer);
        ScriptedPeer peer = ScriptedPeer.client(acceptor.localAddress(), script)) {
      End<R> end;
      try {
        @SuppressWarnings("unchecked") // the only layer is ours
        R result = (R) observer.end.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        end = new End<>(Optional.of(result), Optional.empty());
      } catch (ExecutionException e) {
        end = new End<>(Optional.empty(), Optional.ofNullable(e.getCause()));
      }
      return checked(peer, end, whole);
    }
  }

  private static <R> End<R> checked(ScriptedPeer peer, End<R> end, boolean whole) {
    if (whole) {
      peer.awaitPlayed();
    }
    return end;
  }

  private Layer<R> layer(TlsPolicy policy, Endpoint target) {
    Layer.Builder<R> layer = Layer.of("contract", negotiation).limits(limits);
    if (role == Role.CLIENT) {
      layer.target(target);
    }
    return (startsTls ? layer.tls(policy) : layer).build();
  }

  private static NettyAcceptor acceptor(Layer<?> layer, UpgradeObserver observer)
      throws IOException {
    return NettyAcceptor.builder()
        .listen(Endpoint.of("127.0.0.1", 0))
        .layer(layer)
        .observer(observer)
        .start();
  }

  /** Hears how the first connection's layer ended. */
  private static final class FirstEnd implements UpgradeObserver {
    private final CompletableFuture<Object> end = new CompletableFuture<>();

    @Override
    public void layerCompleted(String path, Object result) {
      end.complete(result);
    }

    @Override
    public void layerFailed(String path, Throwable cause) {
      end.completeExceptionally(cause);
    }
  }
}
