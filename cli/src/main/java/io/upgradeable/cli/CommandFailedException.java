package io.upgradeable.cli;

import java.io.IOException;

/** A command came to its end, and what it found is a failure. */
final class CommandFailedException extends IOException {

  private final transient Failure failure;

  CommandFailedException(Failure failure) {
    super(failure.message());
    this.failure = failure;
  }

  Failure failure() {
    return failure;
  }
}
