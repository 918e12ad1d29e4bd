package io.upgradeable.cli;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Lets the user end a command (SIGINT, SIGTERM) without cutting it off: the command's thread is
 * interrupted, closes what it opened, tells what it knows, and only then the JVM ends.
 */
final class Interruption implements AutoCloseable {

  /** More than any command takes to close. */
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /** Waits for somebody else. */
  interface Wait<T> {
    T result() throws IOException;
  }

  /** The threads that hear nothing, and whether they wait behind a prompt. */
  private static final Map<Thread, Boolean> DEAF = new ConcurrentHashMap<>();

  /** Tells the user when the command's thread cannot do so. */
  interface Teller {
    void tell(boolean behindPrompt);
  }

  private final Teller teller;
  private final Duration patience;
  private final Thread command = Thread.currentThread();
  private final CountDownLatch ended = new CountDownLatch(1);
  private final Thread hook =
      new Thread(
          () -> onShutdown().ifPresent(Runtime.getRuntime()::halt), "upgrade-cli-interruption");
  private volatile OptionalInt exitCode = OptionalInt.empty();

  private Interruption(Teller teller) {
    this(teller, PATIENCE);
  }

  /**
   * Watches over the calling thread, but not for the JVM's end.
   *
   * @param patience how long the end waits for a command that can hear
   */
  Interruption(Teller teller, Duration patience) {
    this.teller = teller;
    this.patience = patience;
  }

  /**
   * Watches over the calling thread until closed.
   *
   * @param teller tells the user that the command was interrupted when its thread cannot do so
   * @throws InterruptedException if the JVM is about to end already
   */
  static Interruption ofThisThread(Teller teller) throws InterruptedException {
    Interruption interruption = new Interruption(teller);
    try {
      Runtime.getRuntime().addShutdownHook(interruption.hook);
    } catch (IllegalStateException alreadyEnding) {
      throw new InterruptedException("the JVM is about to end");
    }
    return interruption;
  }

  /**
   * Waits for something that {@link Thread#interrupt} does not wake up from, such as a line of a
   * pipe. A command that is ended meanwhile is not waited for: it has nothing to close yet.
   */
  static <T> T deaf(Wait<T> wait) throws IOException {
    return deaf(false, wait);
  }

  /** As {@link #deaf(Wait)}, where a prompt was shown. */
  static <T> T deafBehindPrompt(Wait<T> wait) throws IOException {
    return deaf(true, wait);
  }

  private static <T> T deaf(boolean behindPrompt, Wait<T> wait) throws IOException {
    DEAF.put(Thread.currentThread(), behindPrompt);
    try {
      // Either this sees the interruption, or the hook sees that nobody listens.
      if (Thread.currentThread().isInterrupted()) {
        throw new InterruptedIOException();
      }
      return wait.result();
    } finally {
      DEAF.remove(Thread.currentThread());
    }
  }

  /** Says what the shell gets, whichever signal it is that ends the command. */
  void endsWith(ExitCode code) {
    exitCode = OptionalInt.of(code.code());
  }

  /**
   * What happens when the JVM is about to end while the command runs.
   *
   * @return with what the JVM ends, if the command says so
   */
  OptionalInt onShutdown() {
    command.interrupt();
    Boolean behindPrompt = DEAF.get(command);
    if (behindPrompt != null) {
      teller.tell(behindPrompt);
      return OptionalInt.of(ExitCode.INTERRUPTED.code());
    }
    try {
      return ended.await(patience.toSeconds(), TimeUnit.SECONDS) ? exitCode : OptionalInt.empty();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return OptionalInt.empty();
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
