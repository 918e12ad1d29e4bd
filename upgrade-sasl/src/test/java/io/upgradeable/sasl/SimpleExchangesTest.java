package io.upgradeable.sasl;

import static io.upgradeable.sasl.Fixtures.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** PLAIN, LOGIN, CRAM-MD5 and EXTERNAL, and what all exchanges have in common. */
class SimpleExchangesTest {

  private static final SaslCredentials.Password TIM = Fixtures.user("tim", "tanstaaftanstaaf");

  /** RFC 4616, 4. */
  @Test
  void plain_examplesOfTheRfc_asThere() throws SaslFailedException {
    try (SaslExchange tim = Fixtures.start(SaslMechanism.PLAIN, TIM);
        SaslExchange kurt =
            Fixtures.start(
                SaslMechanism.PLAIN, Fixtures.user("Kurt", "xipj3plmq").actingAs("Ursel"))) {
      assertThat(tim.initialResponse()).hasValue(bytes("\0tim\0tanstaaftanstaaf"));
      assertThat(kurt.initialResponse()).hasValue(bytes("Ursel\0Kurt\0xipj3plmq"));
      tim.succeeded();
      assertThat(tim.isComplete()).isTrue();
    }
  }

  @Test
  void plain_wideCharacters_utf8() {
    try (SaslExchange exchange =
        Fixtures.start(SaslMechanism.PLAIN, Fixtures.user("Jürgen", "p\ud83d\ude00ss"))) {
      assertThat(exchange.initialResponse()).hasValue(bytes("\0Jürgen\0p\ud83d\ude00ss"));
    }
  }

  @Test
  void plain_challengedAgain_fails() {
    SaslExchange exchange = Fixtures.start(SaslMechanism.PLAIN, TIM);
    exchange.initialResponse();

    assertMisbehaved(exchange, "");
    assertThatIllegalStateException().isThrownBy(exchange::succeeded);
  }

  @Test
  void plain_initialResponseTooLong_comesAfterTheEmptyChallenge() throws SaslFailedException {
    try (SaslExchange exchange = Fixtures.start(SaslMechanism.PLAIN, TIM)) {
      assertThat(exchange.initialResponse(20)).isEmpty();
      assertThat(exchange.respond(bytes(""))).isEqualTo(bytes("\0tim\0tanstaaftanstaaf"));
      exchange.succeeded();
    }
  }

  @Test
  void plain_initialResponseFits_sentAtOnce() {
    try (SaslExchange exchange = Fixtures.start(SaslMechanism.PLAIN, TIM)) {
      assertThat(exchange.initialResponse(21)).isPresent();
    }
  }

  @Test
  void plain_challengeInsteadOfEmptyOne_passwordKept() {
    SaslExchange exchange = Fixtures.start(SaslMechanism.PLAIN, TIM);

    assertMisbehaved(exchange, "give it to me");
  }

  @Test
  void plain_successBeforeTheHeldBackResponse_fails() {
    SaslExchange exchange = Fixtures.start(SaslMechanism.PLAIN, TIM);
    exchange.initialResponse(0);

    assertThatExceptionOfType(SaslFailedException.class).isThrownBy(exchange::succeeded);
  }

  @Test
  void login_promptsOfAnyKind_userThenPassword() throws SaslFailedException {
    try (SaslExchange exchange = Fixtures.start(SaslMechanism.LOGIN, TIM)) {
      assertThat(exchange.initialResponse()).isEmpty();
      assertThat(exchange.respond(bytes("User Name\0"))).isEqualTo(bytes("tim"));
      assertThat(exchange.respond(bytes(""))).isEqualTo(bytes("tanstaaftanstaaf"));
      exchange.succeeded();
      assertThat(exchange.isComplete()).isTrue();
    }
  }

  @Test
  void login_thirdPrompt_fails() throws SaslFailedException {
    SaslExchange exchange = Fixtures.start(SaslMechanism.LOGIN, TIM);
    exchange.respond(bytes("Username:"));
    exchange.respond(bytes("Password:"));

    assertMisbehaved(exchange, "Again:");
  }

  @Test
  void login_successBeforeThePassword_fails() throws SaslFailedException {
    SaslExchange exchange = Fixtures.start(SaslMechanism.LOGIN, TIM);
    exchange.respond(bytes("Username:"));

    assertThatExceptionOfType(SaslFailedException.class)
        .isThrownBy(exchange::succeeded)
        .withMessageContaining("before the password");
    assertThat(exchange.isComplete()).isFalse();
  }

