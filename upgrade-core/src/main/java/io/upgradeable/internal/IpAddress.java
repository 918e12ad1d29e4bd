package io.upgradeable.internal;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The bytes of an IP address from its text (RFC 791, RFC 4291 section 2.2). Unlike the JDK's own
 * reader this one can never fall back to asking a name server.
 */
public final class IpAddress {

  private static final int IPV6_GROUPS = 8;

  private IpAddress() {}

  /**
   * Reads an address.
   *
   * @param text the text, without brackets; a zone behind an IPv6 address is ignored
   * @return 4 or 16 bytes, or empty if the text is no address
   */
  public static Optional<byte[]> parse(String text) {
    if (text.indexOf(':') < 0) {
      return ipv4(text);
    }
    int zone = text.indexOf('%');
    return ipv6(zone < 0 ? text : text.substring(0, zone));
  }

  private static Optional<byte[]> ipv4(String text) {
    byte[] bytes = new byte[4];
    int at = 0;
    for (int i = 0; i < 4; i++) {
      int end = i < 3 ? text.indexOf('.', at) : text.length();
      int part = end < 0 ? -1 : ipv4Part(text, at, end);
      if (part < 0) {
        return Optional.empty();
      }
      bytes[i] = (byte) part;
      at = end + 1;
    }
    return Optional.of(bytes);
  }

  /** One to three decimal digits without leading zeros, which some read as octal; else -1. */
  private static int ipv4Part(String text, int start, int end) {
    int length = end - start;
    if (length < 1 || length > 3 || (length > 1 && text.charAt(start) == '0')) {
      return -1;
    }
    int value = 0;
    for (int i = start; i < end; i++) {
      char c = text.charAt(i);
      if (c < '0' || c > '9') {
        return -1;
      }
      value = value * 10 + (c - '0');
    }
    return value <= 255 ? value : -1;
  }

  private static Optional<byte[]> ipv6(String text) {
    List<String> halves = Arrays.asList(text.split("::", -1));
    if (halves.size() > 2) {
      return Optional.empty();
    }
    Optional<byte[]> head = groups(halves.get(0), halves.size() == 1);
    Optional<byte[]> tail =
        halves.size() == 1 ? Optional.of(new byte[0]) : groups(halves.get(1), true);
    if (head.isEmpty() || tail.isEmpty()) {
      return Optional.empty();
    }
    int given = head.get().length + tail.get().length;
    boolean complete = halves.size() == 1 ? given == 2 * IPV6_GROUPS : given < 2 * IPV6_GROUPS;
    if (!complete) {
      return Optional.empty();
    }
    byte[] bytes = Arrays.copyOf(head.get(), 2 * IPV6_GROUPS);
    System.arraycopy(tail.get(), 0, bytes, bytes.length - tail.get().length, tail.get().length);
    return Optional.of(bytes);
  }

  private static Optional<byte[]> groups(String text, boolean mayEndInIpv4) {
    if (text.isEmpty()) {
      return Optional.of(new byte[0]);
    }
    String[] parts = text.split(":", -1);
    if (parts.length > IPV6_GROUPS) {
      return Optional.empty();
    }
    byte[] bytes = new byte[2 * IPV6_GROUPS + 2];
    int length = 0;
    for (int i = 0; i < parts.length; i++) {
      int group = group(parts[i]);
      if (group >= 0) {
        bytes[length++] = (byte) (group >> 8);
        bytes[length++] = (byte) group;
        continue;
      }
      Optional<byte[]> last =
          mayEndInIpv4 && i == parts.length - 1 ? ipv4(parts[i]) : Optional.empty();
      if (last.isEmpty()) {
        return Optional.empty();
      }
      System.arraycopy(last.get(), 0, bytes, length, 4);
      length += 4;
    }
    return Optional.of(Arrays.copyOf(bytes, length));
  }

  /** One to four hexadecimal digits; negative for anything else. */
  private static int group(String text) {
    int group = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      int digit = c < 0x80 ? Character.digit(c, 16) : -1;
      if (digit < 0 || i == 4) {
        return -1;
      }
      group = group << 4 | digit;
    }
    return text.isEmpty() ? -1 : group;
  }
}
