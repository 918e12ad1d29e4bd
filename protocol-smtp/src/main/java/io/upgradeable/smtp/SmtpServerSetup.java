package io.upgradeable.smtp;

import io.upgradeable.sasl.SaslServer;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executor;

/**
 * What all sessions of a server have in common. Immutable.
 *
 * @param options the server's name and dialect, what it offers under TLS, and what goes wrong
 * @param limits what a client may cost
 * @param handler decides and receives
 * @param sasl authenticates, if users are known
 * @param threadsOfAuth check passwords; they may reject
 * @param observer hears what is said
 */
record SmtpServerSetup(
    SmtpServerOptions options,
    SmtpServerLimits limits,
    SmtpServerHandler handler,
    Optional<SaslServer> sasl,
    Executor threadsOfAuth,
    SmtpServerObserver observer) {

  /** The keywords of what is offered under TLS to a client that said EHLO. */
  Set<String> offered() {
    List<String> lines = options.ehloLines(true);
    Set<String> keywords = new LinkedHashSet<>();
    for (String line : lines.subList(1, lines.size())) {
      keywords.add(line.split(" ", 2)[0].toUpperCase(Locale.ROOT));
    }
    return keywords;
  }
}
