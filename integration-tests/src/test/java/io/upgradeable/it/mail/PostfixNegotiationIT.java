package io.upgradeable.it.mail;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.upgradeable.Security;
import io.upgradeable.UpgradeException.CertificateRejected;
import io.upgradeable.UpgradeException.PeerRefused;
import io.upgradeable.UpgradeException.TlsFailed;
import io.upgradeable.UpgradeException.TlsNotOffered;
import io.upgradeable.UpgradeableStream;
import io.upgradeable.UpgradeableStreams;
import io.upgradeable.it.ContainerTest;
import io.upgradeable.it.EachEngine;
import io.upgradeable.negotiation.TlsFacts;
import io.upgradeable.negotiation.TlsFacts.Verification;
import io.upgradeable.smtp.SmtpCapabilities;
import io.upgradeable.smtp.SmtpOpportunisticResult;
import io.upgradeable.smtp.SmtpOpportunisticResult.InPlaintext;
import io.upgradeable.smtp.SmtpOpportunisticResult.Secured;
import io.upgradeable.smtp.SmtpResult;
import io.upgradeable.testkit.Certificates;
import io.upgradeable.tls.TlsEngine;
import io.upgradeable.tls.TlsPolicy;
import io.upgradeable.tls.TlsVersion;
import java.io.IOException;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The negotiation against Postfix, the way most mail servers are set up, and as they are not. */
@ContainerTest
@Timeout(60)
final class PostfixNegotiationIT {

  @RegisterExtension private static final MailServer POSTFIX = Postfix.server();

  private static final TlsPolicy POLICY = MailServer.clientPolicy().build();

  @EachEngine
  void relay_upgrades_andTellsWhatItOffersUnderTls(TlsEngine engine) throws IOException {
    Negotiated<SmtpResult> negotiated =
        Negotiated.smtp(
            POSTFIX.endpoint(Postfix.RELAY), MailServer.clientPolicy().engine(engine).build());

    assertThat(negotiated.security()).isEqualTo(Security.ORIGIN);
    TlsFacts tls = negotiated.tls().orElseThrow();
    assertThat(tls.protocol()).isEqualTo("TLSv1.3");
    assertThat(tls.serverName()).contains("localhost");
    assertThat(tls.verification()).isEqualTo(Verification.CHAIN_AND_NAME);
    assertThat(negotiated.result().serverName()).isEqualTo("mail.example.test");
    SmtpCapabilities capabilities = negotiated.result().capabilities();
    assertThat(capabilities.keywords().keySet())
        .containsExactlyInAnyOrder(
            "PIPELINING",
            "SIZE",
            "VRFY",
            "ETRN",
            "ENHANCEDSTATUSCODES",
            "8BITMIME",
            "DSN",
            "SMTPUTF8",
            "CHUNKING");
    assertThat(capabilities.maxMessageSize()).hasValue(Postfix.SIZE);
    assertThat(capabilities.authMechanisms()).isEmpty();
  }

  @Test
  void submission_upgrades_authIsOffered() throws IOException {
    Negotiated<SmtpResult> negotiated =
        Negotiated.smtp(POSTFIX.endpoint(Postfix.SUBMISSION), POLICY);

    assertThat(negotiated.result().capabilities().authMechanisms())
        .containsExactlyInAnyOrder("PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256");
  }

  @EachEngine
  void submissionOverImplicitTls_connects_authIsOffered(TlsEngine engine) throws IOException {
    Negotiated<SmtpResult> negotiated =
        Negotiated.smtpOverTls(
            POSTFIX.endpoint(Postfix.SUBMISSIONS),
            MailServer.clientPolicy().engine(engine).build());

    assertThat(negotiated.security()).isEqualTo(Security.ORIGIN);
    SmtpCapabilities capabilities = negotiated.result().capabilities();
    assertThat(capabilities.authMechanisms()).contains("SCRAM-SHA-256");
    assertThat(capabilities.offers("STARTTLS")).isFalse();
  }

  @Test
  void plaintextPort_implicitTls_tlsFailed() {
    assertThatThrownBy(() -> Negotiated.smtpOverTls(POSTFIX.endpoint(Postfix.RELAY), POLICY))
        .isInstanceOf(TlsFailed.class);
  }

  @Test
  void insistsOnTls_upgrades() throws IOException {
    assertThat(Negotiated.smtp(POSTFIX.endpoint(Postfix.ENCRYPT), POLICY).security())
        .isEqualTo(Security.ORIGIN);
  }

  @Test
  void postscreen_greetsInTwoLinesWithAPause_upgrades() throws IOException {
    try (UpgradeableStreams streams = UpgradeableStreams.builder().tls(POLICY).build();
        UpgradeableStream stream = streams.open(POSTFIX.endpoint(Postfix.POSTSCREEN))) {
      assertThat(stream.readLine()).contains("220-one moment, please");
    }

    assertThat(Negotiated.smtp(POSTFIX.endpoint(Postfix.POSTSCREEN), POLICY).result().serverName())
        .isEqualTo("mail.example.test");
  }

  @Test
  void smallSizeLimit_upgrades_limitIsTold() throws IOException {
    assertThat(
            Negotiated.smtp(POSTFIX.endpoint(Postfix.SMALL), POLICY)
                .result()
                .capabilities()
                .maxMessageSize())
        .hasValue(Postfix.SMALL_SIZE);
  }

  @EachEngine
  void tls12Only_upgrades_byTls12(TlsEngine engine) throws IOException {
    Negotiated<SmtpResult> negotiated =
        Negotiated.smtp(
            POSTFIX.endpoint(Postfix.TLS_1_2), MailServer.clientPolicy().engine(engine).build());

    assertThat(negotiated.tls().orElseThrow().protocol()).isEqualTo("TLSv1.2");
  }

