package io.upgradeable;

import io.upgradeable.internal.IpAddress;

/** Tells IP addresses from names by their text alone: nothing is ever looked up here. */
final class Addresses {

  private Addresses() {}

  static boolean isAddress(String host) {
    return IpAddress.parse(host).isPresent();
  }

  /** A host whose last label is all digits can only be an IPv4 address, and then all four parts. */
  static String requireNameOrIpv4(String host) {
    String last = host.substring(host.lastIndexOf('.') + 1);
    boolean numeric = !last.isEmpty() && last.chars().allMatch(c -> c >= '0' && c <= '9');
    if (numeric && !isAddress(host)) {
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
    if (!isAddress(address)) {
      throw new IllegalArgumentException("expected an IPv6 address, got '" + host + "'");
    }
    return host;
  }
}
