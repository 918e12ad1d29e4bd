package io.upgradeable.tls;

import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.security.spec.AlgorithmParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** Throw-away certificates, good ones by Netty's builder and bad ones by hand. */
final class Pki {

  static final BouncyCastleProvider BC = new BouncyCastleProvider();

  private static BigInteger nextSerial = BigInteger.ONE;

  private Pki() {}

  /** A certificate with its chain and key. */
  record Issued(KeyPair keys, List<X509Certificate> chain) {
    X509Certificate leaf() {
      return chain.get(0);
    }

    TlsIdentity identity() {
      return TlsIdentity.of(keys.getPrivate(), chain);
    }
  }

  static CertificateBuilder certificate(String commonName) {
    return new CertificateBuilder()
        .ecp256()
        .subject("CN=" + commonName)
        .notBefore(Instant.now().minus(Duration.ofDays(1)))
        .notAfter(Instant.now().plus(Duration.ofDays(1)));
  }

  static X509Bundle authority(String commonName) throws Exception {
    return certificate(commonName).setIsCertificateAuthority(true).buildSelfSigned();
  }

  static CertificateBuilder server(String... dnsNames) {
    CertificateBuilder builder = certificate("server").addExtendedKeyUsageServerAuth();
    for (String name : dnsNames) {
      builder.addSanDnsName(name);
    }
    return builder;
  }

  static Issued issued(X509Bundle bundle) {
    return new Issued(bundle.getKeyPair(), bundle.getCertificatePathList());
  }

  static Issued issued(X509Bundle authority, CertificateBuilder builder) throws Exception {
    return issued(builder.buildIssuedBy(authority));
  }

  static KeyPair keys(String algorithm, int size) throws GeneralSecurityException {
    KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm);
    generator.initialize(size);
    return generator.generateKeyPair();
  }

  static KeyPair keys(String algorithm, AlgorithmParameterSpec parameters)
      throws GeneralSecurityException {
    KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm, BC);
    generator.initialize(parameters);
    return generator.generateKeyPair();
  }

  /** A certificate with any key, signed by any algorithm: what no sound builder makes. */
  static X509Certificate sign(
      PublicKey subjectKey,
      String subject,
      String issuer,
      PrivateKey issuerKey,
      String algorithm,
      boolean authority,
      GeneralName... names)
      throws Exception {
    nextSerial = nextSerial.add(BigInteger.ONE);
    X509v3CertificateBuilder builder =
        new JcaX509v3CertificateBuilder(
            new X500Name("CN=" + issuer),
            nextSerial,
            Date.from(Instant.now().minus(Duration.ofDays(1))),
            Date.from(Instant.now().plus(Duration.ofDays(1))),
            new X500Name("CN=" + subject),
            subjectKey);
    builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(authority));
    if (names.length > 0) {
      builder.addExtension(Extension.subjectAlternativeName, false, new GeneralNames(names));
    }
    ContentSigner signer = new JcaContentSignerBuilder(algorithm).setProvider(BC).build(issuerKey);
    return new JcaX509CertificateConverter().getCertificate(builder.build(signer));
  }

  static GeneralName dns(String name) {
    return new GeneralName(GeneralName.dNSName, name);
  }

  /** A self-signed certificate with names that no sound builder takes. */
  static X509Certificate named(GeneralName... names) {
    try {
      KeyPair keys = keys("EC", 256);
      return sign(
          keys.getPublic(), "server", "server", keys.getPrivate(), "SHA256withECDSA", false, names);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  static String pem(String label, byte[] der) {
    return "-----BEGIN "
        + label
        + "-----\n"
        + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der)
        + "\n-----END "
        + label
        + "-----\n";
  }

  static String pem(X509Certificate... certificates) {
    StringBuilder text = new StringBuilder();
    for (X509Certificate certificate : certificates) {
      try {
        text.append(pem("CERTIFICATE", certificate.getEncoded()));
      } catch (CertificateEncodingException e) {
        throw new IllegalStateException(e);
      }
    }
    return text.toString();
  }

  static String pem(List<X509Certificate> certificates) {
    return pem(certificates.toArray(X509Certificate[]::new));
  }

  static String pem(PrivateKey key) {
    return pem("PRIVATE KEY", key.getEncoded());
  }

  static Path write(Path file, String... text) throws IOException {
    return Files.write(file, String.join("", text).getBytes(StandardCharsets.ISO_8859_1));
  }

  /** Whether the message is one line without any piece of the secret text, however it is cut. */
  static void assertTellsNothing(String message, String secretText) {
    if (message.contains("\n")) {
      throw new AssertionError("more than one line: " + message);
    }
    List<String> lines =
        Arrays.stream(secretText.split("\n")).filter(it -> !it.startsWith("-----")).toList();
    for (String line : lines) {
      for (int i = 0; i + 8 <= line.length(); i += 4) {
        if (message.contains(line.substring(i, i + 8))) {
          throw new AssertionError("quotes the secret: " + message);
        }
      }
    }
  }
}
