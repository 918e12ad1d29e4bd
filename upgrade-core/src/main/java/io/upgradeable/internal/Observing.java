package io.upgradeable.internal;

/** The way to call an observer, which has no say in what it observes. */
public final class Observing {

  private Observing() {}

  /**
   * Calls an observer. What it throws is logged by the logger {@code io.upgradeable}, which is
   * asked for only then: to start the log takes longer than a handshake.
   *
   * @param call tells it something
   */
  public static void quietly(Runnable call) {
    try {
      call.run();
    } catch (RuntimeException | Error mistake) {
      System.getLogger("io.upgradeable")
          .log(System.Logger.Level.ERROR, "an observer failed", mistake);
    }
  }
}
