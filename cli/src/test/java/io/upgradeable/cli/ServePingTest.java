package io.upgradeable.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.upgradeable.testkit.Certificates;
import io.upgradeable.testkit.Certificates.Issued;
import io.upgradeable.testkit.Script;
import io.upgradeable.testkit.ScriptedPeer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The server command, and the client command against it. */
class ServePingTest {

  private static final Certificates CERTIFICATES = Certificates.create();

  @TempDir private Path directory;

  @BeforeEach
  void writeCertificates() {
    CERTIFICATES.writePem(directory);
    CERTIFICATES.server("localhost").writePem(directory, "server");
    CERTIFICATES.client("me").writePem(directory, "me");
  }

  private String file(String name) {
    return directory.resolve(name).toString();
  }

  private RunningServer serve(String... more) {
    String[] options = new String[more.length + 4];
    options[0] = "--cert";
    options[1] = file("server.crt");
    options[2] = "--key";
    options[3] = file("server.key");
    System.arraycopy(more, 0, options, 4, more.length);
    return RunningServer.start(options);
  }

  @Test
  void certificateFromFiles_ping_briefReport() {
    try (RunningServer server = serve()) {
      Cli run = Cli.run("ping", "--cafile", file("ca.crt"), server.target()).succeeded();

      assertThat(run.out())
          .startsWith("path         tcp(%s) > ping+tls(localhost)".formatted(server.target()))
          .contains("security     TLS reaches localhost", "names      localhost", "29 days left")
          .doesNotContain("C: PING");
    }
  }

  @Test
  void certificateFromFiles_pingVerbose_dialogueToo() {
    try (RunningServer server = serve()) {
      Cli run = Cli.run("ping", "-v", "--cafile", file("ca.crt"), server.target()).succeeded();

      assertThat(run.out())
          .containsSubsequence("plain C: STARTTLS", "tls   C: QUIT", "path         tcp(");
    }
  }

  @Test
  void selfSigned_pingWithWrittenCertificate_succeeds() {
    try (RunningServer server =
        RunningServer.start("--self-signed", "--write-cert", file("self.pem"))) {
      String pin = server.out().await("certificate pin ").replace("certificate pin ", "");

      Cli.run("ping", "--cafile", file("self.pem"), "--pin", pin, server.target()).succeeded();
    }
  }

  @Test
  void selfSigned_pingWithoutTrust_rejected() {
    try (RunningServer server = RunningServer.start("--self-signed")) {
      Cli.run("ping", server.target()).failed(ExitCode.CERTIFICATE_REJECTED, "self-signed");
    }
  }

  @Test
  void implicitTls_pingWithTls_succeeds() {
    try (RunningServer server = serve("--tls")) {
      Cli run = Cli.run("ping", "--tls", "--cafile", file("ca.crt"), server.target()).succeeded();

      assertThat(run.out()).contains("> tls(localhost) > ping");
    }
  }

  @Test
  void oldTlsOnly_pingDemandsNew_tlsFailed() {
    try (RunningServer server = serve("--tls-max", "1.2")) {
      Cli.run("ping", "--tls-min", "1.3", "--cafile", file("ca.crt"), server.target())
          .failed(ExitCode.TLS_FAILED, "TLS failed");
    }
  }

  @Test
  void sameAlpn_ping_chosen() {
    try (RunningServer server = serve("--alpn", "ping/1")) {
      Cli run =
          Cli.run("ping", "--alpn", "x,ping/1", "--cafile", file("ca.crt"), server.target())
              .succeeded();

      assertThat(run.out()).contains("ALPN ping/1");
    }
  }

  @Test
  void clientCertificateRequired_pingWithOne_serverLogsIt() {
    try (RunningServer server = serve("-v", "--cafile", file("ca.crt"))) {
      Cli.run(
              "ping",
              "--cafile",
              file("ca.crt"),
              "--cert",
              file("me.crt"),
              "--key",
              file("me.key"),
              server.target())
          .succeeded();

      assertThat(server.err().await("done: "))
          .startsWith("upgrade-cli serve ping: 127.0.0.1:")
          .contains("done: 1 PING under TLSv1.3", "client certificate CN=me");
    }
  }

