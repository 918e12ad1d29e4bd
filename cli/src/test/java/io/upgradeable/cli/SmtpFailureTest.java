package io.upgradeable.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import io.upgradeable.testkit.Certificates;
import io.upgradeable.testkit.Certificates.Issued;
import io.upgradeable.testkit.Dialogue;
import io.upgradeable.testkit.Fault;
import io.upgradeable.testkit.Script;
import io.upgradeable.testkit.ScriptedPeer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Each way in which a probe of a mail server can fail, and what it tells nevertheless. */
class SmtpFailureTest {

  private static final Certificates CERTIFICATES = Certificates.create();
  private static final Issued LOCALHOST = CERTIFICATES.server("localhost");
  private static final String EHLO = "EHLO [127.0.0.1]\r\n";
  private static final Script UNTIL_EHLO =
      Script.start().send("220 mail.example ESMTP\r\n").expect(EHLO);
  private static final Script UNTIL_STARTTLS =
      UNTIL_EHLO
          .send("250-mail.example\r\n250-SIZE 1000\r\n250 STARTTLS\r\n")
          .expect("STARTTLS\r\n");
  private static final Script UNTIL_TLS = UNTIL_STARTTLS.send("220 go ahead\r\n");

  @TempDir private static Path directory;

  @BeforeAll
  static void writeAuthority() {
    CERTIFICATES.writePem(directory);
  }

  private static Cli smtp(String target, String... more) {
    List<String> args =
        new ArrayList<>(List.of("smtp", "--cafile", directory.resolve("ca.crt").toString()));
    args.add(target);
    args.addAll(List.of(more));
    return Cli.run(args.toArray(String[]::new));
  }

  private static Cli smtp(ScriptedPeer server, String... more) {
    return smtp(server.endpoint().toString(), more);
  }

