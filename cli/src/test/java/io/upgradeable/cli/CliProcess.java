package io.upgradeable.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The program in a process of its own, from the tests' class path. */
final class CliProcess {

  private CliProcess() {}

  static Process start(String... args) throws IOException {
    return new ProcessBuilder(command(args)).start();
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

  static Cli finish(Process process) throws Exception {
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    String err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
    return new Cli(process.exitValue(), out, err);
  }
}
