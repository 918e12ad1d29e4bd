package io.upgradeable.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.upgradeable.testkit.Script;
import io.upgradeable.testkit.ScriptedPeer;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** The program as the shell sees it: a process with two streams, an exit code and signals. */
class ProcessTest {

  private static Process start(String... args) throws IOException {
    return new ProcessBuilder(command(args)).start();
  }

  private static List<String> command(String... args) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(launcherFlags());
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(Main.class.getName());
    command.addAll(List.of(args));
    return command;
  }

  /**
   * Newer JDKs warn of what Netty does unless they are told that it is meant, as ./upgrade-cli
   * does.
   */
  private static List<String> launcherFlags() {
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

  private static Cli finish(Process process) throws Exception {
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    String err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
    return new Cli(process.exitValue(), out, err);
  }

  @Test
  void noTarget_ping_exits0WithNothingOnStderr() throws Exception {
    Cli run = finish(start("ping")).succeeded();

    assertThat(run.out()).contains("tls   S: PONG");
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void fullDisk_ping_tellsThatTheReportIsLost() throws Exception {
    Process process =
        new ProcessBuilder(command("ping", "--output", "json"))
            .redirectOutput(new File("/dev/full"))
            .start();

    finish(process).failed(ExitCode.OTHER, "cannot write to stdout");
  }

  @Test
  void badTarget_ping_exits2() throws Exception {
    finish(start("ping", "localhost:70000")).failed(ExitCode.USAGE, "70000");
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void silentServer_clientEndedBySignal_tellsAndEnds() throws Exception {
    try (ScriptedPeer server = ScriptedPeer.server(Script.start().expect("PING\n").expectClose())) {
      Process process = start("ping", "-v", server.endpoint().toString());
      BufferedReader out = process.inputReader(StandardCharsets.UTF_8);
      String line = out.readLine();
      while (line != null && !line.contains("C: PING")) {
        line = out.readLine();
      }
      process.toHandle().destroy(); // SIGTERM, and the streams stay open
      Cli run = finish(process);

      assertThat(run.exitCode()).isEqualTo(128 + 15);
      assertThat(run.err()).isEqualTo("upgrade-cli ping: interrupted" + System.lineSeparator());
      server.awaitPlayed();
    }
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void server_endedBySignal_exits0() throws Exception {
    Process process = start("serve", "ping", "--self-signed", "--listen", "127.0.0.1:0");
    String ready = process.inputReader(StandardCharsets.UTF_8).readLine();
    assertThat(ready).startsWith("listening on 127.0.0.1:");
    process.toHandle().destroy(); // SIGTERM, and the streams stay open
    assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();

    assertThat(process.exitValue()).isZero();
    assertThat(process.getErrorStream().readAllBytes()).isEmpty();
  }
}
