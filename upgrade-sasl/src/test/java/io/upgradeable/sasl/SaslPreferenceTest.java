package io.upgradeable.sasl;

import static io.upgradeable.sasl.SaslMechanism.CRAM_MD5;
import static io.upgradeable.sasl.SaslMechanism.EXTERNAL;
import static io.upgradeable.sasl.SaslMechanism.LOGIN;
import static io.upgradeable.sasl.SaslMechanism.OAUTHBEARER;
import static io.upgradeable.sasl.SaslMechanism.PLAIN;
import static io.upgradeable.sasl.SaslMechanism.SCRAM_SHA_256;
import static io.upgradeable.sasl.SaslMechanism.SCRAM_SHA_256_PLUS;
import static io.upgradeable.sasl.SaslMechanism.XOAUTH2;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class SaslPreferenceTest {

  private static final SaslCredentials PASSWORD = Fixtures.user("user", "hunter2");
  private static final SaslCredentials TOKEN =
      SaslCredentials.token("user", Fixtures.secret("t0ken"));
  private static final List<String> ALL =
      Arrays.stream(SaslMechanism.values()).map(SaslMechanism::saslName).toList();

  @Test
  void verifiedTls_password_fromScramPlusDown() {
    assertThat(SaslPreference.strongest().acceptable(PASSWORD, Fixtures.verified()))
        .containsExactly(SCRAM_SHA_256_PLUS, SCRAM_SHA_256, PLAIN, LOGIN, CRAM_MD5);
  }

  @Test
  void verifiedTls_token_bearer() {
    assertThat(SaslPreference.strongest().acceptable(TOKEN, Fixtures.verified()))
        .containsExactly(OAUTHBEARER, XOAUTH2);
  }

  @Test
  void noBinding_password_noPlus() {
    SaslChannel unknown = SaslChannel.tls();
    SaslChannel ed25519 = SaslChannel.tls(Fixtures.certificate("ed25519"));

    assertThat(SaslPreference.strongest().choose(ALL, PASSWORD, unknown)).hasValue(SCRAM_SHA_256);
    assertThat(SaslPreference.strongest().choose(ALL, PASSWORD, ed25519)).hasValue(SCRAM_SHA_256);
  }

  @Test
  void plaintext_anySecret_nothing() {
    assertThat(SaslPreference.strongest().acceptable(PASSWORD, SaslChannel.plaintext())).isEmpty();
    assertThat(SaslPreference.strongest().acceptable(TOKEN, SaslChannel.plaintext())).isEmpty();
    assertThat(SaslPreference.strongest().start(ALL, PASSWORD, SaslChannel.plaintext())).isEmpty();
  }

  @Test
  void unverifiedTls_anySecret_nothing() {
    SaslChannel channel = Fixtures.verified().notVerified();

    assertThat(SaslPreference.strongest().choose(ALL, PASSWORD, channel)).isEmpty();
    assertThat(SaslPreference.strongest().choose(ALL, TOKEN, channel)).isEmpty();
    assertThat(SaslPreference.only(PLAIN).start(ALL, PASSWORD, channel)).isEmpty();
  }

  @Test
  void plaintext_riskNamed_digestBeforePassword() {
    SaslPreference exposing = SaslPreference.strongest().exposingSecretsWithoutVerifiedTls();

    assertThat(exposing.acceptable(PASSWORD, SaslChannel.plaintext()))
        .containsExactly(SCRAM_SHA_256, CRAM_MD5, PLAIN, LOGIN);
    assertThat(exposing.acceptable(TOKEN, SaslChannel.plaintext()))
        .containsExactly(OAUTHBEARER, XOAUTH2);
    assertThat(exposing.acceptable(PASSWORD, Fixtures.verified().notVerified()))
        .startsWith(SCRAM_SHA_256_PLUS);
  }

  @Test
  void external_anywhere_taken() {
    assertThat(
            SaslPreference.strongest()
                .choose(ALL, SaslCredentials.external(), SaslChannel.plaintext()))
        .hasValue(EXTERNAL);
  }

  @Test
  void identityToActAs_given_onlyMechanismsThatSayIt() {
    assertThat(
            SaslPreference.strongest().acceptable(PASSWORD.actingAs("boss"), Fixtures.verified()))
        .containsExactly(SCRAM_SHA_256_PLUS, SCRAM_SHA_256, PLAIN);
    assertThat(SaslPreference.strongest().acceptable(TOKEN.actingAs("boss"), Fixtures.verified()))
        .containsExactly(OAUTHBEARER);
  }

  @Test
  void offers_oddCaseAndUnknown_strongestFound() {
    List<String> offered = List.of("login", "X-UNKNOWN", "plain", "SCRAM-SHA-1", "cram-md5");

    assertThat(SaslPreference.strongest().choose(offered, PASSWORD, Fixtures.verified()))
        .hasValue(PLAIN);
  }

  @Test
  void namedMechanism_notOffered_nothing() {
    assertThat(
            SaslPreference.only(SCRAM_SHA_256)
                .choose(List.of("PLAIN"), PASSWORD, Fixtures.verified()))
        .isEmpty();
  }

  @Test
  void namedMechanisms_offered_strongestOfThem() {
    SaslPreference two = SaslPreference.only(LOGIN, SCRAM_SHA_256);

    assertThat(two.choose(ALL, PASSWORD, Fixtures.verified())).hasValue(SCRAM_SHA_256);
    assertThat(two).hasToString("SCRAM-SHA-256, LOGIN");
  }

  @Test
  void noMechanism_named_refused() {
    assertThatIllegalArgumentException().isThrownBy(SaslPreference::only);
  }

  @Test
  void prohibitedPassword_scramStarted_refusedUnquoted() {
    SaslCredentials.Password password = Fixtures.user("user", "hunter2\ue000");

    assertThatIllegalArgumentException()
        .isThrownBy(() -> Fixtures.start(SCRAM_SHA_256, password))
        .withMessageContaining("SASLprep")
        .withMessageNotContaining("hunter2")
        .withNoCause();
  }
}
