package io.upgradeable.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import io.upgradeable.testkit.Certificates;
import io.upgradeable.testkit.Certificates.Issued;
import io.upgradeable.testkit.RefusingPort;
import io.upgradeable.testkit.Script;
import io.upgradeable.testkit.ScriptedPeer;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Each way in which a ping can fail: its exit code, one line on stderr, and never a stack trace.
 */
class PingFailureTest {

  private static final Certificates CERTIFICATES = Certificates.create();
  private static final Issued LOCALHOST = CERTIFICATES.server("localhost");
  private static final Script UNTIL_STARTTLS =
      Script.start().expect("PING\n").send("PONG\n").expect("STARTTLS\n");

  @TempDir private static Path directory;

  @BeforeAll
  static void writeAuthority() {
    CERTIFICATES.writePem(directory);
  }

  private static Cli ping(ScriptedPeer server, String... more) {
    String[] args = new String[more.length + 4];
    args[0] = "ping";
    args[1] = "--cafile";
    args[2] = directory.resolve("ca.crt").toString();
    args[3] = server.endpoint().toString();
    System.arraycopy(more, 0, args, 4, more.length);
    return Cli.run(args);
  }

  @Test
  void nobodyListens_ping_couldNotConnect() throws IOException {
    try (RefusingPort nobody = RefusingPort.open()) {
      Cli.run("ping", "127.0.0.1:" + nobody.endpoint().port())
          .failed(ExitCode.CONNECT_FAILED, "could not connect", "refused");
    }
  }

  @Test
  void noSuchHost_ping_couldNotConnect() {
    List<String> args = new ArrayList<>(List.of("ping", "does-not-exist.invalid"));
    args.addAll(Patience.LOOK_UP);
    Cli.run(args.toArray(String[]::new))
        .failed(ExitCode.CONNECT_FAILED, "could not connect", "does-not-exist.invalid:10001");
  }

  @Test
  void silentServer_ping_timedOutAwaitingPong() {
    try (ScriptedPeer server = ScriptedPeer.server(Script.start().stall())) {
      ping(server, "--timeout", Patience.LONG)
          .failed(ExitCode.TIMED_OUT, "timed out", "expected PONG");
    }
  }

  @Test
  void silentServer_stepTimeout_timedOutAwaitingPong() {
    try (ScriptedPeer server = ScriptedPeer.server(Script.start().stall())) {
      ping(server, "--step-timeout", "300ms").failed(ExitCode.TIMED_OUT, "expected PONG", "300 ms");
    }
  }

  @Test
  void serverSilentInHandshake_stepTimeout_timedOut() {
    try (ScriptedPeer server = ScriptedPeer.server(UNTIL_STARTTLS.stall())) {
      ping(server, "--step-timeout", Patience.LONG).failed(ExitCode.TIMED_OUT, "handshake", "5 s");
    }
  }

  @Test
  void serverSilentInImplicitTls_stepTimeout_timedOut() {
    try (ScriptedPeer server = ScriptedPeer.server(Script.start().stall())) {
      ping(server, "--tls", "--step-timeout", "300ms")
          .failed(ExitCode.TIMED_OUT, "handshake", "300 ms");
    }
  }

  @Test
  void garbage_ping_misbehaved() {
    try (ScriptedPeer server =
        ScriptedPeer.server(Script.start().expect("PING\n").send("220 mail ESMTP\n").stall())) {
      ping(server).failed(ExitCode.MISBEHAVED, "expected PONG, got '220 mail ESMTP'");
    }
  }

  @Test
  void closedEarly_ping_closed() {
    try (ScriptedPeer server = ScriptedPeer.server(Script.start().expect("PING\n").close())) {
      ping(server).failed(ExitCode.CLOSED, "closed early", "expected PONG");
    }
  }

  @Test
  void lineInjectedAtUpgrade_ping_injected() {
    Script script = Script.start().expect("PING\n").send("PONG\nPONG\n").stall();
    try (ScriptedPeer server = ScriptedPeer.server(script)) {
      ping(server).failed(ExitCode.INJECTED, "injected", "5 bytes of plaintext");
    }
  }

