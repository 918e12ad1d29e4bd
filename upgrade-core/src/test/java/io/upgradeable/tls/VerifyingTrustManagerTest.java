package io.upgradeable.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.netty.pkitesting.X509Bundle;
import io.upgradeable.tls.CertificateProblem.Kind;
import io.upgradeable.tls.Pki.Issued;
import java.net.Socket;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import javax.net.ssl.SSLEngine;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is accepted and what is not, in handshakes between two engines of the JDK. */
class VerifyingTrustManagerTest {

  private static final String HOST = "mail.example.test";

  private static X509Bundle authority;
  private static Issued good;

  @BeforeAll
  static void issue() throws Exception {
    authority = Pki.authority("Test CA");
    good = Pki.issued(authority, Pki.server(HOST));
  }

  // Trust

  @ParameterizedTest
  @EnumSource
  void trustedChainAndName_handshake_succeeds(TlsVersion version) throws Exception {
    TlsPolicy client = trusting(authority).versions(version, version).build();

    for (boolean jdkNameCheck : new boolean[] {true, false}) {
      SSLEngine engine = Handshake.client(client, HOST, jdkNameCheck);
      assertThat(Handshake.run(engine, Handshake.server(good)).failure()).isEmpty();
      assertThat(engine.getSession().getProtocol()).isEqualTo(version.jdkName());
    }
  }

