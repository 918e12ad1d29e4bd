package io.upgradeable.it.ldap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.unboundid.ldap.sdk.LDAPConnection;
import com.unboundid.ldap.sdk.LDAPException;
import com.unboundid.ldap.sdk.ResultCode;
import com.unboundid.ldap.sdk.SearchResult;
import com.unboundid.ldap.sdk.SearchScope;
import io.upgradeable.Connection;
import io.upgradeable.Endpoint;
import io.upgradeable.Layer;
import io.upgradeable.LayerStack;
import io.upgradeable.Security;
import io.upgradeable.UpgradeException.CertificateRejected;
import io.upgradeable.UpgradeException.PeerClosed;
import io.upgradeable.UpgradeException.PeerRefused;
import io.upgradeable.UpgradeException.TlsFailed;
import io.upgradeable.connect.ProxyHop;
import io.upgradeable.it.ContainerTest;
import io.upgradeable.it.EachEngine;
import io.upgradeable.it.PeerContainer;
import io.upgradeable.it.PeerNetwork;
import io.upgradeable.it.proxy.Proxies;
import io.upgradeable.ldap.Ldap;
import io.upgradeable.ldap.LdapOpportunisticResult;
import io.upgradeable.ldap.LdapOpportunisticResult.InPlaintext;
import io.upgradeable.ldap.LdapResultCode;
import io.upgradeable.ldap.LdapSecured;
import io.upgradeable.ldap.LdapSession;
import io.upgradeable.ldap.LdapSessionOptions;
import io.upgradeable.ldap.RootDse;
import io.upgradeable.negotiation.TlsFacts;
import io.upgradeable.negotiation.TlsFacts.Verification;
import io.upgradeable.netty.NettyConnector;
import io.upgradeable.sasl.SaslCredentials;
import io.upgradeable.sasl.SaslMechanism;
import io.upgradeable.sasl.Secret;
import io.upgradeable.testkit.Certificates;
import io.upgradeable.tls.ImplicitTls;
import io.upgradeable.tls.TlsEngine;
import io.upgradeable.tls.TlsPolicy;
import io.upgradeable.tls.TlsVersion;
import java.io.IOException;
import java.util.List;
import javax.net.SocketFactory;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The client against OpenLDAP, the way directories are set up, and as they are not. */
@ContainerTest
@Timeout(60)
final class SlapdIT {

  @Order(1)
  @RegisterExtension
  private static final PeerNetwork NETWORK = new PeerNetwork();

  @Order(2)
  @RegisterExtension
  private static final PeerContainer SLAPD = Slapd.in(NETWORK);

  @Order(3)
  @RegisterExtension
  private static final PeerContainer PROXIES = Proxies.in(NETWORK);

  private static final TlsPolicy POLICY = Slapd.clientPolicy().build();
  private static final NettyConnector CONNECTOR = NettyConnector.builder().threads(1).build();

  @AfterAll
  static void closeConnector() {
    CONNECTOR.close();
  }

  private static LayerStack startTls(int port, TlsPolicy policy) {
    Endpoint peer = SLAPD.endpoint(port);
    return LayerStack.tcp(peer).then(Ldap.client(peer, policy));
  }

  private static LdapSession connect(int port, TlsPolicy policy) throws IOException {
    return LdapSession.connect(CONNECTOR, startTls(port, policy));
  }

  private static SaslCredentials anna(Secret password) {
    return SaslCredentials.password("anna", password);
  }

  // ---- The upgrade

  @EachEngine
  void startTls_upgrades_andRootDseIsRead(TlsEngine engine) throws IOException {
    try (LdapSession session = connect(Slapd.LDAP, Slapd.clientPolicy().engine(engine).build())) {
      Connection connection = session.connection();
      assertThat(connection.security()).isEqualTo(Security.ORIGIN);
      TlsFacts tls = connection.tls().orElseThrow();
      assertThat(tls.protocol()).isEqualTo("TLSv1.3");
      assertThat(tls.verification()).isEqualTo(Verification.CHAIN_AND_NAME);
      RootDse rootDse = session.rootDse();
      assertThat(rootDse.namingContexts()).containsExactly("dc=example,dc=test");
      assertThat(rootDse.supportedLdapVersions()).containsExactly(3);
      assertThat(rootDse.supportsStartTls()).isTrue();
      assertThat(rootDse.supportedSaslMechanisms()).containsExactly("SCRAM-SHA-256");
      assertThat(rootDse.supportedControls()).contains("1.2.840.113556.1.4.319");
      session.unbind();
    }
  }

