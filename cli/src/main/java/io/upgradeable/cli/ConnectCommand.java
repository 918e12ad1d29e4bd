package io.upgradeable.cli;

import io.upgradeable.Connection;
import io.upgradeable.Endpoint;
import io.upgradeable.connect.ConnectProxy;
import io.upgradeable.connect.ProxyHop;
import io.upgradeable.netty.NettyAcceptor;
import io.upgradeable.sasl.Secret;
import io.upgradeable.tls.ImplicitTls;
import io.upgradeable.tls.TlsIdentity;
import io.upgradeable.tls.TlsPolicy;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code upgrade-cli connect}: a tunnel through proxies, and TLS with the target in it. */
@Command(
    name = "connect",
    description = {
      "Open a tunnel through the proxies of --via to HOST:PORT, start TLS with the target, and"
          + " report each layer. With --stdio or --listen the tunnel carries bytes as they are, and"
          + " TLS with the target only with --tls.",
      "Without a target it starts a proxy and a target of its own and shows the whole run."
    },
    footer = {
      "%nExamples:",
      "  upgrade-cli connect",
      "  upgrade-cli connect --output json",
      "With a proxy of yours:",
      "  upgrade-cli connect --via http://proxy.example.org:3128 www.example.org:443 -v",
      "  upgrade-cli connect --via https://me@proxy.example.org:3129 \\",
      "    --via socks5://inner mail.example.org:25 --no-tls",
      "  upgrade-cli connect --via http://proxy:3128 --listen 127.0.0.1:8143 --tls \\",
      "    imap.example.org:993",
      "  ssh -o ProxyCommand='upgrade-cli connect --via http://p:3128 --stdio %%h:%%p' \\",
      "    shell.example.org"
    })
final class ConnectCommand extends ClientCommand {

  /** A target of this command has its port. */
  private static final int NO_DEFAULT_PORT = -1;

  private static final String GREETING = "Hello through the tunnel";

  /** How long tunnels may take to end by themselves when the command is ended. */
  private static final Duration GRACE = Duration.ofSeconds(5);

  private static final Duration STEP = Duration.ofSeconds(30);

  @Option(names = "--no-tls", description = "Do not start TLS with the target.")
  private boolean plain;

  @Option(
      names = "--stdio",
      description =
          "Pass stdin into the tunnel and what comes out of it to stdout, byte by byte. The end of"
              + " stdin goes on as a FIN where there is no TLS. Under TLS (--tls, or an https proxy) it"
              + " is not told, for many peers would take it for the end of both directions: a target"
              + " that waits for it ends the command with 4 after --step-timeout. For ssh's"
              + " ProxyCommand.")
  private boolean stdio;

  @Option(
      names = "--listen",
      paramLabel = "[ADDRESS:]PORT",
      description =
          "Listen here, on loopback unless an address is given, and pass each connection through"
              + " a tunnel of its own, until Ctrl-C.")
  private @Nullable String listen;

  @Option(
      names = "--max-connections",
      paramLabel = "N",
      description =
          "With --listen: how many may be open; more are closed at once. 1000 unless given.")
  private int maxConnections = 1000;

  @Option(
      names = "--idle-timeout",
      paramLabel = "TIME",
      converter = DurationConverter.class,
      description = "With --listen: how long a tunnel may carry nothing; 60m unless given.")
  private Duration idleTimeout = Duration.ofMinutes(60);

  private Optional<ProxyHop> embeddedProxy = Optional.empty();

  @Override
  protected int defaultPort(boolean implicitTls) {
    return NO_DEFAULT_PORT;
  }

  @Override
  protected boolean canEndWith(ExitCode code) {
    return code != ExitCode.NOT_OFFERED; // TLS is not asked for here, it begins
  }

  private boolean carries() {
    return stdio || listen != null;
  }

  @Override
  protected boolean reports() {
    return !carries();
  }

  @Override
  protected boolean implicitTls(TlsOptions options) {
    return carries() ? options.implicit() : !plain;
  }

  @Override
  protected int threads() {
    return listen == null ? 1 : Runtime.getRuntime().availableProcessors();
  }

  @Override
  protected void check(TlsOptions options) {
    if (options.isStartTlsGiven()) {
      throw new UsageException(
          "--starttls makes no sense for connect: TLS with the target begins with the first byte");
    } else if (plain && options.implicit()) {
      throw new UsageException("expected --tls or --no-tls, got both");
    } else if (stdio && listen != null) {
      throw new UsageException("expected --stdio or --listen, got both");
    } else if (carries() && isEmbedded()) {
      throw new UsageException("expected a target with --stdio and --listen");
    } else if (carries() && hasManyTargets()) {
      throw new UsageException("expected one target with --stdio and --listen, got several");
    } else if (carries() && isForPrograms()) {
      throw new UsageException("expected --output json without --stdio and --listen");
    } else if (stdio && !secretsOnStdin().isEmpty()) {
      throw new UsageException(
          "expected %s or --stdio, got both".formatted(secretsOnStdin().get(0)));
    } else if (maxConnections < 1) {
      throw new UsageException("expected at least 1 for --max-connections, got " + maxConnections);
    } else if (!isEmbedded() && !via().isGiven()) {
      throw new UsageException("expected --via URL or --proxy-env: connect goes through a proxy");
    }
    if (listen != null) {
      listenEndpoint();
    }
  }

