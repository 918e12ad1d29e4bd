package io.upgradeable.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.unboundid.ldap.sdk.ResultCode;
import io.upgradeable.testkit.RefusingPort;
import io.upgradeable.testkit.Script;
import io.upgradeable.testkit.ScriptedPeer;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Client commands through proxies: what they report, and how each failure ends. */
@Timeout(120)
class ViaTest {

  @TempDir private static Path directory;

  private final ProxyFixture fixture = new ProxyFixture(directory);

  @AfterEach
  void closeAll() throws Exception {
    fixture.close();
  }

  private String target(String protocol) {
    String[] identity = {"--cert", fixture.file("target.crt"), "--key", fixture.file("target.key")};
    RunningServer server =
        switch (protocol) {
          case "smtp" -> RunningServer.smtp(identity);
          case "ldap" -> RunningServer.ldap(identity);
          default -> RunningServer.start(identity);
        };
    return fixture.closing(server).target();
  }

  private Cli run(String command, String target, String... more) {
    List<String> args = new ArrayList<>(List.of(command, target, "--cafile", fixture.targetCa()));
    args.addAll(List.of("--proxy-cafile", fixture.proxyCa()));
    args.addAll(List.of(more));
    if (List.of(more).stream().noneMatch(word -> word.startsWith("https://"))) {
      args.subList(4, 6).clear();
    }
    return Cli.run(args.toArray(String[]::new));
  }

  @Test
  void httpProxy_ping_reportsTheChain() throws IOException {
    String target = target("ping");
    String proxy = fixture.http(ProxyFixture.allowing());

    Cli run = run("ping", target, "--via", proxy).succeeded();

    assertThat(run.out())
        .contains(
            "path         tcp(%s) > connect(%s) > ping+tls(localhost)"
                .formatted(proxy.substring(7), target),
            "proxy        %s opened connect(%s): 200 Connection established"
                .formatted(proxy, target),
            "security     ORIGIN: TLS reaches localhost");
  }

  @Test
  void httpsProxyThenHttpProxy_smtp_reportsEachTls() throws IOException {
    String target = target("smtp");
    String outer = fixture.https(ProxyFixture.allowing());
    String inner = fixture.http(ProxyFixture.allowing());

    Cli run = run("smtp", target, "--via", outer, "--via", inner, "-v").succeeded();

    assertThat(run.out())
        .contains(
            "path         tcp(%s) > tls(localhost) > connect(%s) > connect(%s) > smtp+tls(localhost)"
                .formatted(outer.substring(8), inner.substring(7), target),
            "proxy        " + outer + " opened",
            "proxy        " + inner + " opened",
            "  security   HOP_ONLY: this TLS ends at the proxy",
            "security     ORIGIN: TLS reaches localhost",
            "tls   C: CONNECT " + inner.substring(7) + " HTTP/1.1",
            "plain C: CONNECT " + target + " HTTP/1.1",
            "plain S: 220",
            "plain C: STARTTLS",
            "before TLS   anybody on the way may have said this:",
            "  greeting   220");
  }

  @Test
  void httpsProxy_ldap_reportsEachTls() throws IOException {
    String target = target("ldap");
    String proxy = fixture.https(ProxyFixture.allowing());

    Cli run = run("ldap", target, "--via", proxy, "--whoami", "-v").succeeded();

    assertThat(run.out())
        .contains(
            "> tls(localhost) > connect(%s) > ldap+tls(localhost)".formatted(target),
            "proxy        " + proxy + " opened",
            "plain C: ExtendedRequest #1 StartTLS",
            "tls   C: SearchRequest #1",
            "security     ORIGIN: TLS reaches localhost",
            "root DSE     LDAPv3",
            "who am I     nobody");
  }

  @Test
  void tlsEndsAtTheProxy_ldapBind_passwordStays() throws IOException {
    Script refusing =
        LdapScripts.start()
            .send(LdapScripts.startTlsResponse(ResultCode.UNAVAILABLE, ""))
            .expect(LdapScripts.rootDseRequest(1))
            .send(LdapScripts.done(1, ResultCode.SUCCESS, ""))
            .expect(LdapScripts.unbind(2))
            .expectClose();
    ScriptedPeer server = fixture.closing(ScriptedPeer.server(refusing));

    Cli run =
        run(
            "ldap",
            server.endpoint().toString(),
            "--via",
            fixture.https(ProxyFixture.allowing()),
            "--starttls",
            "opportunistic",
            "--bind-dn",
            "cn=anna",
            "--password-file",
            fixture.file("password"));

    assertThat(run.exitCode()).isEqualTo(ExitCode.NOT_OFFERED.code());
    assertThat(run.err()).contains("will not authenticate in plaintext");
    assertThat(run.out()).contains("TLS ends at a proxy");
    server.awaitPlayed();
  }

