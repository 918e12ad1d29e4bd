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
    NettySettings.apply();
    System.exit(Program.ofProcess().run(args));
  }
}
