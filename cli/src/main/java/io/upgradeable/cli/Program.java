package io.upgradeable.cli;

import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** Runs a command line: plain ones itself, and what is left by picocli. */
final class Program {

  private final PrintWriter out;
  private final PrintWriter err;

  Program(PrintWriter out, PrintWriter err) {
    this.out = out;
    this.err = err;
  }

  /** With the process's own streams. */
  static Program ofProcess() {
    return new Program(writer(System.out), writer(System.err));
  }

  private static PrintWriter writer(PrintStream stream) {
    String terminal = System.getProperty("sun.stdout.encoding");
    Charset charset = terminal == null ? Charset.defaultCharset() : Charset.forName(terminal);
    return new PrintWriter(stream, true, charset);
  }

  /**
   * Runs it.
   *
   * @param args the arguments
   * @return what the shell gets
   */
  int run(String... args) {
    OptionalInt answered = answer(args);
    if (answered.isPresent()) {
      return answered.getAsInt();
    }
    Optional<PlainReader.Reading> reading = PlainReader.read(args);
    if (reading.isPresent()) {
      String name = Invocation.PROGRAM + ' ' + Commands.nameIn(args);
      return run(reading.get(), new Invocation(name, reading.get().secretsOnStdin(), out, err));
    }
    return UpgradeCli.commandLine(args).setOut(out).setErr(err).execute(args);
  }

  private static int run(PlainReader.Reading reading, Invocation invocation) {
    BaseCommand command = reading.command();
    if (command instanceof ClientCommand) {
      HeadStart.begin();
    }
    command.begin(invocation);
    try {
      return command.call();
    } catch (RuntimeException e) {
      return command.tell(Failure.of(e)).code();
    }
  }

  /** Says what the build knew already: help, also for who names no command, and the version. */
  private OptionalInt answer(String... args) {
    for (String arg : args) {
      if (!Commands.isWord(arg)) {
        return OptionalInt.empty();
      }
    }
    String last = args.length == 0 ? "" : args[args.length - 1];
    String before =
        args.length == 0 ? "" : String.join(" ", List.of(args).subList(0, args.length - 1));
    if (isHelped(before) && (last.equals("--help") || last.equals("-h"))) {
      return help(out, before, ExitCode.OK);
    } else if (isHelped(before) && (last.equals("--version") || last.equals("-V"))) {
      out.println(version());
      return OptionalInt.of(ExitCode.OK.code());
    } else if (args.length == 0 || (args.length == 1 && last.equals(Commands.SERVE))) {
      return help(err, last, ExitCode.USAGE);
    }
    return OptionalInt.empty();
  }

  /** The program, its version and what runs it, in one line. */
  static String version() {
    String version = Program.class.getPackage().getImplementationVersion();
    return Invocation.PROGRAM
        + ' '
        + (version == null ? "unpackaged" : version)
        + " (Java "
        + Runtime.version().feature()
        + ')';
  }

  private static boolean isHelped(String command) {
    return command.isEmpty() || command.equals(Commands.SERVE) || Commands.NAMES.contains(command);
  }

  private static OptionalInt help(PrintWriter to, String command, ExitCode code) {
    String name = command.isEmpty() ? Invocation.PROGRAM : command;
    Optional<String> help = PrebuiltText.find(name, PrebuiltText.HELP);
    if (help.isEmpty()) {
      return OptionalInt.empty();
    }
    to.print(Terminal.hasColours() ? help.get() : PrebuiltText.plain(help.get()));
    to.flush();
    return OptionalInt.of(code.code());
  }
}
