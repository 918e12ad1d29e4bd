package io.upgradeable.sasl;

import static io.upgradeable.sasl.Fixtures.bytes;
import static io.upgradeable.sasl.Fixtures.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.upgradeable.sasl.SaslServerStep.Challenge;
import io.upgradeable.sasl.SaslServerStep.Granted;
import io.upgradeable.sasl.SaslServerStep.Malformed;
import io.upgradeable.sasl.SaslServerStep.Refused;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SaslServerTest {

  private static final String CLIENT_NONCE = "rOprNGfwEbeRWgbNEkqO";
  private static final String SERVER_NONCE = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
  private static final String CLIENT_FIRST = "n,,n=user,r=" + CLIENT_NONCE;
  private static final String CLIENT_FINAL =
      "c=biws,r=" + CLIENT_NONCE + SERVER_NONCE + ",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";

  private static final SaslUsers USERS =
      SaslUsers.of(
          Map.of(
              "user",
              StoredSecret.of(
                  Fixtures.secret(Fixtures.PENCIL),
                  Base64.getDecoder().decode("W22ZaJ0SNY7soEsUEjb6gQ=="),
                  4096)));

  private final SaslServer server = new SaslServer(USERS);

  private SaslServerExchange start(SaslMechanism mechanism) {
    return server.start(mechanism, Fixtures.verified());
  }

  /** A server without channel binding, with the nonce of RFC 7677, 3. */
  private SaslServerExchange exampleOfTheRfc() {
    return exampleOfTheRfc(server);
  }

  private static SaslServerExchange exampleOfTheRfc(SaslServer server) {
    return new ScramServerExchange(
        server, SaslMechanism.SCRAM_SHA_256, Optional.empty(), SERVER_NONCE);
  }

  private static String challenge(SaslServerStep step) {
    assertThat(step).isInstanceOf(Challenge.class);
    return text(((Challenge) step).bytes());
  }

  @Test
  void plaintext_offers_nothing() {
    assertThat(server.offers(SaslChannel.plaintext())).isEmpty();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> server.start(SaslMechanism.SCRAM_SHA_256, SaslChannel.plaintext()));
  }

  @Test
  void tls_offers_plusWhereItCanBeBound() {
    assertThat(server.offers(Fixtures.verified()))
        .containsExactly(
            SaslMechanism.SCRAM_SHA_256_PLUS,
            SaslMechanism.SCRAM_SHA_256,
            SaslMechanism.PLAIN,
            SaslMechanism.LOGIN);
    assertThat(server.offers(SaslChannel.tls())).doesNotContain(SaslMechanism.SCRAM_SHA_256_PLUS);
    assertThatIllegalArgumentException().isThrownBy(() -> start(SaslMechanism.CRAM_MD5));
  }

  @Test
  void scram_exampleOfTheRfc_asThere() {
    SaslServerExchange exchange = exampleOfTheRfc();

    assertThat(challenge(exchange.receive(bytes(CLIENT_FIRST))))
        .isEqualTo("r=" + CLIENT_NONCE + SERVER_NONCE + ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096");
    assertThat(challenge(exchange.receive(bytes(CLIENT_FINAL))))
        .isEqualTo("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
    assertThat(exchange.receive(bytes(""))).isEqualTo(new Granted("user", "user"));
    assertThatIllegalStateException().isThrownBy(() -> exchange.receive(bytes("")));
  }

  @Test
  void scram_protocolWithDataOnSuccess_signatureComesWithIt() {
    SaslServerExchange exchange = exampleOfTheRfc(server.withDataOnSuccess());
    exchange.receive(bytes(CLIENT_FIRST));
    SaslServerStep last = exchange.receive(bytes(CLIENT_FINAL));

    assertThat(last)
        .isEqualTo(
            new Granted("user", "user")
                .withData(bytes("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")));
    assertThat(((Granted) last).data().orElseThrow().isReadOnly()).isTrue();
    assertThatIllegalStateException().isThrownBy(() -> exchange.receive(bytes("")));
  }

  @Test
  void scram_protocolWithDataOnSuccess_wrongProof_nothingOfTheSignature() {
    SaslServerExchange exchange = exampleOfTheRfc(server.withDataOnSuccess());
    exchange.receive(bytes(CLIENT_FIRST));

    assertThat(exchange.receive(bytes(CLIENT_FINAL.replace("p=dHz", "p=eHz"))))
        .isEqualTo(new Refused());
  }

  @Test
  void scram_dataBehindTheSignature_notGranted() {
    SaslServerExchange exchange = exampleOfTheRfc();
    exchange.receive(bytes(CLIENT_FIRST));
    exchange.receive(bytes(CLIENT_FINAL));

    assertThat(exchange.receive(bytes("x"))).isInstanceOf(Malformed.class);
  }

  @Test
  void scram_wrongProof_refused() {
    SaslServerExchange exchange = exampleOfTheRfc();
    exchange.receive(bytes(CLIENT_FIRST));

    assertThat(exchange.receive(bytes(CLIENT_FINAL.replace("p=dHz", "p=eHz"))))
        .isEqualTo(new Refused());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "c=eSws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
            + "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=", // says y now
        "c=biws,r=rOprNGfwEbeRWgbNEkqO,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
      })
  void scram_otherHeaderOrNonce_refused(String clientFinal) {
    SaslServerExchange exchange = exampleOfTheRfc();
    exchange.receive(bytes(CLIENT_FIRST));

    assertThat(exchange.receive(bytes(clientFinal))).isEqualTo(new Refused());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "c=biws",
        "c=biws,r=x",
        "c=biws,r=x,p=AAAA",
        "c=biws,r=x,p=",
        "c=biws,r=x,p=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=,x=1", // proof not last
        "c=biws,r=x,m=1,p=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "r=x,c=biws,p=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
      })
  void scram_brokenLastMessage_malformed(String clientFinal) {
    SaslServerExchange exchange = exampleOfTheRfc();
    exchange.receive(bytes(CLIENT_FIRST));

    assertThat(exchange.receive(bytes(clientFinal))).isInstanceOf(Malformed.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "n",
        "n,",
        "n,,",
        "x,,n=user,r=abc",
        "p=tls-unique,,n=user,r=abc",
        "p=tls-server-end-point,,n=user,r=abc", // not what -PLUS is named for
        "n,b=x,n=user,r=abc",
        "n,a=,n=user,r=abc",
        "n,,r=abc,n=user",
        "n,,n=,r=abc",
        "n,,n=us=er,r=abc", // no =2C and no =3D
        "n,,n=user,r=",
        "n,,n=user,r=a b",
        "n,,m=1,n=user,r=abc",
        "n,,n=user,r=abc,"
      })
  void scram_brokenFirstMessage_malformed(String clientFirst) {
    assertThat(exampleOfTheRfc().receive(bytes(clientFirst))).isInstanceOf(Malformed.class);
  }

  /** Somebody took -PLUS out of the offer (RFC 5802, 6). */
  @Test
  void scram_clientCouldBindAndPlusIsOffered_malformed() {
    assertThat(start(SaslMechanism.SCRAM_SHA_256).receive(bytes("y,,n=user,r=abc")))
        .isInstanceOf(Malformed.class);
    assertThat(exampleOfTheRfc().receive(bytes("y,,n=user,r=abc"))).isInstanceOf(Challenge.class);
  }

  @Test
  void scramPlus_withoutBinding_malformed() {
    assertThat(start(SaslMechanism.SCRAM_SHA_256_PLUS).receive(bytes("n,,n=user,r=abc")))
        .isInstanceOf(Malformed.class);
    assertThat(start(SaslMechanism.SCRAM_SHA_256_PLUS).receive(bytes("p=tls-unique,,n=user,r=a")))
        .isInstanceOf(Malformed.class);
  }

  @Test
  void scram_unknownUser_sameStepsAndStableSalt() {
    String one = serverFirst("nobody");
    String two = serverFirst("nobody");
    String other = serverFirst("somebody");

    assertThat(one).isEqualTo(two).isNotEqualTo(other).endsWith(",i=4096").hasSize(33);
    assertThat(serverFirst("user")).hasSameSizeAs(one);

    SaslServerExchange exchange = exampleOfTheRfc();
    exchange.receive(bytes("n,,n=nobody,r=" + CLIENT_NONCE));
    assertThat(exchange.receive(bytes(CLIENT_FINAL))).isEqualTo(new Refused());
  }

  /** Without the nonce. */
  private String serverFirst(String user) {
    return serverFirst(server, user);
  }

  private static String serverFirst(SaslServer server, String user) {
    String message = challenge(exampleOfTheRfc(server).receive(bytes("n,,n=" + user + ",r=abc")));
    return message.substring(message.indexOf("s="));
  }

  private static StoredSecret stored(int saltBytes, int iterations) {
    return StoredSecret.fromKeys(new byte[saltBytes], iterations, new byte[32], new byte[32]);
  }

  /** What everybody may see: the count, and how long the salt is. */
  private static String seen(SaslServer server, String user) {
    String message = serverFirst(server, user);
    int comma = message.indexOf(',');
    byte[] salt = Base64.getDecoder().decode(message.substring(2, comma));
    return salt.length + message.substring(comma);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 12, 32, 33, 100})
  void scram_usersOfAnotherServer_unknownOneLooksLikeThem(int saltBytes) {
    SaslServer moved = new SaslServer(SaslUsers.of(Map.of("user", stored(saltBytes, 20_000))));

    assertThat(seen(moved, "user")).isEqualTo(saltBytes + ",i=20000");
    assertThat(seen(moved, "nobody")).isEqualTo(seen(moved, "user"));
    assertThat(serverFirst(moved, "nobody")).isEqualTo(serverFirst(moved, "nobody"));
  }

  @Test
  void scram_mixedUsers_unknownOnesLookLikeOneOrTheOther() {
    SaslServer mixed =
        new SaslServer(SaslUsers.of(Map.of("new", stored(16, 4096), "old", stored(24, 15_000))));

    // Each of so many names has a fair chance of either.
    Set<String> seen =
        IntStream.range(0, 200)
            .mapToObj(i -> seen(mixed, "nobody" + i))
            .collect(Collectors.toSet());
    assertThat(seen).containsExactlyInAnyOrder("16,i=4096", "24,i=15000");
    assertThat(serverFirst(mixed, "nobody")).isEqualTo(serverFirst(mixed, "nobody"));
  }

  @Test
  void scram_nobodyKnown_unknownOneLooksLikeANewUser() {
    assertThat(seen(new SaslServer(SaslUsers.of(Map.of())), "nobody")).isEqualTo("16,i=4096");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1025})
  void storedSecret_saltOutOfBounds_refused(int saltBytes) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> stored(saltBytes, 4096))
        .withMessage("expected a salt of 1 to 1024 bytes, got " + saltBytes);
  }

  @ParameterizedTest
  @ValueSource(strings = {"\0user\0pencil", "user\0user\0pencil", "\0us\u00ader\0pencil"})
  void plain_rightPassword_granted(String message) {
    SaslServerExchange exchange = start(SaslMechanism.PLAIN);

    assertThat(exchange.begin().bytes()).isEmpty();
    assertThat(exchange.receive(bytes(message))).isEqualTo(new Granted("user", "user"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\0user\0Pencil",
        "\0user\0pencil ",
        "\0nobody\0pencil",
        "\0User\0pencil",
        "root\0user\0pencil",
        "\0user\0pencil\ue000",
        "\0\ue000\0pencil"
      })
  void plain_wrongPasswordUserOrIdentity_refusedAlike(String message) {
    assertThat(start(SaslMechanism.PLAIN).receive(bytes(message))).isEqualTo(new Refused());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "\0", "\0\0", "\0user", "\0user\0", "\0\0pencil", "user\0pencil", "\0a\0b\0c"})
  void plain_brokenMessage_malformed(String message) {
    assertThat(start(SaslMechanism.PLAIN).receive(bytes(message))).isInstanceOf(Malformed.class);
  }

  @Test
  void plain_hugeMessage_malformed() {
    assertThat(
            start(SaslMechanism.PLAIN).receive(new byte[SaslServerExchange.MAX_RESPONSE_BYTES + 1]))
        .isInstanceOf(Malformed.class);
  }

  @Test
  void plain_noUtf8_malformedWithoutTheBytes() {
    byte[] message = bytes("\0user\0hunter2?");
    message[message.length - 1] = (byte) 0xff;

    assertThat(start(SaslMechanism.PLAIN).receive(message))
        .isEqualTo(new Malformed("expected a message of PLAIN in UTF-8, got other bytes"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"Jose\u0301", "Jos\u00e9", "Jo\u00ads\u00e9"})
  void users_nameInAnySpelling_found(String known) {
    StoredSecret stored = StoredSecret.of(Fixtures.secret("pencil"));
    SaslServer prepared = new SaslServer(SaslUsers.of(Map.of(known, stored)));

    assertThat(prepared.verify("Jos\u00e9", Fixtures.secret("pencil"))).contains("Jos\u00e9");
    assertThat(prepared.verify("Jose\u0301", Fixtures.secret("pencil"))).contains("Jos\u00e9");
  }

  @Test
  void users_prohibitedOrSameName_refused() {
    StoredSecret stored = stored(16, 4096);

    assertThatIllegalArgumentException().isThrownBy(() -> SaslUsers.of(Map.of("\ue000", stored)));
    assertThatIllegalArgumentException().isThrownBy(() -> SaslUsers.of(Map.of("", stored)));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SaslUsers.of(Map.of("Jose\u0301", stored, "Jos\u00e9", stored)))
        .withMessageContaining("two spellings");
  }

  @Test
  void plain_identityThatTheStoreAllows_granted() {
    SaslUsers generous =
        new SaslUsers() {
          @Override
          public Optional<StoredSecret> find(String user) {
            return USERS.find(user);
          }

          @Override
          public boolean mayActAs(String user, String authorizationId) {
            return authorizationId.equals("boss");
          }
        };
    SaslServer permitting = new SaslServer(generous);

    assertThat(
            permitting
                .start(SaslMechanism.PLAIN, SaslChannel.tls())
                .receive(bytes("boss\0user\0pencil")))
        .isEqualTo(new Granted("user", "boss"));
    assertThat(
            permitting
                .start(SaslMechanism.PLAIN, SaslChannel.tls())
                .receive(bytes("root\0user\0pencil")))
        .isEqualTo(new Refused());
  }

  @Test
  void login_prompts_granted() {
    SaslServerExchange exchange = start(SaslMechanism.LOGIN);

    assertThat(text(exchange.begin().bytes())).isEqualTo("Username:");
    assertThat(challenge(exchange.receive(bytes("user")))).isEqualTo("Password:");
    assertThat(exchange.receive(bytes("pencil"))).isEqualTo(new Granted("user", "user"));
  }

  @Test
  void login_unknownUser_askedForThePasswordAllTheSame() {
    SaslServerExchange exchange = start(SaslMechanism.LOGIN);

    assertThat(challenge(exchange.receive(bytes("nobody")))).isEqualTo("Password:");
    assertThat(exchange.receive(bytes("pencil"))).isEqualTo(new Refused());
  }

  @Test
  void login_emptyAnswer_malformed() {
    assertThat(start(SaslMechanism.LOGIN).receive(bytes(""))).isInstanceOf(Malformed.class);
  }

  @Test
  void storedSecret_printed_redacted() {
    assertThat(StoredSecret.of(Fixtures.secret("hunter2"))).hasToString("<redacted>");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 4095, 1_000_001})
  void storedSecret_iterationsOutOfBounds_refused(int iterations) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> StoredSecret.of(Fixtures.secret("hunter2"), new byte[16], iterations));
  }

  @Test
  void storedSecret_fromElsewhere_verifies() {
    StoredSecret made = USERS.find("user").orElseThrow();
    SaslServer other =
        new SaslServer(
            SaslUsers.of(
                Map.of(
                    "user",
                    StoredSecret.fromKeys(
                        made.salt(), made.iterations(), made.storedKey(), made.serverKey()))));

    assertThat(other.start(SaslMechanism.PLAIN, SaslChannel.tls()).receive(bytes("\0user\0pencil")))
        .isEqualTo(new Granted("user", "user"));
  }
}
