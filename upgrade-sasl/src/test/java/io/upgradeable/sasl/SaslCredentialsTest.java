package io.upgradeable.sasl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SaslCredentialsTest {

  @ParameterizedTest
  @ValueSource(
      strings = {"", "a\rb", "a\nb", "a\0b", "a\u0007b", "a\u007fb", "a\u0085b", "a\ud800"})
  void user_notPrintable_refused(String name) {
    assertThatIllegalArgumentException().isThrownBy(() -> Fixtures.user(name, "secret"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"hunter2\r", "hunter2\n", "hunter2\0", "\udc00hunter2"})
  void password_notPrintable_refusedUnquoted(String password) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Fixtures.user("user", password))
        .withMessageNotContaining("hunter");
  }

  @Test
  void emptyPassword_given_refused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SaslCredentials.password("user", Secret.none()));
  }

  @Test
  void longText_given_refused() {
    String long1025 = "x".repeat(1025);
    assertThatIllegalArgumentException().isThrownBy(() -> Fixtures.user("user", long1025));
    assertThatIllegalArgumentException().isThrownBy(() -> Fixtures.user(long1025, "secret"));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SaslCredentials.external().actingAs(long1025));
    assertThat(Fixtures.user("x".repeat(1024), "x".repeat(1024)).user()).hasSize(1024);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "hunter 2", "hunter\0012", "hunter2é", "hunter2\n"})
  void token_notVisibleAscii_refusedUnquoted(String token) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SaslCredentials.token("user", Fixtures.secret(token)))
        .withMessageNotContaining("hunter");
  }

  @Test
  void identity_notPrintable_refused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Fixtures.user("user", "secret").actingAs("a\0b"));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SaslCredentials.external().actingAs("a\nb"));
  }

  @Test
  void anySecret_printed_redacted() {
    assertThat(Fixtures.user("user", "hunter2").actingAs("other").toString())
        .contains("user", "other", "<redacted>")
        .doesNotContain("hunter2");
    assertThat(SaslCredentials.token("user", Fixtures.secret("hunter2")).toString())
        .contains("<redacted>")
        .doesNotContain("hunter2");
  }

  @Test
  void wideCharacters_given_taken() {
    assertThat(Fixtures.user("J\u00fcrgen \ud83d\ude00", "p\u00e4ss").user())
        .endsWith("\ud83d\ude00");
  }
}
