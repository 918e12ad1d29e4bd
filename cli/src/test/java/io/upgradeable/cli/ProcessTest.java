package io.upgradeable.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** The program as the shell sees it: a process with two streams, an exit code and signals. */
@Timeout(120)
class ProcessTest {

  @Test
  void noTarget_ping_exits0WithNothingOnStderr() throws Exception {
    Cli run = CliProcess.finish(CliProcess.start("ping")).succeeded();

    assertThat(run.out()).contains("tls   S: PONG");
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void fullDisk_ping_tellsThatTheReportIsLost() throws Exception {
    Process process =
        new ProcessBuilder(CliProcess.command("ping", "--output", "json"))
            .redirectOutput(new File("/dev/full"))
            .start();

    CliProcess.finish(process).failed(ExitCode.OTHER, "cannot write to stdout");
  }

  @Test
  void badTarget_ping_exits2() throws Exception {
    CliProcess.finish(CliProcess.start("ping", "localhost:70000")).failed(ExitCode.USAGE, "70000");
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void silentServer_clientEndedBySignal_tellsAndEnds() throws Exception {
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      server.setSoTimeout(60_000);
      Process process =
          CliProcess.start("ping", "--output", "json", "127.0.0.1:" + server.getLocalPort());
      try (Socket client = server.accept()) {
        client.setSoTimeout(60_000);
        assertThat(client.getInputStream().readNBytes(5)).asString().isEqualTo("PING\n");
        process.toHandle().destroy(); // SIGTERM, and the streams stay open
        Cli run = CliProcess.finish(process);

        assertThat(run.err()).isEqualTo("upgrade-cli ping: interrupted" + System.lineSeparator());
        assertThat(run.exitCode()).isEqualTo(130);
        assertThat(run.json().get("exitCode").getAsInt()).isEqualTo(130);
        assertThat(client.getInputStream().read()).as("the client closed").isEqualTo(-1);
      }
    }
  }

  @Test
  void jvmAlreadyEnding_ping_interruptedInOneLine() throws Exception {
    Cli run =
        CliProcess.finish(
            new ProcessBuilder(CliProcess.commandOf(LateStart.class, "ping")).start());

    assertThat(run.err()).isEqualTo("upgrade-cli ping: interrupted" + System.lineSeparator());
    assertThat(run.out()).isEqualTo("130" + System.lineSeparator());
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void fullDisk_serve_complainsAtOnce() throws Exception {
    Process process =
        new ProcessBuilder(
                CliProcess.command("serve", "ping", "--self-signed", "--listen", "127.0.0.1:0"))
            .redirectOutput(new File("/dev/full"))
            .start();

    CliProcess.finish(process).failed(ExitCode.OTHER, "cannot write to stdout");
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void directoryOnStdin_passwordFromStdin_exits2NamingStdin() throws Exception {
    Process process =
        new ProcessBuilder(directoryOnStdin("ping", "--cert", "c.p12", "--key-password-stdin"))
            .start();

    CliProcess.finish(process).failed(ExitCode.USAGE, "the key's password from stdin", "directory");
  }

  private static List<String> directoryOnStdin(String... args) {
    List<String> shell = new ArrayList<>(List.of("sh", "-c", "exec \"$@\" < /", "sh"));
    shell.addAll(CliProcess.command(args));
    return shell;
  }

  /** Begins when the JVM is about to end already, as a signal early in the start-up brings it. */
  static final class LateStart {
    private LateStart() {}

    public static void main(String[] args) {
      Thread hook = new Thread(() -> System.out.println(Program.ofProcess().run(args)));
      Runtime.getRuntime().addShutdownHook(hook);
    }
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void server_endedBySignal_exits0() throws Exception {
    Process process = CliProcess.start("serve", "ping", "--self-signed", "--listen", "127.0.0.1:0");
    String ready = process.inputReader(StandardCharsets.UTF_8).readLine();
    assertThat(ready).startsWith("listening on 127.0.0.1:");
    process.toHandle().destroy(); // SIGTERM, and the streams stay open
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();

    assertThat(process.exitValue()).isZero();
    assertThat(process.getErrorStream().readAllBytes()).isEmpty();
  }
}
