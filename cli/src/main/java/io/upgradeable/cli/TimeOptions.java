package io.upgradeable.cli;

import io.upgradeable.Layer;
import io.upgradeable.Limits;
import io.upgradeable.UpgradeObserver;
import io.upgradeable.netty.NettyConnector;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How long a client command may take. Bytes that arrive extend none of these times. */
final class TimeOptions {

  @Option(
      names = "--timeout",
      paramLabel = "TIME",
      converter = DurationConverter.class,
      description =
          "For the whole command, or for each of several targets and of --mx's servers; with"
              + " --stdio and --listen until the tunnel is up; 60s unless given. Units: ms, s, m.")
  private Duration timeout = Duration.ofSeconds(60);

  @Option(
      names = "--connect-timeout",
      paramLabel = "TIME",
      converter = DurationConverter.class,
      description = "To find the address and open the TCP connection; 10s unless given.")
  private Duration connectTimeout = Duration.ofSeconds(10);

  @Option(
      names = "--step-timeout",
      paramLabel = "TIME",
      converter = DurationConverter.class,
      description = "For each awaited message, and for each TLS handshake; 30s and 10s.")
  private @Nullable Duration stepTimeout;

  /** What connects, with these times. */
  NettyConnector connector(int threads, UpgradeObserver observer) {
    return NettyConnector.builder()
        .threads(threads)
        .observer(observer)
        .timeout(timeout)
        .connectTimeout(min(connectTimeout, timeout))
        .build();
  }

  /** The same layer, with these times. */
  <R> Layer<R> limit(Layer<R> layer) {
    Limits limits = layer.limits().orElse(Limits.CLIENT).withLayerTimeout(timeout);
    Duration step = stepTimeout;
    return layer.withLimits(
        step == null ? limits : limits.withStepTimeout(step).withHandshakeTimeout(step));
  }

  /** How long each reply of a session may take, if the user says so. */
  Optional<Duration> stepTimeout() {
    return Optional.ofNullable(stepTimeout);
  }

  /** For the whole command. */
  Duration timeout() {
    return timeout;
  }

  private static Duration min(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }
}
