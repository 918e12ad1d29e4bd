package io.upgradeable.cli;

import io.upgradeable.Endpoint;
import io.upgradeable.sasl.Secret;
import io.upgradeable.smtp.ReceivedMessages;
import io.upgradeable.smtp.Smtp;
import io.upgradeable.smtp.SmtpDialect;
import io.upgradeable.smtp.SmtpOpportunisticResult.InPlaintext;
import io.upgradeable.smtp.SmtpServer;
import io.upgradeable.smtp.SmtpServerHandler;
import io.upgradeable.tls.TlsPolicy;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code upgrade-cli smtp}: what a mail server is and offers, and mail sent to it. */
@Command(
    name = "smtp",
    description = {
      "Talk to a mail server: greeting, EHLO, STARTTLS, EHLO under TLS, and mail where --from and"
          + " --to are given. Reports what it offers before and under TLS, the TLS, the certificate,"
          + " and what became of the mail for each recipient.",
      "The port is 25 unless given, 465 with --tls, 24 with --lmtp; submission is HOST:587.",
      "Without a target it starts a server of its own, sends it a message, and shows the whole"
          + " dialogue and what the server received."
    },
    footer = {
      "%nExamples:",
      "  upgrade-cli smtp",
      "  upgrade-cli smtp --tls --show-certs",
      "  upgrade-cli smtp --stop-after ehlo --output json",
      "  upgrade-cli smtp --subject Hello --body Hi --count 100 --connections 4",
      "With a server of yours for mail.example.org:",
      "  upgrade-cli smtp -v mail.example.org:587",
      "  upgrade-cli smtp --starttls opportunistic --helo me.example.org \\",
      "    mail.example.org",
      "  upgrade-cli smtp --mx example.org",
      "  upgrade-cli smtp --targets servers.txt --output json",
      "  upgrade-cli smtp --user me mail.example.org:587",
      "  upgrade-cli smtp --stop-after rcpt --from me@example.org \\",
      "    --to you@example.net mail.example.net",
      "With \"upgrade-cli serve smtp --self-signed --write-cert /tmp/smtp.pem\" running:",
      "  upgrade-cli smtp --cafile /tmp/smtp.pem --from me@example.org \\",
      "    --to you@example.org localhost:2525"
    })
final class SmtpCommand extends ClientCommand {

  @Mixin private final SmtpDialogueOptions dialogue = new SmtpDialogueOptions();
  @Mixin private final MxOptions exchangers = new MxOptions();
  @Mixin private final AuthOptions auth = new AuthOptions();
  @Mixin private final MailOptions mail = new MailOptions();
  @Mixin private final LoadOptions load = new LoadOptions();

  /** What the embedded server took. */
  private final ReceivedMessages received = new ReceivedMessages();

  private Optional<Mail> prepared = Optional.empty();

  @Override
  protected int defaultPort(boolean implicitTls) {
    if (dialogue.dialect() == SmtpDialect.LMTP) {
      return Smtp.LMTP_PORT;
    }
    return implicitTls ? Smtp.SUBMISSIONS_PORT : Smtp.RELAY_PORT;
  }

  @Override
  protected boolean findsTargets() {
    return exchangers.isGiven();
  }

  @Override
  protected String targetText() {
    return exchangers.isGiven() ? exchangers.text() : super.targetText();
  }

  @Override
  protected List<Endpoint> findTargets(int defaultPort) throws IOException {
    return exchangers.find(defaultPort);
  }

  @Override
  protected int threads() {
    return Math.min(load.connections(), Runtime.getRuntime().availableProcessors());
  }

  @Override
  protected boolean canEndWith(ExitCode code) {
    return true;
  }

  @Override
  protected void check(TlsOptions options) throws IOException {
    // What is wrong with any option is said before anything is started.
    dialogue.options();
    exchangers.check();
    checkPhase(options);
    checkAuth(options);
    if (isEmbedded() && dialogue.last().map(SmtpPhase::needsMail).orElse(true)) {
      mail.demonstrate();
    }
    if (hasManyTargets() && mail.isGiven()) {
      throw new UsageException("expected one target for mail, got several");
    }
    load.check(mail, diagnostics().verbose());
    if (mail.isGiven()) {
      prepared = Optional.of(mail.prepare());
    }
  }

