package io.upgradeable.sasl;

import static io.upgradeable.sasl.Fixtures.bytes;
import static io.upgradeable.sasl.Fixtures.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The client of SCRAM, by the example of RFC 7677, 3, and against servers that mean harm. */
class ScramExchangeTest {

  private static final String NONCE = "rOprNGfwEbeRWgbNEkqO";
  private static final String BOTH = NONCE + "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
  private static final String SALT = "W22ZaJ0SNY7soEsUEjb6gQ==";
  private static final String SERVER_FIRST = "r=" + BOTH + ",s=" + SALT + ",i=4096";
  private static final String CLIENT_FINAL =
      "c=biws,r=" + BOTH + ",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
  private static final String SERVER_FINAL = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";

  private static SaslExchange exchange(SaslCredentials.Password credentials) {
    return new ScramExchange(
        SaslMechanism.SCRAM_SHA_256, credentials, SaslChannel.plaintext(), false, NONCE);
  }

  private static SaslExchange exampleOfTheRfc() {
    return exchange(Fixtures.user("user", Fixtures.PENCIL));
  }

  private static SaslExchange awaitingServerFirst() {
    SaslExchange exchange = exampleOfTheRfc();
    assertThat(exchange.initialResponse()).hasValue(bytes("n,,n=user,r=" + NONCE));
    return exchange;
  }

  private static SaslExchange awaitingServerFinal() throws SaslFailedException {
    SaslExchange exchange = awaitingServerFirst();
    assertThat(text(exchange.respond(bytes(SERVER_FIRST)))).isEqualTo(CLIENT_FINAL);
    return exchange;
  }

  @Test
  void exampleOfTheRfc_signatureAsChallenge_complete() throws SaslFailedException {
    try (SaslExchange exchange = awaitingServerFinal()) {
      assertThat(exchange.respond(bytes(SERVER_FINAL))).isEmpty();
      assertThat(exchange.isComplete()).isFalse();
      exchange.succeeded();
      assertThat(exchange.isComplete()).isTrue();
    }
  }

  @Test
  void exampleOfTheRfc_signatureWithSuccess_complete() throws SaslFailedException {
    try (SaslExchange exchange = awaitingServerFinal()) {
      exchange.succeeded(bytes(SERVER_FINAL));
      assertThat(exchange.isComplete()).isTrue();
    }
  }

  @Test
  void serverFirst_unknownExtension_takenIntoTheSignature() throws SaslFailedException {
    try (SaslExchange exchange = awaitingServerFirst()) {
      String response = text(exchange.respond(bytes(SERVER_FIRST + ",x=more")));

      assertThat(response).startsWith("c=biws,r=" + BOTH + ",p=").isNotEqualTo(CLIENT_FINAL);
    }
  }

  @Test
  void awaitingServerFirst_success_tooEarly() {
    SaslExchange exchange = awaitingServerFirst();

    assertThatExceptionOfType(SaslFailedException.class)
        .isThrownBy(exchange::succeeded)
        .withMessageContaining("success before the server's first message");
    assertThat(exchange.isComplete()).isFalse();
  }

  @Test
  void awaitingServerFinal_successWithoutSignature_tooEarly() throws SaslFailedException {
    SaslExchange exchange = awaitingServerFinal();

    assertThatExceptionOfType(SaslFailedException.class)
        .isThrownBy(exchange::succeeded)
        .withMessageContaining("success without the server's signature");
    assertThat(exchange.isComplete()).isFalse();
    assertThatIllegalStateException().isThrownBy(() -> exchange.succeeded(bytes(SERVER_FINAL)));
  }

  @Test
  void awaitingServerFinal_emptyChallengeThenSuccess_fails() throws SaslFailedException {
    SaslExchange exchange = awaitingServerFinal();

    assertThatExceptionOfType(SaslFailedException.class)
        .isThrownBy(() -> exchange.respond(bytes("")));
    assertThat(exchange.isComplete()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G8=",
        "v=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "v=6rri",
        "v=",
        "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4",
        "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=,",
        "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=,m=x",
        " v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
        "x=1,v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
        "V=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="
      })
  void awaitingServerFinal_otherSignature_fails(String message) throws SaslFailedException {
    SaslExchange asChallenge = awaitingServerFinal();
    assertMisbehaved(asChallenge, message);

    SaslExchange withSuccess = awaitingServerFinal();
    assertThatExceptionOfType(SaslFailedException.class)
        .isThrownBy(() -> withSuccess.succeeded(bytes(message)));
    assertThat(withSuccess.isComplete()).isFalse();
  }

