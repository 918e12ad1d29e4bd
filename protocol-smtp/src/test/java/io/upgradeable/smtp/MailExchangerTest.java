package io.upgradeable.smtp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.upgradeable.Endpoint;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MailExchangerTest {

  @Test
  void nameOrAddress_given_endpoint() {
    assertThat(new MailExchanger("MX.Example.NET", 10).at(Smtp.RELAY_PORT))
        .isEqualTo(new Endpoint("mx.example.net", 25));
    assertThat(new MailExchanger("m\u00fcller.example", 0).host())
        .isEqualTo("xn--mller-kva.example");
    assertThat(new MailExchanger("::1", 65_535).at(2525)).hasToString("[::1]:2525");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a b", "a\r\nb", "[::1]", "a..b"})
  void noHost_given_refused(String host) {
    assertThatIllegalArgumentException().isThrownBy(() -> new MailExchanger(host, 10));
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 65_536})
  void preferenceOutOfRange_given_refused(int preference) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new MailExchanger("mx.example.net", preference));
  }
}
