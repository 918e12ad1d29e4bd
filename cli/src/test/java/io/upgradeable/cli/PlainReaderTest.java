package io.upgradeable.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParseResult;

/** The reader of plain forms understands a command line as picocli does, or leaves it to it. */
class PlainReaderTest {

  private static final List<String> ODD_VALUES =
      List.of(
          "",
          " ",
          "-",
          "--",
          "-v",
          "--tls",
          "-x",
          "@file",
          "'q'",
          "\"q",
          "a\"b",
          "a=b",
          "a,b",
          ",a",
          "a,",
          "a,,b",
          "a\\,b",
          "0",
          "-1",
          "+1",
          "007",
          "0x1F",
          "1e3",
          "2147483648",
          "99999999999999999999",
          "1.2",
          "5s",
          "JSON",
          "ping",
          "a b",
          "a\tb",
          "a\nb",
          "ä",
          "#a");

  static List<String> names() {
    return Commands.NAMES;
  }

  /** What picocli makes of the arguments behind the command's name; it can be asked again. */
  private static final class Judge {

    private final String name;
    private final CommandLine program;

    Judge(String name) {
      this.name = name;
      this.program = UpgradeCli.commandLine();
    }

    Optional<String> parse(String... args) {
      try {
        ParseResult result = program.parseArgs(args);
        while (result.hasSubcommand()) {
          result = result.subcommand();
        }
        assertThat(result.commandSpec().qualifiedName()).isEqualTo("upgrade-cli " + name);
        List<String> secrets =
            result.matchedOptions().stream()
                .map(OptionSpec::longestName)
                .filter(option -> option.endsWith("-stdin"))
                .toList();
        boolean answers = result.isUsageHelpRequested() || result.isVersionHelpRequested();
        return answers
            ? Optional.empty()
            : Optional.of(values(result.commandSpec().userObject()) + secrets);
      } catch (ParameterException refused) {
        return Optional.empty();
      }
    }

    List<OptionSpec> options() {
      return commandOf(program, name).getCommandSpec().options();
    }
  }

  /** The values of all options, by the fields that hold them. */
  private static String values(Object holder) {
    Map<String, String> values = new TreeMap<>();
    collect(holder, "", values);
    return values.toString();
  }

  private static void collect(Object holder, String way, Map<String, String> values) {
    for (Class<?> type = holder.getClass(); type != Object.class; type = type.getSuperclass()) {
      for (Field field : type.getDeclaredFields()) {
        String name = way + "/" + type.getSimpleName() + "." + field.getName();
        if (field.isAnnotationPresent(Mixin.class)) {
          collect(valueOf(field, holder), name, values);
        } else if (field.isAnnotationPresent(Option.class)
            || field.isAnnotationPresent(Parameters.class)) {
          values.put(name, "<" + valueOf(field, holder) + ">");
        }
      }
    }
  }

  private static Object valueOf(Field field, Object holder) {
    try {
      field.setAccessible(true);
      return field.get(holder);
    } catch (IllegalAccessException e) {
      throw new AssertionError(e);
    }
  }

  private static CommandLine commandOf(CommandLine program, String name) {
    CommandLine command = program;
    for (String word : name.split(" ", -1)) {
      command = Optional.ofNullable(command.getSubcommands().get(word)).orElseThrow();
    }
    return command;
  }

  private static String[] line(String name, String... more) {
    List<String> words = new ArrayList<>(List.of(name.split(" ", -1)));
    words.addAll(List.of(more));
    return words.toArray(String[]::new);
  }

  /** Whether the reader took it; it had to agree with picocli then. */
  private static boolean isTaken(Judge judge, String... args) {
    Optional<String> read =
        PlainReader.read(args).map(reading -> values(reading.command()) + reading.secretsOnStdin());
    assertThat(read.isEmpty() || read.equals(judge.parse(args)))
        .as("%s is read as %s, by picocli as %s", Arrays.toString(args), read, judge.parse(args))
        .isTrue();
    return read.isPresent();
  }

  /** One that the option takes; each option has one. */
  private static String goodValue(ArgSpec option) {
    Iterable<String> words = option.completionCandidates();
    return switch (option.paramLabel()) {
      case "TIME" -> "5s";
      case "VERSION" -> "1.3";
      default -> words != null && words.iterator().hasNext() ? words.iterator().next() : "17";
    };
  }

