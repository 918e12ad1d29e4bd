package io.upgradeable.tls;

import java.security.cert.X509Certificate;

/** Makes text from a certificate, which a stranger wrote, fit for one line of a message. */
final class Printable {

  private static final int MAX_LENGTH = 200;

  private Printable() {}

  /** The text with '?' for everything that is not visible ASCII, cut at a sensible length. */
  static String of(String text) {
    StringBuilder line = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      if (line.length() == MAX_LENGTH) {
        return line.append("...").toString();
      }
      char c = text.charAt(i);
      line.append(c >= ' ' && c <= '~' ? c : '?');
    }
    return line.toString();
  }

  /** The subject in quotes, or words for an empty one. */
  static String subject(X509Certificate certificate) {
    return name(certificate.getSubjectX500Principal().getName());
  }

  /** The issuer in quotes, or words for an empty one. */
  static String issuer(X509Certificate certificate) {
    return name(certificate.getIssuerX500Principal().getName());
  }

  private static String name(String name) {
    return name.isEmpty() ? "(no subject)" : "'" + of(name) + "'";
  }
}
