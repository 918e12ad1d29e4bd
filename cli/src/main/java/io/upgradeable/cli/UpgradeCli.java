package io.upgradeable.cli;

import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.AutoComplete.GenerateCompletion;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.UsageMessageSpec;
import picocli.CommandLine.ParameterException;

/** {@code upgrade-cli} itself: puts the commands together. */
@Command(
    name = "upgrade-cli",
    description = "Run, test and serve connections that start in plaintext and turn into TLS.",
    synopsisSubcommandLabel = "COMMAND",
    mixinStandardHelpOptions = true,
    subcommands = {PingCommand.class, ServeCommand.class, GenerateCompletion.class},
    versionProvider = UpgradeCli.Version.class,
    footer = {
      "%nExamples:",
      "  upgrade-cli ping",
      "  upgrade-cli serve ping --self-signed",
      "  upgrade-cli ping --help"
    })
final class UpgradeCli {

  private UpgradeCli() {}

  /**
   * The command line, to be executed once.
   *
   * @return prints on stdout and stderr unless told otherwise
   */
  static CommandLine commandLine() {
    CommandLine commandLine = new CommandLine(new UpgradeCli());
    commandLine.setCaseInsensitiveEnumValuesAllowed(true);
    commandLine.setUsageHelpAutoWidth(true);
    commandLine.setParameterExceptionHandler((e, args) -> refuse(e));
    describe(commandLine);
    return commandLine;
  }

  /** One line for a command line that cannot be parsed; the whole help for one without command. */
  private static int refuse(ParameterException e) {
    CommandLine command = e.getCommandLine();
    PrintWriter err = command.getErr();
    boolean commandMissing =
        !command.getSubcommands().isEmpty() && command.getParseResult().originalArgs().isEmpty();
    if (commandMissing) {
      command.usage(err);
    } else {
      String name = command.getCommandSpec().qualifiedName();
      err.println(
          name
              + ": "
              + Printable.line(String.valueOf(e.getMessage()))
              + "; see "
              + name
              + " --help");
    }
    err.flush();
    return ExitCode.USAGE.code();
  }

  /** Says in every command's help what it returns. */
  private static void describe(CommandLine command) {
    Map<String, String> codes = new LinkedHashMap<>();
    for (ExitCode code : ExitCode.values()) {
      codes.put(" " + code.code(), code.meaning());
    }
    UsageMessageSpec help = command.getCommandSpec().usageMessage();
    help.exitCodeListHeading("%nExit codes:%n").exitCodeList(codes);
    command.getSubcommands().values().forEach(UpgradeCli::describe);
  }

  /** The version of the jar. */
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      String version = UpgradeCli.class.getPackage().getImplementationVersion();
      return new String[] {
        "upgrade-cli %s (Java %s)"
            .formatted(version == null ? "unpackaged" : version, Runtime.version().feature())
      };
    }
  }
}
