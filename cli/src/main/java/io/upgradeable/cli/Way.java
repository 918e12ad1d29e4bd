package io.upgradeable.cli;

import io.upgradeable.Endpoint;
import io.upgradeable.Layer;
import io.upgradeable.LayerStack;
import io.upgradeable.UpgradeException.PeerRefused;
import io.upgradeable.connect.ProxyHop;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * How a target is reached: straight, or through proxies. It tells what is said to a proxy from what
 * is said to the target, by the chain line of the layer that says it.
 */
final class Way {

  /** RFC 9110, 15.6: the target's gateway failed, is overloaded, or took too long. */
  private static final Set<String> HTTP_UNREACHABLE = Set.of("502", "503", "504");

  /** RFC 1928, 6: all but "not allowed" and what the proxy does not know. */
  private static final Set<String> SOCKS5_UNREACHABLE = Set.of("1", "3", "4", "5", "6");

  /** What a proxy is asked last; a refusal of the user or of all methods comes before. */
  private static final String SOCKS5_ANSWER = "the proxy's answer to CONNECT";

  /** Rejected or failed. */
  private static final String SOCKS4_FAILED = "91";

  /**
   * One proxy.
   *
   * @param proxy the proxy
   * @param tlsPath the chain line up to the TLS with it, if it speaks TLS
   * @param tunnelPath the chain line up to its tunnel
   */
  record Hop(ProxyHop proxy, Optional<String> tlsPath, String tunnelPath) {

    /** The tunnel's part of the chain line. */
    String tunnel() {
      return tunnelPath.substring(tunnelPath.lastIndexOf(" > ") + 3);
    }
  }

  private final LayerStack stack;
  private final List<Hop> hops = new ArrayList<>();

  Way(List<ProxyHop> via, Endpoint target) {
    stack = ProxyHop.stack(via, target);
    LayerStack part = LayerStack.tcp(stack.endpoint());
    Optional<String> tls = Optional.empty();
    for (Layer<?> layer : stack.layers()) {
      part = part.then(layer);
      if (layer.isTunnel()) {
        hops.add(new Hop(via.get(hops.size()), tls, part.toString()));
        tls = Optional.empty();
      } else {
        tls = Optional.of(part.toString());
      }
    }
  }

  /** From TCP to the last tunnel, with these times. */
  LayerStack stack(TimeOptions times) {
    LayerStack limited = LayerStack.tcp(stack.endpoint());
    for (Layer<?> layer : stack.layers()) {
      limited = limited.then(times.limit(layer));
    }
    return limited;
  }

  /** The proxies, the nearest first. */
  List<Hop> hops() {
    return List.copyOf(hops);
  }

  /** Whether the layer with this chain line is a proxy's tunnel. */
  boolean isTunnel(String path) {
    return hops.stream().anyMatch(hop -> hop.tunnelPath().equals(path));
  }

  /** Whether the last proxy says that it cannot reach the target: another one may do better. */
  boolean isUnreachable(PeerRefused refusal) {
    if (hops.isEmpty() || !hops.get(hops.size() - 1).tunnelPath().equals(refusal.path())) {
      return false; // Between proxies the way is the same for every target.
    }
    return switch (hops.get(hops.size() - 1).proxy().scheme()) {
      case HTTP, HTTPS -> HTTP_UNREACHABLE.contains(refusal.code());
      case SOCKS5 ->
          refusal.awaited().equals(SOCKS5_ANSWER) && SOCKS5_UNREACHABLE.contains(refusal.code());
      case SOCKS4A -> refusal.code().equals(SOCKS4_FAILED);
    };
  }

  /** Whether the layer with this chain line talks to a proxy. */
  boolean isToProxy(String path) {
    return !hops.isEmpty() && hops.get(hops.size() - 1).tunnelPath().startsWith(path);
  }
}
