package io.upgradeable.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.upgradeable.Endpoint;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProxyEnvironmentTest {

  private static ProxyEnvironment environment(String... variables) {
    return new ProxyEnvironment(
        variables.length == 2
            ? Map.of(variables[0], variables[1])::get
            : Map.of(variables[0], variables[1], variables[2], variables[3])::get);
  }

  @Test
  void url_ofEitherSpelling_isTheProxy() {
    assertThat(environment("HTTPS_PROXY", "https://bob:s3cret@p:1").proxy())
        .hasValueSatisfying(hop -> assertThat(hop).hasToString("https://p:1"));
    assertThat(environment("https_proxy", "http://a:1", "HTTPS_PROXY", "http://b:1").proxy())
        .hasValueSatisfying(hop -> assertThat(hop).hasToString("http://a:1"));
  }

  @Test
  void hostAndPort_withoutScheme_areAnHttpProxy() {
    assertThat(environment("HTTPS_PROXY", "p:3128").proxy())
        .hasValueSatisfying(hop -> assertThat(hop).hasToString("http://p:3128"));
  }

  @Test
  void nothing_noProxy() {
    assertThat(environment("HTTPS_PROXY", " ").proxy()).isEmpty();
    assertThat(environment("HTTP_PROXY", "http://p:1").proxy()).isEmpty();
  }

  @Test
  void brokenUrl_usageThatQuotesNoPassword() {
    assertThatThrownBy(() -> environment("HTTPS_PROXY", "http://bob:s3cret").proxy())
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("HTTPS_PROXY")
        .message()
        .doesNotContain("s3cret");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          *                     | a.example:443     | true
          a.example             | a.example:443     | true
          A.Example             | a.example:443     | true
          .a.example            | b.a.example:443   | true
          *.a.example           | b.a.example:443   | true
          a.example             | b.a.example:443   | true
          a.example             | ba.example:443    | false
          x.example, a.example  | a.example:443     | true
          a.example:587         | a.example:587     | true
          a.example:587         | a.example:443     | false
          192.0.2.1             | 192.0.2.1:443     | true
          2.1                   | 192.0.2.1:443     | false
          2001:db8::1           | [2001:db8::1]:443 | true
          [2001:db8::1]:443     | [2001:db8::1]:443 | true
          ,,!!                  | a.example:443     | false
          """)
  void target_noProxy_excepted(String list, String target, boolean excepted) {
    assertThat(environment("NO_PROXY", list).excepts(Endpoint.parse(target))).isEqualTo(excepted);
  }
}