  private Endpoint listenEndpoint() {
    String text = String.valueOf(listen);
    try {
      return Endpoint.parse(text.matches("[0-9]+") ? "127.0.0.1:" + text : text);
    } catch (IllegalArgumentException e) {
      throw new UsageException("--listen: " + e.getMessage(), e);
    }
  }

  @Override
  protected EmbeddedServer startServer(TlsPolicy policy, boolean implicitTls) throws IOException {
    NettyAcceptor.Builder target =
        NettyAcceptor.builder()
            .listen(EmbeddedServer.LOOPBACK)
            .threads(1)
            .session(accepted -> new EchoSession());
    if (implicitTls) {
      target.layer(ImplicitTls.server(policy));
    }
    NettyAcceptor echo = target.start();
    TlsIdentity identity = EmbeddedServer.newIdentity();
    TlsPolicy proxyPolicy = TlsPolicy.server().identity(identity).build();
    ConnectProxy proxy =
        ConnectProxy.builder()
            .listen(EmbeddedServer.LOOPBACK)
            .threads(1)
            .tls(() -> proxyPolicy)
            .allow(echo.endpoint().toString())
            .start();
    embeddedProxy =
        Optional.of(
            ProxyHop.parse("https://localhost:" + proxy.endpoint().port())
                .withTls(TlsPolicy.client().trust(identity.chain()).build()));
    return new EmbeddedServer(
        echo.endpoint(),
        () -> {
          proxy.close();
          echo.close();
        });
  }

  @Override
  protected Way wayTo(EmbeddedServer server) {
    return new Proxies(List.of(embeddedProxy.orElseThrow()), List.<Secret>of(), target -> false)
        .to(server.address());
  }

  @Override
  protected String introduction(Endpoint address) {
    return ("No target given: talking to an embedded echo server on %s through an embedded proxy,%n"
            + "%s. Each has a throw-away certificate for localhost that is trusted for this run"
            + " only.%n%n")
        .formatted(address, embeddedProxy.orElseThrow());
  }

  @Override
  protected void talk(Client client) throws IOException {
    if (stdio) {
      carryStdio(client);
    } else if (listen != null) {
      forward(client);
    } else if (isEmbedded()) {
      greet(client);
    } else {
      try (Connection connection = client.reach()) {
        report(client, Optional.empty());
      }
    }
  }

  private void greet(Client client) throws IOException {
    GreetingSession session = new GreetingSession(GREETING);
    try (Connection connection = client.reach(session)) {
      client.recorder().said(GREETING);
      String heard = Futures.await(session.answer());
      client.recorder().heard(heard);
      report(client, Optional.of(heard));
    }
  }

  private void report(Client client, Optional<String> echo) {
    String tls =
        client.peer().implicitTls()
            ? "the tunnel is open, and TLS with the target is up"
            : "the tunnel is open, and nothing was said to the target";
    String sentence = echo.map(text -> tls + "; it answered: " + Printable.line(text)).orElse(tls);
    client
        .report()
        .protocol(
            ProtocolFacts.of(
                "connect", sentence, Map.of("targetTls", client.peer().implicitTls())));
  }

  private void carryStdio(Client client) throws IOException {
    StdioSession session =
        new StdioSession(
            new FileInputStream(FileDescriptor.in),
            new FileOutputStream(FileDescriptor.out),
            client.times().stepTimeout().orElse(STEP));
    try (Connection connection = client.reach(session)) {
      Futures.await(session.over());
    }
  }

  private void forward(Client client) throws IOException {
    client.recorder().stop(); // Each connection has a line of its own instead.
    Endpoint where = listenEndpoint();
    Forwarder.Plan plan = new Forwarder.Plan(where, maxConnections, idleTimeout);
    try (ForwardLog log = new ForwardLog(this::diagnose, diagnostics().verbose());
        LibraryLog library = LibraryLog.listen(log::tell);
        Forwarder forwarder = new Forwarder(client.connector(), client.reachable(), plan, log)) {
      warnOfOthers(where);
      out().println("listening on " + forwarder.endpoint());
      if (isOutputLost()) {
        throw new IOException(OUTPUT_LOST);
      }
      try (ForwardLog.Shown live = log.show(forwarder.traffic())) {
        waitForTheEnd(forwarder);
      }
    }
  }

  private void warnOfOthers(Endpoint where) throws IOException {
    if (!InetAddress.getByName(where.host()).isLoopbackAddress()) {
      diagnose(
          "warning: %s is no loopback address: whoever reaches it goes through the tunnel"
              .formatted(where));
    }
  }

  private static void waitForTheEnd(Forwarder forwarder) throws IOException {
    try {
      new CountDownLatch(1).await(); // until somebody interrupts us
    } catch (InterruptedException end) {
      try {
        Futures.await(forwarder.shutdown(GRACE));
      } catch (InterruptedIOException again) {
        Thread.currentThread().interrupt(); // Closing the forwarder ends the grace.
      }
    }
  }
}
