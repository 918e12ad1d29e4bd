package io.upgradeable.cli;

import io.upgradeable.Endpoint;
import java.io.IOException;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/** Targets, one after the other, however many there are. */
final class Targets implements AutoCloseable {

  private final Iterator<Endpoint> typed;
  private final Optional<TargetFile> file;

  Targets(List<Endpoint> typed, Optional<TargetFile> file) {
    this.typed = typed.iterator();
    this.file = file;
  }

  /**
   * The next one.
   *
   * @return empty behind the last one
   * @throws UsageException if what should be a target is none
   */
  Optional<Endpoint> next() {
    if (typed.hasNext()) {
      return Optional.of(typed.next());
    }
    return file.isPresent() ? file.get().next() : Optional.empty();
  }

  @Override
  public void close() throws IOException {
    if (file.isPresent()) {
      file.get().close();
    }
  }
}