  @Test
  void httpsProxy_json_tellsOfTheProxyApart() throws IOException {
    String target = target("ping");
    String proxy = fixture.https(ProxyFixture.allowing());

    JsonObject json = run("ping", target, "--via", proxy, "--output", "json").succeeded().json();

    JsonObject hop = json.getAsJsonArray("via").get(0).getAsJsonObject();
    assertThat(hop.get("proxy").getAsString()).isEqualTo(proxy);
    assertThat(hop.get("tunnel").getAsString()).isEqualTo("connect(" + target + ")");
    assertThat(hop.get("open").getAsBoolean()).isTrue();
    assertThat(hop.get("security").getAsString()).isEqualTo("hop-only");
    assertThat(hop.get("status").getAsInt()).isEqualTo(200);
    assertThat(hop.getAsJsonObject("tls").get("serverName").getAsString()).isEqualTo("localhost");
    assertThat(hop.getAsJsonArray("certificates")).isNotEmpty();
    assertThat(json.get("security").getAsString()).isEqualTo("origin");
    assertThat(sha256(json)).isNotEqualTo(sha256(hop));
  }

  private static String sha256(JsonObject of) {
    return of.getAsJsonArray("certificates").get(0).getAsJsonObject().get("sha256").getAsString();
  }

  @Test
  void nobodyListens_ping_proxyUnreachable() throws IOException {
    try (RefusingPort nobody = RefusingPort.open()) {
      String proxy = "127.0.0.1:" + nobody.endpoint().port();
      run("ping", "any.example:1", "--via", "http://" + proxy)
          .failed(ExitCode.CONNECT_FAILED, "could not connect", proxy, "refused");
    }
  }

  @Test
  void targetThatTheProxyDenies_ping_refusedWithStatusAndReason() throws IOException {
    run("ping", "any.example:1", "--via", fixture.http(ProxyFixture.denying()))
        .failed(ExitCode.REFUSED, "connect(any.example:1)", "403 Forbidden");
  }

  @Test
  void secondProxyDenies_ping_refusedAtItsLayer() throws IOException {
    String outer = fixture.http(ProxyFixture.allowing());
    String inner = fixture.http(ProxyFixture.denying());

    Cli run =
        run("ping", "any.example:1", "--via", outer, "--via", inner)
            .failed(ExitCode.REFUSED, "> connect(any.example:1): ", "403 Forbidden");

    assertThat(run.out()).contains("proxy        " + outer + " opened connect(");
  }

  @Test
  void refusalWithABody_verbose_bodyIsShownEscaped() {
    String proxy =
        fixture.scripted(
            Script.start()
                .send("HTTP/1.1 403 No\r\nContent-Length: 10\r\n\r\nbe\u001b[2Jgone")
                .close());

    Cli run = run("ping", "any.example:1", "--via", proxy, "-v").failed(ExitCode.REFUSED, "403 No");

    assertThat(run.out()).contains("be\\x1b[2Jgone").doesNotContain("\u001b");
  }

  @Test
  void silentProxy_ping_timedOutInTheTunnelsLayer() {
    run(
            "ping",
            "any.example:1",
            "--via",
            fixture.scripted(Script.start().stall()),
            "--step-timeout",
            "300ms")
        .failed(
            ExitCode.TIMED_OUT,
            "> connect(any.example:1)",
            "the proxy's answer to CONNECT",
            "300 ms");
  }

  @Test
  void silentTarget_ping_timedOutInTheTargetsLayer() {
    String proxy = fixture.scripted(Script.start().send(ProxyFixture.ESTABLISHED).stall());

    run("ping", "any.example:1", "--via", proxy, "--step-timeout", Patience.LONG)
        .failed(ExitCode.TIMED_OUT, "> ping+tls(any.example)", "expected PONG");
  }

  @Test
  void garbage_ping_misbehaved() {
    run(
            "ping",
            "any.example:1",
            "--via",
            fixture.scripted(Script.start().send("220 mail\r\n").stall()))
        .failed(ExitCode.MISBEHAVED, "an HTTP/1.1 answer to CONNECT");
  }

  @Test
  void closedEarly_ping_closed() {
    run("ping", "any.example:1", "--via", fixture.scripted(Script.start().close()))
        .failed(ExitCode.CLOSED, "the proxy's answer to CONNECT");
  }

