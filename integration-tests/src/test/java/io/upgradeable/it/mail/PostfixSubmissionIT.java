package io.upgradeable.it.mail;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.upgradeable.UpgradeException.PeerRefused;
import io.upgradeable.it.ContainerTest;
import io.upgradeable.sasl.SaslCredentials;
import io.upgradeable.sasl.SaslMechanism;
import io.upgradeable.sasl.SaslPreference;
import io.upgradeable.sasl.Secret;
import io.upgradeable.smtp.DeliveryPhase;
import io.upgradeable.smtp.Envelope;
import io.upgradeable.smtp.MailContent;
import io.upgradeable.smtp.RecipientReport;
import io.upgradeable.smtp.SmtpSession;
import io.upgradeable.tls.TlsPolicy;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Submission to Postfix, whose AUTH is done by Cyrus SASL. */
@ContainerTest
@Timeout(60)
final class PostfixSubmissionIT {

  @RegisterExtension private static final MailServer POSTFIX = Postfix.server();

  private static final TlsPolicy POLICY = MailServer.clientPolicy().build();

  /** Somebody to whom only those who are authenticated may send. */
  private static final Envelope ENVELOPE = Envelope.of("alice@example.test", "bob@example.test");

  private static final MailContent CONTENT = MailContent.of("Subject: hello\n\nhello\n");

  private static OpenSession submission() throws IOException {
    return OpenSession.smtp(POSTFIX.endpoint(Postfix.SUBMISSION), POLICY);
  }

  private static SaslCredentials password(String password) {
    return new SaslCredentials.Password(Postfix.USER, "", new Secret(password.toCharArray()));
  }

  @ParameterizedTest
  @EnumSource(
      value = SaslMechanism.class,
      names = {"SCRAM_SHA_256", "PLAIN", "LOGIN", "CRAM_MD5"})
  void mechanism_byName_authenticates_mailGoes(SaslMechanism mechanism) throws Exception {
    try (OpenSession open = submission()) {
      SmtpSession session = open.session();

      assertThat(session.authenticate(password(Postfix.PASSWORD), SaslPreference.only(mechanism)))
          .isEqualTo(mechanism);
      assertThat(session.send(ENVELOPE, CONTENT).isAcceptedForAll()).isTrue();
      assertThat(open.commands())
          .anyMatch(line -> line.startsWith("AUTH " + mechanism.saslName()))
          .noneMatch(line -> line.contains(Postfix.PASSWORD));
    }
    POSTFIX.take("bob");
  }

  @Test
  void mechanism_strongest_isScram() throws IOException {
    try (OpenSession open = submission()) {
      assertThat(open.session().authenticate(password(Postfix.PASSWORD)))
          .isEqualTo(SaslMechanism.SCRAM_SHA_256);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = SaslMechanism.class,
      names = {"SCRAM_SHA_256", "PLAIN", "LOGIN", "CRAM_MD5"})
  void wrongPassword_peerRefused_rightOneNextAuthenticates(SaslMechanism mechanism)
      throws Exception {
    SaslPreference only = SaslPreference.only(mechanism);
    try (OpenSession open = submission()) {
      PeerRefused refused =
          catchThrowableOfType(
              PeerRefused.class, () -> open.session().authenticate(password("wrong"), only));
      assertThat(refused.code()).isEqualTo("535");
      assertThat(refused.text()).contains("5.7.8");

      assertThat(open.session().authenticate(password(Postfix.PASSWORD), only))
          .isEqualTo(mechanism);
    }
  }

  @Test
  void implicitTls_authenticates_mailGoes() throws Exception {
    try (OpenSession open =
        OpenSession.smtpOverTls(POSTFIX.endpoint(Postfix.SUBMISSIONS), POLICY)) {
      assertThat(open.session().authenticate(password(Postfix.PASSWORD)))
          .isEqualTo(SaslMechanism.SCRAM_SHA_256);
      assertThat(open.session().send(ENVELOPE, CONTENT).isAcceptedForAll()).isTrue();
    }
    POSTFIX.take("bob");
  }

  @Test
  void mailBeforeAuth_refused_goesAfterwards() throws Exception {
    try (OpenSession open = submission()) {
      RecipientReport refused = open.session().send(ENVELOPE, CONTENT).recipients().get(0);
      assertThat(refused.phase()).isEqualTo(DeliveryPhase.RCPT);
      assertThat(refused.reply().orElseThrow().code()).isEqualTo(554);

      open.session().authenticate(password(Postfix.PASSWORD));
      assertThat(open.session().send(ENVELOPE, CONTENT).isAcceptedForAll()).isTrue();
    }
    POSTFIX.take("bob");
  }

  @Test
  void plaintext_authenticate_illegal_nothingIsSaid() throws Exception {
    try (OpenSession open =
        OpenSession.opportunistic(POSTFIX.endpoint(Postfix.WITHOUT_STARTTLS), POLICY)) {
      assertThatThrownBy(() -> open.session().authenticate(password(Postfix.PASSWORD)))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("TLS");
      assertThat(open.commands()).isEmpty();
    }
  }

  @Test
  void notOffered_authenticate_peerRefused_nothingIsSaid() throws Exception {
    try (OpenSession open = OpenSession.smtp(POSTFIX.endpoint(Postfix.RELAY), POLICY)) {
      assertThatThrownBy(() -> open.session().authenticate(password(Postfix.PASSWORD)))
          .isInstanceOf(PeerRefused.class);
      assertThat(open.commands()).isEmpty();
    }
  }
}
