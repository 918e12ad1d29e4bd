package io.upgradeable.cli;

import io.upgradeable.Endpoint;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where a server listens. */
final class ListenOption {

  /** Only who sits at this machine can connect, unless the user says otherwise. */
  private static final String LOOPBACK = "127.0.0.1";

  @Option(
      names = "--listen",
      paramLabel = "HOST[:PORT]",
      description =
          "Where to listen: on loopback and the protocol's port unless given. With port 0 the"
              + " system chooses.")
  private @Nullable String text;

  Endpoint endpoint(int defaultPort) {
    String given = text;
    if (given == null) {
      return Endpoint.of(LOOPBACK, defaultPort);
    }
    try {
      return Endpoint.parse(given, defaultPort);
    } catch (IllegalArgumentException e) {
      throw new UsageException(String.valueOf(e.getMessage()), e);
    }
  }
}
