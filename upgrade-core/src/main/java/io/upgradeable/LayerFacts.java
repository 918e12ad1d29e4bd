package io.upgradeable;

import io.upgradeable.negotiation.TlsFacts;
import java.util.List;
import java.util.Optional;

/**
 * What is known of one layer that is up.
 *
 * @param layer the layer
 * @param result what its negotiation returned
 * @param tls the TLS that it started, if it did
 */
public record LayerFacts(Layer<?> layer, Object result, Optional<TlsFacts> tls) {

  /** The layer's part of the chain line, with {@code +tls} only if TLS is there. */
  @Override
  public String toString() {
    return layer.label(tls.isPresent());
  }

  /**
   * How far TLS protects what is exchanged above these layers: walks down to the first tunnel.
   *
   * @param layers the layers that are up, bottom first
   * @return the security of their top
   */
  public static Security security(List<LayerFacts> layers) {
    boolean behindTunnel = false;
    for (int i = layers.size() - 1; i >= 0; i--) {
      LayerFacts facts = layers.get(i);
      // A tunnel's own TLS ends at the proxy, and so does everything beneath.
      behindTunnel |= facts.layer().isTunnel();
      if (facts.tls().isPresent()) {
        return behindTunnel ? Security.HOP_ONLY : Security.ORIGIN;
      }
    }
    return Security.PLAINTEXT;
  }
}
