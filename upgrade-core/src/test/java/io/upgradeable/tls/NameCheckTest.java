package io.upgradeable.tls;

import static org.assertj.core.api.Assertions.assertThat;

import java.security.KeyPair;
import java.security.cert.X509Certificate;
import org.bouncycastle.asn1.x509.GeneralName;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NameCheckTest {

  @ParameterizedTest
  @CsvSource({
    "mail.example.test, mail.example.test",
    "MAIL.Example.TEST, mail.example.test",
    "mail.example.test, MAIL.EXAMPLE.test",
    "mail.example.test, mail.example.test.",
    "mail.example.test., mail.example.test",
    "*.example.test, mail.example.test",
    "*.EXAMPLE.test, mail.example.test",
    "*.example.test, xn--bcher-kva.example.test",
    "xn--bcher-kva.example.test, b\u00fccher.example.test",
    "xn--bcher-kva.example.test, B\u00dcCHER.example.test",
    "xn--bcher-kva.example.test, b\u00fccher\u3002example.test",
    "localhost, localhost",
    "my_host.example.test, my_host.example.test",
  })
  void dnsName_ofTheExpectedHost_matches(String presented, String expected) {
    assertThat(problem(Pki.named(Pki.dns(presented)), expected)).isNull();
  }

  @ParameterizedTest
  @CsvSource({
    "a.example.test, b.example.test",
    "example.test, mail.example.test",
    "mail.example.test, example.test",
    "mail.example.test.evil.test, mail.example.test",
    // A wildcard is one whole label, the left-most, with two behind it.
    "*.test, example.test",
    "*, localhost",
    "*., localhost",
    "*.example.test, example.test",
    "*.example.test, a.b.example.test",
    "ma*l.example.test, mail.example.test",
    "*mail.example.test, mail.example.test",
    "mail*.example.test, mail.example.test",
    "*.*.test, mail.example.test",
    "**.example.test, mail.example.test",
    "mail.*.test, mail.example.test",
    "*.0.0.1, 127.0.0.1",
    "*..test, mail.test",
    // Looks alike, is not.
    "b\u00fccher.example.test, b\u00fccher.example.test",
    "bucher.example.test, b\u00fccher.example.test",
    // An address is no dNSName.
    "127.0.0.1, 127.0.0.1",
    "::1, ::1",
  })
  void dnsName_ofAnotherHost_isRefused(String presented, String expected) {
    assertThat(problem(Pki.named(Pki.dns(presented)), expected))
        .startsWith("the certificate is for ")
        .contains(", not for ");
  }

  @ParameterizedTest
  @CsvSource({
    "127.0.0.1, 127.0.0.1",
    "::1, ::1",
    "::1, [::1]",
    "::1, 0:0:0:0:0:0:0:1",
    "2001:db8::1, 2001:DB8:0::0:1",
    "fe80::1, fe80::1%eth0",
    "2001:db8::102:304, 2001:db8::1.2.3.4",
  })
  void ipAddress_ofTheExpectedBytes_matches(String presented, String expected) {
    assertThat(problem(Pki.named(new GeneralName(GeneralName.iPAddress, presented)), expected))
        .isNull();
  }

  @ParameterizedTest
  @CsvSource({"127.0.0.1, 127.0.0.2", "::1, ::2", "127.0.0.1, localhost", "10.0.0.0/8, 10.0.0.0"})
  void ipAddress_ofOtherBytes_isRefused(String presented, String expected) {
    assertThat(problem(Pki.named(new GeneralName(GeneralName.iPAddress, presented)), expected))
        .contains("not for " + expected);
  }

  @Test
  void commonNameOnly_isRefused() throws Exception {
    KeyPair keys = Pki.keys("EC", 256);
    X509Certificate certificate =
        Pki.sign(
            keys.getPublic(),
            "mail.example.test",
            "mail.example.test",
            keys.getPrivate(),
            "SHA256withECDSA",
            false);

    assertThat(problem(certificate, "mail.example.test"))
        .isEqualTo(
            "the certificate 'CN=mail.example.test' names no host in its subjectAltName,"
                + " expected mail.example.test");
  }

  @Test
  void otherKindsOfNames_areRefused() {
    X509Certificate certificate =
        Pki.named(
            new GeneralName(GeneralName.rfc822Name, "me@mail.example.test"),
            new GeneralName(GeneralName.uniformResourceIdentifier, "https://mail.example.test/"));

    assertThat(problem(certificate, "mail.example.test")).contains("names no host");
  }

  @Test
  void oneOfSeveralNames_matches() {
    X509Certificate certificate =
        Pki.named(
            Pki.dns("a.example.test"),
            Pki.dns("b.example.test"),
            new GeneralName(GeneralName.iPAddress, "192.0.2.1"));

    assertThat(problem(certificate, "b.example.test")).isNull();
    assertThat(problem(certificate, "192.0.2.1")).isNull();
    assertThat(problem(certificate, "c.example.test"))
        .isEqualTo(
            "the certificate is for a.example.test, b.example.test, 192.0.2.1,"
                + " not for c.example.test");
  }

  @Test
  void hostileNames_areShownShortAndWithoutControls() {
    GeneralName[] names = new GeneralName[100];
    for (int i = 0; i < names.length; i++) {
      names[i] = Pki.dns("a\n\u001b[31m" + "x".repeat(300) + i);
    }

    assertThat(problem(Pki.named(names), "mail.example.test"))
        .contains("a??[31mxxx")
        .contains(" and 96 more, not for mail.example.test")
        .hasSizeLessThan(1000)
        .doesNotContain("\n")
        .doesNotContain("\u001b");
  }

  private static @Nullable String problem(X509Certificate certificate, String expected) {
    return NameCheck.problem(certificate, PeerName.require(expected)).orElse(null);
  }
}
