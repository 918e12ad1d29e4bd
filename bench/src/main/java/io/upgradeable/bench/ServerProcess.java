package io.upgradeable.bench;

import io.upgradeable.Endpoint;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A server in a process of its own: it prints its endpoint in one line, and ends with its stdin, so
 * that it does not outlive a benchmark that is killed.
 */
final class ServerProcess implements AutoCloseable {

  private static final Duration END = Duration.ofSeconds(10);

  private final Process process;
  private final Endpoint endpoint;

  private ServerProcess(Process process, Endpoint endpoint) {
    this.process = process;
    this.endpoint = endpoint;
  }

  /**
   * Starts the main class on this program's own class path.
   *
   * @throws IOException if it cannot be started, or does not say where it listens
   */
  static ServerProcess start(Class<?> main, String... args) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(ProcessHandle.current().info().command().orElse("java"));
    command.add("-Dio.netty.leakDetection.level=disabled");
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(main.getName());
    command.addAll(List.of(args));
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    BufferedReader lines = process.inputReader(StandardCharsets.UTF_8);
    String line = lines.readLine();
    if (line == null) {
      process.destroy();
      throw new IOException(main.getSimpleName() + " ended before it listened");
    }
    return new ServerProcess(process, Endpoint.parse(line));
  }

  Endpoint endpoint() {
    return endpoint;
  }

  /** The processor time that the server has had. */
  Duration cpuTime() {
    return process.info().totalCpuDuration().orElse(Duration.ZERO);
  }

  @Override
  public void close() throws IOException {
    process.getOutputStream().close();
    try {
      if (!process.waitFor(END.toMillis(), TimeUnit.MILLISECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      process.destroyForcibly();
    }
  }
}
