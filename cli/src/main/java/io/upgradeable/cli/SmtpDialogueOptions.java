package io.upgradeable.cli;

import io.upgradeable.smtp.SmtpDialect;
import io.upgradeable.smtp.SmtpOptions;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How an SMTP client introduces itself, and how far it goes. */
final class SmtpDialogueOptions {

  @Option(
      names = "--helo",
      paramLabel = "NAME",
      description =
          "What to call ourselves in EHLO: a domain, or an address in brackets; [127.0.0.1] unless"
              + " given.")
  private @Nullable String name;

  @Option(
      names = "--lmtp",
      description = "Speak LMTP, by which mail is delivered into mailboxes, not SMTP.")
  private boolean lmtp;

  @Option(
      names = "--stop-after",
      paramLabel = "PHASE",
      converter = WordConverter.StopAfter.class,
      completionCandidates = WordConverter.StopAfter.class,
      description =
          "Say QUIT early: after connect, greeting, ehlo, starttls, auth, mail or rcpt. The last two"
              + " need --from and --to, and send no message.")
  private @Nullable SmtpPhase last;

  SmtpDialect dialect() {
    return lmtp ? SmtpDialect.LMTP : SmtpDialect.SMTP;
  }

  /** Where to stop; empty if nowhere early. */
  Optional<SmtpPhase> last() {
    return Optional.ofNullable(last);
  }

  boolean isLast(SmtpPhase phase) {
    return phase == last;
  }

  /** As the layer is called. */
  String dialectName() {
    return dialect().name().toLowerCase(Locale.ROOT);
  }

  SmtpOptions options() {
    SmtpOptions options = SmtpOptions.DEFAULTS.withDialect(dialect());
    String given = name;
    try {
      return given == null ? options : options.withHeloName(given);
    } catch (IllegalArgumentException e) {
      throw new UsageException("--helo: " + e.getMessage(), e);
    }
  }
}
