package io.upgradeable.it.mail;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.upgradeable.Endpoint;
import io.upgradeable.Security;
import io.upgradeable.UpgradeException.PeerRefused;
import io.upgradeable.it.ContainerTest;
import io.upgradeable.it.EachEngine;
import io.upgradeable.negotiation.TlsFacts.Verification;
import io.upgradeable.smtp.Smtp;
import io.upgradeable.smtp.SmtpResult;
import io.upgradeable.tls.TlsEngine;
import io.upgradeable.tls.TlsPolicy;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The negotiation against servers with other TLS libraries and other habits than Postfix. */
@ContainerTest
@Timeout(60)
final class OtherServersNegotiationIT {

  @RegisterExtension private static final MailServer EXIM = MailServer.of("exim", Smtp.RELAY_PORT);

  @RegisterExtension
  private static final MailServer OPEN_SMTPD = MailServer.of("opensmtpd", Smtp.RELAY_PORT);

  @RegisterExtension
  private static final MailServer DOVECOT = MailServer.of("dovecot", Smtp.LMTP_PORT);

  @EachEngine
  void exim_upgrades_andTellsWhatItOffersUnderTls(TlsEngine engine) throws IOException {
    Negotiated<SmtpResult> negotiated =
        Negotiated.smtp(EXIM.endpoint(Smtp.RELAY_PORT), policy(engine));

    assertUpgraded(negotiated);
    assertThat(negotiated.result().capabilities())
        .hasToString(
            "[SIZE 52428800, 8BITMIME, DSN, PIPELINING, PIPECONNECT, CHUNKING, SMTPUTF8, HELP]");
  }

  @EachEngine
  void openSmtpd_upgrades_andTellsWhatItOffersUnderTls(TlsEngine engine) throws IOException {
    Negotiated<SmtpResult> negotiated =
        Negotiated.smtp(OPEN_SMTPD.endpoint(Smtp.RELAY_PORT), policy(engine));

    assertUpgraded(negotiated);
    assertThat(negotiated.result().capabilities())
        .hasToString("[8BITMIME, ENHANCEDSTATUSCODES, SIZE 52428800, DSN, HELP]");
  }

  @EachEngine
  void dovecotLmtp_upgrades_andTellsWhatItOffersUnderTls(TlsEngine engine) throws IOException {
    Negotiated<SmtpResult> negotiated =
        Negotiated.lmtp(DOVECOT.endpoint(Smtp.LMTP_PORT), policy(engine));

    assertUpgraded(negotiated);
    assertThat(negotiated.result().capabilities())
        .hasToString("[8BITMIME, CHUNKING, ENHANCEDSTATUSCODES, PIPELINING]");
  }

  private static void assertUpgraded(Negotiated<SmtpResult> negotiated) {
    assertThat(negotiated.security()).isEqualTo(Security.ORIGIN);
    assertThat(negotiated.tls().orElseThrow().protocol()).isEqualTo("TLSv1.3");
    assertThat(negotiated.tls().orElseThrow().verification())
        .isEqualTo(Verification.CHAIN_AND_NAME);
    assertThat(negotiated.result().serverName()).isEqualTo("mail.example.test");
  }

  @Test
  void dovecotLmtp_smtpClient_peerRefused() {
    Endpoint lmtp = DOVECOT.endpoint(Smtp.LMTP_PORT);

    PeerRefused refused =
        catchThrowableOfType(
            PeerRefused.class, () -> Negotiated.smtp(lmtp, policy(TlsEngine.AUTO)));
    assertThat(refused.code()).isEqualTo("500");
  }

  private static TlsPolicy policy(TlsEngine engine) {
    return MailServer.clientPolicy().engine(engine).build();
  }
}
