package io.upgradeable.tls;

import io.upgradeable.internal.IpAddress;
import java.net.IDN;
import java.util.Locale;
import java.util.Optional;

/**
 * The name that a certificate must carry, in the one form in which names are compared: lower case,
 * A-labels, no dot at the end; or the bytes of an address.
 */
final class PeerName {

  // RFC 1035, section 2.3.4: 255 octets on the wire are 253 characters of text.
  private static final int MAX_LENGTH = 253;
  private static final int MAX_LABEL = 63;

  private final String text;
  private final Optional<byte[]> address;

  private PeerName(String text, Optional<byte[]> address) {
    this.text = text;
    this.address = address;
  }

  /** The name, or an error for whoever configured it. */
  static PeerName require(String text) {
    return parse(text)
        .orElseThrow(
            () ->
                new InvalidTlsConfigurationException(
                    "the name to verify is '%s', expected a DNS name or an IP address"
                        .formatted(Printable.of(text))));
  }

  /** The name, or empty if the text is neither a DNS name nor an address. */
  static Optional<PeerName> parse(String text) {
    String plain =
        text.startsWith("[") && text.endsWith("]") ? text.substring(1, text.length() - 1) : text;
    Optional<byte[]> address = IpAddress.parse(plain);
    if (address.isPresent()) {
      return Optional.of(new PeerName(plain.toLowerCase(Locale.ROOT), address));
    }
    return ascii(text)
        .map(PeerName::withoutFinalDot)
        .filter(PeerName::isDnsName)
        .map(name -> new PeerName(name, Optional.empty()));
  }

  private static Optional<String> ascii(String text) {
    try {
      return Optional.of(IDN.toASCII(text, IDN.ALLOW_UNASSIGNED).toLowerCase(Locale.ROOT));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  static String withoutFinalDot(String name) {
    return name.endsWith(".") ? name.substring(0, name.length() - 1) : name;
  }

  private static boolean isDnsName(String name) {
    if (name.isEmpty() || name.length() > MAX_LENGTH) {
      return false;
    }
    int label = 0; // its length so far
    boolean digits = true;
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      if (c == '.') {
        if (label == 0) {
          return false;
        }
        label = 0;
        digits = true;
        continue;
      }
      boolean digit = c >= '0' && c <= '9';
      // The underscore is no letter of host names but is found in real ones.
      if (!(digit || (c >= 'a' && c <= 'z') || c == '-' || c == '_') || ++label > MAX_LABEL) {
        return false;
      }
      digits &= digit;
    }
    // 127.1 or 1.2.3.4.5 is a botched address, never a name (RFC 1123, section 2.1).
    return label > 0 && !digits;
  }

  /** Whether this is an address, which only an iPAddress can match. */
  boolean isAddress() {
    return address.isPresent();
  }

  /** The address's 4 or 16 bytes, if this is one. */
  Optional<byte[]> address() {
    return address;
  }

  @Override
  public String toString() {
    return text;
  }
}
