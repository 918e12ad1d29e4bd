package io.upgradeable.testkit;

import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import io.netty.util.NetUtil;
import io.upgradeable.tls.TlsIdentity;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPrivateKey;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import java.util.UUID;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.ASN1BitString;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.cert.CertIOException;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/**
 * A throw-away certificate authority and what it issues: good certificates, and each kind of bad
 * one that a client must refuse.
 *
 * <pre>{@code
 * Certificates certificates = Certificates.create();
 * TlsPolicy client = TlsPolicy.client().trust(certificates.authorities()).build();
 * TlsPolicy server =
 *     TlsPolicy.server().identity(certificates.server("localhost").identity()).build();
 * }</pre>
 *
 * <p>Immutable; each call issues a new key.
 */
public final class Certificates {

  private static final Duration DAY = Duration.ofDays(1);

  private final X509Bundle authority;

  private Certificates(X509Bundle authority) {
    this.authority = authority;
  }

  /**
   * A private key with the certificates that go with it.
   *
   * @param key the key
   * @param chain the leaf first, without the root
   */
  public record Issued(PrivateKey key, List<X509Certificate> chain) {

    /** Copies the list. */
    public Issued {
      chain = List.copyOf(chain);
    }

    /**
     * The same as an identity for a policy.
     *
     * @return the identity
     */
    public TlsIdentity identity() {
      return TlsIdentity.of(key, chain);
    }

    /**
     * Writes {@code NAME.crt}, the chain, and {@code NAME.key}, the key in PKCS#8, both PEM. An EC
     * key has its public half with it (RFC 5915): GnuTLS takes none without, and the JDK writes
     * none.
     *
     * @param directory an existing directory
     * @param name the files' name
     * @throws UncheckedIOException if a file cannot be written
     */
    public void writePem(Path directory, String name) {
      writeCertificates(directory.resolve(name + ".crt"), chain);
      write(directory.resolve(name + ".key"), pem("PRIVATE KEY", pkcs8()));
    }

    private byte[] pkcs8() {
      if (!(key instanceof ECPrivateKey ec)) {
        return key.getEncoded();
      }
      try {
        AlgorithmIdentifier algorithm =
            PrivateKeyInfo.getInstance(key.getEncoded()).getPrivateKeyAlgorithm();
        ASN1BitString publicHalf =
            SubjectPublicKeyInfo.getInstance(chain.get(0).getPublicKey().getEncoded())
                .getPublicKeyData();
        var both =
            new org.bouncycastle.asn1.sec.ECPrivateKey(
                ec.getParams().getOrder().bitLength(),
                ec.getS(),
                publicHalf,
                algorithm.getParameters());
        return new PrivateKeyInfo(algorithm, both).getEncoded();
      } catch (IOException e) {
        throw new IllegalStateException("no encoding", e);
      }
    }
  }

  /**
   * Makes an authority with an EC key and a name of its own, so that whoever trusts another one
   * finds this one unknown, and not its signatures wrong.
   *
   * @return the authority
   */
  public static Certificates create() {
    return create(CertificateBuilder.Algorithm.ecp256);
  }

  private static Certificates create(CertificateBuilder.Algorithm algorithm) {
    try {
      return new Certificates(
          valid()
              .algorithm(algorithm)
              .subject("CN=Upgradeable throw-away authority " + UUID.randomUUID())
              .setIsCertificateAuthority(true)
              .setKeyUsage(
                  true,
                  CertificateBuilder.KeyUsage.keyCertSign,
                  CertificateBuilder.KeyUsage.cRLSign)
              .buildSelfSigned());
    } catch (Exception e) {
      throw new IllegalStateException("no authority", e);
    }
  }

  /**
   * The authority's own certificate, for a policy to trust.
   *
   * @return one certificate
   */
  public List<X509Certificate> authorities() {
    return List.of(authority.getCertificate());
  }

  /**
   * A good server certificate.
   *
   * @param names DNS names and IP addresses that the certificate is for, at least one
   * @return the key and the chain
   */
  public Issued server(String... names) {
    return issue(named(valid().ecp256(), names));
  }

  /**
   * A good server certificate with an RSA key of 2048 bits.
   *
   * @param names DNS names and IP addresses that the certificate is for, at least one
   * @return the key and the chain
   */
  public Issued rsaServer(String... names) {
    return issue(named(valid().rsa2048(), names));
  }

  /**
   * A good client certificate.
   *
   * @param commonName who the client is
   * @return the key and the chain
   */
  public Issued client(String commonName) {
    return issue(valid().ecp256().subject("CN=" + commonName).addExtendedKeyUsageClientAuth());
  }

  /**
   * A server certificate whose time is over since yesterday.
   *
   * @param names what the certificate is for
   * @return the key and the chain
   */
  public Issued expired(String... names) {
    Instant now = Instant.now();
    return issue(
        named(valid().ecp256(), names)
            .notBefore(now.minus(DAY.multipliedBy(10)))
            .notAfter(now.minus(DAY)));
  }

  /**
   * A server certificate whose time begins tomorrow.
   *
   * @param names what the certificate is for
   * @return the key and the chain
   */
  public Issued notYetValid(String... names) {
    Instant now = Instant.now();
    return issue(
        named(valid().ecp256(), names)
            .notBefore(now.plus(DAY))
            .notAfter(now.plus(DAY.multipliedBy(10))));
  }

  /**
   * A server certificate with an RSA key of 1024 bits.
   *
   * @param names what the certificate is for
   * @return the key and the chain
   */
  public Issued weakKey(String... names) {
    return issue(named(valid().keyPair(rsa(1024)), names));
  }

