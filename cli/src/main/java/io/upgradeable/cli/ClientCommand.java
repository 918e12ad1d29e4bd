package io.upgradeable.cli;

import io.upgradeable.Endpoint;
import io.upgradeable.UpgradeException.ConnectFailed;
import io.upgradeable.UpgradeException.LayerTimedOut;
import io.upgradeable.UpgradeException.PeerClosed;
import io.upgradeable.UpgradeException.PeerRefused;
import io.upgradeable.tls.TlsIdentity;
import io.upgradeable.tls.TlsPolicy;
import java.io.IOException;
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

  /** How many event loops the command keeps busy. */
  protected int threads() {
    return 1;
  }

  @Override
  protected final void execute(Interruption interruption) throws IOException {
    Report findings = new Report(commandLine().getCommandName(), targetText());
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
    int port = defaultPort(tls.implicit());
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
      } catch (ConnectFailed | LayerTimedOut | PeerClosed e) {
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
    try (EmbeddedServer server = startServer(serverPolicy, tls.implicit())) {
      findings.target(server.address(), server.name(), true);
      if (!output.json()) {
        introduce(server.address());
      }
      Way straight = Proxies.NONE.to(server.address());
      talk(straight, server.address(), server.name(), policy, findings);
    }
  }

  private void introduce(Endpoint address) {
    out()
        .printf(
            "No target given: talking to an embedded server on %s, whose throw-away%n"
                + "certificate for localhost is trusted for this run only.%n%n",
            address);
    out().flush();
  }

  private void talk(Way way, Endpoint address, Endpoint name, TlsPolicy policy, Report findings)
      throws IOException {
    Client.Peer peer = new Client.Peer(way, address, name, policy, tls.implicit(), tls.startTls());
    TextReport text = new TextReport(out(), diagnostics().paint());
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
      if (live && !findings.dialogue().isEmpty()) {
        out().println();
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
    if (output.json()) {
      boolean dialogue = findings.embedded() || diagnostics().verbose();
      new JsonReport(out()).print(findings, output.showCertificates(), dialogue);
    } else {
      new TextReport(out(), diagnostics().paint()).print(findings, output.showCertificates());
    }
  }
}