  @EachEngine
  void startTls_tls12_upgrades(TlsEngine engine) throws IOException {
    TlsPolicy policy =
        Slapd.clientPolicy()
            .engine(engine)
            .versions(TlsVersion.TLS_1_2, TlsVersion.TLS_1_2)
            .build();
    try (LdapSession session = connect(Slapd.LDAP, policy)) {
      assertThat(session.connection().tls().orElseThrow().protocol()).isEqualTo("TLSv1.2");
      assertThat(session.whoAmI()).isEmpty();
    }
  }

  @Test
  void implicitTls_connects_sameServerBehind() throws IOException {
    Endpoint peer = SLAPD.endpoint(Slapd.LDAPS);
    LayerStack stack =
        LayerStack.tcp(peer).then(ImplicitTls.client(peer, POLICY)).then(Ldap.clientOverTls());
    try (LdapSession session = LdapSession.connect(CONNECTOR, stack);
        Secret password = Slapd.annasPassword()) {
      session.bind(Slapd.ANNA, password);
      assertThat(session.whoAmI()).isEqualTo("dn:" + Slapd.ANNA);
    }
  }

  @ParameterizedTest
  @CsvSource({
    Slapd.EXPIRED + ",JDK,expired",
    Slapd.EXPIRED + ",OPENSSL,expired",
    Slapd.STRANGER + ",JDK,stranger.test",
    Slapd.STRANGER + ",OPENSSL,stranger.test"
  })
  void badCertificate_certificateRejected_andShown(int port, TlsEngine engine, String why) {
    TlsPolicy policy = Slapd.clientPolicy().engine(engine).build();

    CertificateRejected rejected =
        catchThrowableOfType(CertificateRejected.class, () -> connect(port, policy));
    assertThat(rejected.chain()).isNotEmpty();
    assertThat(rejected).hasMessageContaining(why);
  }

  @Test
  void unknownAuthority_certificateRejected() {
    TlsPolicy policy = TlsPolicy.client().trust(Certificates.create().authorities()).build();

    assertThatThrownBy(() -> connect(Slapd.LDAP, policy)).isInstanceOf(CertificateRejected.class);
  }

  @Test
  void withoutTls_startTls_peerRefusedWithItsResult() {
    PeerRefused refused =
        catchThrowableOfType(PeerRefused.class, () -> connect(Slapd.WITHOUT_TLS, POLICY));

    assertThat(refused.code()).isEqualTo("protocolError");
    assertThat(refused.text()).isEqualTo("unsupported extended operation");
  }

  @Test
  void withoutTls_opportunistic_inPlaintextAndNoPasswordGoes() throws IOException {
    Endpoint peer = SLAPD.endpoint(Slapd.WITHOUT_TLS);
    Layer<LdapOpportunisticResult> layer = Ldap.opportunisticClient(peer, POLICY);
    try (LdapSession session = LdapSession.connect(CONNECTOR, LayerStack.tcp(peer).then(layer));
        Secret password = Slapd.annasPassword()) {
      assertThat(session.connection().security()).isEqualTo(Security.PLAINTEXT);
      assertThat(session.connection().result(layer))
          .isInstanceOfSatisfying(
              InPlaintext.class,
              result ->
                  assertThat(result.refusal().code()).isEqualTo(LdapResultCode.PROTOCOL_ERROR));
      assertThat(session.rootDse().supportsStartTls()).isFalse();
      assertThatThrownBy(() -> session.bind(Slapd.ANNA, password))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("TLS");
      assertThat(session.whoAmI()).isEmpty();
    }
  }

  @Test
  void withTls_opportunistic_secured() throws IOException {
    Endpoint peer = SLAPD.endpoint(Slapd.LDAP);
    Layer<LdapOpportunisticResult> layer = Ldap.opportunisticClient(peer, POLICY);
    try (LdapSession session = LdapSession.connect(CONNECTOR, LayerStack.tcp(peer).then(layer))) {
      assertThat(session.connection().result(layer)).isInstanceOf(LdapSecured.class);
    }
  }