  @ParameterizedTest
  @MethodSource("names")
  void anyOption_anyForm_boundAsPicocliDoes(String name) {
    Judge judge = new Judge(name);
    for (OptionSpec option : judge.options()) {
      String value = goodValue(option);
      for (String word : option.names()) {
        isTaken(judge, line(name, word));
        isTaken(judge, line(name, word, word));
        isTaken(judge, line(name, word.substring(0, word.length() - 1), value));
        isTaken(judge, line(name, word.substring(1), value));
        isTaken(judge, line(name, word + value));
        isTaken(judge, line(name, word + "=" + value, word + "=" + value));
        isTaken(judge, line(name, word, value, word, value));
        isTaken(judge, line(name, word, value, "host:1"));
        isTaken(judge, line(name, "host:1", word, value, "--verbose"));
        for (String odd : ODD_VALUES) {
          isTaken(judge, line(name, word, odd));
          isTaken(judge, line(name, word + "=" + odd));
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("names")
  void anyOption_plainForm_needsNoPicocli(String name) {
    Judge judge = new Judge(name);
    List<OptionSpec> left = new ArrayList<>();
    for (OptionSpec option : judge.options()) {
      for (String word : option.names()) {
        String[] args =
            option.arity().max() == 0 ? line(name, word) : line(name, word, goodValue(option));
        if (!isTaken(judge, args)) {
          left.add(option);
        }
      }
    }
    assertThat(left).allMatch(option -> option.usageHelp() || option.versionHelp());
  }

  @ParameterizedTest
  @MethodSource("names")
  void anyTwoOptions_boundAsPicocliDoes(String name) {
    Judge judge = new Judge(name);
    List<OptionSpec> options = judge.options();
    for (int i = 0; i < options.size(); i++) {
      OptionSpec one = options.get(i);
      OptionSpec other = options.get((i * 7 + 3) % options.size());
      isTaken(
          judge,
          line(
              name,
              one.longestName() + "=" + goodValue(one),
              other.longestName(),
              goodValue(other),
              "host"));
      isTaken(judge, line(name, one.longestName(), other.longestName(), "host"));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "smtp",
        "smtp host",
        "smtp host:587 other",
        "smtp host:1 -v",
        "smtp -vv",
        "smtp -v -v",
        "smtp -v=true",
        "smtp --tls=true",
        "smtp --verbose -v",
        "smtp --",
        "smtp -- host",
        "smtp --help",
        "smtp -h host",
        "smtp host --version",
        "smtp -V",
        "smtp @args",
        "smtp -",
        "smtp --no-such",
        "smtp --cafil x",
        "smtp --cafile",
        "smtp --tls --cafile a host",
        "smtp --to a --to b --to c",
        "smtp --alpn a,b --alpn c",
        "serve smtp host",
        "connect --max-connections 2 --no-tls host:1",
        "serve smtp --max-size 9999999999"
      })
  void oddLine_boundAsPicocliDoes(String commandLine) {
    String[] args = commandLine.split(" ", -1);
    isTaken(new Judge(Commands.nameIn(args)), args);
  }

  @Test
  void secretOnStdin_told() {
    assertThat(PlainReader.read("smtp", "--password-stdin", "--token-stdin", "host").orElseThrow())
        .extracting(PlainReader.Reading::secretsOnStdin)
        .isEqualTo(List.of("--password-stdin", "--token-stdin"));
  }

  /** Two words in one argument name no command, so nothing may be taken for its second word. */
  @Test
  void commandOfTwoWords_inOneArgument_leftToPicocli() {
    assertThat(PlainReader.read("serve ping", "--tls", "--self-signed")).isEmpty();
    Cli.run("serve ping", "--tls", "--self-signed").failed(ExitCode.USAGE, "--tls");
  }

  /** Such as a letter that the locale of the process has not. */
  @Test
  void fileThatHasNoPath_leftToPicocli() {
    assertThat(PlainReader.read("smtp", "--cafile", "a\0b", "host")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "serve", "no-such", "generate-completion", "--help"})
  void noCommand_leftToPicocli(String commandLine) {
    assertThat(PlainReader.read(commandLine.split(" ", -1))).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("names")
  void help_prebuilt_isPicoclis(String name) {
    CommandLine command = commandOf(UpgradeCli.commandLine(), name);
    String prebuilt = PrebuiltText.find(name, PrebuiltText.HELP).orElseThrow();

    assertThat(prebuilt).isEqualTo(PrebuiltTexts.help(command, Ansi.ON));
    assertThat(PrebuiltText.plain(prebuilt)).isEqualTo(PrebuiltTexts.help(command, Ansi.OFF));
  }
}
