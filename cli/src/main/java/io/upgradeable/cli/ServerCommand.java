package io.upgradeable.cli;

import io.upgradeable.Endpoint;
import io.upgradeable.tls.ReloadableTlsPolicy;
import io.upgradeable.tls.TlsPolicy;
import java.io.IOException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
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

  /**
   * What a server is to be.
   *
   * @param endpoint where it listens
   * @param policy how it turns into TLS
   * @param implicitTls whether TLS begins with the first byte
   * @param limits what it allows its clients
   * @param log is told of each connection, if the user wants to know
   */
  record Plan(
      Endpoint endpoint,
      Supplier<TlsPolicy> policy,
      boolean implicitTls,
      ServerLimitOptions limits,
      Optional<ConnectionLog> log) {}

  /**
   * A server that runs.
   *
   * @param endpoint where it listens
   * @param shutdown ends it, and lets connections end by themselves for a while
   * @param closing ends it at once
   */
  record Running(
      Endpoint endpoint, Function<Duration, CompletableFuture<Void>> shutdown, Runnable closing)
      implements AutoCloseable {
    @Override
    public void close() {
      closing.run();
    }
  }

  /** Starts the server. */
  protected abstract Running start(Plan plan) throws IOException;

  /**
   * Whether the server cannot do without TLS.
   *
   * @param implicit whether the user wants TLS from the first byte
   */
  protected boolean needsTls(boolean implicit) {
    return true;
  }

  /** Does something else instead of serving, if that was asked for. */
  protected boolean isInstead() throws IOException {
    return false;
  }

  @Override
  protected final boolean canEndWith(ExitCode code) {
    return switch (code) {
      case OK, OTHER, USAGE, INTERRUPTED -> true; // the last one only while it starts
      default -> false;
    };
  }

  @Override
  protected final void execute(Interruption interruption) throws IOException {
    if (isInstead()) {
      return;
    }
    Endpoint endpoint = listen.endpoint(defaultPort());
    if (needsTls(tls.implicit())) {
      serveUnderTls(endpoint);
    } else {
      tls.requireNone();
      serveInPlaintext(endpoint);
    }
  }

  private void serveInPlaintext(Endpoint endpoint) throws IOException {
    AccessLog stderr = new AccessLog(this::diagnose);
    try (LibraryLog library = LibraryLog.listen(stderr::tell);
        Running server = start(plan(endpoint, ServerCommand::noPolicy, stderr))) {
      out().println("listening on " + server.endpoint());
      requireOutput();
      serve(server);
    } finally {
      stderr.end(); // Whoever does not read it hears of nothing.
    }
  }

  private static TlsPolicy noPolicy() {
    throw new IllegalStateException("this server speaks no TLS");
  }

  private Plan plan(Endpoint endpoint, Supplier<TlsPolicy> policy, AccessLog stderr) {
    Optional<ConnectionLog> log =
        diagnostics().verbose() ? Optional.of(new ConnectionLog(stderr::tell)) : Optional.empty();
    return new Plan(endpoint, policy, tls.implicit(), limits, log);
  }

  private void serveUnderTls(Endpoint endpoint) throws IOException {
    CertificateWatch certificates = new CertificateWatch(tls.files(), this::diagnose);
    ReloadableTlsPolicy policy = tls.policy(endpoint.host());
    AccessLog stderr = new AccessLog(this::diagnose);
    try (LibraryLog library = LibraryLog.listen(stderr::tell);
        Running server = start(plan(endpoint, policy, stderr))) {
      ScheduledExecutorService watching = watch(certificates, policy);
      try {
        announce(server, policy);
        serve(server);
      } finally {
        watching.shutdownNow();
      }
    } finally {
      stderr.end();
    }
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

  private void announce(Running server, ReloadableTlsPolicy policy) throws IOException {
    out().println("listening on " + server.endpoint());
    X509Certificate certificate = policy.get().identity().orElseThrow().chain().get(0);
    CertificateFacts own = CertificateFacts.of(certificate);
    out().println("certificate sha256 " + own.sha256());
    out().println("certificate pin " + own.pin());
    requireOutput();
    CertificateWarning.of(certificate)
        .ifPresent(warning -> diagnose("warning: the server's own certificate " + warning));
  }

  /** Else nobody would learn where the server is. */
  private void requireOutput() throws IOException {
    if (isOutputLost()) {
      throw new IOException(OUTPUT_LOST);
    }
  }

  private static void serve(Running server) throws IOException {
    try {
      new CountDownLatch(1).await(); // until somebody interrupts us
    } catch (InterruptedException e) {
      shutDown(server);
    }
  }

  private static void shutDown(Running server) throws IOException {
    try {
      server.shutdown().apply(GRACE).get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // Closing the server ends the grace.
    } catch (ExecutionException e) {
      throw new IOException("the server did not end well: " + e.getCause(), e);
    }
  }
}
