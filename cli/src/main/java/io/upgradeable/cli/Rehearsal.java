package io.upgradeable.cli;

import java.util.List;

/**
 * Runs what most starts have in common and ends, so that a JVM that was told to ({@code
 * -XX:ArchiveClassesAtExit}) archives the classes that it took. Whether the commands succeed does
 * not matter.
 */
final class Rehearsal {

  private static final List<String> COMMAND_LINES =
      List.of(
          "ping",
          "ping --engine jdk",
          "smtp",
          "smtp --output json",
          "smtp --no-such-option",
          "ldap",
          "connect",
          "serve smtp --help",
          "--help");

  private Rehearsal() {}

  public static void main(String[] args) {
    NettySettings.apply();
    for (String line : COMMAND_LINES) {
      String[] words = line.split(" ");
      UpgradeCli.commandLine(words).execute(words);
    }
    System.exit(ExitCode.OK.code());
  }
}