  @EachEngine
  void tls12Only_clientInsistsOnTls13_tlsFailed(TlsEngine engine) {
    TlsPolicy strict =
        MailServer.clientPolicy()
            .engine(engine)
            .versions(TlsVersion.TLS_1_3, TlsVersion.TLS_1_3)
            .build();

    assertThatThrownBy(() -> Negotiated.smtp(POSTFIX.endpoint(Postfix.TLS_1_2), strict))
        .isInstanceOf(TlsFailed.class);
  }

  @ParameterizedTest
  @CsvSource({
    Postfix.EXPIRED + ",JDK",
    Postfix.EXPIRED + ",OPENSSL",
    Postfix.STRANGER + ",JDK",
    Postfix.STRANGER + ",OPENSSL"
  })
  void badCertificate_certificateRejected_andShown(int port, TlsEngine engine) {
    TlsPolicy policy = MailServer.clientPolicy().engine(engine).build();

    CertificateRejected rejected =
        catchThrowableOfType(
            CertificateRejected.class, () -> Negotiated.smtp(POSTFIX.endpoint(port), policy));
    assertThat(rejected.chain()).isNotEmpty();
    assertThat(rejected)
        .hasMessageContaining(port == Postfix.EXPIRED ? "expired" : "stranger.test");
  }

  @Test
  void unknownAuthority_certificateRejected() {
    TlsPolicy policy = TlsPolicy.client().trust(Certificates.create().authorities()).build();

    assertThatThrownBy(() -> Negotiated.smtp(POSTFIX.endpoint(Postfix.RELAY), policy))
        .isInstanceOf(CertificateRejected.class);
  }

  @Test
  void withoutStartTls_tlsNotOffered() {
    assertThatThrownBy(() -> Negotiated.smtp(POSTFIX.endpoint(Postfix.WITHOUT_STARTTLS), POLICY))
        .isInstanceOf(TlsNotOffered.class)
        .hasMessageContaining("STARTTLS");
  }

  @Test
  void startTlsRefused_peerRefusedWithItsReply() {
    PeerRefused refused =
        catchThrowableOfType(
            PeerRefused.class, () -> Negotiated.smtp(POSTFIX.endpoint(Postfix.REFUSING), POLICY));
    assertThat(refused.code()).isEqualTo("454");
    assertThat(refused.text()).isEqualTo("4.7.0 TLS not available due to local problem");
  }

  @EachEngine
  void goAheadAndNoKey_tlsFailed(TlsEngine engine) {
    TlsPolicy policy = MailServer.clientPolicy().engine(engine).build();

    assertThatThrownBy(() -> Negotiated.smtp(POSTFIX.endpoint(Postfix.KEYLESS), policy))
        .isInstanceOf(TlsFailed.class)
        .hasMessageContaining("handshake")
        .hasMessageContaining("failure");
  }

  @Test
  void lmtpClient_peerRefused() {
    PeerRefused refused =
        catchThrowableOfType(
            PeerRefused.class, () -> Negotiated.lmtp(POSTFIX.endpoint(Postfix.RELAY), POLICY));
    assertThat(refused.code()).isEqualTo("500");
  }

  @Test
  void opportunistic_startTlsOffered_secured() throws IOException {
    Negotiated<SmtpOpportunisticResult> negotiated =
        Negotiated.opportunistic(POSTFIX.endpoint(Postfix.RELAY), POLICY);

    assertThat(negotiated.result()).isInstanceOf(Secured.class);
    assertThat(negotiated.security()).isEqualTo(Security.ORIGIN);
  }

  @Test
  void opportunistic_withoutStartTls_inPlaintext() throws IOException {
    Negotiated<SmtpOpportunisticResult> negotiated =
        Negotiated.opportunistic(POSTFIX.endpoint(Postfix.WITHOUT_STARTTLS), POLICY);

    InPlaintext inPlaintext = inPlaintext(negotiated);
    assertThat(inPlaintext.serverName()).isEqualTo("mail.example.test");
    assertThat(inPlaintext.capabilities().offers("CHUNKING")).isTrue();
    assertThat(inPlaintext.refusal()).isEmpty();
  }

  @Test
  void opportunistic_startTlsRefused_inPlaintextWithTheRefusal() throws IOException {
    Negotiated<SmtpOpportunisticResult> negotiated =
        Negotiated.opportunistic(POSTFIX.endpoint(Postfix.REFUSING), POLICY);

    assertThat(inPlaintext(negotiated).refusal().orElseThrow().enhancedStatus().orElseThrow())
        .hasToString("4.7.0");
  }

  private static InPlaintext inPlaintext(Negotiated<SmtpOpportunisticResult> negotiated) {
    assertThat(negotiated.security()).isEqualTo(Security.PLAINTEXT);
    assertThat(negotiated.tls()).isEmpty();
    return assertThat(negotiated.result())
        .asInstanceOf(InstanceOfAssertFactories.type(InPlaintext.class))
        .actual();
  }

  @ParameterizedTest
  @ValueSource(ints = {Postfix.EXPIRED, Postfix.STRANGER})
  void opportunistic_badCertificate_certificateRejected(int port) {
    assertThatThrownBy(() -> Negotiated.opportunistic(POSTFIX.endpoint(port), POLICY))
        .isInstanceOf(CertificateRejected.class);
  }

  @Test
  void opportunistic_goAheadAndNoKey_tlsFailed() {
    assertThatThrownBy(() -> Negotiated.opportunistic(POSTFIX.endpoint(Postfix.KEYLESS), POLICY))
        .isInstanceOf(TlsFailed.class);
  }
}