  private void checkPhase(TlsOptions options) {
    boolean stops = dialogue.last().isPresent();
    boolean needsMail = dialogue.last().filter(SmtpPhase::needsMail).isPresent();
    if (stops && load.isGiven()) {
      throw new UsageException("expected --stop-after, or --count, got both");
    } else if (needsMail && !mail.isGiven() && !isEmbedded()) {
      throw new UsageException("expected --from and --to with --stop-after mail and rcpt");
    } else if (stops && !needsMail && mail.isGiven()) {
      throw new UsageException(
          "expected --stop-after something of a message, or no mail to send, got both");
    } else if (options.implicit() && dialogue.isLast(SmtpPhase.STARTTLS)) {
      throw new UsageException(
          "--stop-after starttls makes no sense with --tls: there is no STARTTLS then");
    } else if (dialogue.isLast(SmtpPhase.AUTH) && !auth.isGiven()) {
      throw new UsageException("expected --user with --stop-after auth");
    } else if (auth.isGiven() && stops && !needsMail && !dialogue.isLast(SmtpPhase.AUTH)) {
      throw new UsageException("expected --user, or --stop-after something before, got both");
    }
  }

  private void checkAuth(TlsOptions options) {
    auth.check();
    if (auth.isGiven() && isEmbedded()) {
      throw new UsageException("expected a target with --user: the embedded server knows nobody");
    } else if (auth.isGiven()) {
      auth.checkDiscretion(options);
    }
  }

  @Override
  protected EmbeddedServer startServer(TlsPolicy policy, boolean implicitTls) throws IOException {
    SmtpServer.Builder builder =
        SmtpServer.builder()
            .listen(EmbeddedServer.LOOPBACK)
            .threads(1)
            .tls(policy)
            .dialect(dialogue.dialect())
            .handler(load.isGiven() ? SmtpServerHandler.discarding() : received);
    if (implicitTls) {
      builder.implicitTls();
    }
    SmtpServer server = builder.start();
    return new EmbeddedServer(server.endpoint(), server::close);
  }

  @Override
  protected void keepSecrets() throws IOException {
    if (auth.isGiven()) {
      auth.keepSecret();
      try (Secret secret = auth.secret()) {
        auth.credentials(secret); // A bad one is refused once, not by each target.
      }
    }
  }

  @Override
  protected void forgetSecrets() {
    auth.forgetSecret();
  }

  @Override
  protected void talk(Client client) throws IOException {
    SmtpFindings findings = new SmtpFindings(dialogue.dialect());
    Consumer<InPlaintext> warning =
        plaintext -> warnOfPlaintext(client, SmtpFindings.whyInPlaintext(plaintext));
    SmtpMailer mailer = new SmtpMailer(client, dialogue.options(), auth, warning);
    try {
      if (prepared.isPresent() && dialogue.last().isPresent()) {
        SmtpPhase last = dialogue.last().get();
        mailer.probe(prepared.get(), last, report -> findings.probed(report, last));
      } else if (prepared.isPresent()) {
        send(mailer, prepared.get(), findings);
      } else if (auth.isGiven()) {
        mailer.signIn(() -> findings.sentence("authenticated, and ready for mail"));
      } else {
        findings.sentence(new SmtpProbing(client, dialogue, warning).probe());
      }
    } catch (InterruptedIOException e) {
      throw new CommandFailedException(findings.interrupted(Failure.of(e)));
    } finally {
      mailer.mechanism().ifPresent(findings::authenticated);
      client.report().protocol(findings.facts(client.report())); // as far as it came
    }
    Optional<Failure> failure = findings.failure();
    if (failure.isPresent()) {
      throw new CommandFailedException(failure.get());
    }
  }

  private void send(SmtpMailer mailer, Mail ready, SmtpFindings findings) throws IOException {
    if (load.isGiven()) {
      LoadFacts facts = new LoadFacts(load.count(), load.connections());
      findings.load(facts);
      mailer.sendMany(ready, load, facts);
    } else {
      mailer.send(ready, findings::delivered);
    }
    findings.received(received.list());
  }
}
