package io.upgradeable.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.unboundid.ldap.sdk.Attribute;
import com.unboundid.ldap.sdk.ResultCode;
import io.upgradeable.testkit.Certificates;
import io.upgradeable.testkit.Certificates.Issued;
import io.upgradeable.testkit.Dialogue;
import io.upgradeable.testkit.Fault;
import io.upgradeable.testkit.Script;
import io.upgradeable.testkit.ScriptedPeer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Each way in which talking to a directory can fail, and what it tells nevertheless. */
class LdapFailureTest {

  private static final Certificates CERTIFICATES = Certificates.create();
  private static final Issued LOCALHOST = CERTIFICATES.server("localhost");

  @TempDir private static Path directory;

  @BeforeAll
  static void writeFiles() throws IOException {
    CERTIFICATES.writePem(directory);
    Files.writeString(directory.resolve("password"), "hunter2\n");
  }

  private static Cli ldap(String target, String... more) {
    List<String> args =
        new ArrayList<>(List.of("ldap", "--cafile", directory.resolve("ca.crt").toString()));
    args.add(target);
    args.addAll(List.of(more));
    return Cli.run(args.toArray(String[]::new));
  }

  private static Cli ldap(ScriptedPeer server, String... more) {
    return ldap(server.endpoint().toString(), more);
  }

  private static Cli bind(ScriptedPeer server, String... more) {
    List<String> options =
        new ArrayList<>(
            List.of("--bind-dn", "cn=anna", "--password-file", directory + "/password"));
    options.addAll(List.of(more));
    return ldap(server, options.toArray(String[]::new));
  }

  private static ScriptedPeer server(Script script) {
    return ScriptedPeer.server(script, LOCALHOST);
  }

  /** The server shows its root DSE, here a small one. */
  private static Script rootDse(Script script) {
    return script
        .expect(LdapScripts.rootDseRequest(1))
        .send(LdapScripts.entry(1, new Attribute("supportedLDAPVersion", "3")))
        .send(LdapScripts.done(1, ResultCode.SUCCESS, ""));
  }

  @ParameterizedTest
  @CsvSource({
    "REFUSE_CONNECTION,    CONNECT_FAILED, refused",
    "HANG_AFTER_ACCEPT,    TIMED_OUT,      'ldap+tls(localhost): localhost:'",
    "CLOSE_AFTER_ACCEPT,   CLOSED,         expected the response to StartTLS",
    "CLOSE_MID_LINE,       CLOSED,         expected the response to StartTLS",
    "FLOOD,                MISBEHAVED,     'expected an LDAP message'",
    "INJECT_AT_UPGRADE,    INJECTED,       38 bytes of plaintext",
    "HANG_IN_HANDSHAKE,    TIMED_OUT,      handshake",
    "CLOSE_IN_HANDSHAKE,   CLOSED,         handshake",
    "RESET_IN_HANDSHAKE,   CLOSED,         handshake",
    "GARBAGE_IN_HANDSHAKE, TLS_FAILED,     handshake",
    "HANG_UNDER_TLS,       TIMED_OUT,      expected the root DSE",
    "CUT_UNDER_TLS,        CLOSED,         without TLS close_notify" // asked or not yet
  })
  void fault_ldap_codeAndOneLine(Fault fault, ExitCode code, String words) {
    Dialogue dialogue =
        Dialogue.parse(
            "ldap",
            """
            dialogue client NONE

            C- 0\\x1d\\x02\\x01\\x01w\\x18\\x80\\x161.3.6.1.4.1.1466.20037
            S- 0$\\x02\\x01\\x01x\\x1f\\n\\x01\\x00\\x04\\x00\\x04\\x00\\x8a\\x161.3.6.1.4.1.1466.20037
            =TLS=
            =DONE=
            """);
    try (Fault.Server server = fault.start(dialogue, LOCALHOST)) {
      ldap(server.endpoint().toString(), Patience.options(fault).toArray(String[]::new))
          .failed(code, words);
    }
  }

