package io.upgradeable.cli;

import io.upgradeable.Layer;
import io.upgradeable.Limits;

/** A copy of a layer with other limits. */
final class LimitedLayer {

  private LimitedLayer() {}

  static <R> Layer<R> of(Layer<R> layer, Limits limits) {
    Layer.Builder<R> copy = Layer.of(layer.name(), layer::newNegotiation).limits(limits);
    layer.target().ifPresent(copy::target);
    if (layer.tls().isPresent()) {
      copy.tls(() -> layer.tls().orElseThrow());
    }
    if (layer.isTunnel()) {
      copy.tunnel();
    }
    return copy.build();
  }
}
