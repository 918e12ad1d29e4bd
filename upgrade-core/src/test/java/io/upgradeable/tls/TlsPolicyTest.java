package io.upgradeable.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.netty.pkitesting.X509Bundle;
import io.upgradeable.negotiation.Role;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TlsPolicyTest {

  private static X509Bundle authority;
  private static TlsIdentity identity;

  @TempDir Path directory;

  @BeforeAll
  static void issue() throws Exception {
    authority = Pki.authority("Test CA");
    identity = Pki.issued(authority, Pki.server("mail.example.test")).identity();
  }

  // Defaults

  @Test
  void client_asItStands_isStrict() {
    TlsPolicy policy = TlsPolicy.client().build();

    assertThat(policy.role()).isEqualTo(Role.CLIENT);
    assertThat(policy.verifiesPeer()).isTrue();
    assertThat(policy.checksName()).isTrue();
    assertThat(policy.sendsServerName()).isTrue();
    assertThat(policy.verifyName()).isEmpty();
    assertThat(policy.serverName()).isEmpty();
    assertThat(policy.identity()).isEmpty();
    assertThat(policy.minimumVersion()).isEqualTo(TlsVersion.TLS_1_2);
    assertThat(policy.maximumVersion()).isEqualTo(TlsVersion.TLS_1_3);
    assertThat(policy.applicationProtocols()).isEmpty();
    assertThat(policy.groups()).isEmpty();
    assertThat(policy.engine()).isEqualTo(TlsEngine.AUTO);
    assertThat(policy.clientAuthentication()).isEqualTo(ClientAuthentication.NONE);
    assertThat(policy.trustManager().getAcceptedIssuers()).hasSizeGreaterThan(10);
    assertThat(policy.trustManager()).isSameAs(policy.trustManager());
  }

  @Test
  void server_asItStands_asksForNoCertificate() {
    TlsPolicy policy = TlsPolicy.server().identity(identity).build();

    assertThat(policy.role()).isEqualTo(Role.SERVER);
    assertThat(policy.verifiesPeer()).isFalse();
    assertThat(policy.checksName()).isFalse();
    assertThat(policy.sendsServerName()).isFalse();
    assertThat(policy.identity()).containsSame(identity);
    assertThat(policy.trustManager().getAcceptedIssuers()).isEmpty();
  }

  @Test
  void policies_ofTheSameOptions_areNotEqual() {
    assertThat(trusting().build()).isNotEqualTo(trusting().build());
  }

  // Options

  @Test
  void options_ofAClient_areKept() {
    TlsPolicy policy =
        trusting()
            .serverName("B\u00fccher.Example.test.")
            .verifyName("[2001:DB8::1]")
            .identity(identity)
            .versions(TlsVersion.TLS_1_3, TlsVersion.TLS_1_3)
            .applicationProtocols("h2", "http/1.1")
            .groups("x25519", "secp256r1")
            .engine(TlsEngine.JDK)
            .pin("sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")
            .build();

    assertThat(policy.serverName()).contains("xn--bcher-kva.example.test");
    assertThat(policy.verifyName()).contains("2001:db8::1");
    assertThat(policy.applicationProtocols()).containsExactly("h2", "http/1.1");
    assertThat(policy.groups()).containsExactly("x25519", "secp256r1");
    assertThat(policy.engine()).isEqualTo(TlsEngine.JDK);
    assertThat(policy.minimumVersion()).isEqualTo(TlsVersion.TLS_1_3);
    assertThat(policy)
        .hasToString(
            "TlsPolicy[client, TLSv1.3 to TLSv1.3, trusts 1 authority, pins 1, checks 2001:db8::1,"
                + " sends xn--bcher-kva.example.test, TlsIdentity['CN=server', EC],"
                + " ALPN h2,http/1.1, groups x25519:secp256r1, engine JDK]");
  }

  @Test
  void insecureOptions_sayWhatTheyAre() {
    TlsPolicy anyone = trusting().insecureTrustAnyone().build();
    assertThat(anyone.verifiesPeer()).isFalse();
    assertThat(anyone.checksName()).isFalse();
    assertThat(anyone.toString()).contains("TRUSTS ANYONE").contains("DOES NOT CHECK");

    TlsPolicy anyName = trusting().insecureSkipNameCheck().build();
    assertThat(anyName.verifiesPeer()).isTrue();
    assertThat(anyName.checksName()).isFalse();
    assertThat(anyName.toString()).doesNotContain("ANYONE").contains("DOES NOT CHECK");
  }

  @Test
  void withoutServerName_keepsTheNameCheck() {
    TlsPolicy policy = trusting().withoutServerName().build();

    assertThat(policy.sendsServerName()).isFalse();
    assertThat(policy.checksName()).isTrue();
  }

  @Test
  void server_thatVerifiesClients_needsAnAuthority() {
    TlsPolicy.Builder builder =
        TlsPolicy.server().identity(identity).clientAuthentication(ClientAuthentication.OPTIONAL);
    assertInvalid(
        builder::build,
        "the server is to verify clients and trusts no authority,"
            + " expected a file with the authority's certificate");

    TlsPolicy policy = builder.trust(List.of(authority.getCertificate())).build();
    assertThat(policy.verifiesPeer()).isTrue();
    assertThat(policy.checksName()).isFalse();
    assertThat(policy.trustManager().getAcceptedIssuers())
        .containsExactly(authority.getCertificate());
  }

  @Test
  void server_withoutIdentity_isRefused() {
    assertInvalid(
        () -> TlsPolicy.server().build(),
        "the server has no identity, expected a certificate and its private key");
  }

  @Test
  void options_ofTheOtherRole_areRefused() {
    TlsPolicy.Builder server = TlsPolicy.server();
    List<ThrowingCallable> calls =
        List.of(
            server::insecureTrustAnyone,
            server::insecureSkipNameCheck,
            server::withoutServerName,
            () -> server.verifyName("a.test"),
            () -> server.serverName("a.test"),
            () -> server.pin("sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
            () -> TlsPolicy.client().clientAuthentication(ClientAuthentication.NONE));

    assertThat(calls).allSatisfy(call -> assertThatIllegalStateException().isThrownBy(call));
    assertThatIllegalStateException()
        .isThrownBy(server::insecureTrustAnyone)
        .withMessage("insecureTrustAnyone is an option for a client, this policy is for a server");
  }

  @Test
  void values_thatCannotBeUsed_areRefused() {
    assertInvalid(
        () -> TlsPolicy.client().serverName("192.0.2.1"),
        "the server name (SNI) is the address 192.0.2.1, expected a DNS name (RFC 6066)");
    assertInvalid(
        () -> TlsPolicy.client().verifyName("a b"),
        "the name to verify is 'a b', expected a DNS name or an IP address");
    assertInvalid(
        () -> TlsPolicy.client().versions(TlsVersion.TLS_1_3, TlsVersion.TLS_1_2),
        "the oldest TLS version is TLSv1.3, expected TLSv1.2 or older");
    assertInvalid(
        () -> TlsPolicy.client().applicationProtocols("h2", ""),
        "the ALPN protocol is '', expected 1 to 255 ASCII characters");
    assertInvalid(
        () -> TlsPolicy.client().groups("x25519:secp256r1"),
        "the key exchange group is 'x25519:secp256r1', expected a name such as x25519");
  }

  // Trust

  @Test
  void trustFile_withCertificates_isRead() throws Exception {
    X509Bundle other = Pki.authority("Other CA");
    Path file =
        Pki.write(
            directory.resolve("ca.pem"),
            "# Test CA\n",
            Pki.pem(authority.getCertificate()),
            "\nOther CA\n========\n",
            Pki.pem(other.getCertificate()));

    assertThat(TlsPolicy.client().trustFile(file).build().trustManager().getAcceptedIssuers())
        .containsExactlyInAnyOrder(authority.getCertificate(), other.getCertificate());
  }

  @Test
  void trust_ofSeveralKinds_addsUp() throws Exception {
    int system = TlsPolicy.client().build().trustManager().getAcceptedIssuers().length;
    Path file = Pki.write(directory.resolve("ca.pem"), Pki.pem(authority.getCertificate()));

    assertThat(
            TlsPolicy.client()
                .trustSystem()
                .trustFile(file)
                .trust(List.of(Pki.authority("Other CA").getCertificate()))
                .build()
                .trustManager()
                .getAcceptedIssuers())
        .hasSize(system + 2);
  }

  @Test
  void trustFile_thatCannotBeUsed_isRefused() throws Exception {
    Path empty = Pki.write(directory.resolve("empty.pem"));
    assertInvalid(() -> TlsPolicy.client().trustFile(empty), "the CA file " + empty + " is empty");
    Path blank = Pki.write(directory.resolve("blank.pem"), "\n\n");
    assertInvalid(
        () -> TlsPolicy.client().trustFile(blank),
        "the CA file " + blank + " holds no certificate, expected PEM with BEGIN CERTIFICATE");
    Path key = Pki.write(directory.resolve("key.pem"), Pki.pem(identity.privateKey()));
    assertInvalid(
        () -> TlsPolicy.client().trustFile(key),
        "the CA file " + key + " holds no certificate, expected PEM with BEGIN CERTIFICATE");
    Path nowhere = directory.resolve("nowhere.pem");
    assertInvalid(
        () -> TlsPolicy.client().trustFile(nowhere),
        "cannot read the CA file " + nowhere + ": no such file");
    assertInvalid(
        () -> TlsPolicy.client().trust(List.of()),
        "no certificate to trust, expected at least one");
  }

  @Test
  void trustDirectory_filesOfTheRightNames_areRead() throws Exception {
    List<X509Certificate> expected = new ArrayList<>();
    for (String name : List.of("a.pem", "b.crt", "0a1b2c3d.0", "0a1b2c3d.12")) {
      X509Certificate certificate = Pki.authority(name).getCertificate();
      Pki.write(directory.resolve(name), Pki.pem(certificate));
      expected.add(certificate);
    }
    Pki.write(directory.resolve("again.pem"), Pki.pem(expected.get(0)));
    Pki.write(directory.resolve("key.pem"), Pki.pem(identity.privateKey()));
    Pki.write(directory.resolve("README"), "nothing to see");
    Pki.write(directory.resolve("ignored.txt"), Pki.pem(authority.getCertificate()));
    Files.createDirectory(directory.resolve("directory.pem"));
    Files.createSymbolicLink(directory.resolve("dangling.pem"), directory.resolve("gone"));

    assertThat(
            TlsPolicy.client()
                .trustDirectory(directory)
                .build()
                .trustManager()
                .getAcceptedIssuers())
        .containsExactlyInAnyOrderElementsOf(expected);
  }

  @Test
  void trustDirectory_thatCannotBeUsed_isRefused() throws Exception {
    assertInvalid(
        () -> TlsPolicy.client().trustDirectory(directory),
        "the CA directory "
            + directory
            + " has no certificate, expected *.pem, *.crt or HASH.0 files with some");
    Path nowhere = directory.resolve("nowhere");
    assertInvalid(
        () -> TlsPolicy.client().trustDirectory(nowhere),
        "cannot read the CA directory " + nowhere + ": no such directory");
    Path file = Pki.write(directory.resolve("a.pem"), Pki.pem(authority.getCertificate()) + "x");
    assertInvalid(
        () -> TlsPolicy.client().trustDirectory(file),
        "cannot read the CA directory " + file + ": not a directory");
    assertThatExceptionOfType(InvalidTlsConfigurationException.class)
        .isThrownBy(() -> TlsPolicy.client().trustDirectory(directory))
        .withMessageStartingWith("the CA file " + file + " is not proper PEM");
  }

  @Test
  void trustDirectory_withTooManyFiles_isRefused() throws Exception {
    for (int i = 0; i <= 4096; i++) {
      Files.createFile(directory.resolve(i + ".pem"));
    }
    assertInvalid(
        () -> TlsPolicy.client().trustDirectory(directory),
        "the CA directory " + directory + " has more than 4096 certificate files");
  }

  @ParameterizedTest
  @ValueSource(strings = {"TlsPolicy", "TlsIdentity"})
  void toString_holdsNoSecret(String type) {
    TlsPolicy policy = TlsPolicy.server().identity(identity).build();
    String text = type.equals("TlsPolicy") ? policy.toString() : identity.toString();

    assertThat(text).startsWith(type + "[");
    Pki.assertTellsNothing(text, Pki.pem(identity.privateKey()));
  }

  private static TlsPolicy.Builder trusting() {
    return TlsPolicy.client().trust(List.of(authority.getCertificate()));
  }

  private static void assertInvalid(ThrowingCallable call, String message) {
    assertThatExceptionOfType(InvalidTlsConfigurationException.class)
        .isThrownBy(call)
        .withMessage(message);
  }
}
