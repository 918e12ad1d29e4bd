package io.upgradeable.cli;

import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.AutoComplete.GenerateCompletion;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.UsageMessageSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.RunLast;
import picocli.CommandLine.UnmatchedArgumentException;

/** {@code upgrade-cli} itself: puts the commands together. */
@Command(
    name = Invocation.PROGRAM,
    description = "Run, test and serve connections that start in plaintext and turn into TLS.",
    synopsisSubcommandLabel = "COMMAND",
    mixinStandardHelpOptions = true,
    versionProvider = UpgradeCli.Version.class,
    footer = {
      "%nExamples:",
      "  upgrade-cli ping",
      "  upgrade-cli smtp",
      "  upgrade-cli ldap",
      "  upgrade-cli connect",
      "  upgrade-cli serve ping --self-signed",
      "  upgrade-cli ping --help"
    })
final class UpgradeCli {

  private static final String COMPLETION = "generate-completion";

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
    String asked = args.length > 0 ? args[0] : "";
    boolean needsAll = !isCommand(asked) || asked.equals(COMPLETION);
    for (String name : Commands.NAMES) {
      if (name.indexOf(' ') < 0 && (needsAll || name.equals(asked))) {
        commandLine.addSubcommand(Commands.create(name).orElseThrow());
      }
    }
    if (needsAll || asked.equals(Commands.SERVE)) {
      commandLine.addSubcommand(new ServeCommand());
    }
    if (needsAll) {
      commandLine.addSubcommand(new GenerateCompletion());
    }
    commandLine.setExecutionStrategy(UpgradeCli::execute);
    commandLine.setParameterExceptionHandler((e, arguments) -> refuse(e));
    commandLine.setExecutionExceptionHandler((e, command, arguments) -> fail(e, command));
    CommandLine completion = commandLine.getSubcommands().get(COMPLETION);
    if (completion != null) {
      // picocli forgives a help command whatever stands behind it.
      completion.getCommandSpec().helpCommand(false);
    }
    describeExitCodes(commandLine);
    return commandLine;
  }

  private static boolean isCommand(String word) {
    return (Commands.isWord(word) && Commands.NAMES.contains(word))
        || word.equals(Commands.SERVE)
        || word.equals(COMPLETION);
  }

  private static int execute(ParseResult line) {
    ParseResult last = line;
    while (last.hasSubcommand()) {
      last = last.subcommand();
    }
    CommandSpec spec = last.commandSpec();
    if (spec.userObject() instanceof BaseCommand command) {
      List<String> secrets =
          last.matchedOptions().stream()
              .map(OptionSpec::longestName)
              .filter(option -> option.endsWith(SecretOption.STDIN))
              .toList();
      CommandLine called = spec.commandLine();
      command.begin(
          new Invocation(spec.qualifiedName(), secrets, called.getOut(), called.getErr()));
    }
    return new RunLast().execute(line);
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

  /** One line for a bug that shows outside of where a command expects failures. */
  private static int fail(Exception e, CommandLine command) {
    Failure failure = Failure.of(e);
    if (command.getCommand() instanceof BaseCommand base) {
      return base.tell(failure).code();
    }
    command.getErr().println(command.getCommandSpec().qualifiedName() + ": " + failure.message());
    command.getErr().flush();
    return failure.exitCode().code();
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
    for (ExitCode code : ExitCode.values()) {
      if (canEndWith(command, code)) {
        String digits = String.valueOf(code.code());
        codes.put(" ".repeat(4 - digits.length()) + digits, code.meaning());
      }
    }
    UsageMessageSpec help = command.getCommandSpec().usageMessage();
    help.exitCodeListHeading("%nExit codes:%n").exitCodeList(codes);
    command.getSubcommands().values().forEach(UpgradeCli::describeExitCodes);
  }

  private static boolean canEndWith(CommandLine command, ExitCode code) {
    if (command.getCommand() instanceof BaseCommand base) {
      return base.canEndWith(code);
    }
    boolean always = code == ExitCode.OK || code == ExitCode.OTHER || code == ExitCode.USAGE;
    return always
        || command.getSubcommands().values().stream().anyMatch(each -> canEndWith(each, code));
  }

  /** The version of the jar. */
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {Program.version()};
    }
  }
}
