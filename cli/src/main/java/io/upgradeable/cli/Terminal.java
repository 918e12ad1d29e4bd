package io.upgradeable.cli;

import java.io.Console;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** The person at the keyboard, if there is one. */
final class Terminal {

  private Terminal() {}

  /** Asks without echo; empty if nobody is there to answer. */
  @SuppressWarnings("SystemConsoleNull") // isTerminal() is for the JDKs where it is never null
  static Optional<char[]> readPassword(String prompt) throws IOException {
    Console console = System.console();
    if (console == null || !isTerminal(console)) {
      return Optional.empty();
    }
    return Interruption.deafBehindPrompt(
        () -> Optional.ofNullable(console.readPassword("%s", prompt)));
  }

  /** Whether somebody sees stderr at once. */
  @SuppressWarnings("SystemConsoleNull") // isTerminal() is for the JDKs where it is never null
  static boolean showsErrors() {
    try {
      // Linux tells; a console would also ask that stdin and stdout are terminals.
      String target = Files.readSymbolicLink(Path.of("/proc/self/fd/2")).toString();
      return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty");
    } catch (IOException notLinux) {
      Console console = System.console();
      return console != null && isTerminal(console);
    }
  }

  /** Whether stdout is for somebody who sees colours; the usual variables may say otherwise. */
  @SuppressWarnings("SystemConsoleNull") // isTerminal() is for the JDKs where it is never null
  static boolean hasColours() {
    if (System.getenv("NO_COLOR") != null) {
      return false;
    }
    String forced = System.getenv("CLICOLOR_FORCE");
    if (forced != null && !forced.equals("0")) {
      return true;
    }
    Console console = "0".equals(System.getenv("CLICOLOR")) ? null : System.console();
    return console != null && isTerminal(console);
  }

  /** Since JDK 22 there is always a console, and {@code Console.isTerminal()} tells. */
  private static boolean isTerminal(Console console) {
    try {
      return (boolean) Console.class.getMethod("isTerminal").invoke(console);
    } catch (NoSuchMethodException before22) {
      return true;
    } catch (IllegalAccessException | InvocationTargetException e) {
      return false;
    }
  }
}
