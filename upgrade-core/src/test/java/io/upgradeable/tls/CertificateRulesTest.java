package io.upgradeable.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.upgradeable.tls.CertificateProblem.Kind;
import io.upgradeable.tls.CertificateRules.Finding;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Collections;
import org.bouncycastle.jce.ECNamedCurveTable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CertificateRulesTest {

  @ParameterizedTest
  @CsvSource({
    "RSA, 2048, SHA256withRSA",
    "RSA, 3072, SHA512withRSA",
    "RSA, 2048, SHA256withRSAandMGF1",
    "EC, 256, SHA256withECDSA",
    "EC, 521, SHA512withECDSA",
    "Ed25519, 255, Ed25519"
  })
  void soundKeyAndSignature_areAccepted(String algorithm, int size, String signature)
      throws Exception {
    assertThat(CertificateRules.weakness(selfSigned(Pki.keys(algorithm, size), signature)))
        .isEmpty();
  }

  @Test
  void rsaKeyOf1024Bits_isWeak() throws Exception {
    assertThat(CertificateRules.weakness(selfSigned(Pki.keys("RSA", 1024), "SHA256withRSA")))
        .contains(
            new Finding(
                Kind.WEAK, "RSA key of 1024 bits, at least 2048 expected (certificate 'CN=weak')"));
  }

  @Test
  void dsaKey_isWeak() throws Exception {
    assertThat(CertificateRules.weakness(selfSigned(Pki.keys("DSA", 2048), "SHA256withDSA")))
        .map(Finding::text)
        .contains("DSA key, RSA, EC or EdDSA expected (certificate 'CN=weak')");
  }

  @ParameterizedTest
  @ValueSource(strings = {"secp192r1", "secp160k1"})
  void ecKeyOfLessThan224Bits_isWeak(String curve) throws Exception {
    KeyPair keys = Pki.keys("EC", ECNamedCurveTable.getParameterSpec(curve));

    assertThat(CertificateRules.weakness(selfSigned(keys, "SHA256withECDSA")))
        .map(Finding::text)
        .hasValueSatisfying(
            text -> assertThat(text).matches("EC key of .*, at least 224 expected.*"));
  }

  @ParameterizedTest
  @CsvSource({
    "RSA, SHA1withRSA",
    "RSA, MD5withRSA",
    "RSA, SHA1withRSAandMGF1",
    "EC, SHA1withECDSA"
  })
  void brokenHash_isWeak(String algorithm, String signature) throws Exception {
    KeyPair keys = Pki.keys(algorithm, algorithm.equals("RSA") ? 2048 : 256);

    assertThat(CertificateRules.weakness(selfSigned(keys, signature)))
        .map(Finding::text)
        .hasValueSatisfying(
            text ->
                assertThat(text)
                    .matches(
                        "signature by .*, SHA-256 or better expected \\(certificate 'CN=weak'\\)"));
  }

  @Test
  void dates_pastAndFuture_areTold() throws Exception {
    X509Certificate expired =
        Pki.certificate("old")
            .notBefore(Instant.parse("2023-01-01T00:00:00Z"))
            .notAfter(Instant.parse("2024-01-02T12:00:00Z"))
            .setIsCertificateAuthority(true)
            .buildSelfSigned()
            .getCertificate();
    X509Certificate future =
        Pki.certificate("new")
            .notBefore(Instant.parse("2190-05-06T00:00:00Z"))
            .notAfter(Instant.parse("2191-01-01T00:00:00Z"))
            .setIsCertificateAuthority(true)
            .buildSelfSigned()
            .getCertificate();

    assertThat(CertificateRules.outOfDate(expired))
        .contains(new Finding(Kind.EXPIRED, "the certificate 'CN=old' expired on 2024-01-02"));
    assertThat(CertificateRules.outOfDate(future))
        .contains(
            new Finding(
                Kind.NOT_YET_VALID, "the certificate 'CN=new' is not valid before 2190-05-06"));
    assertThat(CertificateRules.outOfDate(Pki.named(Pki.dns("a.test")))).isEmpty();
  }

  @Test
  void chain_ofSixteen_isAcceptedAndOneMoreRefused() throws Exception {
    X509Certificate certificate = Pki.named(Pki.dns("a.test"));

    assertThat(CertificateRules.bounded(chain(certificate, 16))).hasSize(16);
    assertThatExceptionOfType(CertificateProblem.class)
        .isThrownBy(() -> CertificateRules.bounded(chain(certificate, 17)))
        .withMessage("the peer sent 17 certificates, at most 16 expected")
        .satisfies(e -> assertThat(e.kind()).isEqualTo(Kind.OTHER))
        .satisfies(e -> assertThat(e.chain()).hasSize(16));
  }

  @Test
  void chain_ofTooManyBytes_isRefused() {
    X509Certificate big =
        Pki.named(
            Collections.nCopies(200, Pki.dns("a".repeat(60) + ".example.test"))
                .toArray(org.bouncycastle.asn1.x509.GeneralName[]::new));

    assertThatExceptionOfType(CertificateProblem.class)
        .isThrownBy(() -> CertificateRules.bounded(chain(big, 5)))
        .withMessageMatching("the peer sent \\d+ bytes of certificates, at most 65536 expected");
  }

  @Test
  void noChain_isRefused() {
    assertThatExceptionOfType(CertificateProblem.class)
        .isThrownBy(() -> CertificateRules.bounded(new X509Certificate[0]))
        .withMessage("the peer sent no certificate");
  }

  private static X509Certificate[] chain(X509Certificate certificate, int length) {
    return Collections.nCopies(length, certificate).toArray(X509Certificate[]::new);
  }

  private static X509Certificate selfSigned(KeyPair keys, String signature) throws Exception {
    return Pki.sign(keys.getPublic(), "weak", "weak", keys.getPrivate(), signature, false);
  }
}
