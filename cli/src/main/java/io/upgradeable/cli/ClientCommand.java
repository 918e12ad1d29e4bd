package io.upgradeable.cli;

import io.upgradeable.Endpoint;
import io.upgradeable.UpgradeException.ConnectFailed;
import io.upgradeable.UpgradeException.LayerTimedOut;
import io.upgradeable.UpgradeException.PeerClosed;
import io.upgradeable.UpgradeException.PeerRefused;
import io.upgradeable.UpgradeObserver;
import io.upgradeable.netty.NettyConnector;
import io.upgradeable.tls.TlsIdentity;
import io.upgradeable.tls.TlsPolicy;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;

/**
 * A command that connects to a target, or to an embedded server of its own, and reports. A subclass
 * knows the protocol.
 */
abstract class ClientCommand extends BaseCommand {

  @Mixin private final TargetOptions target = new TargetOptions();
  @Mixin private final ViaOptions via = new ViaOptions();
  @Mixin private final TlsOptions tls = new TlsOptions();
  @Mixin private final TimeOptions times = new TimeOptions();
  @Mixin private final OutputOptions output = new OutputOptions();

  private @Nullable Report report;

  /**
   * The port of a target that names none.
   *
   * @param implicitTls whether TLS begins with the first byte
   */
  protected abstract int defaultPort(boolean implicitTls);

  /** Refuses options that make no sense for the protocol. */
  protected abstract void check(TlsOptions options) throws IOException;

  /** Starts the server that the command talks to when it is given no target. */
  protected abstract EmbeddedServer startServer(TlsPolicy policy, boolean implicitTls)
      throws IOException;

  /** Connects and does what the command is for. */
  protected abstract void talk(Client client) throws IOException;

  /** Whether the command talks to a server of its own. */
  protected final boolean isEmbedded() {
    return !target.isGiven() && !findsTargets();
  }

  /** Whether the command finds out by itself whom to talk to. */
  protected boolean findsTargets() {
    return false;
  }

  /** Whether the command may talk to more than one target. */
  protected final boolean hasManyTargets() {
    return target.areMany();
  }

  /** Reads or asks for what is secret once, for all targets, and refuses what cannot be used. */
  protected void keepSecrets() throws IOException {}

  /** Forgets what was kept. */
  protected void forgetSecrets() {}

  /** What the user typed to say whom to talk to. */
  protected String targetText() {
    return target.text();
  }

  /** Whom the command found, in the order in which to try them. */
  protected List<Endpoint> findTargets(int defaultPort) throws IOException {
    return List.of();
  }

  /** Whether TLS begins with the first byte. */
  protected boolean implicitTls(TlsOptions options) {
    return options.implicit();
  }

  /** Whether stdout is for a report. */
  protected boolean reports() {
    return true;
  }

  /** How the embedded server is reached. */
  protected Way wayTo(EmbeddedServer server) {
    return Proxies.NONE.to(server.address());
  }

  /** What is said of the embedded server before all else, with the ends of its lines. */
  protected String introduction(Endpoint address) {
    return ("No target given: talking to an embedded server on %s, whose throw-away%n"
            + "certificate for localhost is trusted for this run only.%n%n")
        .formatted(address);
  }

  /** The options for proxies. */
  protected final ViaOptions via() {
    return via;
  }

  /** Whether the report is JSON. */
  protected final boolean isForPrograms() {
    return output.json();
  }

  /** How many event loops the command keeps busy. */
  protected int threads() {
    return 1;
  }

  @Override
  protected final void execute(Interruption interruption) throws IOException {
    if (!hasManyTargets()) {
      report = new Report(invocation().command(), targetText());
    }
    target.check(secretsOnStdin());
    if (hasManyTargets()) {
      checkMany();
    }
    check(tls);
    if (tls.insecure()) {
      diagnose("warning: --insecure accepts any certificate: anybody may be at the other end");
    }
    if (isEmbedded() && via.isGiven()) {
      throw new UsageException(
          "expected a target with --via or --proxy-env: no proxy leads to the embedded server");
    }
    try (Proxies proxies = via.open(this::diagnose)) {
      Report findings = report;
      if (findings == null) {
        talkToMany(proxies);
      } else {
        talk(proxies, findings);
        print(findings);
      }
    } catch (PeerRefused e) {
      throw via.explained(e);
    }
  }

  private void checkMany() {
    if (findsTargets()) {
      throw new UsageException("expected targets, or a domain to look up, got both");
    } else if (!output.json() && diagnostics().verbose()) {
      throw new UsageException(
          "expected --output json with -v and several targets: nobody could read that");
    } else if (!output.json() && output.showCertificates()) {
      throw new UsageException(
          "expected --output json with --show-certs and several targets: each gets one line");
    }
  }

  private void talkToMany(Proxies proxies) throws IOException {
    int threads = Math.min(target.atOnce(), Runtime.getRuntime().availableProcessors());
    ManyTargets.Tally tally;
    try (Targets targets = target.open(defaultPort(implicitTls(tls)))) {
      TlsPolicy policy = tls.policy(List.of());
      keepSecrets();
      try (NettyConnector connector = times.connector(threads, UpgradeObserver.NONE)) {
        connector.checkPolicy(policy); // A bad one is refused once, not by each target.
        ManyTargets many =
            new ManyTargets(
                endpoint -> reportOf(endpoint, proxies, policy, connector),
                this::isTold,
                this::giveUpOutput);
        tally = many.run(targets, target.atOnce());
      }
    } finally {
      forgetSecrets();
    }
    Optional<Failure> failure = tally.failure();
    if (failure.isPresent()) {
      throw new CommandFailedException(failure.get());
    } else if (!output.json()) {
      diagnose(tally.text());
    }
  }

