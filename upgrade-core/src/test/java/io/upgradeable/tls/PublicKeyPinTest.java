package io.upgradeable.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.security.MessageDigest;
import java.security.cert.X509Certificate;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PublicKeyPinTest {

  @Test
  void pin_ofACertificate_isTheDigestOfItsSubjectPublicKeyInfo() throws Exception {
    X509Certificate certificate = Pki.named(Pki.dns("a.test"));
    byte[] digest =
        MessageDigest.getInstance("SHA-256").digest(certificate.getPublicKey().getEncoded());
    String text = "sha256//" + Base64.getEncoder().encodeToString(digest);

    assertThat(PublicKeyPin.of(certificate)).hasToString(text).isEqualTo(PublicKeyPin.parse(text));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "sha256//",
        "sha256//AAAA",
        "sha1//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA!",
        "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=;sha256//x",
      })
  void pin_ofAnotherForm_isRefused(String text) {
    assertThatExceptionOfType(InvalidTlsConfigurationException.class)
        .isThrownBy(() -> TlsPolicy.client().pin(text))
        .withMessage(
            "the pin is '%s', expected sha256// and the Base64 of 32 bytes".formatted(text));
  }
}