  @ParameterizedTest
  @CsvSource({
    "REFUSE_CONNECTION,    CONNECT_FAILED, refused",
    "HANG_AFTER_ACCEPT,    TIMED_OUT,      'smtp+tls(localhost): localhost:'",
    "CLOSE_AFTER_ACCEPT,   CLOSED,         expected the greeting (220)",
    "CLOSE_MID_LINE,       CLOSED,         expected the greeting (220)",
    "FLOOD,                MISBEHAVED,     'got ''A'' in column 1'",
    "INJECT_AT_UPGRADE,    INJECTED,       14 bytes of plaintext",
    "HANG_IN_HANDSHAKE,    TIMED_OUT,      handshake",
    "CLOSE_IN_HANDSHAKE,   CLOSED,         handshake",
    "RESET_IN_HANDSHAKE,   CLOSED,         handshake",
    "GARBAGE_IN_HANDSHAKE, TLS_FAILED,     handshake",
    "HANG_UNDER_TLS,       TIMED_OUT,      expected the reply to EHLO under TLS (250)",
    "CUT_UNDER_TLS,        CLOSED,         expected the reply to EHLO under TLS (250)"
  })
  void fault_smtp_codeAndOneLine(Fault fault, ExitCode code, String words) {
    Dialogue dialogue =
        Dialogue.parse(
            "smtp",
            """
            dialogue client CRLF

            S: 220 mail.example ESMTP
            C: EHLO [127.0.0.1]
            S: 250-mail.example
            S: 250 STARTTLS
            C: STARTTLS
            S: 220 go ahead
            =TLS=
            C: EHLO [127.0.0.1]
            S: 250 mail.example
            =DONE=
            """);
    try (Fault.Server server = fault.start(dialogue, LOCALHOST)) {
      smtp(server.endpoint().toString(), Patience.options(fault).toArray(String[]::new))
          .failed(code, words);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          554 5.7.1 not you       | REFUSED    | the refusal 554 5.7.1 not you
          421 too busy            | REFUSED    | the refusal 421 too busy
          250 hello               | MISBEHAVED | expected the greeting (220), got
          HTTP/1.1 400            | MISBEHAVED | in column 1 of line 1
          """)
  void greeting_notTheRight_codeAndReply(String greeting, ExitCode code, String words) {
    try (ScriptedPeer server =
        ScriptedPeer.server(Script.start().send(greeting + "\r\n").discard())) {
      smtp(server).failed(code, words);
    }
  }

  @Test
  void noStartTls_smtp_notOfferedAndShowsWhatIs() {
    Script script =
        UNTIL_EHLO.send("250-mail.example\r\n250 SIZE 1000\r\n").expect("QUIT\r\n").close();
    try (ScriptedPeer server = ScriptedPeer.server(script)) {
      Cli run = smtp(server).failed(ExitCode.NOT_OFFERED, "no STARTTLS among what the peer offers");

      assertThat(run.out())
          .containsSubsequence(
              "plaintext    anybody on the way may have said this:",
              "  greeting   220 mail.example ESMTP",
              "  offers     SIZE 1000")
          .doesNotContain("security", "ready for mail");
    }
  }

  @Test
  void startTlsRefused_smtp_refusedWithReply() {
    try (ScriptedPeer server =
        ScriptedPeer.server(UNTIL_STARTTLS.send("454 4.7.0 no TLS today\r\n").discard())) {
      smtp(server).failed(ExitCode.REFUSED, "the refusal 454 4.7.0 no TLS today");
    }
  }

  @Test
  void startTlsRefused_json_hasWhatWasHeard() {
    try (ScriptedPeer server = ScriptedPeer.server(UNTIL_STARTTLS.send("454 no\r\n").discard())) {
      JsonObject json = smtp(server, "--output", "json").failed(ExitCode.REFUSED).json();

      JsonObject smtp = json.getAsJsonObject("smtp");
      assertThat(smtp.keySet()).containsExactly("dialect", "plaintext", "secured");
      assertThat(smtp.getAsJsonObject("plaintext").get("capabilities").toString())
          .isEqualTo("[\"SIZE 1000\",\"STARTTLS\"]");
      assertThat(smtp.get("secured").isJsonNull()).isTrue();
      assertThat(json.getAsJsonObject("error").get("got").getAsString())
          .isEqualTo("the refusal 454 no");
    }
  }

  @Test
  void repliesPlayedAhead_smtp_misbehaved() {
    Script script = Script.start().send("220 mail.example\r\n250 mail.example\r\n").discard();
    try (ScriptedPeer server = ScriptedPeer.server(script)) {
      smtp(server).failed(ExitCode.MISBEHAVED, "expected nothing before EHLO");
    }
  }

  @Test
  void otherName_smtp_certificateRejectedAndShown() {
    Issued other = CERTIFICATES.server("other.example");
    try (ScriptedPeer server = ScriptedPeer.server(UNTIL_TLS.startTls().stall(), other)) {
      Cli run = smtp(server).failed(ExitCode.CERTIFICATE_REJECTED, "other.example", "localhost");

      assertThat(run.out())
          .contains("certificate  CN=throw-away", "names      other.example")
          .doesNotContain("TLS reaches", "under TLS");
    }
  }

  @Test
  void secondEhloRefused_smtp_refusedAndCapabilitiesOfPlaintextStayThere() {
    Script script =
        UNTIL_TLS.startTls().expect(EHLO).send("502 5.5.1 not any more\r\n").expect("QUIT\r\n");
    try (ScriptedPeer server = ScriptedPeer.server(script, LOCALHOST)) {
      Cli run = smtp(server).failed(ExitCode.REFUSED, "502 5.5.1 not any more");

      assertThat(run.out())
          .contains(
              "before TLS   anybody", "offers     SIZE 1000, STARTTLS", "tls          TLSv1.3")
          .doesNotContain("under TLS ");
    }
  }

  @Test
  void peerTextWithEscapes_smtp_escapedEverywhere() {
    Script script =
        UNTIL_TLS
            .startTls()
            .expect(EHLO)
            .send("250-evil\u202e\r\n250 X-\u202e\u202a\r\n")
            .expect("QUIT\r\n")
            .close();
    try (ScriptedPeer server = ScriptedPeer.server(script, LOCALHOST)) {
      Cli text = smtp(server, "-v").succeeded();
      Cli json = smtp(server, "--output", "json").succeeded();

      assertThat(text.out()).contains("under TLS    evil\\u202e", "offers     X-\\u202e\\u202a");
      assertThat(text.out() + json.out()).doesNotContain("\u202e", "\u202a");
    }
  }

  @Test
  void noStartTls_opportunistic_exits0AndCannotBeMistaken() {
    Script script =
        UNTIL_EHLO.send("250-mail.example\r\n250 SIZE 1000\r\n").expect("QUIT\r\n").close();
    try (ScriptedPeer server = ScriptedPeer.server(script)) {
      Cli run = smtp(server, "--starttls", "opportunistic");

      assertThat(run.exitCode()).isZero();
      assertThat(run.err().lines()).hasSize(1);
      assertThat(run.err())
          .startsWith("upgrade-cli smtp: warning: the connection is in plaintext")
          .contains("does not offer STARTTLS", "read and change");
      assertThat(run.out())
          .contains("security     none: plaintext", "smtp         ready for mail in plaintext")
          .doesNotContain("under TLS");
    }
  }

  @Test
  void startTlsRefused_opportunisticJson_securityIsPlaintext() {
    Script script = UNTIL_STARTTLS.send("454 no\r\n").expect("QUIT\r\n").close();
    try (ScriptedPeer server = ScriptedPeer.server(script)) {
      Cli run = smtp(server, "--starttls", "opportunistic", "--output", "json");

      assertThat(run.exitCode()).isZero();
      assertThat(run.err()).contains("warning", "refused STARTTLS with 454 no");
      JsonObject json = run.json();
      assertThat(json.get("security").getAsString()).isEqualTo("plaintext");
      assertThat(json.get("tls").isJsonNull()).isTrue();
      assertThat(json.getAsJsonObject("smtp").get("secured").isJsonNull()).isTrue();
    }
  }

  @Test
  void certificateRejected_opportunistic_failsAllTheSame() {
    Issued stranger = Certificates.create().server("localhost");
    try (ScriptedPeer server = ScriptedPeer.server(UNTIL_TLS.startTls().stall(), stranger)) {
      smtp(server, "--starttls", "opportunistic").failed(ExitCode.CERTIFICATE_REJECTED);
    }
  }

  @Test
  void heloAndLmtpGiven_smtp_saysSo() {
    Script script =
        Script.start()
            .send("220 mail.example LMTP\r\n")
            .expect("LHLO me.example\r\n")
            .send("250 mail.example\r\n")
            .expect("QUIT\r\n")
            .close();
    try (ScriptedPeer server = ScriptedPeer.server(script)) {
      smtp(server, "--lmtp", "--helo", "me.example").failed(ExitCode.NOT_OFFERED, "lmtp+tls");
      server.awaitPlayed();
    }
  }

  @Test
  void stopAfterEhlo_serverWithoutStartTls_succeeds() {
    Script script = UNTIL_EHLO.send("250 mail.example\r\n").expect("QUIT\r\n").close();
    try (ScriptedPeer server = ScriptedPeer.server(script)) {
      Cli run = smtp(server, "--stop-after", "ehlo").succeeded();

      assertThat(run.out()).contains("security     none: plaintext", "offers     (nothing)");
      server.awaitPlayed();
    }
  }
}