  private Report reportOf(
      Endpoint endpoint, Proxies proxies, TlsPolicy policy, NettyConnector shared) {
    Report findings = new Report(invocation().command(), endpoint.toString());
    try {
      findings.target(endpoint, endpoint, false);
      talk(peer(proxies.to(endpoint), endpoint, endpoint, policy), findings, shared::observedBy);
    } catch (PeerRefused e) {
      fail(findings, via.explained(e));
    } catch (Exception e) {
      fail(findings, e);
    }
    return findings;
  }

  private void fail(Report findings, Exception cause) {
    Failure failure = Failure.of(cause);
    findings.failed(failure);
    if (diagnostics().stackTrace()) {
      StringWriter trace = new StringWriter();
      failure.cause().printStackTrace(new PrintWriter(trace));
      diagnose(findings.target() + ": " + trace);
    }
  }

  /** Tells of one of several targets; whether that could be done. */
  private boolean isTold(Report findings) {
    if (output.json()) {
      JsonReport.line(out()).print(findings, output.showCertificates(), diagnostics().verbose());
    } else {
      new TextReport(out(), diagnostics().paint()).printLine(findings);
    }
    return !isOutputLost();
  }

  private Client.Peer peer(Way way, Endpoint address, Endpoint name, TlsPolicy policy) {
    return new Client.Peer(way, address, name, policy, implicitTls(tls), tls.startTls());
  }

  private void talk(Proxies proxies, Report findings) throws IOException {
    int port = defaultPort(implicitTls(tls));
    if (isEmbedded()) {
      talkToEmbedded(findings);
    } else if (!target.isGiven()) {
      talkToFirst(findTargets(port), proxies, findings);
    } else if (findsTargets()) {
      throw new UsageException("expected a target, or a domain to look up, got both");
    } else {
      talkTo(target.endpoint(port), proxies, findings);
    }
  }

  private void talkTo(Endpoint endpoint, Proxies proxies, Report findings) throws IOException {
    findings.target(endpoint, endpoint, false);
    Way way = proxies.to(endpoint);
    talk(peer(way, endpoint, endpoint, tls.policy(List.of())), findings, this::connector);
  }

  /** The next one where it may go better there; nothing was done where an exception comes. */
  private void talkToFirst(List<Endpoint> endpoints, Proxies proxies, Report findings)
      throws IOException {
    for (int i = 0; i < endpoints.size() - 1; i++) {
      try {
        talkTo(endpoints.get(i), proxies, findings);
        return;
      } catch (ConnectFailed | LayerTimedOut | PeerClosed | PeerRefused e) {
        if (e instanceof PeerRefused refused
            && !proxies.to(endpoints.get(i)).isUnreachable(refused)) {
          throw e;
        }
        diagnose(Failure.of(e).message() + "; trying " + endpoints.get(i + 1));
      }
    }
    talkTo(endpoints.get(endpoints.size() - 1), proxies, findings);
  }

  private void talkToEmbedded(Report findings) throws IOException {
    TlsIdentity identity = EmbeddedServer.newIdentity();
    // What is wrong with the options is said before anything is started.
    TlsPolicy policy = tls.policy(identity.chain());
    TlsPolicy serverPolicy = TlsPolicy.server().identity(identity).build();
    try (EmbeddedServer server = startServer(serverPolicy, implicitTls(tls))) {
      findings.target(server.address(), server.name(), true);
      if (!output.json()) {
        out().print(introduction(server.address()));
        out().flush();
      }
      Way way = wayTo(server);
      talk(peer(way, server.address(), server.name(), policy), findings, this::connector);
    }
  }

  private NettyConnector connector(UpgradeObserver observer) {
    return times.connector(threads(), observer);
  }

  private void talk(
      Client.Peer peer, Report findings, Function<UpgradeObserver, NettyConnector> connector)
      throws IOException {
    PrintWriter to = reports() ? out() : err();
    TextReport text = new TextReport(to, diagnostics().paint());
    boolean live = !output.json() && (findings.embedded() || diagnostics().verbose());
    DialogueRecorder recorder =
        new DialogueRecorder(
            peer.way(),
            event -> {
              findings.add(event);
              if (live) {
                text.print(event);
              }
            });
    try (Client client = new Client(peer, times, findings, recorder, connector.apply(recorder))) {
      talk(client);
    } finally {
      if (live && reports() && !findings.dialogue().isEmpty()) {
        to.println();
      }
    }
  }

  /**
   * Says that an opportunistic upgrade came to nothing.
   *
   * @param client who came to talk in plaintext
   * @param why what follows "the server", printable
   */
  protected final void warnOfPlaintext(Client client, String why) {
    diagnose(
        (hasManyTargets() ? client.peer().name() + ": " : "")
            + "warning: the connection is in plaintext, for the server %s: whoever is on the way can read"
                .formatted(why)
            + " and change what goes over it");
  }

  @Override
  protected final void failed(Failure failure) {
    Report findings = report;
    if (findings != null) {
      findings.failed(failure);
      print(findings);
    }
  }

  private void print(Report findings) {
    if (!reports()) {
      return;
    }
    if (output.json()) {
      boolean dialogue = findings.embedded() || diagnostics().verbose();
      JsonReport.pretty(out()).print(findings, output.showCertificates(), dialogue);
    } else {
      new TextReport(out(), diagnostics().paint()).print(findings, output.showCertificates());
    }
  }
}
