package io.upgradeable.cli;

import java.io.PrintStream;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** One line at the bottom of the terminal that is always up to date. */
final class LiveLine implements AutoCloseable {

  private static final String CLEAR = "\r\u001b[K";
  private static final long INTERVAL_MILLIS = 500;

  private final Supplier<String> text;
  private final PrintStream terminal;
  private final ScheduledExecutorService clock =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "upgrade-cli-live-line");
            thread.setDaemon(true);
            return thread;
          });
  private String shown = "";

  /**
   * Begins.
   *
   * @param terminal where
   * @param text the line as it should be now, on any thread
   */
  LiveLine(PrintStream terminal, Supplier<String> text) {
    this.terminal = terminal;
    this.text = text;
    clock.scheduleWithFixedDelay(
        this::show, INTERVAL_MILLIS, INTERVAL_MILLIS, TimeUnit.MILLISECONDS);
  }

  private synchronized void show() {
    String now = text.get();
    if (!now.equals(shown)) {
      shown = now;
      terminal.print(CLEAR + now);
      terminal.flush();
    }
  }

  /** Lets something else be printed, above the line. */
  synchronized void above(Runnable printing) {
    terminal.print(CLEAR);
    terminal.flush();
    printing.run();
    terminal.print(shown);
    terminal.flush();
  }

  @Override
  public void close() {
    clock.shutdownNow();
    above(() -> shown = "");
  }
}
