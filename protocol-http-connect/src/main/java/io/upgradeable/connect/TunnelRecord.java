package io.upgradeable.connect;

import io.upgradeable.Endpoint;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * One line of a proxy's access log: a request for a tunnel, or what was none, and what became of
 * it.
 *
 * @param start when the request was complete, or was found to be none
 * @param client the client's address and port
 * @param user who proved to be there, where the proxy asks
 * @param target where the client wanted to go; empty if it did not ask well enough to know
 * @param status what the client was told: 200, or why not; 0 if it was told nothing
 * @param reason how it ended, in a word or a phrase
 * @param fromClient bytes from the client to the target
 * @param fromTarget bytes from the target to the client
 * @param duration from the request to the end
 */
public record TunnelRecord(
    Instant start,
    String client,
    Optional<String> user,
    Optional<Endpoint> target,
    int status,
    String reason,
    long fromClient,
    long fromTarget,
    Duration duration) {

  /** One line of text with the fields in order; what is absent is a hyphen. */
  @Override
  public String toString() {
    return "%s %s %s CONNECT %s %d %d %d %dms %s"
        .formatted(
            start,
            client,
            user.map(u -> u.replaceAll("[^\\x21-\\x7e]", "_")).orElse("-"),
            target.map(Endpoint::toString).orElse("-"),
            status,
            fromClient,
            fromTarget,
            duration.toMillis(),
            reason.replaceAll("[^\\x20-\\x7e]", "_"));
  }
}
