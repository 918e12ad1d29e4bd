package io.upgradeable.cli;

import io.upgradeable.tls.TlsIdentity;
import java.io.ByteArrayInputStream;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;

/**
 * Makes a self-signed certificate (RFC 5280) for a server that whoever is given it trusts, and
 * nobody else. Its key is on P-256 and leaves the process nowhere.
 *
 * <p>Written by hand because the libraries that do it take a quarter of a second to load, and a
 * newcomer's first command waits for it.
 */
final class ThrowAwayCertificate {

  /** What a server on this machine can be called by a client on this machine. */
  static final List<String> LOCAL_NAMES = List.of("localhost", "127.0.0.1", "::1");

  /** For clocks that disagree. */
  private static final Duration EARLIER = Duration.ofHours(1);

  /** RFC 5280, section 4.1.2.2, allows 20 bytes; 16 random ones are never met again. */
  private static final int SERIAL_BITS = 127;

  private static final String ECDSA_WITH_SHA256 = "1.2.840.10045.4.3.2";
  private static final String COMMON_NAME = "2.5.4.3";
  private static final String KEY_USAGE = "2.5.29.15";
  private static final String SUBJECT_ALTERNATIVE_NAME = "2.5.29.17";
  private static final String BASIC_CONSTRAINTS = "2.5.29.19";
  private static final String EXTENDED_KEY_USAGE = "2.5.29.37";
  private static final String SERVER_AUTHENTICATION = "1.3.6.1.5.5.7.3.1";
  private static final int VERSION_3 = 2;
  private static final int DNS_NAME = 2;
  private static final int IP_ADDRESS = 7;
  private static final byte DIGITAL_SIGNATURE = (byte) 0x80;

  private ThrowAwayCertificate() {}

  /**
   * Makes a key and its certificate.
   *
   * @param names DNS names and IP addresses that it is for
   * @param validity how long, from now
   * @return the identity
   */
  static TlsIdentity create(Collection<String> names, Duration validity) {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"));
      KeyPair keys = generator.generateKeyPair();
      byte[] content = content(names, validity, keys.getPublic().getEncoded());
      byte[] certificate =
          Der.sequence(
              content, algorithm(), Der.bitString(0, signature(content, keys.getPrivate())));
      return TlsIdentity.of(keys.getPrivate(), List.of(parsed(certificate)));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has P-256 and X.509", e);
    }
  }

  private static byte[] content(Collection<String> names, Duration validity, byte[] publicKey) {
    Instant now = Instant.now();
    return Der.sequence(
        Der.explicit(0, Der.integer(BigInteger.valueOf(VERSION_3))),
        Der.integer(new BigInteger(SERIAL_BITS, new SecureRandom()).setBit(0)),
        algorithm(),
        name(),
        Der.sequence(Der.time(now.minus(EARLIER)), Der.time(now.plus(validity))),
        name(),
        publicKey,
        Der.explicit(
            3,
            Der.sequence(
                critical(BASIC_CONSTRAINTS, Der.sequence()), // no authority: it signs no other
                critical(KEY_USAGE, Der.bitString(7, new byte[] {DIGITAL_SIGNATURE})),
                extension(EXTENDED_KEY_USAGE, Der.sequence(Der.oid(SERVER_AUTHENTICATION))),
                extension(SUBJECT_ALTERNATIVE_NAME, alternativeNames(names)))));
  }

  private static byte[] algorithm() {
    return Der.sequence(Der.oid(ECDSA_WITH_SHA256));
  }

  private static byte[] name() {
    byte[] commonName =
        Der.sequence(Der.oid(COMMON_NAME), Der.utf8("upgrade-cli throw-away certificate"));
    return Der.sequence(Der.set(commonName));
  }

  private static byte[] extension(String oid, byte[] value) {
    return Der.sequence(Der.oid(oid), Der.octetString(value));
  }

  private static byte[] critical(String oid, byte[] value) {
    return Der.sequence(Der.oid(oid), Der.yes(), Der.octetString(value));
  }

  private static byte[] alternativeNames(Collection<String> names) {
    return Der.sequence(
        names.stream().map(ThrowAwayCertificate::generalName).toArray(byte[][]::new));
  }

  private static byte[] generalName(String name) {
    boolean address = name.indexOf(':') >= 0 || name.matches("[0-9.]+");
    return address
        ? Der.implicit(IP_ADDRESS, addressBytes(name))
        : Der.implicit(DNS_NAME, name.getBytes(StandardCharsets.US_ASCII));
  }

  private static byte[] addressBytes(String literal) {
    try {
      return InetAddress.getByName(literal).getAddress(); // a literal is not looked up
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException("expected an IP address, got '" + literal + "'", e);
    }
  }

  private static byte[] signature(byte[] content, PrivateKey key) throws GeneralSecurityException {
    Signature signature = Signature.getInstance("SHA256withECDSA");
    signature.initSign(key);
    signature.update(content);
    return signature.sign();
  }

  private static X509Certificate parsed(byte[] der) throws GeneralSecurityException {
    return (X509Certificate)
        CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(der));
  }
}
