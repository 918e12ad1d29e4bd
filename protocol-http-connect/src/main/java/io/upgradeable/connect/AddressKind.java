package io.upgradeable.connect;

import io.upgradeable.Endpoint;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.List;

/**
 * Tells public addresses from those that lead somewhere else than they seem to: into this machine,
 * its networks, or through a translator to either (the special-purpose registries of IANA, RFC
 * 6890).
 */
final class AddressKind {

  /** Networks that nobody reaches through a proxy by accident. */
  private static final List<Network> SPECIAL =
      List.of(
          Network.of("0.0.0.0/8"), // "this network", RFC 791
          Network.of("10.0.0.0/8"), // private, RFC 1918
          Network.of("100.64.0.0/10"), // behind a carrier's translator, RFC 6598
          Network.of("127.0.0.0/8"), // loopback, RFC 1122
          Network.of("169.254.0.0/16"), // link-local, RFC 3927: metadata services live here
          Network.of("172.16.0.0/12"), // private, RFC 1918
          Network.of("192.0.0.0/24"), // protocol assignments, RFC 6890
          Network.of("192.0.2.0/24"), // documentation, RFC 5737
          Network.of("192.31.196.0/24"), // AS112, RFC 7535
          Network.of("192.52.193.0/24"), // AMT, RFC 7450
          Network.of("192.88.99.0/24"), // 6to4 relays, RFC 7526
          Network.of("192.168.0.0/16"), // private, RFC 1918
          Network.of("192.175.48.0/24"), // AS112, RFC 7534
          Network.of("198.18.0.0/15"), // benchmarks, RFC 2544
          Network.of("198.51.100.0/24"), // documentation, RFC 5737
          Network.of("203.0.113.0/24"), // documentation, RFC 5737
          Network.of("224.0.0.0/4"), // multicast, RFC 5771
          Network.of("240.0.0.0/4")); // reserved and broadcast, RFC 1112

  /**
   * All that is handed out as global unicast (RFC 4291, 2.4); the rest of IPv6 is something else.
   */
  private static final Network GLOBAL = Network.of("2000::/3");

  private static final List<Network> SPECIAL_IPV6 =
      List.of(
          Network.of("2001::/23"), // protocol assignments, Teredo (RFC 4380) and ORCHID among them
          Network.of("2001:db8::/32"), // documentation, RFC 3849
          Network.of("2002::/16"), // 6to4, RFC 3056
          Network.of("2620:4f:8000::/48"), // AS112, RFC 7534
          Network.of("3fff::/20")); // documentation, RFC 9637

  private AddressKind() {}

  static boolean isPublic(InetAddress address) {
    byte[] bytes = address.getAddress();
    if (bytes.length == 4) {
      return SPECIAL.stream().noneMatch(network -> network.contains(bytes));
    }
    // Mapped (::ffff:0:0/96), compatible, NAT64 (64:ff9b::/96), local, link-local: none is global.
    return GLOBAL.contains(bytes)
        && SPECIAL_IPV6.stream().noneMatch(network -> network.contains(bytes));
  }

  /** A network in CIDR notation. */
  record Network(byte[] base, int bits) {

    static Network of(String text) {
      int slash = text.indexOf('/');
      byte[] base = AddressBytes.bytes(Endpoint.of(slash < 0 ? text : text.substring(0, slash), 0));
      int all = base.length * 8;
      int bits = all;
      if (slash >= 0) {
        String digits = text.substring(slash + 1);
        if (!digits.matches("[0-9]{1,3}") || Integer.parseInt(digits) > all) {
          throw new IllegalArgumentException("expected a prefix length behind the / of a network");
        }
        bits = Integer.parseInt(digits);
      }
      return new Network(base, bits);
    }

    boolean contains(byte[] address) {
      if (address.length != base.length) {
        return false;
      }
      int whole = bits / 8;
      if (!Arrays.equals(address, 0, whole, base, 0, whole)) {
        return false;
      }
      int rest = bits % 8;
      return rest == 0 || ((address[whole] ^ base[whole]) & 0xff) >> (8 - rest) == 0;
    }
  }
}
