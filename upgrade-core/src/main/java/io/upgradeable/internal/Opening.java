package io.upgradeable.internal;

import io.upgradeable.Connection;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/** The way from a connection that comes up to the session that has it. */
public final class Opening {

  private Opening() {}

  /**
   * Hands a session over when its connection is up. Whoever completes the future instead, by a
   * cancel or otherwise, gives the session up: the set-up ends, or the connection is closed.
   *
   * @param <S> the session's type
   * @param connecting the connection that comes up
   * @param session makes what the caller gets
   * @return completes with the session, or fails as the connection does
   */
  public static <S> CompletableFuture<S> of(
      CompletableFuture<Connection> connecting, Supplier<S> session) {
    CompletableFuture<S> result = new CompletableFuture<>();
    connecting.whenComplete(
        (connection, error) -> {
          if (error != null) {
            result.completeExceptionally(error);
          } else if (!result.complete(session.get())) {
            connection.close(); // given up meanwhile
          }
        });
    // Nothing is left to cancel if it was the session that completed it.
    result.whenComplete((value, error) -> connecting.cancel(false));
    return result;
  }
}