  @Test
  void byteInjectedAtUpgrade_ping_injected() {
    Script script = Script.start().expect("PING\n").send("PONG\nP").stall();
    try (ScriptedPeer server = ScriptedPeer.server(script)) {
      ping(server).failed(ExitCode.INJECTED, "1 byte of plaintext");
    }
  }

  @Test
  void handshakeOfGarbage_ping_tlsFailed() {
    byte[] garbage = {0x16, 0x03, 0x03, 0x00, 0x04, 'j', 'u', 'n', 'k'};
    try (ScriptedPeer server = ScriptedPeer.server(UNTIL_STARTTLS.send(garbage).stall())) {
      ping(server).failed(ExitCode.TLS_FAILED, "TLS failed");
    }
  }

  @Test
  void otherName_ping_certificateRejectedAndShown() {
    Issued other = CERTIFICATES.server("other.example");
    try (ScriptedPeer server = ScriptedPeer.server(UNTIL_STARTTLS.startTls().stall(), other)) {
      Cli run = ping(server).failed(ExitCode.CERTIFICATE_REJECTED, "other.example", "localhost");

      assertThat(run.out()).contains("certificate  CN=throw-away", "names      other.example");
      assertThat(run.out()).doesNotContain("TLS reaches");
    }
  }

  @Test
  void otherName_pingWithVerifyName_succeeds() {
    Issued other = CERTIFICATES.server("other.example");
    Script script =
        UNTIL_STARTTLS.startTls().expect("PING\n").send("PONG\n").expect("QUIT\n").close();
    try (ScriptedPeer server = ScriptedPeer.server(script, other)) {
      ping(server, "--verify-name", "other.example").succeeded();
    }
  }

  @Test
  void untrustedAuthority_ping_certificateRejectedAndShown() {
    Issued stranger = Certificates.create().server("localhost");
    try (ScriptedPeer server = ScriptedPeer.server(UNTIL_STARTTLS.startTls().stall(), stranger)) {
      Cli run = ping(server, "--show-certs").failed(ExitCode.CERTIFICATE_REJECTED);

      assertThat(run.out()).contains("certificate  CN=throw-away", "-----BEGIN CERTIFICATE-----");
    }
  }

  @Test
  void expired_ping_certificateRejectedAndShownAsExpired() {
    Issued expired = CERTIFICATES.expired("localhost");
    try (ScriptedPeer server = ScriptedPeer.server(UNTIL_STARTTLS.startTls().stall(), expired)) {
      Cli run = ping(server).failed(ExitCode.CERTIFICATE_REJECTED);

      assertThat(run.out()).contains(", expired");
    }
  }

  @Test
  void certificateRejected_json_hasErrorAndCertificate() {
    Issued other = CERTIFICATES.server("other.example");
    try (ScriptedPeer server = ScriptedPeer.server(UNTIL_STARTTLS.startTls().stall(), other)) {
      JsonObject json =
          ping(server, "--output", "json").failed(ExitCode.CERTIFICATE_REJECTED).json();

      assertThat(json.keySet())
          .containsExactly(
              "command",
              "target",
              "embedded",
              "ok",
              "exitCode",
              "path",
              "security",
              "via",
              "tls",
              "certificates",
              "error");
      assertThat(json.get("ok").getAsBoolean()).isFalse();
      assertThat(json.get("exitCode").getAsInt()).isEqualTo(8);
      assertThat(json.get("security").isJsonNull()).isTrue();
      assertThat(json.get("tls").isJsonNull()).isTrue();
      assertThat(json.getAsJsonArray("certificates")).hasSize(1);
      JsonObject error = json.getAsJsonObject("error");
      assertThat(error.keySet())
          .containsExactly("kind", "message", "path", "peer", "expected", "got");
      assertThat(error.get("kind").getAsString()).isEqualTo("CertificateRejected");
      assertThat(error.get("peer").getAsString()).isEqualTo(server.endpoint().toString());
    }
  }

