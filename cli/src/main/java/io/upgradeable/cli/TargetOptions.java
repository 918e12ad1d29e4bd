package io.upgradeable.cli;

import io.upgradeable.Endpoint;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Parameters;

/** Where a client command connects. */
final class TargetOption {

  @Parameters(
      arity = "0..1",
      paramLabel = "HOST[:PORT]",
      description =
          "Where to connect; an IPv6 address stands in brackets. Without it the command talks to"
              + " an embedded server of its own.")
  private @Nullable String text;

  boolean isGiven() {
    return text != null;
  }

  /** What the user typed. */
  String text() {
    String given = text;
    return given == null ? "" : given;
  }

  Endpoint endpoint(int defaultPort) {
    try {
      Endpoint endpoint = Endpoint.parse(text(), defaultPort);
      if (endpoint.port() == 0) {
        throw new UsageException("expected a port from 1 to 65535, got '" + text() + "'");
      }
      return endpoint;
    } catch (UsageException e) {
      throw e;
    } catch (IllegalArgumentException e) {
      throw new UsageException(String.valueOf(e.getMessage()), e);
    }
  }
}
