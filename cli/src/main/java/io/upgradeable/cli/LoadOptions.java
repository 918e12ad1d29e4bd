package io.upgradeable.cli;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How often a message is sent. */
final class LoadOptions {

  private static final int MAX_CONNECTIONS = 1000;

  @Option(
      names = "--count",
      paramLabel = "N",
      description =
          "Send the same message so many times, and report rate and latency. --timeout holds for"
              + " each connection's set-up then, and --step-timeout for each reply.")
  private @Nullable Integer count;

  @Option(
      names = "--connections",
      paramLabel = "N",
      description = "With --count: over so many connections at the same time; 1 unless given.")
  private @Nullable Integer connections;

  boolean isGiven() {
    return count != null;
  }

  void check(MailOptions mail, boolean verbose) {
    Integer messages = count;
    Integer lanes = connections;
    if (messages == null) {
      if (lanes != null) {
        throw new UsageException("expected --connections with --count, got --connections alone");
      }
      return;
    }
    if (messages < 1) {
      throw new UsageException("expected at least 1 for --count, got " + messages);
    } else if (lanes != null && (lanes < 1 || lanes > MAX_CONNECTIONS)) {
      throw new UsageException(
          "expected 1 to %d for --connections, got %d".formatted(MAX_CONNECTIONS, lanes));
    } else if (!mail.isGiven()) {
      throw new UsageException("expected mail to send with --count: --from and --to");
    } else if (mail.isFromStdin()) {
      throw new UsageException("expected a file for --message with --count: stdin is read once");
    } else if (verbose) {
      throw new UsageException("expected -v or --count, got both: nobody could read that");
    }
  }

  int count() {
    Integer messages = count;
    return messages == null ? 1 : messages;
  }

  /** No more than there are messages. */
  int connections() {
    Integer lanes = connections;
    return lanes == null ? 1 : Math.min(lanes, count());
  }
}
