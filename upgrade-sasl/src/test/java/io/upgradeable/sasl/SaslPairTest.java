package io.upgradeable.sasl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.upgradeable.sasl.SaslServerStep.Challenge;
import io.upgradeable.sasl.SaslServerStep.Granted;
import io.upgradeable.sasl.SaslServerStep.Malformed;
import io.upgradeable.sasl.SaslServerStep.Refused;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Both sides of each mechanism against each other. */
class SaslPairTest {

  private static final String USER = "J\u00fcrgen=1,2";
  private static final String PASSWORD = "pa\u0308ss,w=rd";
  private static final SaslServer SERVER =
      new SaslServer(
          SaslUsers.of(Map.of(USER, StoredSecret.of(Fixtures.secret("p\u00e4ss,w=rd")))));

  private static SaslServerStep talk(
      SaslExchange client, SaslServerExchange server, int maxInitialBytes)
      throws SaslFailedException {
    Optional<byte[]> first = client.initialResponse(maxInitialBytes);
    SaslServerStep step = first.isPresent() ? server.receive(first.get()) : server.begin();
    while (step instanceof Challenge challenge) {
      step = server.receive(client.respond(challenge.bytes()));
    }
    return step;
  }

  private static SaslExchange client(
      SaslMechanism mechanism, SaslCredentials credentials, SaslChannel channel) {
    List<String> offered = SERVER.offers(channel).stream().map(SaslMechanism::saslName).toList();
    return SaslPreference.only(mechanism).start(offered, credentials, channel).orElseThrow();
  }

  @ParameterizedTest
  @EnumSource(
      value = SaslMechanism.class,
      names = {"SCRAM_SHA_256_PLUS", "SCRAM_SHA_256", "PLAIN", "LOGIN"})
  void rightPassword_withAndWithoutInitialResponse_granted(SaslMechanism mechanism)
      throws SaslFailedException {
    for (int maxInitialBytes : new int[] {0, 1000}) {
      SaslChannel channel = Fixtures.verified();
      try (SaslExchange client = client(mechanism, Fixtures.user(USER, PASSWORD), channel)) {
        SaslServerStep step = talk(client, SERVER.start(mechanism, channel), maxInitialBytes);

        assertThat(step).isEqualTo(new Granted(USER, USER));
        client.succeeded();
        assertThat(client.isComplete()).isTrue();
      }
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = SaslMechanism.class,
      names = {"SCRAM_SHA_256_PLUS", "SCRAM_SHA_256", "PLAIN", "LOGIN"})
  void wrongPasswordOrUser_refused(SaslMechanism mechanism) throws SaslFailedException {
    SaslChannel channel = Fixtures.verified();
    for (SaslCredentials wrong :
        List.of(Fixtures.user(USER, "other"), Fixtures.user("other", PASSWORD))) {
      try (SaslExchange client = client(mechanism, wrong, channel)) {
        assertThat(talk(client, SERVER.start(mechanism, channel), 1000)).isEqualTo(new Refused());
      }
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = SaslMechanism.class,
      names = {"SCRAM_SHA_256_PLUS", "SCRAM_SHA_256", "PLAIN"})
  void otherIdentity_notAllowed_refused(SaslMechanism mechanism) throws SaslFailedException {
    SaslChannel channel = Fixtures.verified();
    SaslCredentials acting = Fixtures.user(USER, PASSWORD).actingAs("root");
    try (SaslExchange client = client(mechanism, acting, channel)) {
      assertThat(talk(client, SERVER.start(mechanism, channel), 1000)).isEqualTo(new Refused());
    }
  }

  /**
   * Somebody in the middle has TLS with both, by a certificate that the client was made to like.
   */
  @Test
  void scramPlus_manInTheMiddle_refused() throws SaslFailedException {
    SaslChannel toTheMiddle = SaslChannel.tls(Fixtures.certificate("ecdsa-sha384"));
    SaslMechanism plus = SaslMechanism.SCRAM_SHA_256_PLUS;
    try (SaslExchange client = client(plus, Fixtures.user(USER, PASSWORD), toTheMiddle)) {
      assertThat(talk(client, SERVER.start(plus, Fixtures.verified()), 1000))
          .isEqualTo(new Refused());
    }
  }

  /** The man in the middle hides -PLUS, so the client tells that it could have bound. */
  @Test
  void scram_plusStripped_serverNotices() throws SaslFailedException {
    SaslMechanism scram = SaslMechanism.SCRAM_SHA_256;
    try (SaslExchange client =
        SaslPreference.strongest()
            .start(List.of(scram.saslName()), Fixtures.user(USER, PASSWORD), Fixtures.verified())
            .orElseThrow()) {
      assertThat(talk(client, SERVER.start(scram, Fixtures.verified()), 1000))
          .isInstanceOf(Malformed.class);
    }
  }

  /** It knows the user and not the password, and lets everybody in. */
  @Test
  void scram_serverWithoutThePassword_clientNotices() {
    SaslServer impostor =
        new SaslServer(user -> Optional.of(StoredSecret.of(Fixtures.secret("guess"))));
    SaslMechanism scram = SaslMechanism.SCRAM_SHA_256;
    SaslExchange client = Fixtures.start(scram, Fixtures.user(USER, PASSWORD));
    SaslServerExchange server = impostor.start(scram, SaslChannel.tls());

    assertThatExceptionOfType(SaslFailedException.class)
        .isThrownBy(
            () -> {
              talk(client, server, 1000);
              client.succeeded();
            });
    assertThat(client.isComplete()).isFalse();
  }
}
