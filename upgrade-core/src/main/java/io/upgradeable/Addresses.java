package io.upgradeable;

/** Tells IP addresses from names by their text alone: nothing is ever looked up here. */
final class Addresses {

  private Addresses() {}

  static boolean isAddress(String host) {
    return host.indexOf(':') >= 0 || isIpv4(host);
  }

  /** A host whose last label is all digits can only be an IPv4 address, and then all four parts. */
  static String requireNameOrIpv4(String host) {
    String last = host.substring(host.lastIndexOf('.') + 1);
    boolean numeric = !last.isEmpty() && last.chars().allMatch(c -> c >= '0' && c <= '9');
    if (numeric && !isIpv4(host)) {
      throw new IllegalArgumentException(
          "expected a host name or an IPv4 address of four numbers, got '" + host + "'");
    }
    return host;
  }

  static String requireIpv6(String host) {
    String address = host;
    int zone = host.indexOf('%');
    if (zone >= 0) {
      address = host.substring(0, zone);
      if (!host.substring(zone + 1).matches("[A-Za-z0-9._-]{1,32}")) {
        throw new IllegalArgumentException("expected an IPv6 zone after %, got '" + host + "'");
      }
    }
    if (!isIpv6(address)) {
      throw new IllegalArgumentException("expected an IPv6 address, got '" + host + "'");
    }
    return host;
  }

  private static boolean isIpv4(String text) {
    String[] parts = text.split("\\.", -1);
    if (parts.length != 4) {
      return false;
    }
    for (String part : parts) {
      boolean ok = part.matches("0|[1-9][0-9]{0,2}") && Integer.parseInt(part) <= 255;
      if (!ok) {
        return false;
      }
    }
    return true;
  }

  private static boolean isIpv6(String text) {
    int gap = text.indexOf("::");
    if (gap >= 0 && text.indexOf("::", gap + 1) >= 0) {
      return false;
    }
    int groups = 0;
    String[] halves =
        gap >= 0
            ? new String[] {text.substring(0, gap), text.substring(gap + 2)}
            : new String[] {text};
    for (int half = 0; half < halves.length; half++) {
      if (halves[half].isEmpty()) {
        continue;
      }
      String[] parts = halves[half].split(":", -1);
      for (int i = 0; i < parts.length; i++) {
        boolean last = half == halves.length - 1 && i == parts.length - 1;
        if (last && isIpv4(parts[i])) {
          groups += 2;
        } else if (parts[i].matches("[0-9a-fA-F]{1,4}")) {
          groups++;
        } else {
          return false;
        }
      }
    }
    return gap >= 0 ? groups < 8 : groups == 8 && halves.length == 1;
  }
}
