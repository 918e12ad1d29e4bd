package io.upgradeable.connect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.upgradeable.Endpoint;
import io.upgradeable.sasl.Secret;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ProxyHopTest {

  private static final Endpoint MAIL = Endpoint.parse("mail.example.net:587");

  @Test
  void hops_anyNumber_makeAChain() {
    assertThat(ProxyHop.stack(List.of(), MAIL)).hasToString("tcp(mail.example.net:587)");
    assertThat(
            ProxyHop.stack(
                List.of(
                    ProxyHop.parse("http://a:3128"),
                    ProxyHop.parse("HTTPS://b:3129/"),
                    ProxyHop.parse("socks5h://[::1]"),
                    ProxyHop.parse("socks4a://alice@d:9")),
                MAIL))
        .hasToString(
            "tcp(a:3128) > connect(b:3129) > tls(b) > connect([::1]:1080) > socks5(d:9)"
                + " > socks4a(mail.example.net:587)");
  }

  @Test
  void user_percentEncoded_isDecoded() {
    ProxyHop hop = ProxyHop.parse("http://al%40ice%3A%C3%A9@p:3128");
    assertThat(hop.user()).contains("al@ice:\u00e9");
    assertThat(hop.hasPasswordInUrl()).isFalse();
    assertThat(hop).hasToString("http://p:3128");
  }

  @Test
  void password_inUrl_isTakenAndTold_andNeverPrinted() {
    ProxyHop hop = ProxyHop.parse("https://bob:s3cret@p:3129");
    assertThat(hop.hasPasswordInUrl()).isTrue();
    assertThat(hop.toString()).doesNotContain("s3cret");
    ProxyHop other =
        hop.withCredentials(ProxyCredentials.password("bob", new Secret("x".toCharArray())));
    assertThat(other.hasPasswordInUrl()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "p:3128",
        "http://p",
        "https://p",
        "http://p:0",
        "http://p:99999",
        "http://p:3128/path",
        "http://p:3128?x",
        "ftp://p:21",
        "socks://p",
        "socks4://p",
        "http://@p:3128",
        "http://a%0db@p:3128",
        "http://a%zz@p:3128",
        "http://a%@p:3128",
        "http://::1:3128",
        "http://p p:3128",
        "http://",
        ""
      })
  void url_ofAnotherForm_refused(String url) {
    assertThatThrownBy(() -> ProxyHop.parse(url)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void url_brokenBehindAPassword_passwordIsNotQuoted() {
    assertThatThrownBy(() -> ProxyHop.parse("bob:s3cret@p:3128"))
        .message()
        .doesNotContain("s3cret");
    assertThatThrownBy(() -> ProxyHop.parse("http://bob:s3cret@p:3128/x"))
        .message()
        .doesNotContain("s3cret");
    assertThatThrownBy(() -> ProxyHop.parse("http://bob:s3cret"))
        .message()
        .doesNotContain("s3cret");
  }

  @Test
  void socks5Password_inUrlAndAllowedInPlaintext_makesAChain() {
    ProxyHop hop = ProxyHop.parse("socks5://bob:s3cret@p").withCredentialsEvenInPlaintext();
    assertThat(ProxyHop.stack(List.of(hop), MAIL))
        .hasToString("tcp(p:1080) > socks5(mail.example.net:587)");
    assertThat(hop.hasPasswordInUrl()).isTrue();
  }

  @ParameterizedTest
  @CsvSource({"socks4a://p,[::1]:22", "http://p:1,[fe80::1%eth0]:22", "http://p:1,a:0"})
  void target_thatNoProxyReaches_refused(String url, String target) {
    assertThatThrownBy(() -> ProxyHop.stack(List.of(ProxyHop.parse(url)), Endpoint.parse(target)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void socks5Password_notAllowedInPlaintext_refused() {
    ProxyHop hop =
        ProxyHop.parse("socks5://p")
            .withCredentials(ProxyCredentials.password("u", new Secret("p".toCharArray())));
    assertThatThrownBy(() -> ProxyHop.stack(List.of(hop), MAIL))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("plaintext");
  }
}
