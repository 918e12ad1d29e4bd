package io.upgradeable.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ThrowAwayCertificateTest {

  @Test
  void created_parsed_isWhatItShouldBe() throws Exception {
    X509Certificate certificate = create(List.of("localhost", "::1", "a.example"), 1);

    certificate.verify(certificate.getPublicKey());
    certificate.checkValidity();
    assertThat(certificate.getVersion()).isEqualTo(3);
    assertThat(certificate.getKeyUsage()).startsWith(true);
    assertThat(certificate.getExtendedKeyUsage()).containsExactly("1.3.6.1.5.5.7.3.1");
    assertThat(certificate.getSigAlgName()).isEqualTo("SHA256withECDSA");
    assertThat(certificate.getSubjectAlternativeNames())
        .containsExactlyInAnyOrder(
            List.of(2, "localhost"), List.of(7, "0:0:0:0:0:0:0:1"), List.of(2, "a.example"));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 36_500}) // either side of the year 2050, where the form of dates changes
  void validity_created_endsThen(int days) {
    Instant end = Instant.now().plus(Duration.ofDays(days));

    assertThat(create(List.of("localhost"), days).getNotAfter())
        .isBetween(Date.from(end.minusSeconds(60)), Date.from(end.plusSeconds(60)));
  }

  @Test
  void twoCertificates_created_differ() {
    assertThat(create(List.of("localhost"), 1).getSerialNumber())
        .isNotEqualTo(create(List.of("localhost"), 1).getSerialNumber());
  }

  private static X509Certificate create(List<String> names, int days) {
    return ThrowAwayCertificate.create(names, Duration.ofDays(days)).chain().get(0);
  }
}
