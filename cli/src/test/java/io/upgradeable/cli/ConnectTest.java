package io.upgradeable.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import io.upgradeable.testkit.RefusingPort;
import io.upgradeable.testkit.Script;
import io.upgradeable.testkit.ScriptedPeer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code upgrade-cli connect}: what it reports of each layer, and how each failure ends. */
@Timeout(120)
class ConnectTest {

  private static final String ANY = "any.example:1";

  @TempDir private static Path directory;

  private final ProxyFixture fixture = new ProxyFixture(directory);

  @AfterEach
  void closeAll() throws Exception {
    fixture.close();
  }

  private Cli connect(String target, String via, String... more) {
    List<String> args =
        new ArrayList<>(List.of("connect", target, "--via", via, "--cafile", fixture.targetCa()));
    if (via.startsWith("https")) {
      args.addAll(List.of("--proxy-cafile", fixture.proxyCa()));
    }
    args.addAll(List.of(more));
    return Cli.run(args.toArray(String[]::new));
  }

  /** A target that speaks TLS from the first byte and says nothing. */
  private String tlsTarget() {
    ScriptedPeer target =
        fixture.closing(
            ScriptedPeer.server(Script.start().startTls().stall(), ProxyFixture.TARGET));
    return "localhost:" + target.endpoint().port();
  }

  @Test
  void noTarget_connect_showsTheWholeRun() {
    Cli run = Cli.run("connect").succeeded();

    assertThat(run.out())
        .contains(
            "tls   C: CONNECT 127.0.0.1:",
            "--    open: connect(127.0.0.1:",
            "tls   S: Hello through the tunnel",
            "  security   HOP_ONLY: this TLS ends at the proxy",
            "security     ORIGIN: TLS reaches localhost",
            "it answered: Hello through the tunnel");
  }

  @Test
  void noTarget_noTls_tunnelIsHopOnly() {
    Cli run = Cli.run("connect", "--no-tls").succeeded();

    assertThat(run.out())
        .contains("security     HOP_ONLY: TLS ends at a proxy", "plain C: Hello through the tunnel")
        .doesNotContain("TLS reaches");
  }

  @Test
  void noTarget_json_followsSchema() {
    JsonObject json = Cli.run("connect", "--output", "json").succeeded().json();

    assertThat(json.get("command").getAsString()).isEqualTo("connect");
    assertThat(json.get("embedded").getAsBoolean()).isTrue();
    assertThat(json.getAsJsonObject("connect").get("targetTls").getAsBoolean()).isTrue();
    assertThat(json.getAsJsonArray("via")).hasSize(1);
  }

  @Test
  void targetWithTls_httpsProxy_reportsBothLayers() throws IOException {
    String target = tlsTarget();
    String proxy = fixture.https(ProxyFixture.allowing());

    Cli run = connect(target, proxy).succeeded();

    assertThat(run.out())
        .contains(
            "> connect(" + target + ") > tls(localhost)",
            "proxy        " + proxy + " opened connect(" + target + "): 200",
            "HOP_ONLY",
            "security     ORIGIN: TLS reaches localhost",
            "connect      the tunnel is open, and TLS with the target is up");
  }

  @Test
  void answerWithFields_verbose_areShown() {
    String answer = "HTTP/1.1 299 Fine\r\nVia: 1.1 somebody\r\n\r\n";
    String proxy = fixture.scripted(Script.start().send(answer).stall());

    Cli run = connect(ANY, proxy, "--no-tls", "-v").succeeded();

    assertThat(run.out())
        .contains("plain S: Via: 1.1 somebody", "opened connect(any.example:1): 299 Fine");
  }

  @Test
  void answerWithFields_json_areListed() {
    String answer = "HTTP/1.1 200 OK\r\nVia: 1.1 somebody\r\n\r\n";
    String proxy = fixture.scripted(Script.start().send(answer).stall());

    JsonObject json = connect(ANY, proxy, "--no-tls", "--output", "json").succeeded().json();

    assertThat(json.getAsJsonArray("via").get(0).getAsJsonObject().getAsJsonArray("fields"))
        .hasToString("[\"Via: 1.1 somebody\"]");
    assertThat(json.get("security").getAsString()).isEqualTo("plaintext");
    assertThat(json.get("tls").isJsonNull()).isTrue();
  }

  @Test
  void nobodyListens_connect_couldNotConnect() throws IOException {
    try (RefusingPort nobody = RefusingPort.open()) {
      connect(ANY, "http://127.0.0.1:" + nobody.endpoint().port())
          .failed(ExitCode.CONNECT_FAILED, "could not connect");
    }
  }

  @Test
  void proxyDenies_connect_refused() throws IOException {
    connect(ANY, fixture.http(ProxyFixture.denying()))
        .failed(ExitCode.REFUSED, "> connect(any.example:1): ", "403 Forbidden");
  }

  @Test
  void silentTarget_connect_timedOutInItsHandshake() {
    String proxy = fixture.scripted(Script.start().send(ProxyFixture.ESTABLISHED).stall());

    connect(ANY, proxy, "--step-timeout", Patience.LONG)
        .failed(ExitCode.TIMED_OUT, "> tls(any.example)", "5 s");
  }

  @Test
  void targetWithoutTls_connect_tlsFailed() {
    String proxy =
        fixture.scripted(
            Script.start()
                .send(ProxyFixture.ESTABLISHED)
                .expect(new byte[] {0x16})
                .send("220 mail\r\n")
                .stall());

    connect(ANY, proxy).failed(ExitCode.TLS_FAILED, "> tls(any.example)");
  }

  @Test
  void certificateOfAnother_connect_rejected() throws IOException {
    String target = tlsTarget().replace("localhost", "127.0.0.1");

    connect(target, fixture.http(ProxyFixture.allowing()))
        .failed(ExitCode.CERTIFICATE_REJECTED, "> tls(127.0.0.1)");
  }

  @Test
  void notHttp_connect_misbehaved() {
    connect(ANY, fixture.scripted(Script.start().send("SSH-2.0-x\r\n").stall()))
        .failed(ExitCode.MISBEHAVED, "an HTTP/1.1 answer to CONNECT");
  }

  @Test
  void bytesBehindTheAnswer_connect_injected() {
    String proxy = fixture.scripted(Script.start().send(ProxyFixture.ESTABLISHED + "hi").stall());

    connect(ANY, proxy).failed(ExitCode.INJECTED, "plaintext was injected");
  }

  @Test
  void closedEarly_connect_closed() {
    connect(ANY, fixture.scripted(Script.start().close()))
        .failed(ExitCode.CLOSED, "the proxy's answer to CONNECT");
  }
}
