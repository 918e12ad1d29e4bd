package io.upgradeable.cli;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How much a command tells, and how it looks. */
final class DiagnosticOptions {

  /** When to use colour. */
  enum Color {
    AUTO,
    ALWAYS,
    NEVER
  }

  @Option(
      names = {"-v", "--verbose"},
      description = "Tell more: a client prints the dialogue, a server each connection.")
  private boolean verbose;

  @Option(
      names = "--color",
      paramLabel = "WHEN",
      converter = WordConverter.Color.class,
      completionCandidates = WordConverter.Color.class,
      description = "auto, always or never. auto means on a terminal, unless NO_COLOR is set.")
  private Color color = Color.AUTO;

  @Option(names = "--stacktrace", description = "Print the stack trace of a failure as well.")
  private boolean stackTrace;

  private @Nullable Paint paint;

  boolean verbose() {
    return verbose;
  }

  boolean stackTrace() {
    return stackTrace;
  }

  /** Finds out once: it asks the system. */
  synchronized Paint paint() {
    if (paint == null) {
      paint =
          new Paint(
              switch (color) {
                case ALWAYS -> true;
                case NEVER -> false;
                case AUTO -> Terminal.hasColours();
              });
    }
    return paint;
  }
}
