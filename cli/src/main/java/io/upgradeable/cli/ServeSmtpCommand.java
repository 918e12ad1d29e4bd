package io.upgradeable.cli;

import io.upgradeable.sasl.SaslUsers;
import io.upgradeable.smtp.ReceivedEnvelope;
import io.upgradeable.smtp.ReceivedPrinter;
import io.upgradeable.smtp.ReceivedSender;
import io.upgradeable.smtp.SmtpDialect;
import io.upgradeable.smtp.SmtpReply;
import io.upgradeable.smtp.SmtpServer;
import io.upgradeable.smtp.SmtpServerFaults;
import io.upgradeable.smtp.SmtpServerHandler;
import io.upgradeable.smtp.SmtpServerLimits;
import io.upgradeable.smtp.SmtpServerPeer;
import io.upgradeable.smtp.SmtpServerSink;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code upgrade-cli serve smtp}: takes mail, and relays none. */
@Command(
    name = "smtp",
    description = {
      "Serve SMTP: takes mail under TLS and prints it. It relays nothing and delivers to nobody.",
      "With --user or --users it takes mail only from who has authenticated.",
      "Prints \"listening on HOST:PORT\" when it is ready, and runs until it is ended with Ctrl-C."
    },
    footer = {
      "%nExamples:",
      "  upgrade-cli serve smtp --self-signed --write-cert /tmp/smtp.pem",
      "  upgrade-cli smtp --cafile /tmp/smtp.pem --from a@example.org \\",
      "    --to b@example.org localhost:2525",
      "  upgrade-cli serve smtp --self-signed --maildir /tmp/mail --max-size 1000000",
      "  upgrade-cli serve smtp --self-signed --fail rcpt=550 --fail dot=delay:5s"
    })
final class ServeSmtpCommand extends ServerCommand {

  /** As test servers have it: 25 is for the system's administrator. */
  private static final int DEFAULT_PORT = 2525;

  @Option(names = "--lmtp", description = "Speak LMTP, not SMTP.")
  private boolean lmtp;

  @Mixin private final MailboxOptions mailbox = new MailboxOptions();

  @Mixin private final UserOptions users = new UserOptions();

  @Option(
      names = "--max-size",
      paramLabel = "BYTES",
      description = "The largest message to take; 10485760 unless given.")
  private long maxSize = SmtpServerLimits.DEFAULTS.messageBytes();

  @Option(
      names = "--fail",
      paramLabel = "PHASE=ACTION",
      description =
          "Do something wrong on purpose at greeting, ehlo, secured-ehlo, starttls, auth, mail,"
              + " rcpt, data, dot, rset or quit: a reply code with or without a text (rcpt=550),"
              + " close, or delay:TIME. hide=KEYWORD does not offer an extension. May be given"
              + " again.")
  private List<String> faults = new ArrayList<>();

  @Override
  protected int defaultPort() {
    return DEFAULT_PORT;
  }

  @Override
  protected boolean isInstead() throws IOException {
    return users.print(out());
  }

  @Override
  protected Running start(Plan plan) throws IOException {
    SmtpServer.Builder builder =
        SmtpServer.builder()
            .listen(plan.endpoint())
            .tls(plan.policy())
            .dialect(lmtp ? SmtpDialect.LMTP : SmtpDialect.SMTP)
            .limits(limits(plan))
            .faults(faults());
    plan.limits().applyTo(builder::maxConnections, builder::maxConnectionsPerAddress);
    builder.layerLimits(plan.limits().layerLimits());
    if (plan.implicitTls()) {
      builder.implicitTls();
    }
    SmtpServerHandler handler = mailbox.handler(this::print);
    plan.log().ifPresent(builder::observer);
    Optional<SaslUsers> known = users.users();
    known.ifPresent(builder::users);
    builder.handler(new Mailbox(handler, known.isPresent(), plan.log()));
    SmtpServer server = builder.start();
    if (!InetAddress.getByName(plan.endpoint().host()).isLoopbackAddress()) {
      diagnose(
          "warning: "
              + server.endpoint()
              + " is no loopback address: whoever reaches it can leave mail here");
    }
    return new Running(
        server.endpoint(),
        server::shutdownAsync,
        () -> {
          server.close();
          close(handler);
        });
  }

  /** Messages that were taken are written to their end. */
  private void close(SmtpServerHandler handler) {
    if (handler instanceof ReceivedPrinter printer) {
      close(printer);
    } else if (handler instanceof AutoCloseable mailbox) {
      try {
        mailbox.close();
      } catch (Exception e) {
        throw new IllegalStateException("a mailbox does not close", e);
      }
    }
  }

  /** A reader of stdout who is slow has as long as one of an {@link AccessLog}. */
  private void close(ReceivedPrinter printer) {
    boolean closed =
        CompletableFuture.supplyAsync(
                () -> {
                  printer.close();
                  return true;
                },
                ServeSmtpCommand::runInBackground)
            .completeOnTimeout(false, AccessLog.PATIENCE.toMillis(), TimeUnit.MILLISECONDS)
            .join();
    if (!closed) {
      giveUpOutput();
    }
  }

  private static void runInBackground(Runnable task) {
    Thread thread = new Thread(task, "upgrade-cli-printer");
    thread.setDaemon(true);
    thread.start();
  }

  /** Decides who may send, tells the log, and leaves the mail to another handler. */
  private record Mailbox(SmtpServerHandler mail, boolean demandsUser, Optional<ConnectionLog> log)
      implements SmtpServerHandler {

    @Override
    public CompletionStage<SmtpReply> onMail(SmtpServerPeer peer, ReceivedSender sender) {
      return demandsUser && peer.user().isEmpty()
          ? SmtpServerHandler.refused(SmtpReply.of(530, "5.7.0 Authentication required"))
          : mail.onMail(peer, sender);
    }

    @Override
    public SmtpServerSink onMessage(ReceivedEnvelope envelope) {
      log.ifPresent(connections -> connections.mail(envelope));
      return mail.onMessage(envelope);
    }
  }

  /** A line of a message; whoever sent it hears that it was accepted after this. */
  private void print(String line) {
    out().println(line);
    if (isOutputLost()) {
      throw new UncheckedIOException(new IOException(OUTPUT_LOST));
    }
  }

  /** Under TLS a command is an awaited message from its first byte; to say nothing is none. */
  private SmtpServerLimits limits(Plan plan) {
    if (maxSize < 1) {
      throw new UsageException("expected at least 1 for --max-size, got " + maxSize);
    }
    SmtpServerLimits usual = SmtpServerLimits.DEFAULTS.withMessageBytes(maxSize);
    return plan.limits()
        .stepTimeout()
        .map(step -> usual.withTimeouts(step, usual.idleTimeout(), usual.messageTimeout()))
        .orElse(usual);
  }

  private SmtpServerFaults faults() {
    try {
      return SmtpServerFaults.parse(faults);
    } catch (IllegalArgumentException e) {
      throw new UsageException("--fail: " + e.getMessage(), e);
    }
  }
}