  @Test
  void plaintextPort_implicitTls_tlsFailedOrClosed() {
    Endpoint peer = SLAPD.endpoint(Slapd.LDAP);
    LayerStack stack =
        LayerStack.tcp(peer).then(ImplicitTls.client(peer, POLICY)).then(Ldap.clientOverTls());

    assertThatThrownBy(() -> LdapSession.connect(CONNECTOR, stack))
        .isInstanceOfAny(TlsFailed.class, PeerClosed.class);
  }

  // ---- What a server demands

  @Test
  void strict_operationsBeforeTls_refused_afterwardsNot() throws IOException {
    LayerStack plaintext = LayerStack.tcp(SLAPD.endpoint(Slapd.STRICT));
    LdapSessionOptions reckless = LdapSessionOptions.DEFAULTS.exposingSecretsWithoutVerifiedTls();
    try (LdapSession session = LdapSession.connect(CONNECTOR, plaintext, reckless);
        Secret password = Slapd.annasPassword()) {
      for (var operation :
          List.<ThrowingCallable>of(
              session::rootDse, session::whoAmI, () -> session.bind(Slapd.ANNA, password))) {
        assertThatThrownBy(operation)
            .isInstanceOfSatisfying(
                PeerRefused.class,
                refused -> assertThat(refused.code()).isEqualTo("confidentialityRequired"));
      }
    }
    try (LdapSession session = connect(Slapd.STRICT, POLICY);
        Secret password = Slapd.annasPassword()) {
      session.bind(Slapd.ANNA, password);
      assertThat(session.rootDse().namingContexts()).isNotEmpty();
    }
  }

  @Test
  void reticent_rootDse_refusedAndTheSessionGoesOn_untilBound() throws IOException {
    try (LdapSession session = connect(Slapd.RETICENT, POLICY);
        Secret password = Slapd.annasPassword()) {
      assertThatThrownBy(session::rootDse)
          .isInstanceOfSatisfying(
              PeerRefused.class,
              refused -> assertThat(refused.text()).contains("authentication required"));

      session.bind(Slapd.ANNA, password);
      assertThat(session.rootDse().namingContexts()).containsExactly("dc=example,dc=test");
    }
  }

  @Test
  void reticent_scram_boundThoughNothingIsOffered() throws IOException {
    try (LdapSession session = connect(Slapd.RETICENT, POLICY);
        Secret password = Slapd.annasPassword()) {
      assertThat(session.authenticate(anna(password))).isEqualTo(SaslMechanism.SCRAM_SHA_256);
      assertThat(session.rootDse().namingContexts()).containsExactly("dc=example,dc=test");
    }
  }

  @EachEngine
  void demanding_withoutCertificate_closedByTheServer(TlsEngine engine) {
    TlsPolicy tls12 =
        Slapd.clientPolicy()
            .engine(engine)
            .versions(TlsVersion.TLS_1_2, TlsVersion.TLS_1_2)
            .build();

    assertThatThrownBy(() -> connect(Slapd.DEMANDING, tls12))
        .isInstanceOfAny(PeerClosed.class, TlsFailed.class)
        .hasMessageContaining("handshake");
  }

  @EachEngine
  void demanding_withoutCertificateInTls13_endsWithTheFirstOperation(TlsEngine engine) {
    TlsPolicy policy = Slapd.clientPolicy().engine(engine).build();

    // The client's handshake is over before the server has seen what is missing.
    assertThatThrownBy(
            () -> {
              try (LdapSession session = connect(Slapd.DEMANDING, policy)) {
                session.whoAmI();
              }
            })
        .isInstanceOfAny(PeerClosed.class, TlsFailed.class);
  }

  @EachEngine
  void demanding_certificate_externalIsTheEntryThatItIsMappedTo(TlsEngine engine)
      throws IOException {
    try (LdapSession session =
        connect(Slapd.DEMANDING, Slapd.bertasPolicy().engine(engine).build())) {
      assertThat(session.rootDse().offersSasl("EXTERNAL")).isTrue();
      assertThat(session.whoAmI()).as("not before the bind").isEmpty();
      assertThat(session.authenticate(SaslCredentials.external()))
          .isEqualTo(SaslMechanism.EXTERNAL);
      assertThat(session.whoAmI()).isEqualTo("dn:" + Slapd.BERTA);
    }
  }

  @Test
  void noCertificate_external_peerRefused() throws IOException {
    try (LdapSession session = connect(Slapd.LDAP, POLICY)) {
      assertThatThrownBy(() -> session.authenticate(SaslCredentials.external()))
          .isInstanceOf(PeerRefused.class);
      assertThat(session.whoAmI()).isEmpty();
    }
  }