  @Test
  void chainWithIntermediate_handshake_succeeds() throws Exception {
    X509Bundle intermediate =
        Pki.certificate("Intermediate CA").setIsCertificateAuthority(true).buildIssuedBy(authority);

    assertAccepted(it -> it, Pki.issued(intermediate, Pki.server(HOST)));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void chainInDisorderOrWithExtras_handshake_succeeds(boolean jdkNameCheck) throws Exception {
    X509Bundle inner =
        Pki.certificate("Inner CA").setIsCertificateAuthority(true).buildIssuedBy(authority);
    X509Bundle outer =
        Pki.certificate("Outer CA").setIsCertificateAuthority(true).buildIssuedBy(inner);
    Issued leaf = Pki.issued(outer, Pki.server(HOST));
    X509Certificate unrelated = weakRsa("unrelated");
    Issued disordered =
        new Issued(
            leaf.keys(),
            List.of(leaf.leaf(), unrelated, inner.getCertificate(), outer.getCertificate()));

    SSLEngine client = Handshake.client(trusting(authority).build(), HOST, jdkNameCheck);
    assertThat(Handshake.run(client, Handshake.server(disordered)).failure()).isEmpty();
  }

  @Test
  void unknownAuthority_handshake_isUntrusted() throws Exception {
    X509Bundle other = Pki.authority("Other CA");
    Issued leaf = Pki.issued(other, Pki.server(HOST));

    CertificateProblem problem = assertRefused(it -> it, leaf, Kind.UNTRUSTED);
    assertThat(problem)
        .hasMessage(
            "the issuer 'CN=Other CA' of the certificate 'CN=server' is neither trusted nor in the"
                + " chain");
    assertThat(problem.chain()).isEqualTo(leaf.chain());
    assertThat(problem).hasCauseInstanceOf(java.security.cert.CertificateException.class);

    List<X509Certificate> withRoot = new ArrayList<>(leaf.chain());
    withRoot.add(other.getCertificate());
    assertThat(assertRefused(it -> it, new Issued(leaf.keys(), withRoot), Kind.UNTRUSTED))
        .hasMessage("the authority 'CN=Other CA' is not trusted");
  }

  @Test
  void authorityOfTheSameNameWithAnotherKey_handshake_isUntrusted() throws Exception {
    assertRefused(it -> it, Pki.issued(Pki.authority("Test CA"), Pki.server(HOST)), Kind.UNTRUSTED);
  }

  @Test
  void missingIntermediate_handshake_isUntrusted() throws Exception {
    X509Bundle intermediate =
        Pki.certificate("Intermediate CA").setIsCertificateAuthority(true).buildIssuedBy(authority);
    Issued leaf = Pki.issued(intermediate, Pki.server(HOST));

    assertThat(
            assertRefused(it -> it, new Issued(leaf.keys(), List.of(leaf.leaf())), Kind.UNTRUSTED))
        .hasMessage(
            "the issuer 'CN=Intermediate CA' of the certificate 'CN=server' is neither trusted nor"
                + " in the chain");
  }

  @Test
  void leafThatIsNoAuthority_asIssuer_isRefused() throws Exception {
    KeyPair keys = Pki.keys("EC", 256);
    X509Certificate forged =
        Pki.sign(
            keys.getPublic(),
            "forged",
            "server",
            good.keys().getPrivate(),
            "SHA256withECDSA",
            false,
            Pki.dns(HOST));

    assertRefused(it -> it, new Issued(keys, List.of(forged, good.leaf())), Kind.UNTRUSTED);
  }

  @Test
  void selfSigned_handshake_isUntrustedUntilItIsTrusted() throws Exception {
    X509Bundle bundle = Pki.server(HOST).setIsCertificateAuthority(true).buildSelfSigned();
    Issued leaf = Pki.issued(bundle);

    assertThat(assertRefused(it -> it, leaf, Kind.UNTRUSTED))
        .hasMessage("the certificate 'CN=server' is self-signed and not trusted");
    assertAccepted(it -> it.trust(leaf.chain()), leaf);
  }

  @Test
  void certificateForAnotherUse_handshake_isRefused() throws Exception {
    Issued clientOnly =
        Pki.issued(
            authority,
            Pki.certificate("client").addSanDnsName(HOST).addExtendedKeyUsageClientAuth());

    assertThat(assertRefused(it -> it, clientOnly, Kind.OTHER))
        .hasMessageStartingWith("the certificate is not accepted: ");
  }

  // Dates

  @Test
  void expiredLeaf_handshake_isExpired() throws Exception {
    Issued leaf =
        Pki.issued(
            authority,
            Pki.server(HOST)
                .notBefore(Instant.parse("2023-01-01T00:00:00Z"))
                .notAfter(Instant.parse("2024-01-02T00:00:00Z")));

    assertThat(assertRefused(it -> it, leaf, Kind.EXPIRED))
        .hasMessage("the certificate 'CN=server' expired on 2024-01-02");
  }

  @Test
  void futureLeaf_handshake_isNotYetValid() throws Exception {
    Issued leaf =
        Pki.issued(
            authority,
            Pki.server(HOST)
                .notBefore(Instant.parse("2190-01-02T00:00:00Z"))
                .notAfter(Instant.parse("2191-01-02T00:00:00Z")));

    assertThat(assertRefused(it -> it, leaf, Kind.NOT_YET_VALID))
        .hasMessage("the certificate 'CN=server' is not valid before 2190-01-02");
  }

  @Test
  void expiredLeafThatIsTrustedItself_handshake_isExpired() throws Exception {
    Issued leaf =
        Pki.issued(
            Pki.server(HOST)
                .setIsCertificateAuthority(true)
                .notBefore(Instant.now().minus(Duration.ofDays(20)))
                .notAfter(Instant.now().minus(Duration.ofDays(10)))
                .buildSelfSigned());

    assertRefused(it -> it.trust(leaf.chain()), leaf, Kind.EXPIRED);
  }

  @Test
  void expiredIntermediate_handshake_namesIt() throws Exception {
    X509Bundle intermediate =
        Pki.certificate("Old CA")
            .setIsCertificateAuthority(true)
            .notBefore(Instant.parse("2023-01-01T00:00:00Z"))
            .notAfter(Instant.parse("2024-01-02T00:00:00Z"))
            .buildIssuedBy(authority);
    Issued leaf = Pki.issued(intermediate, Pki.server(HOST));

    assertThat(assertRefused(it -> it, leaf, Kind.EXPIRED))
        .hasMessage("the certificate 'CN=Old CA' expired on 2024-01-02");
    // In another order the JDK builds the path itself, and only says that it found none.
    Issued disordered =
        new Issued(
            leaf.keys(),
            List.of(leaf.leaf(), Pki.named(Pki.dns("x.test")), intermediate.getCertificate()));
    assertThat(assertRefused(it -> it, disordered, Kind.EXPIRED))
        .hasMessage("the certificate 'CN=Old CA' expired on 2024-01-02");
  }

  // Strength

  @Test
  void rsa1024Leaf_handshake_isWeak() throws Exception {
    KeyPair keys = Pki.keys("RSA", 1024);

    assertThat(assertRefused(it -> it, signedByAuthority(keys, "SHA256withECDSA"), Kind.WEAK))
        .hasMessage("RSA key of 1024 bits, at least 2048 expected (certificate 'CN=server')");
  }

  @Test
  void sha1Leaf_handshake_isWeak() throws Exception {
    KeyPair keys = Pki.keys("EC", 256);

    assertThat(assertRefused(it -> it, signedByAuthority(keys, "SHA1withECDSA"), Kind.WEAK))
        .hasMessage(
            "signature by SHA1withECDSA, SHA-256 or better expected (certificate 'CN=server')");
  }

  @Test
  void rsa2048AndEd25519Leaf_handshake_succeeds() throws Exception {
    assertAccepted(it -> it, signedByAuthority(Pki.keys("RSA", 2048), "SHA256withECDSA"));
    assertAccepted(it -> it, signedByAuthority(Pki.keys("Ed25519", 255), "SHA256withECDSA"));
  }

  @ParameterizedTest
  @CsvSource({"1024, SHA256withECDSA", "2048, SHA1withECDSA"})
  void weakIntermediate_handshake_isWeakInAnyOrder(int bits, String signature) throws Exception {
    KeyPair weak = Pki.keys("RSA", bits);
    X509Certificate intermediate =
        Pki.sign(
            weak.getPublic(),
            "Weak CA",
            "Test CA",
            authority.getKeyPair().getPrivate(),
            signature,
            true);
    KeyPair keys = Pki.keys("EC", 256);
    X509Certificate leaf =
        Pki.sign(
            keys.getPublic(),
            "server",
            "Weak CA",
            weak.getPrivate(),
            "SHA256withRSA",
            false,
            Pki.dns(HOST));
    X509Certificate unrelated = Pki.named(Pki.dns("x.test"));

    for (List<X509Certificate> chain :
        List.of(List.of(leaf, intermediate), List.of(leaf, unrelated, intermediate))) {
      assertThat(assertRefused(it -> it, new Issued(keys, chain), Kind.WEAK))
          .hasMessageEndingWith("(certificate 'CN=Weak CA')");
    }
  }

  @Test
  void sha1SelfSignatureOfAnchor_handshake_doesNotMatter() throws Exception {
    KeyPair root = Pki.keys("EC", 256);
    X509Certificate anchor =
        Pki.sign(
            root.getPublic(), "Old Root", "Old Root", root.getPrivate(), "SHA1withECDSA", true);
    KeyPair keys = Pki.keys("EC", 256);
    X509Certificate leaf =
        Pki.sign(
            keys.getPublic(),
            "server",
            "Old Root",
            root.getPrivate(),
            "SHA256withECDSA",
            false,
            Pki.dns(HOST));

    assertAccepted(it -> it.trust(List.of(anchor)), new Issued(keys, List.of(leaf)));
    assertAccepted(it -> it.trust(List.of(anchor)), new Issued(keys, List.of(leaf, anchor)));
  }

  @Test
  void trustedLeafItself_withWeakKey_isWeak() throws Exception {
    KeyPair keys = Pki.keys("RSA", 1024);
    X509Certificate leaf =
        Pki.sign(
            keys.getPublic(),
            "server",
            "server",
            keys.getPrivate(),
            "SHA256withRSA",
            false,
            Pki.dns(HOST));

    assertRefused(it -> it.trust(List.of(leaf)), new Issued(keys, List.of(leaf)), Kind.WEAK);
  }

  @Test
  void sha1SelfSignatureOfTrustedLeaf_doesNotMatterUnlessItIsAnotherCertificate() throws Exception {
    KeyPair keys = Pki.keys("EC", 256);
    X509Certificate sha1 = selfSignedServer(keys, "SHA1withECDSA");
    X509Certificate sha256 = selfSignedServer(keys, "SHA256withECDSA");

    assertAccepted(it -> it.trust(List.of(sha1)), new Issued(keys, List.of(sha1)));
    assertRefused(it -> it.trust(List.of(sha256)), new Issued(keys, List.of(sha1)), Kind.WEAK);
  }

  private static X509Certificate selfSignedServer(KeyPair keys, String signature) throws Exception {
    return Pki.sign(
        keys.getPublic(), "server", "server", keys.getPrivate(), signature, false, Pki.dns(HOST));
  }

  // Names

  @ParameterizedTest
  @ValueSource(
      strings = {"other.example.test", "*.test", "ma*l.example.test", "*.mail.example.test"})
  void otherName_handshake_isWrongName(String name) throws Exception {
    KeyPair keys = Pki.keys("EC", 256);
    X509Certificate leaf =
        Pki.sign(
            keys.getPublic(),
            "server",
            "Test CA",
            authority.getKeyPair().getPrivate(),
            "SHA256withECDSA",
            false,
            Pki.dns(name));

    assertThat(assertRefused(it -> it, new Issued(keys, List.of(leaf)), Kind.WRONG_NAME))
        .hasMessage("the certificate is for %s, not for %s".formatted(name, HOST));
  }

  @Test
  void wildcard_handshake_succeeds() throws Exception {
    KeyPair keys = Pki.keys("EC", 256);
    X509Certificate leaf =
        Pki.sign(
            keys.getPublic(),
            "server",
            "Test CA",
            authority.getKeyPair().getPrivate(),
            "SHA256withECDSA",
            false,
            Pki.dns("*.example.test"));

    assertAccepted(it -> it, new Issued(keys, List.of(leaf)));
  }

  @Test
  void commonNameOnly_handshake_isWrongName() throws Exception {
    Issued leaf = Pki.issued(authority, Pki.certificate(HOST));

    assertThat(assertRefused(it -> it, leaf, Kind.WRONG_NAME))
        .hasMessageContaining("names no host in its subjectAltName");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void address_handshake_needsAnIpAddressName(boolean jdkNameCheck) throws Exception {
    Issued byAddress = Pki.issued(authority, Pki.server().addSanIpAddress("127.0.0.1"));
    Issued byName = new Issued(good.keys(), List.of(addressAsDnsName()));
    TlsPolicy client = trusting(authority).build();

    assertThat(
            Handshake.run(
                    Handshake.client(client, "127.0.0.1", jdkNameCheck),
                    Handshake.server(byAddress))
                .failure())
        .isEmpty();
    assertThat(
            Handshake.run(
                    Handshake.client(client, "127.0.0.1", jdkNameCheck), Handshake.server(byName))
                .problem(true)
                .kind())
        .isEqualTo(Kind.WRONG_NAME);
  }

  private static X509Certificate addressAsDnsName() throws Exception {
    return Pki.sign(
        good.keys().getPublic(),
        "server",
        "Test CA",
        authority.getKeyPair().getPrivate(),
        "SHA256withECDSA",
        false,
        Pki.dns("127.0.0.1"));
  }

  @ParameterizedTest
  @CsvSource({
    "mail.example.test., true",
    "mail.example.test., false",
    "fe80::1%eth0, true",
    "fe80::1%eth0, false",
    "::1, true",
    "0:0:0:0:0:0:0:1, true",
  })
  void hostInAnOddForm_handshake_succeeds(String host, boolean jdkNameCheck) throws Exception {
    Issued leaf =
        Pki.issued(authority, Pki.server(HOST).addSanIpAddress("::1").addSanIpAddress("fe80::1"));
    SSLEngine client = Handshake.client(trusting(authority).build(), host, jdkNameCheck);

    assertThat(Handshake.run(client, Handshake.server(leaf)).failure()).isEmpty();
  }

  /** What a manager that loses the engine on the way would silently switch off. */
  @Test
  void endpointIdentificationOfTheEngine_stillRefusesWhatWeDoNotCheck() throws Exception {
    TlsPolicy client = trusting(authority).insecureSkipNameCheck().build();
    Issued other = Pki.issued(authority, Pki.server("other.example.test"));

    assertThat(
            Handshake.run(Handshake.client(client, HOST, true), Handshake.server(other))
                .problem(true)
                .kind())
        .isEqualTo(Kind.WRONG_NAME);
  }

  @Test
  void internationalName_handshake_isComparedInAsciiForm() throws Exception {
    Issued leaf = Pki.issued(authority, Pki.server("xn--bcher-kva.example.test"));

    assertAccepted(it -> it.verifyName("b\u00fccher.example.test"), leaf);
    assertRefused(it -> it.verifyName("bucher.example.test"), leaf, Kind.WRONG_NAME);
  }

  @Test
  void verifyName_otherThanTheHost_decides() throws Exception {
    Issued leaf = Pki.issued(authority, Pki.server("origin.example.test"));

    assertRefused(it -> it, leaf, Kind.WRONG_NAME);
    assertAccepted(it -> it.verifyName("origin.example.test"), leaf);
    assertAccepted(it -> it.serverName("origin.example.test"), leaf);
    assertAccepted(
        it -> it.serverName("front.example.test").verifyName("origin.example.test"), leaf);
    assertRefused(
        it -> it.serverName("origin.example.test").verifyName("front.example.test"),
        leaf,
        Kind.WRONG_NAME);
    assertRefused(it -> it.verifyName("other.example.test"), good, Kind.WRONG_NAME);
  }

  @Test
  void withoutServerName_nameIsCheckedAllTheSame() throws Exception {
    assertAccepted(TlsPolicy.Builder::withoutServerName, good);
    assertRefused(
        TlsPolicy.Builder::withoutServerName,
        Pki.issued(authority, Pki.server("other.example.test")),
        Kind.WRONG_NAME);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "mail example test", "*.example.test"})
  void connectionWithoutUsableName_handshake_isRefused(String host) throws Exception {
    SSLEngine client = Handshake.client(trusting(authority).build(), host, false);

    assertThat(Handshake.run(client, Handshake.server(good)).problem(true).kind())
        .isEqualTo(Kind.WRONG_NAME);
  }

  @Test
  void connectionWithNoNameAtAll_handshake_isRefused() throws Exception {
    SSLEngine client = Handshake.client(trusting(authority).build(), null, false);

    assertThat(Handshake.run(client, Handshake.server(good)).problem(true))
        .hasMessage("the certificate cannot be checked for a name: the connection has none");
  }

  @Test
  void skippedNameCheck_handshake_stillNeedsTrust() throws Exception {
    TlsPolicy client = trusting(authority).insecureSkipNameCheck().build();
    Issued other = Pki.issued(authority, Pki.server("other.example.test"));
    Issued unknown = Pki.issued(Pki.authority("Other CA"), Pki.server(HOST));

    assertThat(
            Handshake.run(Handshake.client(client, HOST, false), Handshake.server(other)).failure())
        .isEmpty();
    assertThat(
            Handshake.run(Handshake.client(client, HOST, false), Handshake.server(unknown))
                .problem(true)
                .kind())
        .isEqualTo(Kind.UNTRUSTED);
  }

  // Pins

  @Test
  void pin_ofTheKey_isAccepted() throws Exception {
    String right = PublicKeyPin.of(good.leaf()).toString();
    String wrong = PublicKeyPin.of(authority.getCertificate()).toString();

    assertAccepted(it -> it.pin(right), good);
    assertAccepted(it -> it.pin(wrong).pin(right), good);
    assertThat(assertRefused(it -> it.pin(wrong), good, Kind.PIN_MISMATCH))
        .hasMessage("the certificate's key is %s, expected %s".formatted(right, wrong));
  }

  @Test
  void pin_ofTheKey_doesNotReplaceTrust() throws Exception {
    Issued unknown = Pki.issued(Pki.authority("Other CA"), Pki.server(HOST));

    assertRefused(
        it -> it.pin(PublicKeyPin.of(unknown.leaf()).toString()), unknown, Kind.UNTRUSTED);
  }

  // The insecure policy

  @Test
  void insecure_anyCertificate_isAccepted() throws Exception {
    TlsPolicy client = TlsPolicy.client().insecureTrustAnyone().build();
    Issued weak = new Issued(Pki.keys("RSA", 2048), List.of());
    weak = new Issued(weak.keys(), List.of(selfSigned(weak.keys(), "SHA1withRSA")));

    for (Issued any :
        List.of(
            good,
            weak,
            Pki.issued(
                Pki.server("other.test").setIsCertificateAuthority(true).buildSelfSigned()))) {
      assertThat(
              Handshake.run(Handshake.client(client, HOST, false), Handshake.server(any)).failure())
          .isEmpty();
    }
  }

  @Test
  void insecure_withPin_stillChecksThePin() throws Exception {
    TlsPolicy client =
        TlsPolicy.client()
            .insecureTrustAnyone()
            .pin(PublicKeyPin.of(good.leaf()).toString())
            .build();
    Issued other = Pki.issued(Pki.server(HOST).setIsCertificateAuthority(true).buildSelfSigned());

    assertThat(
            Handshake.run(Handshake.client(client, HOST, false), Handshake.server(good)).failure())
        .isEmpty();
    assertThat(
            Handshake.run(Handshake.client(client, HOST, false), Handshake.server(other))
                .problem(true)
                .kind())
        .isEqualTo(Kind.PIN_MISMATCH);
  }

  // Without an engine

  @Test
  void plainMethods_onAClientThatChecksNames_fail() throws Exception {
    TlsPolicy client = trusting(authority).build();

    assertThatExceptionOfType(CertificateProblem.class)
        .isThrownBy(() -> client.trustManager().checkServerTrusted(array(good), "UNKNOWN"))
        .satisfies(e -> assertThat(e.kind()).isEqualTo(Kind.WRONG_NAME));
    assertThatExceptionOfType(CertificateProblem.class)
        .isThrownBy(
            () ->
                client.trustManager().checkServerTrusted(array(good), "UNKNOWN", (SSLEngine) null));
    assertThatExceptionOfType(CertificateProblem.class)
        .isThrownBy(
            () -> client.trustManager().checkServerTrusted(array(good), "UNKNOWN", new Socket()));
  }

  @Test
  void plainMethods_onAClientThatDoesNotCheckNames_verifyTheRest() throws Exception {
    TlsPolicy client = trusting(authority).insecureSkipNameCheck().build();
    Issued unknown = Pki.issued(Pki.authority("Other CA"), Pki.server(HOST));

    client.trustManager().checkServerTrusted(array(good), "UNKNOWN");
    assertThatExceptionOfType(CertificateProblem.class)
        .isThrownBy(() -> client.trustManager().checkServerTrusted(array(unknown), "UNKNOWN"))
        .satisfies(e -> assertThat(e.kind()).isEqualTo(Kind.UNTRUSTED));
  }

  @Test
  void methodsOfTheOtherRole_fail() throws Exception {
    TlsPolicy client = trusting(authority).build();
    TlsPolicy server = verifying(ClientAuthentication.REQUIRED);

    assertThatExceptionOfType(CertificateProblem.class)
        .isThrownBy(() -> client.trustManager().checkClientTrusted(array(good), "UNKNOWN"))
        .withMessage("this policy is for a client");
    assertThatExceptionOfType(CertificateProblem.class)
        .isThrownBy(() -> server.trustManager().checkServerTrusted(array(good), "UNKNOWN"))
        .withMessage("this policy is for a server");
    assertThatExceptionOfType(CertificateProblem.class)
        .isThrownBy(() -> serving(good).trustManager().checkClientTrusted(array(good), "UNKNOWN"));
  }

  // Client certificates

  @ParameterizedTest
  @EnumSource(TlsVersion.class)
  void clientCertificate_trusted_isAccepted(TlsVersion version) throws Exception {
    Issued certificate =
        Pki.issued(authority, Pki.certificate("client").addExtendedKeyUsageClientAuth());
    TlsPolicy client =
        trusting(authority).identity(certificate.identity()).versions(version, version).build();

    SSLEngine server = Handshake.server(verifying(ClientAuthentication.REQUIRED));
    assertThat(Handshake.run(Handshake.client(client, HOST, true), server).failure()).isEmpty();
    assertThat(server.getSession().getPeerCertificates()[0]).isEqualTo(certificate.leaf());
  }

  @Test
  void clientCertificate_forServersOnly_isRefused() throws Exception {
    TlsPolicy client = trusting(authority).identity(good.identity()).build();

    assertThat(
            Handshake.run(
                    Handshake.client(client, HOST, true),
                    Handshake.server(verifying(ClientAuthentication.OPTIONAL)))
                .problem(false)
                .kind())
        .isEqualTo(Kind.OTHER);
  }

  @Test
  void clientCertificate_weak_isRefused() throws Exception {
    KeyPair keys = Pki.keys("RSA", 1024);
    TlsPolicy client =
        trusting(authority)
            .identity(signedByAuthority(keys, "SHA256withECDSA").identity())
            .versions(TlsVersion.TLS_1_2, TlsVersion.TLS_1_2)
            .build();

    assertThat(
            Handshake.run(
                    Handshake.client(client, HOST, true),
                    Handshake.server(verifying(ClientAuthentication.REQUIRED)))
                .problem(false)
                .kind())
        .isEqualTo(Kind.WEAK);
  }

  @Test
  void noClientCertificate_isAcceptedOnlyWhereItIsOptional() throws Exception {
    TlsPolicy client = trusting(authority).build();

    assertThat(
            Handshake.run(
                    Handshake.client(client, HOST, true),
                    Handshake.server(verifying(ClientAuthentication.OPTIONAL)))
                .succeeded())
        .isTrue();
    assertThat(
            Handshake.run(
                    Handshake.client(client, HOST, true),
                    Handshake.server(verifying(ClientAuthentication.REQUIRED)))
                .succeeded())
        .isFalse();
  }

  // Helpers

  private static TlsPolicy.Builder trusting(X509Bundle anchor) {
    return TlsPolicy.client().trust(List.of(anchor.getCertificate()));
  }

  private static TlsPolicy serving(Issued identity) {
    return TlsPolicy.server().identity(identity.identity()).build();
  }

  private static TlsPolicy verifying(ClientAuthentication clients) {
    return TlsPolicy.server()
        .identity(good.identity())
        .clientAuthentication(clients)
        .trust(List.of(authority.getCertificate()))
        .build();
  }

  private static void assertAccepted(UnaryOperator<TlsPolicy.Builder> options, Issued identity)
      throws Exception {
    TlsPolicy client = options.apply(trusting(authority)).build();
    for (boolean jdkNameCheck : new boolean[] {true, false}) {
      SSLEngine engine = Handshake.client(client, hostFor(client), jdkNameCheck);
      assertThat(Handshake.run(engine, Handshake.server(identity)).failure()).isEmpty();
    }
  }

  /** Refused both with the JDK's name check and by our own rules alone. */
  private static CertificateProblem assertRefused(
      UnaryOperator<TlsPolicy.Builder> options, Issued identity, Kind kind) throws Exception {
    TlsPolicy client = options.apply(trusting(authority)).build();
    CertificateProblem[] problems = new CertificateProblem[2];
    for (int i = 0; i < 2; i++) {
      SSLEngine engine = Handshake.client(client, hostFor(client), i == 0);
      problems[i] = Handshake.run(engine, Handshake.server(identity)).problem(true);
    }
    assertThat(problems).allSatisfy(it -> assertThat(it.kind()).isEqualTo(kind));
    assertThat(problems[0]).hasMessage(problems[1].getMessage());
    return problems[0];
  }

  /** The driver makes the engine with the name to verify. */
  private static String hostFor(TlsPolicy client) {
    return client.verifyName().or(client::serverName).orElse(HOST);
  }

  private static Issued signedByAuthority(KeyPair keys, String signature) throws Exception {
    X509Certificate leaf =
        Pki.sign(
            keys.getPublic(),
            "server",
            "Test CA",
            authority.getKeyPair().getPrivate(),
            signature,
            false,
            Pki.dns(HOST));
    return new Issued(keys, List.of(leaf));
  }

  private static X509Certificate selfSigned(KeyPair keys, String signature) throws Exception {
    return Pki.sign(
        keys.getPublic(), "weak", "weak", keys.getPrivate(), signature, false, Pki.dns("x.test"));
  }

  private static X509Certificate weakRsa(String name) throws Exception {
    KeyPair keys = Pki.keys("RSA", 1024);
    return Pki.sign(keys.getPublic(), name, name, keys.getPrivate(), "SHA1withRSA", true);
  }

  private static X509Certificate[] array(Issued identity) {
    return identity.chain().toArray(X509Certificate[]::new);
  }
}
