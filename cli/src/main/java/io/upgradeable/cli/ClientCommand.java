package io.upgradeable.cli;

import io.upgradeable.Endpoint;
import io.upgradeable.UpgradeException.ConnectFailed;
import io.upgradeable.UpgradeException.LayerTimedOut;
import io.upgradeable.UpgradeException.PeerClosed;
import io.upgradeable.UpgradeException.PeerRefused;
import io.upgradeable.tls.TlsIdentity;
import io.upgradeable.tls.TlsPolicy;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;

/**
 * A command that connects to a target, or to an embedded server of its own, and reports. A subclass
 * knows the protocol.
 */
abstract class ClientCommand extends BaseCommand {

  @Mixin private final TargetOption target = new TargetOption();
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
    Report findings = new Report(invocation().command(), targetText());
    report = findings;
    check(tls);
    if (tls.insecure()) {
      diagnose("warning: --insecure accepts any certificate: anybody may be at the other end");
    }
    if (isEmbedded() && via.isGiven()) {
      throw new UsageException(
          "expected a target with --via or --proxy-env: no proxy leads to the embedded server");
    }
    try (Proxies proxies = via.open(this::diagnose)) {
      talk(proxies, findings);
    } catch (PeerRefused e) {
      throw via.explained(e);
    }
    print(findings);
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
    talk(proxies.to(endpoint), endpoint, endpoint, tls.policy(List.of()), findings);
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
      talk(wayTo(server), server.address(), server.name(), policy, findings);
    }
  }

  private void talk(Way way, Endpoint address, Endpoint name, TlsPolicy policy, Report findings)
      throws IOException {
    Client.Peer peer =
        new Client.Peer(way, address, name, policy, implicitTls(tls), tls.startTls());
    PrintWriter to = reports() ? out() : err();
    TextReport text = new TextReport(to, diagnostics().paint());
    boolean live = !output.json() && (findings.embedded() || diagnostics().verbose());
    DialogueRecorder recorder =
        new DialogueRecorder(
            way,
            event -> {
              findings.add(event);
              if (live) {
                text.print(event);
              }
            });
    try (Client client = new Client(peer, times, findings, recorder, threads())) {
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
   * @param why what follows "the server", printable
   */
  protected final void warnOfPlaintext(String why) {
    diagnose(
        "warning: the connection is in plaintext, for the server %s: whoever is on the way can read"
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
      new JsonReport(out()).print(findings, output.showCertificates(), dialogue);
    } else {
      new TextReport(out(), diagnostics().paint()).print(findings, output.showCertificates());
    }
  }
}
