package io.upgradeable.cli;

import io.upgradeable.Endpoint;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Where a client command connects. */
final class TargetOptions {

  private static final int MOST_AT_ONCE = 256;

  @Parameters(
      arity = "0..1",
      paramLabel = "HOST[:PORT]",
      description =
          "Where to connect; an IPv6 address stands in brackets. Several get a line each, as they"
              + " are done, or with --output json a document in one line each. Without one the"
              + " command talks to an embedded server of its own.")
  private List<String> texts = new ArrayList<>();

  @Option(
      names = "--targets",
      paramLabel = "FILE",
      description =
          "Connect to the targets of this file too, one a line; - for stdin. Empty lines and those"
              + " that begin with # do not count. With several targets the exit code is 0 if all went"
              + " well, the code that all failures share, or else 1.")
  private @Nullable String file;

  @Option(
      names = "--at-once",
      paramLabel = "N",
      description =
          "With several targets: talk to so many at the same time, at most 256; 16"
              + " unless given.")
  private @Nullable Integer atOnce;

  boolean isGiven() {
    return file != null || !texts.isEmpty();
  }

  /** Whether there may be more than one target: each gets one line then. */
  boolean areMany() {
    return file != null || texts.size() > 1;
  }

  /** What the user typed for the only target. */
  String text() {
    return texts.isEmpty() ? "" : texts.get(0);
  }

  Endpoint endpoint(int defaultPort) {
    return endpoint(text(), defaultPort);
  }

  /** How many targets to talk to at the same time. */
  int atOnce() {
    Integer given = atOnce;
    return given == null ? 16 : given;
  }

  /**
   * Refuses what makes no sense.
   *
   * @param secretsOnStdin the options that were given and take a secret from stdin
   */
  void check(List<String> secretsOnStdin) {
    Integer given = atOnce;
    if (given != null && !areMany()) {
      throw new UsageException("expected --at-once with several targets");
    } else if (given != null && (given < 1 || given > MOST_AT_ONCE)) {
      throw new UsageException(
          "expected 1 to %d for --at-once, got %d".formatted(MOST_AT_ONCE, given));
    } else if (TargetFile.STDIN.equals(file) && !secretsOnStdin.isEmpty()) {
      throw new UsageException(
          "expected %s or --targets -, got both".formatted(secretsOnStdin.get(0)));
    }
  }

  /**
   * All targets, one after the other: those of the command line, which are checked at once, and
   * then those of the file, which are read when they are asked for.
   *
   * @param defaultPort the port of a target that names none; negative if it must name one
   * @return to be closed
   */
  Targets open(int defaultPort) {
    List<Endpoint> typed = texts.stream().map(text -> endpoint(text, defaultPort)).toList();
    return new Targets(
        typed, Optional.ofNullable(file).map(name -> TargetFile.open(name, defaultPort)));
  }

  /** Reads one target. */
  static Endpoint endpoint(String text, int defaultPort) {
    try {
      Endpoint endpoint = Endpoint.parse(text, defaultPort);
      if (endpoint.port() == 0) {
        throw new UsageException("expected a port from 1 to 65535, got '" + text + "'");
      }
      return endpoint;
    } catch (UsageException e) {
      throw e;
    } catch (IllegalArgumentException e) {
      throw new UsageException(String.valueOf(e.getMessage()), e);
    }
  }
}
