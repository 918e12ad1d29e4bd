package io.upgradeable.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The newcomer's first mail server. */
class EmbeddedSmtpTest {

  @Test
  void noTarget_smtp_showsWholeDialogue() {
    Cli run = Cli.run("smtp").succeeded();

    assertThat(run.out())
        .containsSubsequence(
            "embedded server on 127.0.0.1:",
            "plain S: 220 localhost ESMTP",
            "plain C: EHLO [127.0.0.1]",
            "plain S: 250 STARTTLS",
            "plain C: STARTTLS",
            "TLS handshake",
            "TLS is on: TLSv1.3 TLS_",
            "tls   C: EHLO [127.0.0.1]",
            "tls   S: 250",
            "tls   C: MAIL FROM:<alice@example.org>",
            "tls   C: QUIT",
            "> smtp+tls(localhost)",
            "security     TLS reaches localhost",
            "certificate  CN=upgrade-cli throw-away certificate",
            "hours left",
            "before TLS   anybody on the way may have said this:",
            "  greeting   220 localhost ESMTP",
            "  offers     ",
            "under TLS    localhost",
            "accepted     bob@example.org: 250 2.0.0",
            "received     <alice@example.org> to [<bob@example.org>]",
            "  |          Subject: upgrade-cli test",
            "  |          Sent by upgrade-cli smtp.",
            "smtp         accepted for the recipient");
  }

  @Test
  void noTarget_implicitTls_nothingInPlaintext() {
    Cli run = Cli.run("smtp", "--tls").succeeded();

    assertThat(run.out())
        .contains(
            "> tls(localhost) > smtp", "tls   S: 220 localhost ESMTP", "under TLS    localhost")
        .doesNotContain("plain ", "before TLS", "STARTTLS");
  }

  @Test
  void noTarget_lmtp_saysLhlo() {
    assertThat(Cli.run("smtp", "--lmtp").succeeded().out())
        .contains("> lmtp+tls(localhost)", "tls   C: LHLO ");
  }

  @Test
  void noTarget_json_bothSidesOfTheUpgrade() {
    JsonObject json = Cli.run("smtp", "--output", "json").succeeded().json();

    assertThat(json.get("command").getAsString()).isEqualTo("smtp");
    assertThat(json.get("security").getAsString()).isEqualTo("origin");
    JsonObject smtp = json.getAsJsonObject("smtp");
    assertThat(smtp.get("dialect").getAsString()).isEqualTo("smtp");
    JsonObject plaintext = smtp.getAsJsonObject("plaintext");
    assertThat(plaintext.keySet()).containsExactly("greeting", "serverName", "capabilities");
    assertThat(plaintext.get("greeting").getAsString()).isEqualTo("220 localhost ESMTP");
    assertThat(plaintext.get("capabilities").toString()).contains("\"STARTTLS\"");
    JsonObject secured = smtp.getAsJsonObject("secured");
    assertThat(secured.keySet()).containsExactly("greeting", "serverName", "capabilities");
    assertThat(secured.get("greeting").isJsonNull()).isTrue();
    assertThat(secured.get("serverName").getAsString()).isEqualTo("localhost");
    assertThat(secured.get("capabilities").toString()).doesNotContain("STARTTLS");
  }

  @ParameterizedTest
  @CsvSource({
    "connect,  'connected to',     S: 220,   the connection",
    "greeting, 'plain S: 220',     C: EHLO,  the greeting",
    "ehlo,     'plain C: EHLO',    'C: STARTTLS', EHLO",
    "starttls, 'TLS is on',        'tls   C: EHLO', STARTTLS"
  })
  void stopAfter_smtp_noFurther(String phase, String last, String next, String what) {
    Cli run = Cli.run("smtp", "--stop-after", phase).succeeded();

    assertThat(run.out())
        .contains(last, "smtp         stopped after " + what + ", as asked")
        .doesNotContain(next);
  }

  @ParameterizedTest
  @CsvSource({
    "mail, 'C: MAIL FROM:<alice@example.org>', RCPT TO",
    "rcpt, 'C: RCPT TO:<bob@', DATA"
  })
  void stopAfter_partOfAMessage_takenBackAndNothingReceived(
      String phase, String last, String next) {
    Cli run = Cli.run("smtp", "--stop-after", phase).succeeded();

    assertThat(run.out())
        .contains(last, "C: RSET", "willing      bob@example.org: 250 2.1.", "(at " + phase + ")")
        .contains("smtp         willing for the recipient; stopped after ")
        .doesNotContain(next, "received ");
  }

  @Test
  void stopAfterEhlo_implicitTls_ehloUnderTls() {
    Cli run = Cli.run("smtp", "--tls", "--stop-after", "ehlo").succeeded();

    assertThat(run.out()).contains("tls   C: EHLO", "security     TLS reaches localhost");
  }
}