  // ---- Passwords

  @Test
  void simpleBind_rightAndWrong_asTheServerSays() throws IOException {
    try (LdapSession session = connect(Slapd.LDAP, POLICY);
        Secret right = Slapd.annasPassword();
        Secret wrong = new Secret("wrong".toCharArray())) {
      session.bind(Slapd.ANNA, right);
      assertThat(session.whoAmI()).isEqualTo("dn:" + Slapd.ANNA);

      assertThatThrownBy(() -> session.bind(Slapd.ANNA, wrong))
          .isInstanceOfSatisfying(
              PeerRefused.class,
              refused -> assertThat(refused.code()).isEqualTo("invalidCredentials"));
      assertThat(session.whoAmI()).isEmpty();
    }
  }

  @Test
  void scram_wrongAndRight_asTheServerSays() throws IOException {
    try (LdapSession session = connect(Slapd.LDAP, POLICY);
        Secret right = Slapd.annasPassword();
        Secret wrong = new Secret("wrong".toCharArray())) {
      assertThatThrownBy(() -> session.authenticate(anna(wrong)))
          .isInstanceOfSatisfying(
              PeerRefused.class,
              refused -> assertThat(refused.code()).isEqualTo("invalidCredentials"));
      assertThat(session.authenticate(anna(right))).isEqualTo(SaslMechanism.SCRAM_SHA_256);
      assertThat(session.whoAmI()).isEqualTo("dn:" + Slapd.ANNA);
    }
  }

  // ---- On other ways

  @ParameterizedTest
  @ValueSource(ints = {Slapd.LDAP, Slapd.STRICT})
  void unboundId_overOurSockets_bindsSearchesAndChanges(int port) throws Exception {
    SocketFactory sockets = Ldap.socketFactory(CONNECTOR, POLICY);
    Endpoint peer = SLAPD.endpoint(port);
    try (LDAPConnection client = new LDAPConnection(sockets, peer.host(), peer.port())) {
      client.bind(Slapd.ANNA, "anna's");

      SearchResult found = client.search("dc=example,dc=test", SearchScope.SUB, "(uid=*)");
      assertThat(found.getSearchEntries())
          .extracting(entry -> entry.getAttributeValue("uid"))
          .containsExactlyInAnyOrder("anna", "berta");
      assertThatThrownBy(() -> client.delete(Slapd.BERTA))
          .isInstanceOfSatisfying(
              LDAPException.class,
              refused ->
                  assertThat(refused.getResultCode())
                      .isEqualTo(ResultCode.INSUFFICIENT_ACCESS_RIGHTS));
    }
  }

  @Test
  void unboundId_overOurSockets_certificateOfAStranger_notConnected() {
    Endpoint peer = SLAPD.endpoint(Slapd.STRANGER);
    SocketFactory sockets = Ldap.socketFactory(CONNECTOR, POLICY);

    assertThatThrownBy(() -> new LDAPConnection(sockets, peer.host(), peer.port()))
        .isInstanceOf(LDAPException.class)
        .hasStackTraceContaining(CertificateRejected.class.getName());
  }

  @Test
  void throughSquid_startTlsInTheTunnel_reachesTheServer() throws IOException {
    assertReached(ProxyHop.parse("http://" + PROXIES.endpoint(Proxies.SQUID)));
  }

  @Test
  void throughSquidUnderTls_startTlsInTheTunnel_reachesTheServer() throws IOException {
    assertReached(
        ProxyHop.parse("https://" + PROXIES.endpoint(Proxies.SQUID_TLS))
            .withTls(Proxies.clientPolicy().build()));
  }

  private static void assertReached(ProxyHop squid) throws IOException {
    Endpoint peer = Endpoint.of(Slapd.NAME, Ldap.PORT);
    LayerStack stack = ProxyHop.stack(List.of(squid), peer).then(Ldap.client(peer, POLICY));
    try (LdapSession session = LdapSession.connect(CONNECTOR, stack);
        Secret password = Slapd.annasPassword()) {
      assertThat(session.connection().path())
          .endsWith("> connect(ldap.example.test:389) > ldap+tls(ldap.example.test)");
      assertThat(session.connection().security()).isEqualTo(Security.ORIGIN);
      session.bind(Slapd.ANNA, password);
      assertThat(session.whoAmI()).isEqualTo("dn:" + Slapd.ANNA);
      session.unbind();
    }
  }
}