  @Test
  void clientCertificateRequired_pingWithoutOne_fails() {
    try (RunningServer server = serve("-v", "--cafile", file("ca.crt"))) {
      Cli run = Cli.run("ping", "--cafile", file("ca.crt"), server.target());

      assertThat(run.exitCode()).isIn(ExitCode.TLS_FAILED.code(), ExitCode.CLOSED.code());
      assertThat(run.err().lines()).hasSize(1);
      server.err().await("failed: ");
    }
  }

  @Test
  void clientInjects_serverVerbose_logsPlaintextInjected() {
    Script script = Script.start().send("STARTTLS\nPING\n").expectClose();
    try (RunningServer server = serve("-v");
        ScriptedPeer client =
            ScriptedPeer.client(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port()), script)) {
      client.awaitPlayed();

      assertThat(server.err().await("failed: ")).contains("PlaintextInjected", "5 bytes");
    }
  }

  @Test
  void clientSendsEscapes_serverVerbose_logEscaped() {
    Script script = Script.start().send("X\u001b[2J\n").expectClose();
    try (RunningServer server = serve("-v");
        ScriptedPeer client =
            ScriptedPeer.client(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port()), script)) {
      client.awaitPlayed();

      assertThat(server.err().await("failed: ")).contains("byte 0x1b").doesNotContain("\u001b");
    }
  }

  @Test
  void silentClient_stepTimeout_disconnected() {
    try (RunningServer server = serve("-v", "--step-timeout", "300ms");
        ScriptedPeer client =
            ScriptedPeer.client(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port()),
                Script.start().expectClose())) {
      client.awaitPlayed();

      assertThat(server.err().await("failed: ")).contains("LayerTimedOut", "300 ms");
    }
  }

  @Test
  void connectionsAtLimit_oneMore_closedAtOnce() {
    InetAddress loopback = InetAddress.getLoopbackAddress();
    try (RunningServer server = serve("--max-connections", "1")) {
      InetSocketAddress address = new InetSocketAddress(loopback, server.port());
      try (Socket first = new Socket(loopback, server.port())) {
        first
            .getOutputStream()
            .write("PING\n".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
        assertThat(first.getInputStream().readNBytes(5)).hasSize(5); // now it is surely counted
        try (ScriptedPeer second = ScriptedPeer.client(address, Script.start().expectClose())) {
          second.awaitPlayed();
        }
      } catch (IOException e) {
        throw new AssertionError(e);
      }
    }
  }

  @Test
  void certificateReplaced_nextPing_getsTheNewOne() throws IOException {
    try (RunningServer server = serve("--reload-interval", "50ms")) {
      String before = sha256(server);
      Path fresh = Files.createDirectory(directory.resolve("fresh"));
      CERTIFICATES.server("localhost").writePem(fresh, "server");
      for (String name : new String[] {"server.crt", "server.key"}) {
        Files.move(
            fresh.resolve(name), directory.resolve(name), StandardCopyOption.REPLACE_EXISTING);
      }
      server.err().await("certificates reloaded");

      assertThat(sha256(server)).isNotEqualTo(before);
    }
  }

  @Test
  void certificateBroken_nextPing_getsTheOldOne() throws IOException {
    try (RunningServer server = serve("--reload-interval", "50ms")) {
      String before = sha256(server);
      Files.writeString(directory.resolve("server.crt"), "nonsense\n");
      server.err().await("the old ones stay");

      assertThat(sha256(server)).isEqualTo(before);
    }
  }

  private String sha256(RunningServer server) {
    return Cli.run("ping", "--output", "json", "--cafile", file("ca.crt"), server.target())
        .succeeded()
        .json()
        .getAsJsonArray("certificates")
        .get(0)
        .getAsJsonObject()
        .get("sha256")
        .getAsString();
  }

  @Test
  void portInUse_serve_oneLine() {
    try (RunningServer server = serve()) {
      Cli.run("serve", "ping", "--self-signed", "--listen", "127.0.0.1:" + server.port())
          .failed(ExitCode.OTHER, "cannot listen on 127.0.0.1:" + server.port(), "in use");
    }
  }

  @Test
  void clientSaidGoodbye_stop_connectionClosedAndExits0() throws IOException {
    RunningServer server = serve();
    try (Socket client = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
      client.getOutputStream().write("PING\n".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
      assertThat(client.getInputStream().readNBytes(5)).hasSize(5);
      client.shutdownOutput(); // our goodbye: the server has no reason to wait longer

      assertThat(server.stop()).isZero();
      assertThat(client.getInputStream().read()).isEqualTo(-1);
    }
  }

  @Test
  void clientInItsDialogue_stop_logSaysWhoClosed() throws IOException {
    RunningServer server = serve("-v");
    try (Socket client = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
      client.getOutputStream().write("PING\n".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
      assertThat(client.getInputStream().readNBytes(5)).hasSize(5);

      assertThat(server.stop()).isZero();
      server.err().await("closed by this side before it was up");
    }
  }

  @Test
  void pkcs12_passwordFromFile_serves() throws Exception {
    Pkcs12Writer.write(
        directory.resolve("server.p12"), CERTIFICATES.server("localhost"), "hunter2".toCharArray());
    Files.writeString(directory.resolve("password"), "hunter2\n");
    try (RunningServer server =
        RunningServer.start(
            "--cert", file("server.p12"), "--key-password-file", file("password"))) {
      Cli.run("ping", "--cafile", file("ca.crt"), server.target()).succeeded();
    }
  }

  @Test
  void encryptedPemKey_passwordFromFile_serves() throws Exception {
    Issued issued = CERTIFICATES.server("localhost");
    issued.writePem(directory, "locked");
    EncryptedKeyWriter.write(directory.resolve("locked.key"), issued.key(), "hunter2");
    assertThat(Files.readString(directory.resolve("locked.key"))).contains("BEGIN ENCRYPTED");
    Files.writeString(directory.resolve("password"), "hunter2\n");
    try (RunningServer server =
        RunningServer.start(
            "--cert",
            file("locked.crt"),
            "--key",
            file("locked.key"),
            "--key-password-file",
            file("password"))) {
      Cli.run("ping", "--cafile", file("ca.crt"), server.target()).succeeded();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "expired,     expired on 20",
    "notYetValid, is not valid before 20",
    "weakKey,     'RSA of at least 2048 bits, got 1024'",
    "sha1,        has too weak a signature: SHA1withRSA"
  })
  void unusableCertificate_serve_warns(String kind, String expected) {
    Issued issued =
        switch (kind) {
          case "expired" -> CERTIFICATES.expired("localhost");
          case "notYetValid" -> CERTIFICATES.notYetValid("localhost");
          case "weakKey" -> CERTIFICATES.weakKey("localhost");
          default -> Certificates.sha1("localhost");
        };
    issued.writePem(directory, "server");
    try (RunningServer server = serve()) {
      assertThat(server.err().await("warning: "))
          .startsWith("upgrade-cli serve ping: warning: the server's own certificate ")
          .contains(expected);
    }
  }

  @Test
  void goodCertificate_serve_nothingOnStderr() {
    try (RunningServer server = serve("-v")) {
      Cli.run("ping", "--cafile", file("ca.crt"), server.target()).succeeded();

      assertThat(server.err().await("")).as("the first line").contains(": done: ");
    }
  }

  @Test
  void authorityChangedInPlace_serveWithDirectory_reloaded() throws IOException {
    Path trusted = Files.createDirectory(directory.resolve("trusted"));
    Path authority = Files.copy(directory.resolve("ca.crt"), trusted.resolve("ca.crt"));
    try (RunningServer server =
        serve("--capath", trusted.toString(), "--reload-interval", "50ms")) {
      Files.writeString(authority, "\n", StandardOpenOption.APPEND);

      server.err().await("certificates reloaded");
    }
  }

  @Test
  void wrongPassword_serve_oneLineWithoutIt() throws Exception {
    Pkcs12Writer.write(
        directory.resolve("server.p12"), CERTIFICATES.server("localhost"), "hunter2".toCharArray());
    Files.writeString(directory.resolve("password"), "swordfish\n");

    Cli run =
        Cli.run(
                "serve",
                "ping",
                "--cert",
                file("server.p12"),
                "--key-password-file",
                file("password"))
            .failed(ExitCode.USAGE, "server.p12", "password");

    assertThat(run.err()).doesNotContain("swordfish", "hunter2");
  }
}
