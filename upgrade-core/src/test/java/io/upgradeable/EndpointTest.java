package io.upgradeable;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class EndpointTest {

  @ParameterizedTest
  @CsvSource({
    "mail.example.net:587, mail.example.net:587",
    "MAIL.Example.net:25, mail.example.net:25",
    "127.0.0.1:1, 127.0.0.1:1",
    "[::1]:10001, [::1]:10001",
    "[2001:db8::192.0.2.1]:443, [2001:db8::192.0.2.1]:443",
    "[fe80::1%eth0]:443, [fe80::1%eth0]:443",
    "b\u00fccher.example:25, xn--bcher-kva.example:25",
    "localhost, localhost:99",
    "[::1], [::1]:99",
    "a_b.example, a_b.example:99",
    "example.net.:25, example.net.:25",
  })
  void parse_wellFormed_isRead(String text, String expected) {
    assertThat(Endpoint.parse(text, 99)).hasToString(expected);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ":25",
        "host:",
        "host:70000",
        "host:-1",
        "host:+25",
        "host:2 5",
        "host:\u0662\u0665",
        "::1:25",
        "2001:db8::1",
        "[::1",
        "[::1]25",
        "[]:25",
        "[host]:25",
        "[1::2::3]:25",
        "[1:2:3:4:5:6:7]:25",
        "[1:2:3:4:5:6:7:8:9]:25",
        "[::12345]:25",
        "[::1%]:25",
        "1.2.3:25",
        "1.2.3.256:25",
        "01.2.3.4:25",
        "1.2.3.4.5:25",
        "300",
        "a..b:25",
        ".a:25",
        "1.2.3:25",
        "1.2.3.4.5:25",
        "1.2.3.256:25",
        "1.2.3.04:25",
        "1..3.4:25",
        "[12345::1]:25",
        "[::g]:25",
        "[::\u0661]:25",
        "[1:2:3:4:5:6:7]:25",
        "[1:2:3:4:5:6:7:8:9]:25",
        "[::1.2.3.256]:25",
        "[:::1]:25",
        "a b:25",
        "a/b:25",
        "user@host:25",
        "host\r\n:25",
        "host\u0000:25",
      })
  void parse_malformed_isRefusedWithWhatWasExpected(String text) {
    assertThatThrownBy(() -> Endpoint.parse(text, 99))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("expected");
  }

  @Test
  void parse_withoutPortAndDefault_isRefused() {
    assertThatThrownBy(() -> Endpoint.parse("host")).hasMessageContaining("HOST:PORT");
  }

  @Test
  void of_bracketedOrNot_isTheSameAddress() {
    assertThat(Endpoint.of("[::1]", 1)).isEqualTo(Endpoint.of("::1", 1));
  }

  @Test
  void isAddress_tellsNamesFromAddresses() {
    assertThat(Endpoint.of("127.0.0.1", 1).isAddress()).isTrue();
    assertThat(Endpoint.of("::1", 1).isAddress()).isTrue();
    assertThat(Endpoint.of("255.0.10.1", 1).isAddress()).isTrue();
    assertThat(Endpoint.of("fe80::FFFF:0:1.2.3.4%eth0", 1).isAddress()).isTrue();
    assertThat(Endpoint.of("127.0.0.1.example", 1).isAddress()).isFalse();
    assertThat(Endpoint.of("1.2.3.x4", 1).isAddress()).isFalse();
  }
}
