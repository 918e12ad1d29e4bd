package io.upgradeable.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.upgradeable.testkit.Certificates.Issued;
import io.upgradeable.tls.TlsIdentity;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.X509Certificate;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.sec.ECPrivateKey;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CertificatesTest {

  private final Certificates certificates = Certificates.create();

  @Test
  void server_issued_hasNamesAndIsSignedByTheAuthority() throws Exception {
    X509Certificate leaf = leaf(certificates.server("localhost", "127.0.0.1", "::1"));

    leaf.verify(certificates.authorities().get(0).getPublicKey());
    leaf.checkValidity();
    assertThat(leaf.getSubjectAlternativeNames()).hasSize(3);
    assertThat(leaf.getExtendedKeyUsage()).containsExactly("1.3.6.1.5.5.7.3.1");
  }

  @Test
  void server_namesAndAddresses_eachAsWhatItIs() throws Exception {
    X509Certificate leaf =
        leaf(certificates.server("a1.test", "127.0.0.1", "::1", "2001:db8::1", "::ffff:10.0.0.1"));

    assertThat(leaf.getSubjectAlternativeNames().stream().map(Object::toString))
        .containsExactly(
            "[2, a1.test]",
            "[7, 127.0.0.1]",
            "[7, 0:0:0:0:0:0:0:1]",
            "[7, 2001:db8:0:0:0:0:0:1]",
            "[7, 10.0.0.1]");
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.1", "1.2.3.400", "1.2.3.4.5", "10", "a:b", "1::2::3", "[::1"})
  void server_neitherNameNorAddress_refused(String name) {
    assertThatThrownBy(() -> certificates.server(name))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("expected an IP address, got '" + name + "'");
  }

  @Test
  void authorities_two_haveDifferentNames() {
    X509Certificate other = Certificates.create().authorities().get(0);

    assertThat(certificates.authorities().get(0).getSubjectX500Principal())
        .isNotEqualTo(other.getSubjectX500Principal())
        .isEqualTo(leaf(certificates.server("localhost")).getIssuerX500Principal());
  }

  @Test
  void badCertificates_issued_areBadInTheirOneWay() throws Exception {
    assertThatThrownBy(() -> leaf(certificates.expired("a.test")).checkValidity())
        .isInstanceOf(CertificateExpiredException.class);
    assertThatThrownBy(() -> leaf(certificates.notYetValid("a.test")).checkValidity())
        .isInstanceOf(CertificateNotYetValidException.class);
    assertThat(((RSAPublicKey) leaf(certificates.weakKey("a.test")).getPublicKey()).getModulus())
        .satisfies(modulus -> assertThat(modulus.bitLength()).isEqualTo(1024));
    assertThat(leaf(certificates.commonNameOnly("a.test")).getSubjectAlternativeNames()).isNull();
    assertThat(leaf(certificates.wrongUsage("a.test")).getExtendedKeyUsage())
        .containsExactly("1.3.6.1.5.5.7.3.2");
    Issued sha1 = Certificates.sha1("a.test");
    assertThat(leaf(sha1).getSigAlgName()).isEqualTo("SHA1withRSA");
    leaf(sha1).verify(sha1.chain().get(1).getPublicKey());
    X509Certificate selfSigned = leaf(Certificates.selfSigned("a.test"));
    selfSigned.verify(selfSigned.getPublicKey());
  }

  @Test
  void pemFiles_written_areReadBack(@TempDir Path directory) {
    Issued issued = certificates.server("localhost");

    issued.writePem(directory, "server");
    certificates.writePem(directory);

    TlsIdentity read =
        TlsIdentity.pem(directory.resolve("server.crt"), directory.resolve("server.key"));
    assertThat(read.chain()).isEqualTo(issued.chain());
    assertThat(directory.resolve("ca.crt")).content().startsWith("-----BEGIN CERTIFICATE-----\n");
  }

  @Test
  void pemFile_ofAnEcKey_hasThePublicHalf(@TempDir Path directory) throws Exception {
    Issued issued = certificates.server("localhost");

    issued.writePem(directory, "server");

    byte[] pkcs8 = keyOf(directory.resolve("server.key"));
    ECPrivateKey written =
        ECPrivateKey.getInstance(PrivateKeyInfo.getInstance(pkcs8).parsePrivateKey());
    SubjectPublicKeyInfo certified =
        SubjectPublicKeyInfo.getInstance(leaf(issued).getPublicKey().getEncoded());
    assertThat(written.getPublicKey()).isEqualTo(certified.getPublicKeyData());
    // Not as objects: the JDK compares their encodings, and only one has the public half.
    assertThat(
            secretOf(KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(pkcs8))))
        .isEqualTo(secretOf(issued.key()));
  }

  private static BigInteger secretOf(PrivateKey key) {
    return ((java.security.interfaces.ECPrivateKey) key).getS();
  }

  @Test
  void pemFile_ofAnRsaKey_isTheKey(@TempDir Path directory) throws Exception {
    Issued issued = certificates.rsaServer("localhost");

    issued.writePem(directory, "server");

    assertThat(keyOf(directory.resolve("server.key"))).isEqualTo(issued.key().getEncoded());
  }

  private static byte[] keyOf(Path file) throws IOException {
    List<String> lines = Files.readAllLines(file);
    return Base64.getDecoder().decode(String.join("", lines.subList(1, lines.size() - 1)));
  }

  private static X509Certificate leaf(Issued issued) {
    return issued.chain().get(0);
  }
}
