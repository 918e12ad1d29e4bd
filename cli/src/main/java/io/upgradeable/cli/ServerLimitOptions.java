package io.upgradeable.cli;

import io.upgradeable.Layer;
import io.upgradeable.Limits;
import java.time.Duration;
import java.util.Optional;
import java.util.function.IntConsumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What a server allows its clients. */
final class ServerLimitOptions {

  @Option(
      names = "--max-connections",
      paramLabel = "N",
      description =
          "How many connections may be open, for connect how many tunnels; more are told so where"
              + " the protocol has a word for it, and closed. 2000 unless given, and 1000 for"
              + " connect.")
  private @Nullable Integer connections;

  @Option(
      names = "--max-connections-per-address",
      paramLabel = "N",
      description =
          "How many of them may come from one address; not limited unless given, and 100 for"
              + " connect.")
  private @Nullable Integer connectionsPerAddress;

  @Option(
      names = "--timeout",
      paramLabel = "TIME",
      converter = DurationConverter.class,
      description =
          "For each layer until it is up (with --tls there are two), which for ping is the whole"
              + " dialogue; 60s unless given, and 10s for connect. Units: ms, s, m.")
  private @Nullable Duration timeout;

  @Option(
      names = "--step-timeout",
      paramLabel = "TIME",
      converter = DurationConverter.class,
      description =
          "For each awaited message, and for each TLS handshake; 30s and 10s unless given, and 10s"
              + " each for connect.")
  private @Nullable Duration stepTimeout;

  /** Sets the numbers that were given. */
  void applyTo(IntConsumer maxConnections, IntConsumer maxConnectionsPerAddress) {
    Integer all = connections;
    if (all != null) {
      maxConnections.accept(positive("--max-connections", all));
    }
    Integer each = connectionsPerAddress;
    if (each != null) {
      maxConnectionsPerAddress.accept(positive("--max-connections-per-address", each));
    }
  }

  private static int positive(String option, int value) {
    if (value < 1) {
      throw new UsageException("expected at least 1 for " + option + ", got " + value);
    }
    return value;
  }

  /** How long the set-up of a connection that has one message may take, if the user says so. */
  Optional<Duration> messageTimeout() {
    return Stream.of(stepTimeout, timeout).flatMap(Stream::ofNullable).min(Duration::compareTo);
  }

  /** How long each message may take, if the user says so. */
  Optional<Duration> stepTimeout() {
    return Optional.ofNullable(stepTimeout);
  }

  /** The same layer, with these times. */
  <R> Layer<R> limit(Layer<R> layer) {
    return layer.withLimits(limited(layer.limits().orElse(Limits.SERVER)));
  }

  /** For a server that has a layer's limits for all layers. */
  Limits layerLimits() {
    return limited(Limits.SERVER);
  }

  private Limits limited(Limits usual) {
    Limits limits = usual;
    Duration all = timeout;
    if (all != null) {
      limits = limits.withLayerTimeout(all);
    }
    Duration step = stepTimeout;
    if (step != null) {
      limits = limits.withStepTimeout(step).withHandshakeTimeout(step);
    }
    return limits;
  }
}
