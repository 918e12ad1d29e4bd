package io.upgradeable.connect;

import io.upgradeable.Endpoint;
import java.net.InetAddress;
import java.util.List;
import java.util.Set;

/**
 * Where tunnels may lead. Nothing is allowed unless a rule says so, and what counts is the address
 * that is dialled: whoever owns a name decides what it means, and may change his mind between two
 * look-ups.
 */
record TargetRules(List<TargetRule> rules, Set<Integer> publicPorts) {

  TargetRules {
    rules = List.copyOf(rules);
    publicPorts = Set.copyOf(publicPorts);
  }

  /** Whether there is any address by which this target could be allowed; else nothing is asked. */
  boolean mayAllow(Endpoint target) {
    return allowsName(target)
        || rules.stream().anyMatch(rule -> rule.isOfAddresses() && rule.matchesPort(target.port()));
  }

  boolean allows(Endpoint target, InetAddress address) {
    boolean named = rules.stream().anyMatch(rule -> rule.matchesAddress(address, target.port()));
    // An IPv4 address written as one of IPv6 is somebody's attempt to look like something else.
    boolean mapped = target.host().indexOf(':') >= 0 && address.getAddress().length == 4;
    return named || (!mapped && AddressKind.isPublic(address) && allowsName(target));
  }

  private boolean allowsName(Endpoint target) {
    return publicPorts.contains(target.port())
        || rules.stream().anyMatch(rule -> rule.matchesName(target));
  }
}
