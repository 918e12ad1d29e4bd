package io.upgradeable.cli;

/** Where the JVM begins. */
public final class Main {

  private Main() {}

  /**
   * Runs the command line and ends the JVM.
   *
   * @param args the arguments
   */
  public static void main(String[] args) {
    System.exit(run(args));
  }

  /** Runs a command line of this process. */
  static int run(String... args) {
    NettySettings.apply();
    return Program.ofProcess().run(args);
  }
}