  @Test
  void timedOut_jsonVerbose_hasDialogueSoFar() {
    try (ScriptedPeer server = ScriptedPeer.server(Script.start().stall())) {
      JsonObject json =
          ping(server, "--output", "json", "-v", "--timeout", Patience.LONG)
              .failed(ExitCode.TIMED_OUT)
              .json();

      assertThat(json.getAsJsonArray("dialogue").toString()).contains("\"text\":\"PING\"");
      assertThat(json.getAsJsonObject("error").get("expected").getAsString()).isEqualTo("PONG");
    }
  }

  @Test
  void closedUnderTls_ping_reportStillTellsTls() {
    try (ScriptedPeer server =
        ScriptedPeer.server(UNTIL_STARTTLS.startTls().expect("PING\n").close(), LOCALHOST)) {
      Cli run = ping(server).failed(ExitCode.CLOSED);

      assertThat(run.out()).contains("tls          TLSv1.3").doesNotContain("TLS reaches");
    }
  }

  @Test
  void peerTextWithEscapes_ping_escapedEverywhere() {
    // The byte after ESC [ would clear the screen; U+202E would turn the line round.
    Script script =
        UNTIL_STARTTLS.startTls().expect("PING\n").send("\u001b[2J\u202ePONG\n").stall();
    try (ScriptedPeer server = ScriptedPeer.server(script, LOCALHOST)) {
      Cli run = ping(server, "-v").failed(ExitCode.MISBEHAVED);

      assertThat(run.out()).contains("tls   S: \\x1b[2J\\u202ePONG");
      assertThat(run.out() + run.err()).doesNotContain("\u001b", "\u202e");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"text", "json"})
  void certificateWithEscapes_ping_escapedEverywhere(String output) throws Exception {
    Issued hostile = withEscapes();
    try (ScriptedPeer server = ScriptedPeer.server(UNTIL_STARTTLS.startTls().stall(), hostile)) {
      Cli run = ping(server, "-v", "--output", output).failed(ExitCode.CERTIFICATE_REJECTED);

      assertThat(run.out().replace("\\\\", "\\"))
          .contains("CN=evil\\x1b[2J\\u202e.example", "evil.example\\x1b[2J");
      assertThat(run.out() + run.err()).doesNotContain("\u001b", "\u202e");
    }
  }

  /** A proper library refuses to make such a certificate. */
  private static Issued withEscapes() throws Exception {
    KeyPair keys = KeyPairGenerator.getInstance("EC").generateKeyPair();
    X500Name name = new X500Name("CN=evil\u001b[2J\u202e.example");
    GeneralName alternative = new GeneralName(GeneralName.dNSName, "evil.example\u001b[2J");
    Instant now = Instant.now();
    JcaX509v3CertificateBuilder builder =
        new JcaX509v3CertificateBuilder(
            name,
            BigInteger.ONE,
            Date.from(now.minusSeconds(60)),
            Date.from(now.plusSeconds(3600)),
            name,
            keys.getPublic());
    builder.addExtension(Extension.subjectAlternativeName, false, new GeneralNames(alternative));
    X509Certificate certificate =
        new JcaX509CertificateConverter()
            .getCertificate(
                builder.build(
                    new JcaContentSignerBuilder("SHA256withECDSA").build(keys.getPrivate())));
    return new Issued(keys.getPrivate(), List.of(certificate));
  }

  @Test
  void nobodyListens_pingVerbose_noBlankLineForNoDialogue() throws IOException {
    try (RefusingPort nobody = RefusingPort.open()) {
      Cli run =
          Cli.run("ping", "-v", "127.0.0.1:" + nobody.endpoint().port())
              .failed(ExitCode.CONNECT_FAILED);

      assertThat(run.out()).isEmpty();
    }
  }

  @Test
  void stackTraceAskedFor_ping_printedAfterTheLine() {
    try (ScriptedPeer server = ScriptedPeer.server(Script.start().expect("PING\n").close())) {
      Cli run = ping(server, "--stacktrace");

      assertThat(run.exitCode()).isEqualTo(ExitCode.CLOSED.code());
      assertThat(run.err()).contains("\tat io.upgradeable.");
    }
  }
}
