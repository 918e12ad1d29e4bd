package io.upgradeable.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the program tells of itself. */
class HelpTest {

  @Test
  void noCommand_run_printsHelpAndExits2() {
    Cli run = Cli.run();

    assertThat(run.exitCode()).isEqualTo(2);
    assertThat(run.out()).isEmpty();
    assertThat(run.err()).startsWith("Usage: upgrade-cli ").contains("ping", "serve");
  }

  @Test
  void serveWithoutProtocol_run_printsHelpAndExits2() {
    Cli run = Cli.run("serve");

    assertThat(run.exitCode()).isEqualTo(2);
    assertThat(run.err()).startsWith("Usage: upgrade-cli serve ").contains("ping");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--help",
        "ping --help",
        "smtp --help",
        "ldap --help",
        "connect --help",
        "serve --help",
        "serve ping --help",
        "serve smtp --help",
        "serve ldap --help",
        "serve connect --help"
      })
  void help_askedFor_hasSynopsisExamplesAndExitCodes(String commandLine) {
    Cli run = Cli.run(commandLine.split(" ")).succeeded();

    String command = commandLine.replace("--help", "").trim();
    assertThat(run.out())
        .startsWith(("Usage: upgrade-cli " + command).trim())
        .contains("Exit codes:", "    0   done, and secured as asked", "    2   ", "Examples:");
  }

  @Test
  void pingHelp_askedFor_listsTheCodesThatPingCanReturn() {
    assertThat(Cli.run("ping", "--help").succeeded().out())
        .contains("\n     8   certificate not accepted", "\n    10   plaintext was injected")
        .doesNotContain("\n     5   ");
  }

  @ParameterizedTest
  @CsvSource({
    "--help,                     0 1 2 3 4 5 6 7 8 9 10 11 130",
    "ping --help,                0 1 2 3 4 6 7 8 9 10 11 130",
    "smtp --help,                0 1 2 3 4 5 6 7 8 9 10 11 130",
    "ldap --help,                0 1 2 3 4 5 6 7 8 9 10 11 130",
    "serve --help,               0 1 2 130",
    "serve ping --help,          0 1 2 130",
    "serve smtp --help,          0 1 2 130",
    "serve ldap --help,          0 1 2 130",
    "connect --help,             0 1 2 3 4 6 7 8 9 10 11 130",
    "serve connect --help,       0 1 2 130",
    "generate-completion --help, 0 1 2"
  })
  void help_askedFor_listsTheCodesThatTheCommandCanReturn(String commandLine, String codes) {
    String help = Cli.run(commandLine.split(" ")).succeeded().out();

    assertThat(help.substring(help.indexOf("Exit codes:")).lines().skip(1))
        .filteredOn(line -> line.matches(" *[0-9]+ .*"))
        .extracting(line -> line.trim().replaceAll(" .*", ""))
        .containsExactly(codes.split(" "));
  }

  /** What the terminal's width breaks runs as another command when it is pasted. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "ping",
        "smtp",
        "ldap",
        "connect",
        "serve ping",
        "serve smtp",
        "serve ldap",
        "serve connect"
      })
  void help_askedFor_examplesAreNotBroken(String command) {
    String help = Cli.run((command + " --help").split(" ")).succeeded().out();

    assertThat(help.substring(help.indexOf("Examples:")).lines().skip(1))
        .allMatch(line -> line.startsWith("  ") || line.matches("With .*:"), "whole");
  }

  @ParameterizedTest
  @ValueSource(strings = {"ping", "serve ping"})
  void help_askedFor_passwordOptionsInOrderBehindKey(String command) {
    assertThat(Cli.run((command + " --help").split(" ")).succeeded().out())
        .containsSubsequence(
            "--cert=",
            "--key=",
            "--key-password-env=",
            "--key-password-file=",
            "--key-password-stdin",
            "--tls-min=");
  }

  @Test
  void pingHelp_askedFor_saysThatOpportunisticIsRefused() {
    assertThat(Cli.run("ping", "--help").succeeded().out().replaceAll("\\s+", " "))
        .contains("ping refuses that");
  }

  @Test
  void completion_askedFor_offersLowerCase() {
    assertThat(Cli.run("generate-completion").succeeded().out())
        .contains("required", "opportunistic")
        .doesNotContain("OPPORTUNISTIC", "REQUIRED", "OPENSSL", "JSON", "ALWAYS");
  }

  @Test
  void version_askedFor_named() {
    assertThat(Cli.run("--version").succeeded().out()).startsWith("upgrade-cli ");
    assertThat(Cli.run("ping", "--version").succeeded().out()).startsWith("upgrade-cli ");
  }

  @Test
  void completion_askedFor_knowsCommandsAndOptions() {
    assertThat(Cli.run("generate-completion").succeeded().out())
        .contains("upgrade-cli", "--cafile", "serve", "--self-signed");
  }
}
