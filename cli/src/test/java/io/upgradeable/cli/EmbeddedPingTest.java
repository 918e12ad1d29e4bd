package io.upgradeable.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The newcomer's first command. */
class EmbeddedPingTest {

  @Test
  void noTarget_ping_showsWholeDialogue() {
    Cli run = Cli.run("ping").succeeded();

    assertThat(run.out())
        .containsSubsequence(
            "embedded server on 127.0.0.1:",
            "connected to 127.0.0.1:",
            "plain C: PING",
            "plain S: PONG",
            "plain C: STARTTLS",
            "TLS handshake",
            "TLS is on: TLSv1.3 TLS_",
            "tls   C: PING",
            "tls   S: PONG",
            "tls   C: QUIT",
            "path         tcp(127.0.0.1:",
            "> ping+tls(localhost)",
            "security     TLS reaches localhost",
            "tls          TLSv1.3, TLS_",
            "no ALPN",
            "the chain leads to a trusted certificate, and the name is right",
            "certificate  CN=upgrade-cli throw-away certificate",
            "names      localhost, 127.0.0.1, ::1",
            "sha256     ",
            "pin        sha256//",
            "hours left",
            "1 PONG under TLS");
  }

  @Test
  void noTarget_pingOverImplicitTls_nothingInPlaintext() {
    Cli run = Cli.run("ping", "--tls").succeeded();

    assertThat(run.out()).contains("> tls(localhost) > ping", "tls   S: PONG");
    assertThat(run.out()).doesNotContain("plain ", "STARTTLS");
  }

  @Test
  void noTarget_jdkEngineAndTls12_factsSaySo() {
    Cli run = Cli.run("ping", "--engine", "jdk", "--tls-max", "1.2").succeeded();

    assertThat(run.out()).contains("TLSv1.2, TLS_ECDHE_ECDSA_", "engine JDK");
  }

  @Test
  void noTarget_alpnOffered_notChosenByServer() {
    assertThat(Cli.run("ping", "--alpn", "ping/1").succeeded().out()).contains("no ALPN");
  }

  @Test
  void noTarget_showCertificates_pem() {
    Cli run = Cli.run("ping", "--show-certs").succeeded();

    assertThat(run.out())
        .containsSubsequence("-----BEGIN CERTIFICATE-----\n", "-----END CERTIFICATE-----\n");
  }

  @Test
  void noTarget_insecure_warnsAndDoesNotClaimToKnowThePeer() {
    Cli run = Cli.run("ping", "--insecure");

    assertThat(run.exitCode()).isZero();
    assertThat(run.err().lines()).hasSize(1);
    assertThat(run.err()).startsWith("upgrade-cli ping: warning: --insecure");
    assertThat(run.out())
        .contains("was not verified", "anybody may be at the other end")
        .doesNotContain("TLS reaches");
  }

  @Test
  void noTarget_otherPin_rejected() {
    String pin = "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    Cli.run("ping", "--pin", pin).failed(ExitCode.CERTIFICATE_REJECTED, "pin");
  }

  @Test
  void noTarget_colorAlways_escapesAroundLines() {
    assertThat(Cli.run("ping", "--color", "always").succeeded().out())
        .contains("\u001b[36mC: PING\u001b[0m");
  }

  @Test
  void noTarget_colorNever_noEscapes() {
    assertThat(Cli.run("ping", "--color", "never").succeeded().out()).doesNotContain("\u001b");
  }

  @Test
  void noTarget_json_followsSchema() {
    JsonObject json = Cli.run("ping", "--output", "json").succeeded().json();

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
            "ping",
            "error",
            "dialogue");
    assertThat(json.get("command").getAsString()).isEqualTo("ping");
    assertThat(json.get("target").getAsString()).startsWith("127.0.0.1:");
    assertThat(json.get("embedded").getAsBoolean()).isTrue();
    assertThat(json.get("ok").getAsBoolean()).isTrue();
    assertThat(json.get("exitCode").getAsInt()).isZero();
    assertThat(json.get("path").getAsString()).endsWith(" > ping+tls(localhost)");
    assertThat(json.get("security").getAsString()).isEqualTo("origin");
    assertThat(json.get("error").isJsonNull()).isTrue();
    assertThat(json.getAsJsonObject("ping").get("pongs").getAsInt()).isEqualTo(1);
  }

  @Test
  void noTarget_json_tlsAndCertificateFollowSchema() {
    JsonObject json = Cli.run("ping", "--output", "json", "--show-certs").succeeded().json();

    JsonObject tls = json.getAsJsonObject("tls");
    assertThat(tls.keySet())
        .containsExactly(
            "protocol", "cipherSuite", "group", "alpn", "verification", "serverName", "engine");
    assertThat(tls.get("protocol").getAsString()).isEqualTo("TLSv1.3");
    assertThat(tls.get("alpn").isJsonNull()).isTrue();
    assertThat(tls.get("verification").getAsString()).isEqualTo("chain-and-name");
    assertThat(tls.get("serverName").getAsString()).isEqualTo("localhost");
    assertThat(json.getAsJsonArray("certificates")).hasSize(1);
    JsonObject certificate = json.getAsJsonArray("certificates").get(0).getAsJsonObject();
    assertThat(certificate.keySet())
        .containsExactly(
            "subject",
            "issuer",
            "names",
            "notBefore",
            "notAfter",
            "daysLeft",
            "sha256",
            "pin",
            "pem");
    assertThat(certificate.get("sha256").getAsString()).matches("[0-9a-f]{64}");
    assertThat(certificate.get("pin").getAsString()).matches("sha256//[A-Za-z0-9+/]{43}=");
    assertThat(certificate.get("pem").getAsString()).startsWith("-----BEGIN CERTIFICATE-----\n");
  }

  @Test
  void noTarget_json_dialogueInOrder() {
    JsonObject json = Cli.run("ping", "--output", "json").succeeded().json();

    List<String> events =
        json.getAsJsonArray("dialogue").asList().stream()
            .map(JsonElement::getAsJsonObject)
            .filter(event -> !event.get("event").getAsString().equals("connected"))
            .map(
                event ->
                    "%s %s %s"
                        .formatted(
                            event.get("secured").getAsBoolean() ? "tls" : "plain",
                            event.get("event").getAsString(),
                            event.get("event").getAsString().startsWith("handshake")
                                ? ""
                                : event.get("text").getAsString()))
            .toList();
    assertThat(events)
        .containsExactly(
            "plain sent PING",
            "plain received PONG",
            "plain sent STARTTLS",
            "plain handshakeStarted ",
            "tls handshakeCompleted ",
            "tls sent PING",
            "tls received PONG",
            "tls sent QUIT");
  }
}
