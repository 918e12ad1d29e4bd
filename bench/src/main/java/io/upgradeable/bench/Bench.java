package io.upgradeable.bench;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The benchmarks, each a subcommand. */
@Command(
    name = "bench/run",
    description = "Measures a workload and prints a table of it.",
    mixinStandardHelpOptions = true,
    subcommands = {SmtpWorkload.class, StartupWorkload.class})
final class Bench {

  Bench() {}

  /**
   * Runs a workload.
   *
   * @param args its name and options
   */
  public static void main(String[] args) {
    System.exit(new CommandLine(new Bench()).execute(args));
  }
}
