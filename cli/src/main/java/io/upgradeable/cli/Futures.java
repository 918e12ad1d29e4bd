package io.upgradeable.cli;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;

/** Waits for what the libraries do, and throws what they found. */
final class Futures {

  private Futures() {}

  static <T> T await(CompletableFuture<T> future) throws IOException {
    try {
      return future.get();
    } catch (InterruptedException e) {
      future.cancel(true);
      throw new InterruptedIOException();
    } catch (ExecutionException e) {
      throw rethrown(e);
    }
  }

  /** The peer's failures are thrown as they are; whatever else it is, is a bug or a misuse. */
  static IOException rethrown(ExecutionException e) {
    Throwable cause = e.getCause();
    while (cause instanceof CompletionException && cause.getCause() != null) {
      cause = cause.getCause();
    }
    if (cause instanceof RuntimeException bug) {
      throw bug;
    }
    return cause instanceof IOException failure ? failure : new IOException(cause);
  }
}
