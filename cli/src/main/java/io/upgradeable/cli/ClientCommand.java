package io.upgradeable.cli;

import io.upgradeable.Endpoint;
import io.upgradeable.Layer;
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
  @Mixin private final TlsOptions tls = new TlsOptions();
  @Mixin private final TimeOptions times = new TimeOptions();
  @Mixin private final OutputOptions output = new OutputOptions();

  private @Nullable Report report;

  /** The port of a target that names none. */
  protected abstract int defaultPort();

  /** Refuses options that make no sense for the protocol. */
  protected abstract void check(TlsOptions options);

  /** The embedded server's layers. */
  protected abstract List<Layer<?>> serverLayers(TlsPolicy policy, boolean implicitTls);

  /** Connects and does what the command is for. */
  protected abstract void talk(Client client) throws IOException;

  @Override
  protected final void execute(Interruption interruption) throws IOException {
    Report findings = new Report(commandLine().getCommandName(), target.text());
    report = findings;
    check(tls);
    if (tls.insecure()) {
      diagnose("warning: --insecure accepts any certificate: anybody may be at the other end");
    }
    if (target.isGiven()) {
      Endpoint endpoint = target.endpoint(defaultPort());
      findings.target(endpoint, endpoint, false);
      talk(endpoint, endpoint, tls.policy(List.of()), findings);
    } else {
      talkToEmbedded(findings);
    }
    print(findings);
  }

  private void talkToEmbedded(Report findings) throws IOException {
    TlsIdentity identity = EmbeddedServer.newIdentity();
    // What is wrong with the options is said before anything is started.
    TlsPolicy policy = tls.policy(identity.chain());
    TlsPolicy serverPolicy = TlsPolicy.server().identity(identity).build();
    try (EmbeddedServer server = EmbeddedServer.start(serverLayers(serverPolicy, tls.implicit()))) {
      findings.target(server.address(), server.name(), true);
      if (!output.json()) {
        introduce(server.address());
      }
      talk(server.address(), server.name(), policy, findings);
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

  private void talk(Endpoint address, Endpoint name, TlsPolicy policy, Report findings)
      throws IOException {
    Client.Peer peer = new Client.Peer(address, name, policy, tls.implicit());
    TextReport text = new TextReport(out(), diagnostics().paint());
    boolean live = !output.json() && (findings.embedded() || diagnostics().verbose());
    DialogueRecorder recorder =
        new DialogueRecorder(
            event -> {
              findings.add(event);
              if (live) {
                text.print(event);
              }
            });
    try (Client client = new Client(peer, times, findings, recorder)) {
      talk(client);
    } finally {
      if (live && !findings.dialogue().isEmpty()) {
        out().println();
      }
    }
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
