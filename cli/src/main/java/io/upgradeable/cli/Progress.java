package io.upgradeable.cli;

import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** Shows on the terminal how far long work is. Its library is loaded for nothing else. */
final class Progress implements AutoCloseable {

  private final ProgressBar bar;

  /**
   * Begins.
   *
   * @param what what is done
   * @param total when it is over
   */
  Progress(String what, long total) {
    bar =
        new ProgressBarBuilder()
            .setTaskName(what)
            .setInitialMax(total)
            .setStyle(ProgressBarStyle.ASCII)
            .setConsumer(new ConsoleProgressBarConsumer(System.err))
            .build();
  }

  void at(long done) {
    bar.stepTo(done);
  }

  @Override
  public void close() {
    bar.close();
  }
}
