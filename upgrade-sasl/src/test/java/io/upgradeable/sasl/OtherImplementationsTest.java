package io.upgradeable.sasl;

import static io.upgradeable.sasl.Fixtures.bytes;
import static io.upgradeable.sasl.Fixtures.text;
import static org.assertj.core.api.Assertions.assertThat;

import com.ongres.scram.client.ScramClient;
import com.ongres.scram.common.StringPreparation;
import io.upgradeable.sasl.SaslServerStep.Challenge;
import io.upgradeable.sasl.SaslServerStep.Granted;
import io.upgradeable.sasl.SaslServerStep.Refused;
import java.util.List;
import java.util.Map;
import javax.security.auth.callback.Callback;
import javax.security.auth.callback.CallbackHandler;
import javax.security.auth.callback.NameCallback;
import javax.security.auth.callback.PasswordCallback;
import javax.security.sasl.AuthorizeCallback;
import javax.security.sasl.Sasl;
import javax.security.sasl.SaslClient;
import javax.security.sasl.SaslException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Against implementations that we did not write: the JDK's, and a library of SCRAM. */
class OtherImplementationsTest {

  private static final String PASSWORD = "pa\u0308ssword";

  private static final SaslServer SERVER =
      new SaslServer(SaslUsers.of(Map.of("user", StoredSecret.of(Fixtures.secret(PASSWORD)))));

  /** Answers as the JDK's mechanisms ask. */
  private static CallbackHandler knowing(String user, String password) {
    return callbacks -> {
      for (Callback callback : callbacks) {
        if (callback instanceof NameCallback name) {
          name.setName(user);
        } else if (callback instanceof PasswordCallback secret) {
          secret.setPassword(password.toCharArray());
        } else if (callback instanceof AuthorizeCallback authorize) {
          authorize.setAuthorized(
              authorize.getAuthenticationID().equals(authorize.getAuthorizationID()));
        }
      }
    };
  }

  private static SaslClient jdkClient(String mechanism, String password) throws SaslException {
    return Sasl.createSaslClient(
        new String[] {mechanism}, null, "smtp", "localhost", Map.of(), knowing("user", password));
  }

  @Test
  void jdkServer_ourCramMd5_authorized() throws Exception {
    javax.security.sasl.SaslServer jdk =
        Sasl.createSaslServer(
            "CRAM-MD5", "smtp", "localhost", Map.of(), knowing("user", "t\u00e4nstaaf"));
    try (SaslExchange ours =
        Fixtures.start(SaslMechanism.CRAM_MD5, Fixtures.user("user", "t\u00e4nstaaf"))) {
      jdk.evaluateResponse(ours.respond(jdk.evaluateResponse(new byte[0])));

      assertThat(jdk.isComplete()).isTrue();
      assertThat(jdk.getAuthorizationID()).isEqualTo("user");
    }
  }

  @Test
  void jdkClient_plain_granted() throws Exception {
    byte[] message = jdkClient("PLAIN", PASSWORD).evaluateChallenge(new byte[0]);

    assertThat(SERVER.start(SaslMechanism.PLAIN, SaslChannel.tls()).receive(message))
        .isEqualTo(new Granted("user", "user"));
  }

  @Test
  void jdkClient_plain_sameBytesAsOurs() throws Exception {
    byte[] theirs = jdkClient("PLAIN", PASSWORD).evaluateChallenge(new byte[0]);
    try (SaslExchange ours = Fixtures.start(SaslMechanism.PLAIN, Fixtures.user("user", PASSWORD))) {
      assertThat(ours.initialResponse()).hasValue(theirs);
    }
  }

  @Test
  void jdkClient_external_sameBytesAsOurs() throws Exception {
    SaslClient jdk =
        Sasl.createSaslClient(
            new String[] {"EXTERNAL"}, "u:boss", "ldap", "localhost", Map.of(), null);
    try (SaslExchange ours =
        Fixtures.start(SaslMechanism.EXTERNAL, SaslCredentials.external().actingAs("u:boss"))) {
      assertThat(ours.initialResponse()).hasValue(jdk.evaluateChallenge(new byte[0]));
    }
  }

  @ParameterizedTest
  @CsvSource({"SCRAM-SHA-256, true", "SCRAM-SHA-256-PLUS, true", "SCRAM-SHA-256-PLUS, false"})
  void libraryClient_scram_grantedIfBoundToTheSameChannel(String mechanism, boolean sameChannel)
      throws Exception {
    SaslChannel channel = Fixtures.verified();
    byte[] binding =
        (sameChannel ? channel : SaslChannel.tls(Fixtures.certificate("rsa-sha1")))
            .serverEndPoint()
            .orElseThrow();
    // The library only says n where it knows no binding.
    ScramClient.FinalBuildStage builder =
        ScramClient.builder()
            .advertisedMechanisms(List.of(mechanism))
            .username("user")
            .password(PASSWORD.toCharArray())
            .stringPreparation(StringPreparation.SASL_PREPARATION);
    ScramClient theirs =
        mechanism.endsWith("PLUS")
            ? builder.channelBinding("tls-server-end-point", binding).build()
            : builder.build();
    SaslServerExchange ours = SERVER.start(SaslMechanism.named(mechanism).orElseThrow(), channel);

    Challenge first = (Challenge) ours.receive(bytes(theirs.clientFirstMessage().toString()));
    theirs.serverFirstMessage(text(first.bytes()));
    SaslServerStep step = ours.receive(bytes(theirs.clientFinalMessage().toString()));
    if (sameChannel) {
      theirs.serverFinalMessage(text(((Challenge) step).bytes())); // Throws on a wrong signature.
      step = ours.receive(new byte[0]);
    }

    assertThat(step).isEqualTo(sameChannel ? new Granted("user", "user") : new Refused());
  }
}
