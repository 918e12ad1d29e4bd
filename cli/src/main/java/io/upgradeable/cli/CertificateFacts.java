package io.upgradeable.cli;

import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;

/**
 * What a certificate says of itself, printable.
 *
 * @param subject the subject's distinguished name, perhaps empty
 * @param issuer the issuer's distinguished name
 * @param names the DNS names, addresses and other names that it is for
 * @param notBefore when it begins to be valid
 * @param notAfter when it ends to be valid
 * @param daysLeft whole days until then; negative if it is over
 * @param sha256 the SHA-256 of the certificate in hexadecimal
 * @param pin the SHA-256 of its public key, as {@code --pin} takes it
 * @param pem the certificate itself
 */
record CertificateFacts(
    String subject,
    String issuer,
    List<String> names,
    Instant notBefore,
    Instant notAfter,
    long daysLeft,
    String sha256,
    String pin,
    String pem) {

  static CertificateFacts of(X509Certificate certificate) {
    Instant notAfter = certificate.getNotAfter().toInstant();
    byte[] der = encoded(certificate);
    return new CertificateFacts(
        Printable.line(certificate.getSubjectX500Principal().getName()),
        Printable.line(certificate.getIssuerX500Principal().getName()),
        names(certificate),
        certificate.getNotBefore().toInstant(),
        notAfter,
        Math.floorDiv(Duration.between(Instant.now(), notAfter).toSeconds(), 86_400),
        HexFormat.of().formatHex(sha256(der)),
        "sha256//"
            + Base64.getEncoder().encodeToString(sha256(certificate.getPublicKey().getEncoded())),
        pem(der));
  }

  private static List<String> names(X509Certificate certificate) {
    List<String> names = new ArrayList<>();
    try {
      Collection<List<?>> alternatives = certificate.getSubjectAlternativeNames();
      if (alternatives != null) {
        for (List<?> alternative : alternatives) {
          if (alternative.get(1) instanceof String text) {
            names.add(Printable.line(compressed(text)));
          }
        }
      }
    } catch (CertificateParsingException e) {
      names.add("(unreadable)");
    }
    return List.copyOf(names);
  }

  /** An IPv6 address in its short form (RFC 5952), and every other name as it is. */
  private static String compressed(String name) {
    byte[] address =
        name.indexOf(':') < 0 ? null : NetUtil.createByteArrayFromIpAddressString(name);
    try {
      return address == null ? name : NetUtil.toAddressString(InetAddress.getByAddress(address));
    } catch (UnknownHostException e) {
      return name;
    }
  }

  private static byte[] encoded(X509Certificate certificate) {
    try {
      return certificate.getEncoded();
    } catch (CertificateEncodingException e) {
      throw new IllegalStateException("a certificate that was parsed has its bytes", e);
    }
  }

  private static byte[] sha256(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  private static String pem(byte[] der) {
    String base64 = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
    return "-----BEGIN CERTIFICATE-----\n" + base64 + "\n-----END CERTIFICATE-----\n";
  }

  /** How much time is left, in words. */
  String timeLeft() {
    long hours = Duration.between(Instant.now(), notAfter).toHours();
    if (daysLeft < 0) {
      return "expired";
    } else if (daysLeft == 0) {
      return hours == 1 ? "1 hour left" : hours + " hours left";
    }
    return daysLeft == 1 ? "1 day left" : daysLeft + " days left";
  }
}
