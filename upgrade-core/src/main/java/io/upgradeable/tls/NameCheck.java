package io.upgradeable.tls;

import io.upgradeable.internal.IpAddress;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Whether a certificate is for a name, by RFC 9525: only the subjectAltName counts and never the
 * subject's CN; a wildcard is a whole left-most label; an address is matched by an iPAddress alone.
 *
 * <p>Stricter than the JDK, which falls back to the CN and takes {@code *.test} and {@code
 * ma*l.example.test}. Stricter than the RFC in one point: a wildcard needs two labels behind it.
 */
final class NameCheck {

  // GeneralName's tags as X509Certificate reports them (RFC 5280, section 4.2.1.6).
  private static final int DNS_NAME = 2;
  private static final int IP_ADDRESS = 7;

  private static final int MAX_NAMES_SHOWN = 4;
  private static final int MIN_LABELS_BEHIND_WILDCARD = 2;

  private NameCheck() {}

  /** What is wrong, in one line, or empty if the certificate is for the name. */
  static Optional<String> problem(X509Certificate certificate, PeerName expected) {
    List<String> dnsNames;
    List<String> addresses;
    try {
      dnsNames = alternativeNames(certificate, DNS_NAME);
      addresses = alternativeNames(certificate, IP_ADDRESS);
    } catch (CertificateParsingException e) {
      return Optional.of("the certificate's subjectAltName is malformed, not for " + expected);
    }
    boolean matches =
        expected
            .address()
            .map(address -> addresses.stream().anyMatch(it -> isAddress(it, address)))
            .orElseGet(() -> dnsNames.stream().anyMatch(it -> isName(it, expected.toString())));
    if (matches) {
      return Optional.empty();
    }
    List<String> all = new ArrayList<>(dnsNames);
    all.addAll(addresses);
    return Optional.of(mismatch(certificate, all, expected));
  }

  private static List<String> alternativeNames(X509Certificate certificate, int type)
      throws CertificateParsingException {
    Collection<List<?>> names = certificate.getSubjectAlternativeNames();
    if (names == null) {
      return List.of();
    }
    List<String> found = new ArrayList<>();
    for (List<?> name : names) {
      if (name.get(0) instanceof Integer tag && tag == type && name.get(1) instanceof String text) {
        found.add(text);
      }
    }
    return found;
  }

  private static boolean isAddress(String presented, byte[] expected) {
    return IpAddress.parse(presented).filter(it -> Arrays.equals(it, expected)).isPresent();
  }

  private static boolean isName(String presented, String expected) {
    String pattern = PeerName.withoutFinalDot(presented).toLowerCase(Locale.ROOT);
    if (!pattern.contains("*")) {
      return pattern.equals(expected);
    }
    String behind = pattern.substring(1);
    boolean wellFormed =
        pattern.startsWith("*.")
            && !behind.contains("*")
            && behind.substring(1).split("\\.", -1).length >= MIN_LABELS_BEHIND_WILDCARD;
    int firstDot = expected.indexOf('.');
    return wellFormed && firstDot > 0 && expected.substring(firstDot).equals(behind);
  }

  private static String mismatch(
      X509Certificate certificate, List<String> names, PeerName expected) {
    if (names.isEmpty()) {
      return "the certificate %s names no host in its subjectAltName, expected %s"
          .formatted(Printable.subject(certificate), expected);
    }
    List<String> shown = names.stream().limit(MAX_NAMES_SHOWN).map(Printable::of).toList();
    String more =
        names.size() > shown.size() ? " and %d more".formatted(names.size() - shown.size()) : "";
    return "the certificate is for %s%s, not for %s"
        .formatted(String.join(", ", shown), more, expected);
  }
}