  @Test
  void awaitingServerFinal_error_refusedInItsWords() throws SaslFailedException {
    SaslExchange exchange = awaitingServerFinal();

    assertThatExceptionOfType(SaslFailedException.class)
        .isThrownBy(() -> exchange.respond(bytes("e=invalid-proof")))
        .withMessage("expected the server's signature, got the refusal 'invalid-proof'")
        .satisfies(e -> assertThat(e.kind()).isEqualTo(SaslFailedException.Kind.REFUSED));
  }

  @Test
  void awaitingServerFinal_hugeError_quotedInPart() throws SaslFailedException {
    SaslExchange exchange = awaitingServerFinal();

    assertThatExceptionOfType(SaslFailedException.class)
        .isThrownBy(() -> exchange.respond(bytes("e=" + "x".repeat(60_000))))
        .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(200));
  }

  @Test
  void awaitingOutcome_oneMoreChallenge_fails() throws SaslFailedException {
    SaslExchange exchange = awaitingServerFinal();
    exchange.respond(bytes(SERVER_FINAL));

    assertMisbehaved(exchange, "");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "r=rOprNGfwEbeRWgbNEkqO,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", // not extended
        "r=rOprNGfwEbeRWgbNEkq,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", // shortened
        "r=XOprNGfwEbeRWgbNEkqOabc,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", // another
        "r=abcrOprNGfwEbeRWgbNEkqO,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", // at its end
        "r=rOprNGfwEbeRWgbNEkqO\u00e9,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
        "r=rOprNGfwEbeRWgbNEkqO b,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
        "r=rOprNGfwEbeRWgbNEkqOx,s=,i=4096",
        "r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ,i=4096",
        "r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gR==,i=4096", // bits behind the end
        "r=rOprNGfwEbeRWgbNEkqOx,s=!!!!,i=4096",
        "r=rOprNGfwEbeRWgbNEkqOx,i=4096,s=W22ZaJ0SNY7soEsUEjb6gQ==", // order
        "s=W22ZaJ0SNY7soEsUEjb6gQ==,r=rOprNGfwEbeRWgbNEkqOx,i=4096",
        "x=1,r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
        "m=1,r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", // must be understood
        "r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==",
        "r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=",
        "r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=04096",
        "r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=+4096",
        "r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=-4096",
        "r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=\u0664096", // Arabic 4
        "r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,",
        "r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,1=x",
        "r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,x=\0",
        "e=unknown-user",
        "",
        ",",
        "\0"
      })
  void awaitingServerFirst_wrongMessage_fails(String message) {
    assertMisbehaved(awaitingServerFirst(), message);
  }

  @Test
  void awaitingServerFirst_noUtf8_fails() {
    SaslExchange exchange = awaitingServerFirst();

    assertThatExceptionOfType(SaslFailedException.class)
        .isThrownBy(() -> exchange.respond(new byte[] {'r', '=', (byte) 0xc3}))
        .withMessageContaining("no UTF-8");
  }

  /** None of them is computed: the last would take minutes. */
  @ParameterizedTest
  @ValueSource(strings = {"1", "4095", "1000001", "999999999"})
  void awaitingServerFirst_iterationsOutOfBounds_failsBeforeTheWork(String iterations) {
    SaslExchange exchange = awaitingServerFirst();

    assertThatExceptionOfType(SaslFailedException.class)
        .isThrownBy(() -> exchange.respond(bytes("r=" + BOTH + ",s=" + SALT + ",i=" + iterations)))
        .withMessage("expected 4096 to 1000000 iterations, got " + iterations + " iterations");
  }

  @ParameterizedTest
  @ValueSource(strings = {"1000000000", "2147483648", "99999999999999999999"})
  void awaitingServerFirst_iterationsOfManyDigits_fails(String iterations) {
    assertMisbehaved(awaitingServerFirst(), "r=" + BOTH + ",s=" + SALT + ",i=" + iterations);
  }

  @Test
  void awaitingServerFirst_longNonceOrSalt_fails() {
    assertMisbehaved(
        awaitingServerFirst(), "r=" + NONCE + "x".repeat(1024) + ",s=" + SALT + ",i=4096");
    assertMisbehaved(awaitingServerFirst(), "r=" + BOTH + ",s=" + "AAAA".repeat(342) + ",i=4096");
  }

  @Test
  void names_specialCharacters_escapedAndPrepared() {
    try (SaslExchange exchange =
        exchange(Fixtures.user("a=b,c\u00ad\u2168", Fixtures.PENCIL).actingAs("x,y"))) {
      // The soft hyphen goes, the Roman numeral becomes IX (RFC 4013, 3).
      assertThat(text(exchange.initialResponse().orElseThrow()))
          .isEqualTo("n,a=x=2Cy,n=a=3Db=2CcIX,r=" + NONCE);
    }
  }

  @Test
  void password_typedInAnotherWay_sameProof() throws SaslFailedException {
    try (SaslExchange composed = exchange(Fixtures.user("user", "p\u00e4ss\u00a0word"));
        SaslExchange decomposed = exchange(Fixtures.user("user", "pa\u0308ss word"))) {
      composed.initialResponse();
      decomposed.initialResponse();

      assertThat(composed.respond(bytes(SERVER_FIRST)))
          .isEqualTo(decomposed.respond(bytes(SERVER_FIRST)));
    }
  }

  @Test
  void channelBinding_offered_boundToTheCertificate() {
    assertThat(gs2Header(Fixtures.verified(), "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"))
        .isEqualTo("p=tls-server-end-point,,");
  }

  @Test
  void channelBinding_notOffered_saysThatItCould() {
    assertThat(gs2Header(Fixtures.verified(), "SCRAM-SHA-256")).isEqualTo("y,,");
  }

  @Test
  void channelBinding_notPossible_saysThatItCannot() {
    assertThat(gs2Header(SaslChannel.plaintext(), "SCRAM-SHA-256")).isEqualTo("n,,");
    assertThat(gs2Header(SaslChannel.tls(), "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"))
        .isEqualTo("n,,");
  }

  /** A server that offers it would take {@code y} for an attack. */
  @Test
  void channelBinding_offeredAndNotWanted_saysThatItCannot() {
    SaslExchange exchange =
        SaslPreference.only(SaslMechanism.SCRAM_SHA_256)
            .start(
                List.of("SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"),
                Fixtures.user("user", Fixtures.PENCIL),
                Fixtures.verified())
            .orElseThrow();

    assertThat(text(exchange.initialResponse().orElseThrow())).startsWith("n,,");
  }

  private static String gs2Header(SaslChannel channel, String... offered) {
    try (SaslExchange exchange =
        SaslPreference.strongest()
            .exposingSecretsWithoutVerifiedTls()
            .start(List.of(offered), Fixtures.user("user", Fixtures.PENCIL), channel)
            .orElseThrow()) {
      String first = text(exchange.initialResponse().orElseThrow());
      return first.substring(0, first.indexOf("n=user"));
    }
  }

  @Test
  void nonces_ofTwoExchanges_differ() {
    SaslCredentials.Password user = Fixtures.user("user", Fixtures.PENCIL);
    byte[] one = Fixtures.start(SaslMechanism.SCRAM_SHA_256, user).initialResponse().orElseThrow();
    byte[] two = Fixtures.start(SaslMechanism.SCRAM_SHA_256, user).initialResponse().orElseThrow();

    assertThat(one).isNotEqualTo(two);
  }

  private static void assertMisbehaved(SaslExchange exchange, String challenge) {
    assertThatExceptionOfType(SaslFailedException.class)
        .as(challenge)
        .isThrownBy(() -> exchange.respond(bytes(challenge)))
        .satisfies(e -> assertThat(e.kind()).isEqualTo(SaslFailedException.Kind.MISBEHAVED))
        .withMessageNotContaining(Fixtures.PENCIL);
    assertThatIllegalStateException().isThrownBy(exchange::succeeded);
  }
}
