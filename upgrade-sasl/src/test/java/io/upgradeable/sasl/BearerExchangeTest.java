package io.upgradeable.sasl;

import static io.upgradeable.sasl.Fixtures.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BearerExchangeTest {

  /** The token of RFC 7628, 4.1. */
  private static final String TOKEN = "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==";

  private static SaslExchange started(SaslMechanism mechanism) {
    SaslExchange exchange =
        Fixtures.start(
            mechanism, SaslCredentials.token("user@example.com", Fixtures.secret(TOKEN)));
    assertThat(exchange.initialResponse()).isPresent();
    return exchange;
  }

  /** RFC 7628, 4.1, without host and port, which bearer tokens do not need. */
  @Test
  void oauthBearer_exampleOfTheRfc_asThere() {
    try (SaslExchange exchange =
        Fixtures.start(
            SaslMechanism.OAUTHBEARER,
            SaslCredentials.token("user@example.com", Fixtures.secret(TOKEN)))) {
      assertThat(exchange.initialResponse())
          .hasValue(bytes("n,a=user@example.com,\001auth=Bearer " + TOKEN + "\001\001"));
    }
  }

  @Test
  void oauthBearer_identity_escaped() {
    try (SaslExchange exchange =
        Fixtures.start(
            SaslMechanism.OAUTHBEARER,
            SaslCredentials.token("user", Fixtures.secret("t")).actingAs("a,b=c"))) {
      assertThat(exchange.initialResponse())
          .hasValue(bytes("n,a=a=2Cb=3Dc,\001auth=Bearer t\001\001"));
    }
  }

  @Test
  void xoauth2_token_inItsForm() {
    try (SaslExchange exchange =
        Fixtures.start(
            SaslMechanism.XOAUTH2,
            SaslCredentials.token("someuser@example.com", Fixtures.secret("ya29.vF9dft4qmTc2")))) {
      assertThat(exchange.initialResponse())
          .hasValue(bytes("user=someuser@example.com\001auth=Bearer ya29.vF9dft4qmTc2\001\001"));
    }
  }

  /** RFC 7628, 4.3. */
  @Test
  void oauthBearer_error_dummyResponseAndStatus() throws SaslFailedException {
    try (SaslExchange exchange = started(SaslMechanism.OAUTHBEARER)) {
      byte[] dummy =
          exchange.respond(bytes("{\"status\":\"invalid_token\",\"scope\":\"example_scope\"}"));

      assertThat(dummy).containsExactly(1);
      assertThat(exchange.refusal()).hasValue("invalid_token");
    }
  }

  @Test
  void xoauth2_error_emptyResponseAndStatus() throws SaslFailedException {
    try (SaslExchange exchange = started(SaslMechanism.XOAUTH2)) {
      byte[] dummy = exchange.respond(bytes("{\"status\":\"400\",\"schemes\":\"Bearer\"}"));

      assertThat(dummy).isEmpty();
      assertThat(exchange.refusal()).hasValue("400");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{ \"status\" : 401 }|401",
        "{\"status\":\"a b\"}|no status",
        "{\"status\":\"\u001b[31m\"}|no status",
        "{}|no status",
        "not JSON|no status"
      })
  void error_anyJson_shortWordOrNothing(String json, String status) throws SaslFailedException {
    try (SaslExchange exchange = started(SaslMechanism.XOAUTH2)) {
      exchange.respond(bytes(json));

      assertThat(exchange.refusal()).hasValue(status);
    }
  }

  @Test
  void error_longStatus_notShown() throws SaslFailedException {
    try (SaslExchange exchange = started(SaslMechanism.XOAUTH2)) {
      exchange.respond(bytes("{\"status\":\"" + "x".repeat(65) + "\"}"));

      assertThat(exchange.refusal()).hasValue("no status");
    }
  }

  @Test
  void error_again_fails() throws SaslFailedException {
    SaslExchange exchange = started(SaslMechanism.OAUTHBEARER);
    exchange.respond(bytes("{\"status\":\"invalid_token\"}"));

    assertThatExceptionOfType(SaslFailedException.class)
        .isThrownBy(() -> exchange.respond(bytes("{}")));
  }

  @Test
  void error_thenSuccess_fails() throws SaslFailedException {
    SaslExchange exchange = started(SaslMechanism.OAUTHBEARER);
    exchange.respond(bytes("{\"status\":\"invalid_token\"}"));

    assertThatExceptionOfType(SaslFailedException.class)
        .isThrownBy(exchange::succeeded)
        .withMessage("expected a refusal after the error 'invalid_token', got success");
  }

  @Test
  void success_atOnce_complete() throws SaslFailedException {
    try (SaslExchange exchange = started(SaslMechanism.OAUTHBEARER)) {
      exchange.succeeded();

      assertThat(exchange.isComplete()).isTrue();
      assertThat(exchange.refusal()).isEmpty();
    }
  }
}
