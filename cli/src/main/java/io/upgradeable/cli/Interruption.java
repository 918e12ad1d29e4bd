package io.upgradeable.cli;

import java.util.OptionalInt;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Lets the user end a command (SIGINT, SIGTERM) without cutting it off: the command's thread is
 * interrupted, closes what it opened, tells what it knows, and only then the JVM ends.
 */
final class Interruption implements AutoCloseable {

  /** More than any command takes to close. */
  private static final long PATIENCE_SECONDS = 10;

  private final Thread command = Thread.currentThread();
  private final CountDownLatch ended = new CountDownLatch(1);
  private final Thread hook = new Thread(this::onShutdown, "upgrade-cli-interruption");
  private volatile OptionalInt exitCode = OptionalInt.empty();

  private Interruption() {}

  /** Watches over the calling thread until closed. */
  static Interruption ofThisThread() {
    Interruption interruption = new Interruption();
    Runtime.getRuntime().addShutdownHook(interruption.hook);
    return interruption;
  }

  /**
   * Says that to be ended by a signal is this command's normal end. The shell gets the signal's
   * number (130, 143) otherwise.
   */
  void isNormalEnd() {
    exitCode = OptionalInt.of(ExitCode.OK.code());
  }

  private void onShutdown() {
    command.interrupt();
    try {
      boolean inTime = ended.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
      if (inTime && exitCode.isPresent()) {
        Runtime.getRuntime().halt(exitCode.getAsInt());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    ended.countDown();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException alreadyEnding) {
      // The hook is what we are ending for.
    }
  }
}
