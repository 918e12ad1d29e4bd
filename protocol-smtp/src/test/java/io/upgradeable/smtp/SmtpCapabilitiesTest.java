package io.upgradeable.smtp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class SmtpCapabilitiesTest {

  @Test
  void keywords_anyCase_offeredInUpperCaseAndOrder() {
    SmtpCapabilities capabilities = capabilities("starttls", "Size 1000", "8bitMIME", "AUTH");

    assertThat(capabilities.offers("STARTTLS")).isTrue();
    assertThat(capabilities.offers("startTLS")).isTrue();
    assertThat(capabilities.keywords().keySet())
        .containsExactly("STARTTLS", "SIZE", "8BITMIME", "AUTH");
    assertThat(capabilities).hasToString("[STARTTLS, SIZE 1000, 8BITMIME, AUTH]");
  }

  @Test
  void keywords_almostStartTls_notOffered() {
    for (String line :
        List.of(
            "STARTTLSX",
            "XSTARTTLS",
            "START TLS",
            "STARTTLS=yes",
            "STARTTLS\tnow",
            "X-STARTTLS",
            "AUTH STARTTLS",
            "",
            "\u017fTARTTLS",
            "STARTTL\u017f")) {
      assertThat(capabilities(line).offers("STARTTLS")).as(line).isFalse();
    }
  }

  @Test
  void keywords_serverCallsItselfStartTls_notOffered() {
    SmtpReply reply = new SmtpReply(250, List.of("STARTTLS"));

    assertThat(SmtpCapabilities.of(reply)).isEqualTo(SmtpCapabilities.NONE);
    assertThat(SmtpCapabilities.serverName(reply)).isEqualTo("STARTTLS");
  }

  @Test
  void keywords_spacesAround_theSame() {
    assertThat(capabilities("STARTTLS ", "  SIZE   7  "))
        .isEqualTo(capabilities("STARTTLS", "SIZE 7"));
  }

  @Test
  void parameters_caseOfTheServer_kept() {
    assertThat(capabilities("XMode Abc dEF").parameters("xmode"))
        .isEqualTo(Optional.of(List.of("Abc", "dEF")));
    assertThat(capabilities("XMODE").parameters("XMODE")).isEqualTo(Optional.of(List.of()));
    assertThat(capabilities("XMODE").parameters("YMODE")).isEmpty();
  }

  @Test
  void authMechanisms_severalLines_addedUp() {
    assertThat(capabilities("AUTH plain LOGIN", "AUTH PLAIN xoauth2").authMechanisms())
        .containsExactly("PLAIN", "LOGIN", "XOAUTH2");
    assertThat(capabilities("AUTH PLA\u0131N =PLAIN " + "X".repeat(21)).authMechanisms()).isEmpty();
    assertThat(capabilities("AUTH=LOGIN PLAIN").authMechanisms()).isEmpty();
    assertThat(capabilities("SIZE").authMechanisms()).isEmpty();
  }

  @Test
  void maxMessageSize_number_thatManyBytes() {
    assertThat(capabilities("SIZE 10485760").maxMessageSize()).hasValue(10_485_760);
    assertThat(capabilities("SIZE 9223372036854775807").maxMessageSize()).hasValue(Long.MAX_VALUE);
  }

  @Test
  void maxMessageSize_noUsableNumber_noLimitKnown() {
    for (String line :
        List.of(
            "SIZE",
            "SIZE 0",
            "SIZE -1",
            "SIZE +1",
            "SIZE 1k",
            "SIZE 99999999999999999999",
            "SIZE \u0661",
            "PIPELINING")) {
      assertThat(capabilities(line).maxMessageSize()).as(line).isEqualTo(OptionalLong.empty());
    }
  }

  @Test
  void serverName_noneTold_empty() {
    assertThat(SmtpCapabilities.serverName(new SmtpReply(250, List.of("")))).isEmpty();
    assertThat(SmtpCapabilities.serverName(new SmtpReply(250, List.of("mx.test Hello"))))
        .isEqualTo("mx.test");
  }

  @Test
  void keywords_changedLater_notPossible() {
    assertThatThrownBy(() -> capabilities("SIZE").keywords().clear())
        .isInstanceOf(UnsupportedOperationException.class);
    assertThatThrownBy(() -> new SmtpCapabilities(Map.of("A B", List.of())))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private static SmtpCapabilities capabilities(String... lines) {
    List<String> all = new ArrayList<>(List.of("mail.example.net"));
    all.addAll(List.of(lines));
    return SmtpCapabilities.of(new SmtpReply(250, all));
  }
}
