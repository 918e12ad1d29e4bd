package io.upgradeable.cli;

import io.upgradeable.Connection;
import io.upgradeable.Endpoint;
import io.upgradeable.Layer;
import io.upgradeable.netty.NettyAcceptor;
import io.upgradeable.tls.ImplicitTls;
import io.upgradeable.tls.ReloadableTlsPolicy;
import io.upgradeable.tls.TlsPolicy;
import java.io.IOException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** A command that serves a protocol until the user ends it. A subclass knows the protocol. */
abstract class ServerCommand extends BaseCommand {

  /** How long connections may take to end by themselves when the server is ended. */
  private static final Duration GRACE = Duration.ofSeconds(5);

  @Mixin private final ListenOption listen = new ListenOption();
  @Mixin private final ServerTlsOptions tls = new ServerTlsOptions();
  @Mixin private final ServerLimitOptions limits = new ServerLimitOptions();

  @Option(
      names = "--reload-interval",
      paramLabel = "TIME",
      converter = DurationConverter.class,
      description = "How often to look for changed certificates; 2s unless given.")
  private Duration reloadInterval = Duration.ofSeconds(2);

  /** The port of an address that names none. */
  protected abstract int defaultPort();

  /** The protocol's layer that turns into TLS by itself. */
  protected abstract Layer<?> startTlsLayer(Supplier<TlsPolicy> policy);

  /** The protocol's layer for a connection that is under TLS already. */
  protected abstract Layer<?> overTlsLayer();

  /** What came of a connection, in a phrase. */
  protected abstract String describe(Object result);

  @Override
  protected final boolean canEndWith(ExitCode code) {
    return switch (code) {
      case OK, OTHER, USAGE, INTERRUPTED -> true; // the last one only while it starts
      default -> false;
    };
  }

  @Override
  protected final void execute(Interruption interruption) throws IOException {
    Endpoint endpoint = listen.endpoint(defaultPort());
    CertificateWatch certificates = new CertificateWatch(tls.files(), this::diagnose);
    ReloadableTlsPolicy policy = tls.policy(endpoint.host());
    NettyAcceptor.Builder builder = NettyAcceptor.builder().listen(endpoint);
    limits.applyTo(builder);
    addLayers(builder, policy);
    if (diagnostics().verbose()) {
      log(builder);
    }
    try (NettyAcceptor acceptor = builder.start()) {
      ScheduledExecutorService watching = watch(certificates, policy);
      try {
        announce(acceptor, policy);
        serve(acceptor);
      } finally {
        watching.shutdownNow();
      }
    }
  }

  private void addLayers(NettyAcceptor.Builder builder, Supplier<TlsPolicy> policy) {
    if (tls.implicit()) {
      builder.layer(limits.limit(ImplicitTls.server(policy)));
      builder.layer(limits.limit(overTlsLayer()));
    } else {
      builder.layer(limits.limit(startTlsLayer(policy)));
    }
  }

  private void log(NettyAcceptor.Builder builder) {
    ConnectionLog log = new ConnectionLog(this::diagnose);
    builder.observer(log);
    builder.session(
        connection -> {
          log.completed(connection, describe(topResult(connection)));
          return new ClosingSession();
        });
  }

  private static Object topResult(Connection connection) {
    return connection.layers().get(connection.layers().size() - 1).result();
  }

  private ScheduledExecutorService watch(
      CertificateWatch certificates, ReloadableTlsPolicy policy) {
    ScheduledExecutorService executor =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread thread = new Thread(task, "upgrade-cli-certificates");
              thread.setDaemon(true);
              return thread;
            });
    if (!tls.files().isEmpty()) {
      long millis = reloadInterval.toMillis();
      executor.scheduleWithFixedDelay(
          () -> certificates.look(policy), millis, millis, TimeUnit.MILLISECONDS);
    }
    return executor;
  }

  private void announce(NettyAcceptor acceptor, ReloadableTlsPolicy policy) throws IOException {
    out().println("listening on " + acceptor.endpoint());
    X509Certificate certificate = policy.get().identity().orElseThrow().chain().get(0);
    CertificateFacts own = CertificateFacts.of(certificate);
    out().println("certificate sha256 " + own.sha256());
    out().println("certificate pin " + own.pin());
    if (isOutputLost()) {
      throw new IOException(OUTPUT_LOST); // nobody would learn where the server is
    }
    CertificateWarning.of(certificate)
        .ifPresent(warning -> diagnose("warning: the server's own certificate " + warning));
  }

  private static void serve(NettyAcceptor acceptor) throws IOException {
    try {
      new CountDownLatch(1).await(); // until somebody interrupts us
    } catch (InterruptedException e) {
      shutDown(acceptor);
    }
  }

  private static void shutDown(NettyAcceptor acceptor) throws IOException {
    try {
      acceptor.shutdownAsync(GRACE).get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // and closing the acceptor ends what is left
    } catch (ExecutionException e) {
      throw new IOException("the server did not end well: " + e.getCause(), e);
    }
  }
}
