package io.upgradeable.sasl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import org.junit.jupiter.api.Test;

class SecretTest {

  @Test
  void open_printed_redacted() {
    try (Secret secret = Fixtures.secret("hunter2")) {
      assertThat(secret).hasToString("<redacted>");
      assertThat(secret.value()).isEqualTo("hunter2".toCharArray());
    }
  }

  @Test
  void open_closed_clearedAndUnusable() {
    char[] value = "hunter2".toCharArray();
    Secret secret = new Secret(value);
    secret.close();

    assertThat(value).containsOnly('\0');
    assertThatIllegalStateException().isThrownBy(secret::value);
  }
}