  @Test
  void bytesBehindTheAnswer_implicitTls_injected() {
    String proxy =
        fixture.scripted(Script.start().send(ProxyFixture.ESTABLISHED + "PONG\n").stall());

    run("ping", "any.example:1", "--via", proxy, "--tls")
        .failed(ExitCode.INJECTED, "plaintext was injected");
  }

  @Test
  void lyingProxy_answersInTheTargetsPlace_certificateRejected() {
    String proxy = fixture.scripted(Script.start().send(ProxyFixture.ESTABLISHED).startTls());

    JsonObject json =
        run("ping", "any.example:1", "--via", proxy, "--tls", "--output", "json")
            .failed(ExitCode.CERTIFICATE_REJECTED, "> tls(any.example)")
            .json();

    assertThat(json.getAsJsonArray("certificates")).as("what it showed").isNotEmpty();
    assertThat(json.get("tls").isJsonNull()).isTrue();
    assertThat(json.get("security").isJsonNull()).isTrue();
  }

  @Test
  void proxyOfAnUnknownAuthority_ping_certificateRejectedBelowTheProxy() throws IOException {
    String proxy = fixture.https(ProxyFixture.allowing());

    JsonObject json =
        Cli.run(
                "ping",
                "any.example:1",
                "--via",
                proxy,
                "--cafile",
                fixture.targetCa(),
                "--output",
                "json")
            .failed(ExitCode.CERTIFICATE_REJECTED, "> tls(localhost)")
            .json();

    JsonElement hop = json.getAsJsonArray("via").get(0);
    assertThat(hop.getAsJsonObject().getAsJsonArray("certificates")).isNotEmpty();
    assertThat(json.getAsJsonArray("certificates")).isEmpty();
  }

  @Test
  void proxyWithoutTls_https_tlsFailed() throws IOException {
    String proxy = fixture.http(ProxyFixture.allowing()).replace("http:", "https:");

    run("ping", "any.example:1", "--via", proxy).failed(ExitCode.TLS_FAILED, "> tls(localhost)");
  }

  @Test
  void insecureProxy_ping_warnsAndStillChecksTheTarget() throws IOException {
    String target = target("ping");
    String proxy = fixture.https(ProxyFixture.allowing());

    Cli run =
        Cli.run("ping", target, "--via", proxy, "--proxy-insecure", "--cafile", fixture.targetCa());
    assertThat(run.err()).contains("warning: --proxy-insecure accepts any certificate of a proxy");
    assertThat(run.exitCode()).isZero();
    assertThat(run.out()).contains("no: anybody may be at the other end", "TLS reaches localhost");

    Cli strict =
        Cli.run("ping", target, "--via", proxy, "--proxy-insecure", "--cafile", fixture.proxyCa());
    assertThat(strict.exitCode()).isEqualTo(ExitCode.CERTIFICATE_REJECTED.code());
  }

  @Test
  void passwordFromAFile_httpsProxy_isAskedForAndNeverShown() throws IOException {
    String target = target("ping");
    String proxy =
        fixture.https(ProxyFixture.withUser(ProxyFixture.allowing())).replace("//", "//bob@");

    Cli run =
        run("ping", target, "--via", proxy, "--proxy-password-file", fixture.file("password"), "-v")
            .succeeded();

    assertThat(run.out())
        .contains("Proxy-Authorization: Basic <redacted>")
        .doesNotContain(ProxyFixture.PASSWORD);
  }

  @Test
  void passwordInUrl_httpsProxy_worksWithAWarningAndIsNeverShown() throws IOException {
    String target = target("ping");
    String proxy = fixture.https(ProxyFixture.withUser(ProxyFixture.allowing()));

    Cli run =
        run(
            "ping",
            target,
            "--via",
            proxy.replace("//", "//bob:s3c%72et@"),
            "-v",
            "--output",
            "json");

    assertThat(run.exitCode()).as(run.err()).isZero();
    assertThat(run.err().lines()).hasSize(1);
    assertThat(run.err()).contains("warning: --via holds a password", "--proxy-password-env");
    assertThat(run.out() + run.err()).doesNotContain(ProxyFixture.PASSWORD, "s3c%72et");
  }

  @Test
  void wrongPassword_httpsProxy_refused407() throws IOException {
    String proxy =
        fixture.https(ProxyFixture.withUser(ProxyFixture.allowing())).replace("//", "//eve@");

    run("ping", "any.example:1", "--via", proxy, "--proxy-password-file", fixture.file("password"))
        .failed(ExitCode.REFUSED, "407", "the credentials were not accepted");
  }

