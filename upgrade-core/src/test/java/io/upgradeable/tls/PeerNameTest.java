package io.upgradeable.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PeerNameTest {

  @ParameterizedTest
  @CsvSource({
    "Mail.Example.TEST, mail.example.test",
    "mail.example.test., mail.example.test",
    "b\u00fccher.test, xn--bcher-kva.test",
    "1and1.example, 1and1.example",
  })
  void name_inAnyForm_becomesLowerCaseALabels(String text, String canonical) {
    PeerName name = PeerName.require(text);

    assertThat(name).hasToString(canonical);
    assertThat(name.isAddress()).isFalse();
  }

  @ParameterizedTest
  @CsvSource({
    "192.0.2.1, 192.0.2.1",
    "[::1], ::1",
    "2001:DB8::1, 2001:db8::1",
    "::, ::",
    "1:2:3:4:5:6:7::, 1:2:3:4:5:6:7::",
    "::ffff:192.0.2.1, ::ffff:192.0.2.1"
  })
  void address_inAnyForm_isAnAddress(String text, String canonical) {
    PeerName name = PeerName.require(text);

    assertThat(name).hasToString(canonical);
    assertThat(name.isAddress()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ".",
        "..",
        "a..b",
        ".a",
        "a b",
        "a\u0000.test",
        "a\n.test",
        "*.example.test",
        "a/b",
        "127.1",
        "1.2.3",
        "1.2.3.4.5",
        "256.1.1.1",
        "01.2.3.4",
        "1.2.3.4.",
        ":",
        ":::",
        "1::2::3",
        "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:8:9",
        "1:2:3:4:5:6:7::8",
        "g::1",
        "12345::",
        "::1.2.3",
        "1.2.3.4::",
        "[a.test]",
        "a:b",
        "[::1",
        "-\u00fc.test\uD800"
      })
  void neitherNameNorAddress_isRefused(String text) {
    assertThatExceptionOfType(InvalidTlsConfigurationException.class)
        .isThrownBy(() -> PeerName.require(text))
        .withMessageMatching(
            "the name to verify is '[ -~]*', expected a DNS name or an IP address");
  }

  @ParameterizedTest
  @ValueSource(ints = {64, 300})
  void tooLong_isRefused(int length) {
    assertThat(PeerName.parse("a".repeat(length) + ".test")).isEmpty();
    assertThat(PeerName.parse("a.".repeat(length + 70) + "test")).isEmpty();
  }
}
