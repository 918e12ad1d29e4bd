package io.upgradeable.cli;

import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import picocli.AutoComplete.GenerateCompletion;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.UsageMessageSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** {@code upgrade-cli} itself: puts the commands together. */
@Command(
    name = "upgrade-cli",
    description = "Run, test and serve connections that start in plaintext and turn into TLS.",
    synopsisSubcommandLabel = "COMMAND",
    mixinStandardHelpOptions = true,
    versionProvider = UpgradeCli.Version.class,
    footer = {
      "%nExamples:",
      "  upgrade-cli ping",
      "  upgrade-cli serve ping --self-signed",
      "  upgrade-cli ping --help"
    })
final class UpgradeCli {

  private static final Map<String, Supplier<Object>> COMMANDS = new LinkedHashMap<>();

  static {
    COMMANDS.put("ping", PingCommand::new);
    COMMANDS.put("serve", ServeCommand::new);
    COMMANDS.put("generate-completion", GenerateCompletion::new);
  }

  private UpgradeCli() {}

  /**
   * The command line, to be executed once with the same arguments.
   *
   * @param args the arguments
   * @return prints on stdout and stderr unless told otherwise
   */
  static CommandLine commandLine(String... args) {
    CommandLine commandLine = new CommandLine(new UpgradeCli());
    // Every command takes its time to be read by reflection: only the one that is asked for is.
    boolean named = args.length > 0 && COMMANDS.containsKey(args[0]);
    boolean needsAll = !named || args[0].equals("generate-completion");
    COMMANDS.forEach(
        (name, command) -> {
          if (needsAll || name.equals(args[0])) {
            commandLine.addSubcommand(command.get());
          }
        });
    commandLine.setCaseInsensitiveEnumValuesAllowed(true);
    commandLine.setUsageHelpAutoWidth(true);
    commandLine.setParameterExceptionHandler((e, arguments) -> refuse(e));
    describeExitCodes(commandLine);
    return commandLine;
  }

  /** One line for a command line that cannot be parsed; the whole help for one without command. */
  private static int refuse(ParameterException e) {
    CommandLine command = e.getCommandLine();
    PrintWriter err = command.getErr();
    if (isCommandMissing(e)) {
      command.usage(err);
    } else {
      String name = command.getCommandSpec().qualifiedName();
      String problem = Printable.line(String.valueOf(e.getMessage()));
      err.println(name + ": " + problem + suggestion(e) + "; see " + name + " --help");
    }
    err.flush();
    return ExitCode.USAGE.code();
  }

  private static boolean isCommandMissing(ParameterException e) {
    return e.getClass() == ParameterException.class
        && !e.getCommandLine().getSubcommands().isEmpty();
  }

  private static String suggestion(ParameterException e) {
    List<String> suggestions =
        e instanceof UnmatchedArgumentException unmatched
            ? unmatched.getSuggestions()
            : List.<String>of();
    return suggestions.isEmpty() ? "" : ", did you mean " + suggestions.get(0) + "?";
  }

  /** Says in every command's help what it returns. */
  private static void describeExitCodes(CommandLine command) {
    Map<String, String> codes = new LinkedHashMap<>();
    Object user = command.getCommand();
    for (ExitCode code : ExitCode.values()) {
      if (!(user instanceof BaseCommand base) || base.canEndWith(code)) {
        codes.put("%4d".formatted(code.code()), code.meaning());
      }
    }
    UsageMessageSpec help = command.getCommandSpec().usageMessage();
    help.exitCodeListHeading("%nExit codes:%n").exitCodeList(codes);
    command.getSubcommands().values().forEach(UpgradeCli::describeExitCodes);
  }

  /** The version of the jar. */
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      String version = UpgradeCli.class.getPackage().getImplementationVersion();
      return new String[] {
        "upgrade-cli %s (Java %d)"
            .formatted(version == null ? "unpackaged" : version, Runtime.version().feature())
      };
    }
  }
}