  @Test
  void slowServer_wholeTime_timedOut() {
    try (ScriptedPeer server = server(LdapScripts.startTls().discard())) {
      Cli run = ldap(server, "--timeout", "1500ms").failed(ExitCode.TIMED_OUT, "timed out");

      // A slow machine does not come so far in that time.
      assertThat(run.err())
          .containsAnyOf(
              "the time for the whole command",
              "handshake",
              "the addresses of the name",
              "expected the response to StartTLS",
              "connect");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "1, operationsError",
    "2, protocolError",
    "52, unavailable",
    "53, unwillingToPerform",
    "4096, resultCode-4096"
  })
  void startTlsRefused_ldap_refusedWithTheResult(int code, String name) {
    Script script =
        LdapScripts.start()
            .send(LdapScripts.startTlsResponse(ResultCode.valueOf(code), "no TLS today"))
            .expect(LdapScripts.unbind(2))
            .expectClose();
    try (ScriptedPeer server = server(script)) {
      Cli run = ldap(server).failed(ExitCode.REFUSED, "the refusal " + name, "no TLS today");

      assertThat(run.out()).doesNotContain("security", "root DSE", "answers");
      server.awaitPlayed();
    }
  }

  @Test
  void noticeInsteadOfStartTls_ldap_refusedAndSaysSo() {
    Script script =
        LdapScripts.start().send(LdapScripts.notice(ResultCode.BUSY, "too many")).discard();
    try (ScriptedPeer server = server(script)) {
      ldap(server).failed(ExitCode.REFUSED, "busy in a Notice of Disconnection: too many");
    }
  }

  @Test
  void otherName_ldap_certificateRejectedAndShown() {
    Issued other = CERTIFICATES.server("other.example");
    Script script =
        LdapScripts.start()
            .send(LdapScripts.startTlsResponse(ResultCode.SUCCESS, ""))
            .startTls()
            .stall();
    try (ScriptedPeer server = ScriptedPeer.server(script, other)) {
      Cli run = ldap(server).failed(ExitCode.CERTIFICATE_REJECTED, "other.example", "localhost");

      assertThat(run.out())
          .contains("certificate  CN=throw-away", "names      other.example")
          .doesNotContain("TLS reaches", "root DSE");
    }
  }

  @Test
  void rootDseRefused_ldap_reportedAndNoFailure() {
    Script script =
        LdapScripts.startTls()
            .expect(LdapScripts.rootDseRequest(1))
            .send(LdapScripts.done(1, ResultCode.INSUFFICIENT_ACCESS_RIGHTS, "log in\u202e first"))
            .expect(LdapScripts.unbind(2))
            .expectClose();
    try (ScriptedPeer server = server(script)) {
      Cli run = ldap(server).succeeded();

      assertThat(run.out())
          .contains(
              "security     TLS reaches localhost",
              "root DSE     not shown to a client that is not bound: insufficientAccessRights log"
                  + " in\\u202e first",
              "ldap         answers under TLS");
      server.awaitPlayed();
    }
  }

  @Test
  void rootDseRefused_json_hasTheReason() {
    Script script =
        LdapScripts.startTls()
            .expect(LdapScripts.rootDseRequest(1))
            .send(LdapScripts.done(1, ResultCode.OPERATIONS_ERROR, ""))
            .discard();
    try (ScriptedPeer server = server(script)) {
      JsonObject ldap = ldap(server, "--output", "json").succeeded().json().getAsJsonObject("ldap");

      assertThat(ldap.get("rootDse").isJsonNull()).isTrue();
      assertThat(ldap.get("rootDseRefusal").getAsString()).isEqualTo("operationsError");
    }
  }

  @Test
  void rootDseEmpty_ldap_reportedAndNoFailure() {
    Script script =
        LdapScripts.startTls()
            .expect(LdapScripts.rootDseRequest(1))
            .send(LdapScripts.done(1, ResultCode.SUCCESS, ""))
            .discard();
    try (ScriptedPeer server = server(script)) {
      assertThat(ldap(server).succeeded().out())
          .contains("root DSE     not shown to a client that is not bound\n");
    }
  }