  @Test
  void noCredentials_httpProxy_refused407() throws IOException {
    run(
            "ping",
            "any.example:1",
            "--via",
            fixture.http(ProxyFixture.withUser(ProxyFixture.allowing())))
        .failed(ExitCode.REFUSED, "407", "no credentials were given");
  }

  @Test
  void password_httpProxy_staysUnlessToldToGo() throws IOException {
    String target = target("ping");
    String[] options = {
      "--via",
      fixture.http(ProxyFixture.withUser(ProxyFixture.allowing())),
      "--proxy-user",
      "bob",
      "--proxy-password-file",
      fixture.file("password")
    };

    run("ping", target, options)
        .failed(
            ExitCode.REFUSED,
            "would show the password",
            "--proxy-insecure-auth-in-plaintext would");

    String[] told = List.of(options).toArray(new String[options.length + 1]);
    told[options.length] = "--proxy-insecure-auth-in-plaintext";
    run("ping", target, told).succeeded();
  }

  @ParameterizedTest
  @CsvSource({"403, //", "407, //", "403, //bob@", "407, //bob@"})
  void proxyThatSpeaksLikeUs_refusal_noAdvice(String status, String user) {
    String answer = "HTTP/1.1 " + status + " No (it would show the password on the way)\r\n";
    String asks = "Proxy-Authenticate: Odd\r\n\r\n";
    String proxy = fixture.scripted(Script.start().send(answer + asks).close());
    List<String> args = new ArrayList<>(List.of("ping", "any.example:1", "--via"));
    args.add(proxy.replace("//", user));
    if (user.contains("@")) {
      args.addAll(List.of("--proxy-password-file", fixture.file("password")));
    }

    Cli run =
        Cli.run(args.toArray(String[]::new))
            .failed(ExitCode.REFUSED, "No (it would show the password on the way)");
    assertThat(run.err()).doesNotContain("--proxy-insecure");
  }

  @Test
  void exchangerThatTheProxyCannotReach_smtp_nextIsAsked() throws IOException {
    String target = target("smtp");
    // A resolver may take its time to find nothing, and it is not to time out.
    String proxy =
        fixture.http(
            ProxyFixture.allowing()
                .allow("no-such-host.invalid:*")
                .connectTimeout(Duration.ofMinutes(1)));
    try (LittleDns dns = LittleDns.answering("no-such-host.invalid", "localhost")) {
      String port = target.substring(target.indexOf(':'));

      Cli run =
          Cli.run(
              "smtp",
              "--cafile",
              fixture.targetCa(),
              "--via",
              proxy,
              "--step-timeout",
              "90s",
              "--timeout",
              "2m",
              "--dns",
              dns.address(),
              "--mx",
              "example.org" + port);

      assertThat(run.exitCode()).as(run.err()).isZero();
      assertThat(run.err()).contains("502 Bad Gateway", "; trying localhost:");
    }
  }

  @Test
  void proxyOfTheEnvironment_onlyIfAskedFor_isUsed() throws Exception {
    String target = target("ping");
    String proxy = fixture.http(ProxyFixture.denying());

    assertThat(withEnvironment(proxy, "", "ping", target).exitCode()).isZero();
    assertThat(withEnvironment(proxy, "", "ping", target, "--proxy-env").exitCode())
        .isEqualTo(ExitCode.REFUSED.code());
    assertThat(withEnvironment(proxy, "localhost", "ping", target, "--proxy-env").exitCode())
        .isZero();
  }

  private Cli withEnvironment(String proxy, String except, String... args) throws Exception {
    List<String> all = new ArrayList<>(List.of(args));
    all.addAll(List.of("--cafile", fixture.targetCa()));
    ProcessBuilder builder = new ProcessBuilder(CliProcess.command(all.toArray(String[]::new)));
    Map<String, String> environment = builder.environment();
    environment.keySet().removeIf(name -> name.matches("(?i)(https|no)_proxy"));
    environment.put("HTTPS_PROXY", proxy);
    environment.put("NO_PROXY", except);
    return CliProcess.finish(builder.start());
  }

  @Test
  void mailThroughTwoProxies_smtp_arrives() throws IOException {
    String target = target("smtp");

    run(
            "smtp",
            target,
            "--via",
            fixture.http(ProxyFixture.allowing()),
            "--via",
            fixture.https(ProxyFixture.allowing()),
            "--from",
            "a@x.example",
            "--to",
            "b@x.example",
            "--body",
            "hi",
            "--count",
            "20",
            "--connections",
            "2")
        .succeeded();
  }
}
