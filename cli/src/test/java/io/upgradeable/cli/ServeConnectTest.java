package io.upgradeable.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code upgrade-cli serve connect}, as its clients and the reader of its log see it. */
@Timeout(120)
class ServeConnectTest {

  @TempDir private static Path directory;

  private final ProxyFixture fixture = new ProxyFixture(directory);

  @AfterEach
  void closeAll() throws Exception {
    fixture.close();
  }

  private RunningServer proxy(String... options) {
    return fixture.closing(RunningServer.connect(options));
  }

  private static String answer(RunningServer proxy, String request) throws IOException {
    try (Socket client = new Socket(InetAddress.getLoopbackAddress(), proxy.port())) {
      client.setSoTimeout(60_000);
      client.getOutputStream().write(request.getBytes(StandardCharsets.UTF_8));
      return new String(client.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static String request(String target) {
    return "CONNECT " + target + " HTTP/1.1\r\nHost: " + target + "\r\n\r\n";
  }

  @Test
  void allowedTarget_tunnel_oneLineInTheLog() throws Exception {
    ServerSocket target = fixture.listen();
    RunningServer proxy = proxy("--allow", ProxyFixture.target(target));
    try (Socket client = new Socket(InetAddress.getLoopbackAddress(), proxy.port())) {
      client.setSoTimeout(60_000);
      client
          .getOutputStream()
          .write((request(ProxyFixture.target(target)) + "hi").getBytes(StandardCharsets.UTF_8));
      try (Socket far = target.accept()) {
        assertThat(far.getInputStream().readNBytes(2)).asString().isEqualTo("hi");
        client.shutdownOutput();
        assertThat(far.getInputStream().read()).isEqualTo(-1);
      }
      assertThat(client.getInputStream().readAllBytes()).asString().endsWith("\r\n\r\n");
    }

    assertThat(proxy.out().await(" CONNECT " + ProxyFixture.target(target)))
        .contains(" - CONNECT ", " 200 2 0 ")
        .matches(".*ms ended");
    assertThat(proxy.stop()).isZero();
  }

  @Test
  void nothingAllowed_request_refusedAndWarnedOfBefore() throws Exception {
    RunningServer proxy = proxy();

    assertThat(proxy.err().await("warning")).contains("every request is refused");
    assertThat(answer(proxy, request("127.0.0.1:1"))).startsWith("HTTP/1.1 403 Forbidden\r\n");
    assertThat(proxy.out().await(" CONNECT ")).contains("127.0.0.1:1 403 0 0 ");
  }

  @ParameterizedTest
  @ValueSource(strings = {"--timeout 300ms --step-timeout 9m", "--timeout 9m --step-timeout 300ms"})
  void clientThatSaysNothing_bothTimes_smallerCounts(String times) throws Exception {
    List<String> options = new ArrayList<>(List.of("--tls", "--self-signed", "-v"));
    options.addAll(List.of(times.split(" ")));
    RunningServer tls = proxy(options.toArray(String[]::new));
    RunningServer plain = proxy(times.split(" "));

    assertThat(answer(tls, "")).isEmpty();
    assertThat(tls.err().await("LayerTimedOut")).contains("within 300 ms");
    assertThat(answer(plain, "")).isEmpty();
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void nobodyReadsTheLog_ended_tellsWhatIsLostAndEnds() throws Exception {
    Process process = CliProcess.start("serve", "connect", "--listen", "127.0.0.1:0");
    fixture.closing(process::destroyForcibly);
    String ready = process.inputReader(StandardCharsets.UTF_8).readLine();
    assertThat(ready).startsWith("listening on 127.0.0.1:");
    int port = Integer.parseInt(ready.substring(ready.lastIndexOf(":") + 1));
    String target = "a".repeat(60) + "." + "b".repeat(60) + "." + "c".repeat(60) + ".example:1";
    for (int i = 0; i < 700; i++) { // More than two pipes take.
      try (Socket client = new Socket(InetAddress.getLoopbackAddress(), port)) {
        client.setSoTimeout(60_000);
        client.getOutputStream().write(request(target).getBytes(StandardCharsets.UTF_8));
        assertThat(client.getInputStream().read()).isEqualTo('H');
      }
    }
    process.toHandle().destroy(); // SIGTERM

    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8))
        .contains(" lines of the log lost: ", "cannot write to stdout");
    assertThat(process.exitValue()).isEqualTo(ExitCode.OTHER.code());
  }

  @Test
  void headThatIsNone_refusedAndInTheLog() throws Exception {
    RunningServer proxy = proxy("--allow", "127.0.0.1:1");

    assertThat(answer(proxy, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")).startsWith("HTTP/1.1 405 ");
    assertThat(proxy.out().await(" 405 ")).contains(" - CONNECT - 405 0 0 ");
    assertThat(answer(proxy, "\u001b[2J\r\n")).startsWith("HTTP/1.1 400 ");
    assertThat(proxy.out().await(" 400 ")).doesNotContain("\u001b");
  }

  @Test
  void usersInAFile_onlyTheyAreServed() throws Exception {
    Cli line =
        Cli.run(
                "serve",
                "connect",
                "--print-user",
                "--user",
                "bob",
                "--password-file",
                fixture.file("password"))
            .succeeded();
    assertThat(line.out()).startsWith("bob:SCRAM-SHA-256$").doesNotContain(ProxyFixture.PASSWORD);
    Path users = Files.writeString(directory.resolve("users"), line.out());
    RunningServer proxy =
        proxy(
            "--users",
            users.toString(),
            "--allow",
            "127.0.0.0/8:*",
            "--tls",
            "--cert",
            fixture.file("target.crt"),
            "--key",
            fixture.file("target.key"));
    String target = fixture.closing(RunningServer.start("--self-signed")).target();

    String via = "https://bob@localhost:" + proxy.port();
    Cli run =
        Cli.run(
            "connect",
            "--no-tls",
            target.replace("localhost", "127.0.0.1"),
            "--via",
            via,
            "--proxy-cafile",
            fixture.targetCa(),
            "--proxy-password-file",
            fixture.file("password"));
    assertThat(run.exitCode()).as(run.err()).isZero();
    Cli.run(
            "connect",
            "--no-tls",
            target,
            "--via",
            "https://localhost:" + proxy.port(),
            "--proxy-cafile",
            fixture.targetCa())
        .failed(ExitCode.REFUSED, "407");
    assertThat(proxy.out().await(" bob CONNECT ")).contains(" 200 ");
  }

  @Test
  void brokenUsersFile_serve_namesTheLine() throws Exception {
    Path users = Files.writeString(directory.resolve("broken"), "# fine\nbob:secret\n");

    Cli run =
        Cli.run("serve", "connect", "--users", users.toString(), "--allow", "a:1")
            .failed(ExitCode.USAGE, "line 2");
    assertThat(run.err()).doesNotContain("secret\n");
  }
}