  @Test
  void rootDseRefusedToAnonymous_bind_readAgain() {
    Script script =
        LdapScripts.startTls()
            .expect(LdapScripts.rootDseRequest(1))
            .send(LdapScripts.done(1, ResultCode.INSUFFICIENT_ACCESS_RIGHTS, ""))
            .expect(LdapScripts.bindRequest(2, "cn=anna", "hunter2"))
            .send(LdapScripts.bindResponse(2, ResultCode.SUCCESS, ""))
            .expect(LdapScripts.rootDseRequest(3))
            .send(LdapScripts.entry(3, new Attribute("namingContexts", "dc=a", "dc=b")))
            .send(LdapScripts.done(3, ResultCode.SUCCESS, ""))
            .expect(LdapScripts.unbind(4))
            .expectClose();
    try (ScriptedPeer server = server(script)) {
      Cli run = bind(server).succeeded();

      assertThat(run.out())
          .contains(
              "root DSE     of an unnamed server", "  contexts   dc=a, dc=b", "bound        by")
          .doesNotContain("not shown");
      server.awaitPlayed();
    }
  }

  @Test
  void noticeInsteadOfRootDse_ldap_failure() {
    Script script =
        LdapScripts.startTls()
            .expect(LdapScripts.rootDseRequest(1))
            .send(LdapScripts.notice(ResultCode.UNAVAILABLE, "going down"))
            .discard();
    try (ScriptedPeer server = server(script)) {
      ldap(server).failed(ExitCode.REFUSED, "unavailable in a Notice of Disconnection: going down");
    }
  }

  @Test
  void rootDseOfTooManyEntries_ldap_misbehaved() {
    Script script =
        LdapScripts.startTls()
            .expect(LdapScripts.rootDseRequest(1))
            .send(LdapScripts.entry(1, new Attribute("supportedLDAPVersion", "3")))
            .send(LdapScripts.entry(1, new Attribute("supportedLDAPVersion", "3")))
            .discard();
    try (ScriptedPeer server = server(script)) {
      ldap(server).failed(ExitCode.MISBEHAVED, "expected the root DSE");
    }
  }

  @Test
  void whoAmIRefused_ldap_refusedAndTheRestIsReported() {
    Script script =
        rootDse(LdapScripts.startTls())
            .expect(LdapScripts.whoAmIRequest(2))
            .send(LdapScripts.whoAmIRefusal(2, ResultCode.PROTOCOL_ERROR, "unknown"))
            .discard();
    try (ScriptedPeer server = server(script)) {
      Cli run =
          ldap(server, "--whoami")
              .failed(
                  ExitCode.REFUSED, "expected the response to Who am I?", "protocolError unknown");

      assertThat(run.out()).contains("root DSE     LDAPv3").doesNotContain("who am I", "answers");
    }
  }

  @Test
  void serverCutsAfterBind_ldap_closedAndSaysWhere() {
    Script script =
        rootDse(LdapScripts.startTls())
            .expect(LdapScripts.bindRequest(2, "cn=anna", "hunter2"))
            .closeWithoutNotify();
    try (ScriptedPeer server = server(script)) {
      Cli run = bind(server).failed(ExitCode.CLOSED, "expected the response to the bind");

      assertThat(run.out() + run.err()).doesNotContain("hunter2");
    }
  }

  @Test
  void peerTextWithEscapes_ldap_escapedEverywhere() {
    Script script =
        LdapScripts.startTls()
            .expect(LdapScripts.rootDseRequest(1))
            .send(
                LdapScripts.entry(
                    1,
                    new Attribute("vendorName", "evil\u001b[2J\u202e"),
                    new Attribute("x\u202e", "y")))
            .send(LdapScripts.done(1, ResultCode.SUCCESS, "\u202e"))
            .expect(LdapScripts.whoAmIRequest(2))
            .send(LdapScripts.whoAmIResponse(2, "dn:\u202e"))
            .discard();
    try (ScriptedPeer server = server(script);
        ScriptedPeer again = server(script)) {
      Cli text = ldap(server, "-v", "--whoami").succeeded();
      Cli json = ldap(again, "--output", "json", "--whoami").succeeded();

      assertThat(text.out())
          .contains("root DSE     evil\\x1b[2J\\u202e", "who am I     dn:\\u202e");
      assertThat(text.out() + json.out()).doesNotContain("\u202e", "\u001b");
      assertThat(json.json().getAsJsonObject("ldap").toString()).doesNotContain("\u202e");
    }
  }

