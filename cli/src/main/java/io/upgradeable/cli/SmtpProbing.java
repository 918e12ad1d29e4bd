package io.upgradeable.cli;

import io.upgradeable.Connection;
import io.upgradeable.Layer;
import io.upgradeable.negotiation.Negotiation;
import io.upgradeable.smtp.SmtpOpportunisticResult.InPlaintext;
import io.upgradeable.smtp.SmtpOptions;
import io.upgradeable.smtp.SmtpUpgrade;
import io.upgradeable.tls.TlsRequirement;
import java.io.IOException;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** Finds out what a mail server is and offers, and sends nothing. */
final class SmtpProbing {

  private final Client client;
  private final SmtpDialogueOptions dialogue;
  private final Consumer<InPlaintext> warning;

  /**
   * Begins.
   *
   * @param client whom to talk to
   * @param dialogue how, and how far
   * @param warning is told if the dialogue comes to its end in plaintext
   */
  SmtpProbing(Client client, SmtpDialogueOptions dialogue, Consumer<InPlaintext> warning) {
    this.client = client;
    this.dialogue = dialogue;
    this.warning = warning;
  }

  /** How it went, in a sentence. */
  String probe() throws IOException {
    SmtpOptions options = dialogue.options();
    Client.Peer peer = client.peer();
    if (dialogue.isLast(SmtpPhase.CONNECT)) {
      client.connect().close();
      return stopped();
    } else if (peer.implicitTls()) {
      return probe(layer(() -> SmtpUpgrade.overTls(options)).build());
    } else if (dialogue.isLast(SmtpPhase.GREETING) || dialogue.isLast(SmtpPhase.EHLO)) {
      // STARTTLS is never said then, so it does not matter whether it is offered.
      return probe(layer(() -> SmtpUpgrade.opportunistic(options)).target(peer.name()).build());
    } else if (peer.startTls() == TlsRequirement.OPPORTUNISTIC) {
      return probe(
          layer(() -> SmtpUpgrade.opportunistic(options))
              .target(peer.name())
              .tls(peer.policy())
              .tlsRequirement(TlsRequirement.OPPORTUNISTIC)
              .build());
    }
    return probe(
        layer(() -> SmtpUpgrade.startTls(options)).target(peer.name()).tls(peer.policy()).build());
  }

  private <R> Layer.Builder<Optional<R>> layer(Supplier<Negotiation<R>> machine) {
    return Layer.of(dialogue.dialectName(), () -> new SmtpProbe<>(machine.get(), dialogue.last()));
  }

  private <R> String probe(Layer<Optional<R>> layer) throws IOException {
    Layer<Optional<R>> limited = client.limited(layer);
    try (Connection connection = client.connect(limited)) {
      Optional<R> result = connection.result(limited);
      if (result.isEmpty()) {
        return stopped();
      } else if (result.get() instanceof InPlaintext plaintext) {
        warning.accept(plaintext);
        return "ready for mail in plaintext: the server " + SmtpFindings.whyInPlaintext(plaintext);
      }
      return "ready for mail under TLS";
    }
  }

  private String stopped() {
    return "stopped after " + dialogue.last().orElseThrow().what() + ", as asked";
  }
}