  /**
   * A server certificate that has the name in its subject only, where nobody may look for it (RFC
   * 9525, 6.3).
   *
   * @param name the common name
   * @return the key and the chain
   */
  public Issued commonNameOnly(String name) {
    return issue(valid().ecp256().subject("CN=" + name).addExtendedKeyUsageServerAuth());
  }

  /**
   * A certificate of a client, with a server's name in it.
   *
   * @param names what the certificate is for
   * @return the key and the chain
   */
  public Issued wrongUsage(String... names) {
    return issue(sans(valid().ecp256(), names).addExtendedKeyUsageClientAuth());
  }

  /**
   * A server certificate that nobody issued but itself, its own authority, as {@code openssl req
   * -x509} makes it.
   *
   * @param names what the certificate is for
   * @return the key and the chain
   */
  public static Issued selfSigned(String... names) {
    try {
      X509Bundle bundle =
          named(valid().ecp256(), names).setIsCertificateAuthority(true).buildSelfSigned();
      return new Issued(bundle.getKeyPair().getPrivate(), List.of(bundle.getCertificate()));
    } catch (Exception e) {
      throw new IllegalStateException("no certificate", e);
    }
  }

  /**
   * A server certificate signed with SHA-1, by an authority of its own.
   *
   * @param name the DNS name that the certificate is for
   * @return the leaf and, as a second certificate, its authority for a policy to trust
   */
  public static Issued sha1(String name) {
    Certificates own = create(CertificateBuilder.Algorithm.rsa2048);
    X509Certificate issuer = own.authority.getCertificate();
    KeyPair keys = rsa(2048);
    Instant now = Instant.now();
    try {
      JcaX509v3CertificateBuilder builder =
          new JcaX509v3CertificateBuilder(
              issuer,
              BigInteger.valueOf(now.toEpochMilli()),
              Date.from(now.minus(DAY)),
              Date.from(now.plus(DAY)),
              new X500Principal("CN=throw-away"),
              keys.getPublic());
      builder.addExtension(
          Extension.subjectAlternativeName,
          false,
          new GeneralNames(new GeneralName(GeneralName.dNSName, name)));
      X509Certificate leaf =
          new JcaX509CertificateConverter()
              .getCertificate(
                  builder.build(
                      new JcaContentSignerBuilder("SHA1withRSA")
                          .build(own.authority.getKeyPair().getPrivate())));
      return new Issued(keys.getPrivate(), List.of(leaf, issuer));
    } catch (CertIOException | OperatorCreationException | GeneralSecurityException e) {
      throw new IllegalStateException("no certificate", e);
    }
  }

  /**
   * Writes {@code ca.crt}, the authority's certificate in PEM.
   *
   * @param directory an existing directory
   * @throws UncheckedIOException if the file cannot be written
   */
  public void writePem(Path directory) {
    writeCertificates(directory.resolve("ca.crt"), authorities());
  }

  private Issued issue(CertificateBuilder builder) {
    try {
      X509Bundle bundle = builder.buildIssuedBy(authority);
      return new Issued(bundle.getKeyPair().getPrivate(), List.of(bundle.getCertificate()));
    } catch (Exception e) {
      throw new IllegalStateException("no certificate", e);
    }
  }

  private static CertificateBuilder valid() {
    Instant now = Instant.now();
    return new CertificateBuilder()
        .notBefore(now.minus(DAY))
        .notAfter(now.plus(DAY.multipliedBy(30)));
  }

  private static CertificateBuilder named(CertificateBuilder builder, String... names) {
    return sans(builder, names).addExtendedKeyUsageServerAuth();
  }

  private static CertificateBuilder sans(CertificateBuilder builder, String... names) {
    if (names.length == 0) {
      throw new IllegalArgumentException("expected at least one name, got none");
    }
    // The subject names nobody on purpose: only the subjectAltName counts (RFC 9525, 6.3).
    CertificateBuilder named = builder.subject("CN=throw-away");
    for (String name : names) {
      named = isAddress(name) ? named.addSanIpAddress(address(name)) : named.addSanDnsName(name);
    }
    return named;
  }

  /** No DNS name has a colon, and none has only digits. */
  private static boolean isAddress(String name) {
    return name.indexOf(':') >= 0 || name.matches("[0-9.]+");
  }

  /** A literal only: nobody is asked what it may stand for. */
  private static InetAddress address(String text) {
    byte[] bytes = NetUtil.createByteArrayFromIpAddressString(text);
    if (bytes == null) {
      throw new IllegalArgumentException("expected an IP address, got '" + text + "'");
    }
    try {
      return InetAddress.getByAddress(bytes);
    } catch (UnknownHostException e) {
      throw new IllegalStateException("expected 4 or 16 bytes, got " + bytes.length, e);
    }
  }

  private static KeyPair rsa(int bits) {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
      generator.initialize(bits);
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("no RSA", e);
    }
  }

  private static void writeCertificates(Path file, List<X509Certificate> certificates) {
    List<String> blocks = new ArrayList<>();
    for (X509Certificate certificate : certificates) {
      try {
        blocks.add(pem("CERTIFICATE", certificate.getEncoded()));
      } catch (CertificateEncodingException e) {
        throw new IllegalStateException("no encoding", e);
      }
    }
    write(file, String.join("", blocks));
  }

  private static String pem(String kind, byte[] der) {
    String base64 = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
    return "-----BEGIN " + kind + "-----\n" + base64 + "\n-----END " + kind + "-----\n";
  }

  private static void write(Path file, String text) {
    try {
      Files.writeString(file, text, StandardCharsets.US_ASCII);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
