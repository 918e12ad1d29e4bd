package io.upgradeable.connect;

import io.upgradeable.Endpoint;
import java.net.InetAddress;
import java.util.Locale;
import java.util.Optional;

/**
 * One rule of who may be reached: {@code HOST:PORT}, where the host is a name, {@code
 * *.example.net} (any name below), {@code *} (any public host), an address or a network in CIDR
 * notation, and the port a number or {@code *}. Only a rule with an address or a network reaches
 * one that is not public.
 */
final class TargetRule {

  private static final String FORM =
      "expected HOST:PORT with a name, *.NAME, *, an address or a network, and a number or *";

  private final String name;
  private final Optional<AddressKind.Network> network;
  private final int port;

  private TargetRule(String name, Optional<AddressKind.Network> network, int port) {
    this.name = name;
    this.network = network;
    this.port = port;
  }

  static TargetRule parse(String text) {
    int colon = text.lastIndexOf(':');
    if (colon < 1) {
      throw new IllegalArgumentException(FORM + ", got '" + text + "'");
    }
    String host = text.substring(0, colon);
    int port = port(text.substring(colon + 1), text);
    if (host.startsWith("[") && host.endsWith("]")) {
      host = host.substring(1, host.length() - 1);
    }
    if (host.equals("*")) {
      return new TargetRule("*", Optional.empty(), port);
    }
    if (host.indexOf('/') >= 0 || isAddress(host)) {
      return new TargetRule("", Optional.of(AddressKind.Network.of(host)), port);
    }
    boolean below = host.startsWith("*.");
    String base = new Endpoint(below ? host.substring(2) : host, 0).host();
    if (base.indexOf('*') >= 0) {
      throw new IllegalArgumentException(FORM + ", got '" + text + "'");
    }
    return new TargetRule(below ? "*." + base : base, Optional.empty(), port);
  }

  private static boolean isAddress(String host) {
    try {
      return new Endpoint(host, 0).isAddress();
    } catch (IllegalArgumentException other) {
      return false;
    }
  }

  private static int port(String text, String rule) {
    if (text.equals("*")) {
      return 0;
    }
    if (!text.matches("[0-9]{1,5}")) {
      throw new IllegalArgumentException(FORM + ", got '" + rule + "'");
    }
    int port = Integer.parseInt(text);
    if (port < 1 || port > 65_535) {
      throw new IllegalArgumentException(FORM + ", got '" + rule + "'");
    }
    return port;
  }

  boolean matchesPort(int other) {
    return port == 0 || port == other;
  }

  /** Whether the rule is about addresses and not about names. */
  boolean isOfAddresses() {
    return network.isPresent();
  }

  /** Whether the rule allows this name, and with it its public addresses. */
  boolean matchesName(Endpoint target) {
    if (network.isPresent() || !matchesPort(target.port())) {
      return false;
    }
    String host = target.host().toLowerCase(Locale.ROOT);
    String plain = host.endsWith(".") ? host.substring(0, host.length() - 1) : host;
    if (name.equals("*")) {
      return true;
    }
    return name.startsWith("*.")
        ? plain.endsWith(name.substring(1)) && !target.isAddress()
        : plain.equals(name);
  }

  /** Whether the rule names this address, public or not. */
  boolean matchesAddress(InetAddress address, int targetPort) {
    return matchesPort(targetPort)
        && network.filter(n -> n.contains(address.getAddress())).isPresent();
  }
}
