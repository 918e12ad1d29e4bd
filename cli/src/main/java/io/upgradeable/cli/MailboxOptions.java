package io.upgradeable.cli;

import io.upgradeable.smtp.ReceivedMaildir;
import io.upgradeable.smtp.ReceivedPrinter;
import io.upgradeable.smtp.SmtpServerHandler;
import java.io.IOException;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where a server's mail goes. */
final class MailboxOptions {

  private static final String SERVER_NAME = "localhost";

  @Option(
      names = "--to-stdout",
      description = "Print each message, escaped, up to 64 KiB; this is the default.")
  private boolean toStdout;

  @Option(
      names = "--maildir",
      paramLabel = "DIR",
      description =
          "Put each message into a file in this Maildir, which is made if it is not there.")
  private @Nullable Path maildir;

  @Option(names = "--discard", description = "Accept all messages and keep none.")
  private boolean discard;

  private int given() {
    return (toStdout ? 1 : 0) + (maildir == null ? 0 : 1) + (discard ? 1 : 0);
  }

  /**
   * Who takes the mail.
   *
   * @param lines is told each message line by line, if that is what the user wants
   */
  SmtpServerHandler handler(Consumer<String> lines) {
    if (given() > 1) {
      throw new UsageException("expected one of --to-stdout, --maildir and --discard, got more");
    } else if (discard) {
      return SmtpServerHandler.discarding();
    }
    Path directory = maildir;
    return directory == null ? new ReceivedPrinter(lines) : keeping(directory);
  }

  private static SmtpServerHandler keeping(Path directory) {
    try {
      return ReceivedMaildir.open(directory, SERVER_NAME);
    } catch (IOException e) {
      throw new UsageException(
          "cannot make the Maildir %s: %s".formatted(directory, FileProblem.why(directory, e)), e);
    }
  }
}
