package io.upgradeable.cli;

import io.upgradeable.smtp.Envelope;
import io.upgradeable.smtp.MailContent;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The mail to send: from whom, to whom, and what. */
final class MailOptions {

  private static final String FROM = "--from";
  private static final String STDIN = "-";
  private static final String NULL_SENDER = "<>";

  @Option(
      names = FROM,
      paramLabel = "ADDR",
      description =
          "Send mail from this address, as in bob@example.org or \"Bob <bob@example.org>\"; \"<>\""
              + " for none, with --message.")
  private @Nullable String from;

  @Option(
      names = "--to",
      paramLabel = "ADDR",
      description = "To whom; a list has commas. May be given again, as may the next two.")
  private List<String> to = new ArrayList<>();

  @Option(names = "--cc", paramLabel = "ADDR", description = "To whom a copy goes.")
  private List<String> cc = new ArrayList<>();

  @Option(
      names = "--bcc",
      paramLabel = "ADDR",
      description = "To whom a copy goes that the others do not see.")
  private List<String> bcc = new ArrayList<>();

  @Option(
      names = "--subject",
      paramLabel = "TEXT",
      description = "What the mail is about; \"upgrade-cli test\" unless given.")
  private @Nullable String subject;

  @Option(names = "--body", paramLabel = "TEXT", description = "The mail's text.")
  private @Nullable String body;

  @Option(
      names = "--body-file",
      paramLabel = "FILE",
      description = "A file with the mail's text in UTF-8.")
  private @Nullable Path bodyFile;

  @Option(
      names = "--attach",
      paramLabel = "FILE",
      description = "A file to go with the text. May be given again.")
  private List<Path> attachments = new ArrayList<>();

  @Option(
      names = "--message",
      paramLabel = "FILE",
      description =
          "Send this file as it is: a whole message with its header (RFC 5322); - for stdin.")
  private @Nullable String message;

  /** Makes up who writes to whom, for a server that delivers to nobody. */
  void demonstrate() {
    from = from == null ? "alice@example.org" : from;
    if (to.isEmpty() && cc.isEmpty() && bcc.isEmpty()) {
      to.add("bob@example.org");
    }
  }

  /** Whether there is mail to send. */
  boolean isGiven() {
    return from != null
        || !to.isEmpty()
        || !cc.isEmpty()
        || !bcc.isEmpty()
        || message != null
        || isComposed();
  }

  private boolean isComposed() {
    return subject != null || body != null || bodyFile != null || !attachments.isEmpty();
  }

  /** Whether the message can be read once only. */
  boolean isFromStdin() {
    return STDIN.equals(message);
  }

  /**
   * Makes the mail.
   *
   * @return ready to be sent; a file that is a whole message is read only then
   * @throws UsageException if an option is missing or too many, or a file cannot be used
   */
  Mail prepare() throws IOException {
    check();
    return new Mail(envelope(), content());
  }

  private Envelope envelope() {
    Envelope.Builder envelope = Envelope.builder();
    sender().ifPresent(address -> envelope.from(address.mailbox()));
    recipients().forEach(address -> envelope.to(address.mailbox()));
    return envelope.build();
  }

  private void check() {
    if (from == null || recipients().isEmpty()) {
      throw new UsageException(
          "expected --from and --to to send mail, got no "
              + (from == null ? FROM : "--to, --cc or --bcc"));
    } else if (message != null && isComposed()) {
      throw new UsageException(
          "expected --message, or --subject, --body, --body-file and --attach, got both");
    } else if (body != null && bodyFile != null) {
      throw new UsageException("expected --body or --body-file, got both");
    } else if (message == null && sender().isEmpty()) {
      throw new UsageException("expected --message with --from \"<>\": such mail has no author");
    }
  }

  /** Empty for a mail that nobody wants to hear of, such as a bounce. */
  private Optional<MailAddress> sender() {
    return NULL_SENDER.equals(from)
        ? Optional.empty()
        : Optional.ofNullable(from).map(text -> MailAddress.parse(FROM, text));
  }

  private List<MailAddress> recipients() {
    List<MailAddress> all = new ArrayList<>(MailAddress.parseAll("--to", to));
    all.addAll(MailAddress.parseAll("--cc", cc));
    all.addAll(MailAddress.parseAll("--bcc", bcc));
    return all;
  }

  private MailContent content() throws IOException {
    String file = message;
    if (isFromStdin()) {
      return MailContent.ofStream(System.in);
    } else if (file != null) {
      return MailContent.of(readable("--message", Path.of(file)));
    }
    return new MailComposer(
            new MailComposer.Header(
                sender().orElseThrow(),
                MailAddress.parseAll("--to", to),
                MailAddress.parseAll("--cc", cc),
                subject == null ? "upgrade-cli test" : subject),
            text(),
            attachments.stream().map(path -> readable("--attach", path)).toList())
        .compose();
  }

  private String text() {
    Path file = bodyFile;
    if (file == null) {
      return body == null ? "Sent by upgrade-cli smtp.\n" : body;
    }
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UsageException(
          "cannot read --body-file %s: %s".formatted(file, FileProblem.why(file, e)), e);
    }
  }

  private static Path readable(String option, Path file) {
    try {
      Files.newInputStream(file).close();
      if (Files.isDirectory(file)) {
        throw new IOException();
      }
      return file;
    } catch (IOException e) {
      throw new UsageException(
          "cannot read %s %s: %s".formatted(option, file, FileProblem.why(file, e)), e);
    }
  }
}
