package io.upgradeable.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/** The program in a process of its own, from the tests' class path. */
final class CliProcess {

  /** Only a broken test waits that long, and it is to fail before its class's time is over. */
  private static final long LIMIT_SECONDS = 100;

  private CliProcess() {}

  /** Starts the program, which ends by force if it does not by itself. */
  static Process start(String... args) throws IOException {
    Process process = new ProcessBuilder(command(args)).start();
    limit(process);
    return process;
  }

  /**
   * Ends a process by force when its time is over: a test's own time ends no read of a pipe.
   *
   * @return whether that was necessary
   */
  private static AtomicBoolean limit(Process process) {
    AtomicBoolean forced = new AtomicBoolean();
    process
        .onExit()
        .orTimeout(LIMIT_SECONDS, TimeUnit.SECONDS)
        .whenComplete(
            (ended, late) -> {
              if (late != null) {
                forced.set(true);
                process.destroyForcibly();
              }
            });
    return forced;
  }

  static List<String> command(String... args) {
    return commandOf(Main.class, args);
  }

  /** With options of the JVM's own. */
  static List<String> commandWith(List<String> options, String... args) {
    List<String> command = command(args);
    command.addAll(1, options);
    return command;
  }

  static List<String> commandOf(Class<?> main, String... args) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(launcherFlags());
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(main.getName());
    command.addAll(List.of(args));
    return command;
  }

  /**
   * Newer JDKs warn of what Netty does unless they are told that it is meant, as ./upgrade-cli
   * does.
   */
  static List<String> launcherFlags() {
    int release = Runtime.version().feature();
    List<String> flags = new ArrayList<>();
    if (release >= 22) {
      flags.add("--enable-native-access=ALL-UNNAMED");
    }
    if (release >= 23) {
      flags.add("--sun-misc-unsafe-memory-access=allow");
    }
    return flags;
  }

  /** Waits for the end of a process; it fails if that does not come in time. */
  static Cli finish(Process process) throws Exception {
    AtomicBoolean forced = limit(process);
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    String err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(forced).as("ended by force; stdout: %s stderr: %s", out, err).isFalse();
    return new Cli(process.exitValue(), out, err);
  }
}
