package io.upgradeable.smtp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.upgradeable.negotiation.Step;
import io.upgradeable.negotiation.TlsFacts;
import io.upgradeable.smtp.SmtpServerFaults.Action;
import io.upgradeable.smtp.SmtpServerFaults.Phase;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SmtpServerFaultsTest {

  @Test
  void parse_items_faults() {
    SmtpServerFaults faults =
        SmtpServerFaults.parse(
            List.of(
                "starttls=454",
                "RCPT=550 5.1.1 Nobody = nobody",
                "greeting=close",
                "dot=delay:500ms",
                "secured-ehlo=571",
                "hide=pipelining",
                "hide=STARTTLS"));

    assertThat(faults)
        .isEqualTo(
            new SmtpServerFaults(
                Map.of(
                    Phase.STARTTLS,
                    new Action.Answer(SmtpReply.of(454, "4.0.0 As asked for")),
                    Phase.RCPT,
                    new Action.Answer(SmtpReply.of(550, "5.1.1 Nobody = nobody")),
                    Phase.GREETING,
                    new Action.Close(),
                    Phase.DOT,
                    new Action.Delay(Duration.ofMillis(500)),
                    Phase.SECURED_EHLO,
                    new Action.Answer(SmtpReply.of(571, "5.0.0 As asked for"))),
                Set.of("PIPELINING", "STARTTLS")));
    assertThat(SmtpServerFaults.parse(List.of())).isEqualTo(SmtpServerFaults.NONE);
  }

  @ParameterizedTest
  @CsvSource({
    "rcpt, 'expected PHASE=ACTION, for instance rcpt=550, got ''rcpt'''",
    "what=550, 'expected one of greeting, ehlo, secured-ehlo, starttls, auth, mail, rcpt, data, dot, rset, quit, hide, got ''what'''",
    "rcpt=, 'expected a reply code, ''close'' or ''delay:TIME'', got '''''",
    "rcpt=354, 'expected a reply code, ''close'' or ''delay:TIME'', got ''354'''",
    "rcpt=600, 'expected a reply code, ''close'' or ''delay:TIME'', got ''600'''",
    "rcpt=delay:5, 'expected a time such as 500ms or 5s, got ''5'''",
    "rcpt=delay:0s, 'expected a positive duration of at most 365 days, got PT0S'",
    "ehlo=delay:5s, 'expected a reply or ''close'' for ehlo: only a session can be late'",
    "hide=, 'expected an EHLO keyword to hide, got another word'"
  })
  void parse_somethingElse_refused(String item, String message) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SmtpServerFaults.parse(List.of(item)))
        .withMessage(message);
  }

  @Test
  void parse_phaseTwice_refused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SmtpServerFaults.parse(List.of("rcpt=550", "RCPT=551")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"rcpt=550 a\r\nb", "rcpt=550 \u001b[31m"})
  void parse_replyThatIsNoLine_refused(String item) {
    assertThatIllegalArgumentException().isThrownBy(() -> SmtpServerFaults.parse(List.of(item)));
  }

  // --- in the negotiation; the session's are tested with the session

  private static SmtpServerUpgrade server(String fault) {
    return SmtpServerUpgrade.startTls(
        TestOptions.SERVER.withFaults(SmtpServerFaults.parse(List.of(fault))));
  }

  private static Step<SmtpServerResult> say(SmtpServerUpgrade server, String line) {
    return server.receive(ByteBuffer.wrap((line + "\r\n").getBytes(StandardCharsets.US_ASCII)));
  }

  private static String said(Step<SmtpServerResult> step) {
    return step.match(
            await -> "",
            send -> send.message().shown(),
            startTls -> startTls.finalPlaintext().shown(),
            done -> done.finalMessage().shown(),
            fail -> fail.finalMessage().shown() + "!")
        .replace("\r\n", "|");
  }

  @ParameterizedTest
  @CsvSource({
    "greeting=421, 421 4.0.0 As asked for|!",
    "greeting=554 5.3.0 Not today, 554 5.3.0 Not today|!",
    "greeting=close, !"
  })
  void greeting_fault_lastWord(String fault, String expected) {
    assertThat(said(server(fault).begin())).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({
    "ehlo=502, 502 5.0.0 As asked for|",
    "ehlo=421, 421 4.0.0 As asked for|!",
    "ehlo=close, !",
    "hide=STARTTLS, 250-mail.example.net|250 ENHANCEDSTATUSCODES|",
    "secured-ehlo=502, 250-mail.example.net|250-ENHANCEDSTATUSCODES|250 STARTTLS|"
  })
  void ehlo_fault_asAskedFor(String fault, String expected) {
    SmtpServerUpgrade server = server(fault);
    assertThat(said(server.begin())).startsWith("220 ");

    assertThat(said(say(server, "EHLO a"))).isEqualTo(expected);
  }

  @Test
  void starttls_fault_refusedAndStillThere() {
    SmtpServerUpgrade server = server("starttls=454");
    assertThat(said(server.begin())).startsWith("220 ");
    assertThat(said(say(server, "EHLO a"))).startsWith("250-");

    assertThat(said(say(server, "STARTTLS"))).isEqualTo("454 4.0.0 As asked for|");
    assertThat(said(say(server, "NOOP"))).startsWith("250 ");
  }

  @Test
  void securedEhlo_fault_underTlsOnly() {
    SmtpServerUpgrade server = server("secured-ehlo=550");
    assertThat(said(server.begin())).startsWith("220 ");
    assertThat(said(say(server, "EHLO a"))).startsWith("250-");
    assertThat(said(say(server, "STARTTLS"))).startsWith("220 ");
    assertThat(
            said(
                server.secured(
                    new TlsFacts(
                        "TLSv1.3",
                        "TLS_AES_128_GCM_SHA256",
                        Optional.empty(),
                        Optional.empty(),
                        List.of(),
                        List.of(),
                        TlsFacts.Verification.NO_CERTIFICATE,
                        Optional.empty(),
                        "JDK"))))
        .isEmpty();

    assertThat(said(say(server, "EHLO a"))).isEqualTo("550 5.0.0 As asked for|");
  }
}
