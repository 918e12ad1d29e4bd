package io.upgradeable.sasl;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Objects;

/** What the tests share. */
final class Fixtures {

  /** The password of the examples in RFC 5802 and 7677. */
  static final String PENCIL = "pencil";

  private Fixtures() {}

  static Secret secret(String text) {
    return new Secret(text.toCharArray());
  }

  static SaslCredentials.Password user(String name, String password) {
    return SaslCredentials.password(name, secret(password));
  }

  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }

  static X509Certificate certificate(String name) {
    try (InputStream in =
        Objects.requireNonNull(
            Fixtures.class.getResourceAsStream("/certificates/" + name + ".pem"), name)) {
      return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (CertificateException e) {
      throw new IllegalStateException(name, e);
    }
  }

  static SaslChannel verified() {
    return SaslChannel.tls(certificate("rsa-sha256"));
  }

  /** An exchange by one mechanism, which the server offers alone, under verified TLS. */
  static SaslExchange start(SaslMechanism mechanism, SaslCredentials credentials) {
    return SaslPreference.only(mechanism)
        .start(List.of(mechanism.saslName()), credentials, verified())
        .orElseThrow();
  }
}
