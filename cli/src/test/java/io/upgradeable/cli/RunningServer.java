package io.upgradeable.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** {@code upgrade-cli serve} within the test's own JVM, on a port of the system's choice. */
final class RunningServer implements AutoCloseable {

  private final LineQueue out = new LineQueue();
  private final LineQueue err = new LineQueue();
  private final CompletableFuture<Integer> exitCode = new CompletableFuture<>();
  private final Thread thread;
  private final int port;

  private RunningServer(String[] args) {
    Program program = new Program(new PrintWriter(out, true), new PrintWriter(err, true));
    thread = new Thread(() -> exitCode.complete(program.run(args)), "serve");
    thread.start();
    String ready = out.await("listening on ");
    port = Integer.parseInt(ready.substring(ready.lastIndexOf(':') + 1));
  }

  static RunningServer start(String... options) {
    return start(List.of("serve", "ping"), options);
  }

  /** {@code upgrade-cli serve smtp}. */
  static RunningServer smtp(String... options) {
    return start(List.of("serve", "smtp"), options);
  }

  /** {@code upgrade-cli serve ldap}. */
  static RunningServer ldap(String... options) {
    return start(List.of("serve", "ldap"), options);
  }

  /** {@code upgrade-cli serve connect}. */
  static RunningServer connect(String... options) {
    return start(List.of("serve", "connect"), options);
  }

  /** {@code upgrade-cli connect --listen}. */
  static RunningServer forwarder(String... options) {
    return start(List.of("connect"), options);
  }

  private static RunningServer start(List<String> command, String... options) {
    List<String> args = new ArrayList<>(command);
    args.addAll(List.of("--listen", "127.0.0.1:0"));
    args.addAll(List.of(options));
    return new RunningServer(args.toArray(String[]::new));
  }

  int port() {
    return port;
  }

  /** By the name that test certificates carry. */
  String target() {
    return "localhost:" + port;
  }

  LineQueue out() {
    return out;
  }

  LineQueue err() {
    return err;
  }

  /** Ends the server as Ctrl-C does. */
  int stop() {
    interrupt();
    return awaitEnd();
  }

  /** Asks the server to end as Ctrl-C does. */
  void interrupt() {
    thread.interrupt();
  }

  int awaitEnd() {
    try {
      return exitCode.get(60, TimeUnit.SECONDS);
    } catch (Exception e) {
      throw new AssertionError("the server did not end", e);
    }
  }

  @Override
  public void close() {
    stop();
  }
}
