package io.upgradeable.bench;

import io.upgradeable.Endpoint;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A server in a process of its own. One of ours prints its endpoint in one line, and ends with its
 * stdin, so that it does not outlive a benchmark that is killed.
 */
final class ServerProcess implements AutoCloseable {

  /** For the start of a program, on a machine that may be busy with others. */
  private static final Duration START = Duration.ofSeconds(60);

  private static final Duration END = Duration.ofSeconds(10);
  private static final double TICKS_PER_SECOND = 100; // USER_HZ, which every Linux has

  /** How to end what somebody else has started. */
  interface End {
    void run() throws IOException;
  }

  private final ProcessHandle process;
  private final Endpoint endpoint;
  private final End end;

  /** Empty for a server that somebody else has started. */
  private final Optional<Process> child;

  private ServerProcess(
      ProcessHandle process, Endpoint endpoint, End end, Optional<Process> child) {
    this.process = process;
    this.endpoint = endpoint;
    this.end = end;
    this.child = child;
  }

  private ServerProcess(Process process, Endpoint endpoint) {
    this(process.toHandle(), endpoint, () -> end(process), Optional.of(process));
  }

  /**
   * Takes a server that runs already, and waits until it accepts connections at the endpoint.
   *
   * @throws IOException if it does not in time
   */
  static ServerProcess foreign(long pid, Endpoint endpoint, End end) throws IOException {
    ProcessHandle process =
        ProcessHandle.of(pid).orElseThrow(() -> new IOException("no process " + pid));
    ServerProcess server = new ServerProcess(process, endpoint, end, Optional.empty());
    server.awaitListening(() -> "process " + pid);
    return server;
  }

  /**
   * A port of loopback that nobody listens on, and that the system gives to nobody who leaves the
   * choice to it: those begin at 32768.
   */
  static int freePort() throws IOException {
    for (int attempt = 1; ; attempt++) {
      int port = ThreadLocalRandom.current().nextInt(20_000, 32_768);
      try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
        return socket.getLocalPort();
      } catch (BindException taken) {
        if (attempt == 100) {
          throw taken;
        }
      }
    }
  }

  /**
   * Starts the main class on this program's own class path.
   *
   * @throws IOException if it cannot be started, or does not say where it listens
   */
  static ServerProcess start(Class<?> main, String... args) throws IOException {
    return announced(main.getSimpleName(), Programs.java(main, List.of(args)));
  }

  /**
   * Starts a program that prints where it listens as its first line.
   *
   * @throws IOException if it cannot be started, or does not say where it listens
   */
  static ServerProcess announced(String name, List<String> command) throws IOException {
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    BufferedReader lines = process.inputReader(StandardCharsets.UTF_8);
    String line = lines.readLine();
    if (line == null) {
      process.destroy();
      throw new IOException(name + " ended before it listened");
    }
    return new ServerProcess(process, Endpoint.parse(line));
  }

  /**
   * Starts a program in the foreground and waits until it accepts connections at the endpoint.
   *
   * @param log what it prints
   * @throws IOException if it cannot be started, or ends, or does not listen in time
   */
  static ServerProcess listening(List<String> command, Endpoint endpoint, Path log)
      throws IOException {
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    ServerProcess server = new ServerProcess(process, endpoint);
    server.awaitListening(() -> command.get(0) + ": " + Files.readString(log));
    return server;
  }

  private interface Description {
    String text() throws IOException;
  }

  private void awaitListening(Description description) throws IOException {
    long deadline = System.nanoTime() + START.toNanos();
    while (true) {
      try (Socket probe = new Socket()) {
        probe.connect(new InetSocketAddress(endpoint.host(), endpoint.port()), 1000);
        if (!process.isAlive()) {
          throw new IOException("somebody else listens there");
        }
        return;
      } catch (IOException e) {
        if (!process.isAlive() || System.nanoTime() > deadline) {
          close();
          throw new IOException("nobody listens on " + endpoint + ": " + description.text(), e);
        }
        pause();
      }
    }
  }

  private static void pause() {
    try {
      Thread.sleep(20);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  Endpoint endpoint() {
    return endpoint;
  }

  long pid() {
    return process.pid();
  }

  /**
   * Asks one of ours something.
   *
   * @return its answer, see {@link Console}
   * @throws IOException if it has ended
   */
  long ask(String question) throws IOException {
    Process asked = child.orElseThrow();
    asked.outputWriter(StandardCharsets.UTF_8).append(question).append('\n').flush();
    String answer = asked.inputReader(StandardCharsets.UTF_8).readLine();
    if (answer == null) {
      throw new IOException("a program ended that was asked: " + question);
    }
    return Long.parseLong(answer);
  }

  /** The bytes of memory that the process has: proc(5), VmRSS. */
  long residentBytes() throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/" + pid() + "/status"))) {
      if (line.startsWith("VmRSS:")) {
        return Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024;
      }
    }
    throw new IOException("no VmRSS of " + pid());
  }

  /** The processor time that the server and its children have had, those that have ended too. */
  double cpuSeconds() throws IOException {
    double ticks = 0;
    try (Stream<ProcessHandle> all = Stream.concat(Stream.of(process), process.descendants())) {
      for (ProcessHandle each : (Iterable<ProcessHandle>) all::iterator) {
        ticks += ticks(each.pid());
      }
    }
    return ticks / TICKS_PER_SECOND;
  }

  /** proc(5): utime, stime, cutime and cstime are the fields 14 to 17. */
  private static long ticks(long pid) throws IOException {
    Path stat = Path.of("/proc/" + pid + "/stat");
    if (!Files.exists(stat)) {
      return 0;
    }
    String text = Files.readString(stat);
    String[] fields = text.substring(text.lastIndexOf(')') + 2).split(" ", -1);
    long sum = 0;
    for (int field = 14; field <= 17; field++) {
      sum += Long.parseLong(fields[field - 3]);
    }
    return sum;
  }

  @Override
  public void close() throws IOException {
    end.run();
  }

  private static void end(Process process) throws IOException {
    List<ProcessHandle> children;
    try (Stream<ProcessHandle> all = process.descendants()) {
      children = all.toList();
    }
    process.getOutputStream().close();
    try {
      if (!process.waitFor(1, TimeUnit.SECONDS)) {
        process.destroy();
      }
      if (!process.waitFor(END.toMillis(), TimeUnit.MILLISECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      process.destroyForcibly();
    }
    children.forEach(ProcessHandle::destroyForcibly);
  }
}
