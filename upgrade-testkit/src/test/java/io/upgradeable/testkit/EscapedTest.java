package io.upgradeable.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class EscapedTest {

  @Test
  void everyByte_escapedAndRead_isTheSame() {
    byte[] all = new byte[256];
    for (int i = 0; i < all.length; i++) {
      all[i] = (byte) i;
    }

    String text = Escaped.text(all);

    assertThat(Escaped.bytes(text)).isEqualTo(all);
    assertThat(text).matches("[ -~]*");
  }

  @Test
  void controls_escaped_asDocumented() {
    assertThat(Escaped.text(new byte[] {'a', '\\', '\r', '\n', '\t', 0, (byte) 0xff}))
        .isEqualTo("a\\\\\\r\\n\\t\\x00\\xff");
  }

  @Test
  void otherCharacters_read_areUtf8() {
    assertThat(Escaped.bytes("\u00e9")).isEqualTo("\u00e9".getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void unknownEscape_read_refused() {
    for (String text : new String[] {"\\q", "\\", "\\x", "\\x1", "\\xg0"}) {
      assertThatThrownBy(() -> Escaped.bytes(text))
          .as(text)
          .isInstanceOf(IllegalArgumentException.class);
    }
  }
}
