package io.upgradeable.smtp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class SmtpReplyTest {

  @Test
  void enhancedStatus_categoryOfTheCode_parsed() {
    assertThat(reply(550, "5.7.1 No relaying").enhancedStatus())
        .contains(new EnhancedStatus(5, 7, 1));
    assertThat(reply(250, "2.0.0").enhancedStatus()).contains(new EnhancedStatus(2, 0, 0));
    assertThat(reply(450, "4.123.999 later").enhancedStatus())
        .contains(new EnhancedStatus(4, 123, 999));
    assertThat(new EnhancedStatus(5, 7, 1)).hasToString("5.7.1");
  }

  @Test
  void enhancedStatus_anythingElse_none() {
    for (String text :
        List.of(
            "",
            "5.7",
            "5.7.1x",
            "5.7.1\u2028",
            "5.7.1.2",
            "5.7.01",
            "5.07.1",
            "5.7.1000",
            " 5.7.1",
            "4.7.1 ",
            "3.0.0 x",
            "\u0665.7.1",
            "5..1",
            "5.7.-1")) {
      assertThat(reply(550, text).enhancedStatus()).as(text).isEmpty();
    }
    assertThat(reply(220, "5.0.1 is our version").enhancedStatus()).isEmpty();
  }

  @Test
  void kinds_byTheFirstDigit() {
    assertThat(reply(250, "").isPositive()).isTrue();
    assertThat(reply(354, "").isPositive() || reply(354, "").isFailure()).isFalse();
    assertThat(reply(421, "").isTransientFailure() && reply(421, "").isFailure()).isTrue();
    assertThat(reply(571, "").isPermanentFailure() && reply(571, "").isFailure()).isTrue();
    assertThat(reply(554, "").isPermanentFailure() && reply(554, "").isFailure()).isTrue();
  }

  @Test
  void toString_severalLines_inOneLine() {
    assertThat(new SmtpReply(550, List.of("5.7.1 No", "5.7.1 Never")))
        .hasToString("550 5.7.1 No 5.7.1 Never");
    assertThat(reply(220, "")).hasToString("220");
  }

  @Test
  void components_noReply_refused() {
    for (int code : new int[] {0, 22, 199, 600, 999, -250}) {
      assertThatThrownBy(() -> reply(code, ""))
          .as("%d", code)
          .isInstanceOf(IllegalArgumentException.class);
    }
    assertThatThrownBy(() -> new SmtpReply(250, List.of()))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new EnhancedStatus(3, 0, 0))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new EnhancedStatus(5, 1000, 0))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private static SmtpReply reply(int code, String line) {
    return new SmtpReply(code, List.of(line));
  }
}
