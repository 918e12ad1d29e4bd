package io.upgradeable.connect;

import io.upgradeable.Endpoint;
import java.util.Optional;

/**
 * A well-formed request for a tunnel, which nobody has allowed yet.
 *
 * @param target where the client wants to go
 * @param credentials what it said of itself
 */
public record ConnectRequest(Endpoint target, Optional<Presented> credentials) {

  /** The value of the field {@code Proxy-Authorization}; it is nowhere printed. */
  public static final class Presented {
    private final String value;

    Presented(String value) {
      this.value = value;
    }

    String value() {
      return value;
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Presented presented && presented.value.equals(value);
    }

    @Override
    public int hashCode() {
      return value.hashCode();
    }

    /** Tells nothing. */
    @Override
    public String toString() {
      return "<redacted>";
    }
  }
}