  @Test
  void startTlsRefused_opportunistic_exits0AndCannotBeMistaken() {
    Script script =
        rootDse(
                LdapScripts.start()
                    .send(LdapScripts.startTlsResponse(ResultCode.UNWILLING_TO_PERFORM, "no")))
            .expect(LdapScripts.unbind(2))
            .expectClose();
    try (ScriptedPeer server = server(script)) {
      Cli run = ldap(server, "--starttls", "opportunistic");

      assertThat(run.exitCode()).isZero();
      assertThat(run.err().lines()).hasSize(1);
      assertThat(run.err())
          .startsWith("upgrade-cli ldap: warning: the connection is in plaintext")
          .contains("refused StartTLS with unwillingToPerform (53) no", "read and change");
      assertThat(run.out())
          .containsSubsequence(
              "security     none: plaintext",
              "plaintext    anybody on the way may have said this:",
              "root DSE     LDAPv3",
              "ldap         answers in plaintext")
          .doesNotContain("under TLS");
      server.awaitPlayed();
    }
  }

  @Test
  void startTlsRefused_opportunisticJson_securityIsPlaintext() {
    Script script =
        rootDse(
                LdapScripts.start()
                    .send(LdapScripts.startTlsResponse(ResultCode.PROTOCOL_ERROR, "")))
            .discard();
    try (ScriptedPeer server = server(script)) {
      Cli run = ldap(server, "--starttls", "opportunistic", "--output", "json");

      assertThat(run.exitCode()).isZero();
      JsonObject json = run.json();
      assertThat(json.get("security").getAsString()).isEqualTo("plaintext");
      assertThat(json.get("tls").isJsonNull()).isTrue();
      assertThat(json.getAsJsonObject("ldap").get("startTlsRefusal").getAsString())
          .isEqualTo("protocolError (2)");
    }
  }

  @Test
  void startTlsRefused_opportunisticBind_notInPlaintext() {
    Script script =
        rootDse(LdapScripts.start().send(LdapScripts.startTlsResponse(ResultCode.UNAVAILABLE, "")))
            .expect(LdapScripts.unbind(2))
            .expectClose();
    try (ScriptedPeer server = server(script)) {
      Cli run = bind(server, "--starttls", "opportunistic");

      assertThat(run.exitCode()).isEqualTo(ExitCode.NOT_OFFERED.code());
      assertThat(run.err())
          .contains("will not authenticate in plaintext", "--insecure-auth-in-plaintext would");
      server.awaitPlayed();
    }
  }

  @Test
  void startTlsRefused_opportunisticBindAndNamedRisk_bound() {
    Script script =
        rootDse(LdapScripts.start().send(LdapScripts.startTlsResponse(ResultCode.UNAVAILABLE, "")))
            .expect(LdapScripts.bindRequest(2, "cn=anna", "hunter2"))
            .send(LdapScripts.bindResponse(2, ResultCode.SUCCESS, ""))
            .discard();
    try (ScriptedPeer server = server(script)) {
      Cli run = bind(server, "--starttls", "opportunistic", "--insecure-auth-in-plaintext");

      assertThat(run.exitCode()).as(run.err()).isZero();
      assertThat(run.out()).contains("bound        by name and password");
    }
  }

  @Test
  void certificateRejected_opportunistic_failsAllTheSame() {
    Issued stranger = Certificates.create().server("localhost");
    Script script =
        LdapScripts.start()
            .send(LdapScripts.startTlsResponse(ResultCode.SUCCESS, ""))
            .startTls()
            .stall();
    try (ScriptedPeer server = ScriptedPeer.server(script, stranger)) {
      ldap(server, "--starttls", "opportunistic").failed(ExitCode.CERTIFICATE_REJECTED);
    }
  }
}
