package io.upgradeable.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
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
  @ValueSource(strings = {"--help", "ping --help", "serve --help", "serve ping --help"})
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
        .doesNotContain("\n     6   ");
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
