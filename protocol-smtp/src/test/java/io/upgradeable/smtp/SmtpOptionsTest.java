package io.upgradeable.smtp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class SmtpOptionsTest {

  private static final List<String> NO_NAMES =
      List.of(
          "",
          " ",
          "a b",
          "client.test\r\nMAIL FROM:<>",
          "client.test\r",
          "client.test\n",
          "client.test\0",
          "b\u00fccher.test",
          "-a",
          "a.",
          "[]",
          "[127.0.0.1",
          "[a]\r\n]",
          "a".repeat(256));

  @Test
  void heloName_notOneWordOfACommand_refusedAndNotQuoted() {
    for (String name : NO_NAMES) {
      assertThatThrownBy(() -> SmtpOptions.DEFAULTS.withHeloName(name))
          .as(name)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageNotContaining("MAIL");
      assertThatThrownBy(() -> SmtpServerOptions.DEFAULTS.withName(name))
          .as(name)
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void heloName_domainOrAddress_kept() {
    for (String name :
        List.of("a", "client.example.org", "my_host-2.test", "[192.0.2.1]", "[IPv6:2001:db8::1]")) {
      assertThat(SmtpOptions.DEFAULTS.withHeloName(name).heloName()).isEqualTo(name);
    }
  }

  @Test
  void ehlo_beforeTls_offersStartTlsAndSmtpUtf8Only() {
    SmtpServerOptions options =
        SmtpServerOptions.DEFAULTS
            .withCapability("PIPELINING")
            .withCapability("SMTPUTF8")
            .withCapability("SIZE 1000");
    assertThat(options.ehloLines(false))
        .containsExactly("localhost", "ENHANCEDSTATUSCODES", "SMTPUTF8", "STARTTLS");
    assertThat(options.ehloLines(true))
        .containsExactly("localhost", "ENHANCEDSTATUSCODES", "PIPELINING", "SMTPUTF8", "SIZE 1000");
  }

  @Test
  void capability_notOneOfTheSession_refused() {
    for (String capability :
        List.of(
            "",
            " SIZE",
            "SIZE ",
            "SIZE 1\r\n250 AUTH",
            "SIZE\0",
            "STARTTLS",
            "starttls",
            "EnhancedStatusCodes",
            "A".repeat(507))) {
      assertThatThrownBy(() -> SmtpServerOptions.DEFAULTS.withCapability(capability))
          .as(capability)
          .isInstanceOf(IllegalArgumentException.class);
    }
  }
}