  /** RFC 2195, 2. */
  @Test
  void cramMd5_exampleOfTheRfc_asThere() throws SaslFailedException {
    try (SaslExchange exchange = Fixtures.start(SaslMechanism.CRAM_MD5, TIM)) {
      assertThat(exchange.initialResponse()).isEmpty();
      assertThat(exchange.respond(bytes("<1896.697170952@postoffice.reston.mci.net>")))
          .isEqualTo(bytes("tim b913a602c7eda7a495b4e6e7334d3890"));
      exchange.succeeded();
      assertThat(exchange.isComplete()).isTrue();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "<a\r\nb>", "<a\0b>", "<é>"})
  void cramMd5_challengeOfOtherCharacters_fails(String challenge) {
    assertMisbehaved(Fixtures.start(SaslMechanism.CRAM_MD5, TIM), challenge);
  }

  @Test
  void cramMd5_longChallenge_fails() {
    assertMisbehaved(Fixtures.start(SaslMechanism.CRAM_MD5, TIM), "x".repeat(999));
  }

  @Test
  void cramMd5_secondChallenge_fails() throws SaslFailedException {
    SaslExchange exchange = Fixtures.start(SaslMechanism.CRAM_MD5, TIM);
    exchange.respond(bytes("<1@x>"));

    assertMisbehaved(exchange, "<2@x>");
  }

  @Test
  void cramMd5_successBeforeTheDigest_fails() {
    SaslExchange exchange = Fixtures.start(SaslMechanism.CRAM_MD5, TIM);
    exchange.initialResponse();

    assertThatExceptionOfType(SaslFailedException.class).isThrownBy(exchange::succeeded);
  }

  @Test
  void external_noIdentity_emptyMessageThatIsOne() {
    try (SaslExchange exchange =
        Fixtures.start(SaslMechanism.EXTERNAL, SaslCredentials.external())) {
      assertThat(exchange.initialResponse()).hasValue(bytes(""));
    }
  }

  @Test
  void external_identity_sent() {
    try (SaslExchange exchange =
        Fixtures.start(SaslMechanism.EXTERNAL, SaslCredentials.external().actingAs("u:boss"))) {
      assertThat(exchange.initialResponse()).hasValue(bytes("u:boss"));
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = SaslMechanism.class,
      names = {"PLAIN", "LOGIN", "CRAM_MD5", "SCRAM_SHA_256", "SCRAM_SHA_256_PLUS"})
  void any_hugeChallenge_failsWithoutIt(SaslMechanism mechanism) {
    SaslExchange exchange = Fixtures.start(mechanism, TIM);
    exchange.initialResponse();

    assertThatExceptionOfType(SaslFailedException.class)
        .isThrownBy(() -> exchange.respond(new byte[SaslExchange.MAX_CHALLENGE_BYTES + 1]))
        .withMessage("expected a challenge of at most 65536 bytes, got 65537 bytes");
  }

  @Test
  void any_initialResponseTwice_callersMistake() {
    try (SaslExchange exchange = Fixtures.start(SaslMechanism.PLAIN, TIM)) {
      exchange.initialResponse();

      assertThatIllegalStateException().isThrownBy(exchange::initialResponse);
    }
  }

  @Test
  void any_successBeforeAnything_callersMistake() {
    try (SaslExchange exchange = Fixtures.start(SaslMechanism.PLAIN, TIM)) {
      assertThatIllegalStateException().isThrownBy(exchange::succeeded);
    }
  }

  @Test
  void any_dataWithSuccess_failsWhereThereIsNone() {
    SaslExchange exchange = Fixtures.start(SaslMechanism.PLAIN, TIM);
    exchange.initialResponse();

    assertThatExceptionOfType(SaslFailedException.class)
        .isThrownBy(() -> exchange.succeeded(bytes("v=1")));
    assertThat(exchange.isComplete()).isFalse();
  }

  @Test
  void any_printed_noSecret() {
    try (SaslExchange exchange = Fixtures.start(SaslMechanism.PLAIN, TIM)) {
      assertThat(exchange).hasToString("PLAIN NEW");
    }
  }

  private static void assertMisbehaved(SaslExchange exchange, String challenge) {
    assertThatExceptionOfType(SaslFailedException.class)
        .isThrownBy(() -> exchange.respond(bytes(challenge)))
        .satisfies(e -> assertThat(e.kind()).isEqualTo(SaslFailedException.Kind.MISBEHAVED))
        .withMessageNotContaining("tanstaaf");
    assertThatIllegalStateException()
        .as("over")
        .isThrownBy(() -> exchange.respond(bytes(challenge)));
  }
}
