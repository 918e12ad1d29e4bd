package io.upgradeable.cli;

import io.upgradeable.Endpoint;
import io.upgradeable.connect.ProxyHop;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;

/**
 * The environment's word on proxies: {@code HTTPS_PROXY} names one, {@code NO_PROXY} the targets
 * that are reached without it. Of the two spellings the one in lower case counts first, as
 * elsewhere.
 *
 * @param variables gives a variable's value, or null
 */
record ProxyEnvironment(Function<String, String> variables) {

  private static final String PROXY = "HTTPS_PROXY";
  private static final String EXCEPT = "NO_PROXY";

  private Optional<String> value(String name) {
    return Optional.ofNullable(variables.apply(name.toLowerCase(Locale.ROOT)))
        .or(() -> Optional.ofNullable(variables.apply(name)))
        .map(String::strip)
        .filter(text -> !text.isEmpty());
  }

  /**
   * The proxy.
   *
   * @return empty if the environment names none
   * @throws UsageException if its value is no proxy's URL
   */
  Optional<ProxyHop> proxy() {
    try {
      return value(PROXY)
          .map(text -> text.contains("://") ? text : "http://" + text)
          .map(ProxyHop::parse);
    } catch (IllegalArgumentException e) {
      throw new UsageException(PROXY + ": " + e.getMessage(), e);
    }
  }

  /** Whether a target is one of those that are reached without the proxy. */
  boolean excepts(Endpoint target) {
    for (String entry : value(EXCEPT).orElse("").split(",", -1)) {
      if (matches(entry.strip().toLowerCase(Locale.ROOT), target)) {
        return true;
      }
    }
    return false;
  }

  /** A name stands for all names below it as well, with or without a dot before it. */
  private static boolean matches(String entry, Endpoint target) {
    if (entry.equals("*")) {
      return true;
    }
    String name = entry.startsWith("*.") ? entry.substring(2) : entry;
    name = name.startsWith(".") ? name.substring(1) : name;
    Endpoint pattern;
    try {
      boolean bareIpv6 = !name.startsWith("[") && name.indexOf(':') != name.lastIndexOf(':');
      pattern = Endpoint.parse(bareIpv6 ? "[" + name + "]" : name, target.port());
    } catch (IllegalArgumentException neitherNameNorAddress) {
      return false; // Others leave such an entry alone, too.
    }
    boolean below = !target.isAddress() && target.host().endsWith("." + pattern.host());
    return pattern.port() == target.port() && (below || target.host().equals(pattern.host()));
  }
}
