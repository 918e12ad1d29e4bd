package io.upgradeable.cli;

import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * What is told of forwarded connections on stderr: each that failed, all with {@code -v}, and on a
 * terminal one line that is always up to date.
 */
final class ForwardLog implements Forwarder.Log, AutoCloseable {

  private final Consumer<String> lines;
  private final AccessLog queue;
  private final boolean all;
  private volatile Optional<LiveLine> live = Optional.empty();

  ForwardLog(Consumer<String> lines, boolean all) {
    this(lines, all, AccessLog.PATIENCE);
  }

  /**
   * Begins.
   *
   * @param lines is told each line, on the log's thread
   * @param all whether connections are told of that ended well
   * @param patience how long the end waits for what was told before
   */
  ForwardLog(Consumer<String> lines, boolean all, Duration patience) {
    this.lines = lines;
    this.all = all;
    this.queue = new AccessLog(this::print, patience);
  }

  /** The live line, until closed. */
  interface Shown extends AutoCloseable {
    @Override
    void close();
  }

  Shown show(TunnelTraffic traffic) {
    if (!Terminal.showsErrors()) {
      return () -> {};
    }
    LiveLine line = new LiveLine(System.err, traffic::toString);
    live = Optional.of(line);
    return () -> {
      live = Optional.empty();
      line.close();
    };
  }

  @Override
  public void ended(String peer, String how, boolean well) {
    if (all || !well) {
      tell(Printable.line(peer + ": " + how));
    }
  }

  void tell(String line) {
    queue.tell(line);
  }

  private void print(String line) {
    live.ifPresentOrElse(shown -> shown.above(() -> lines.accept(line)), () -> lines.accept(line));
  }

  /** Waits a while for what was told before. */
  @Override
  public void close() {
    queue.end(); // Whoever does not read stderr hears of nothing.
  }
}
