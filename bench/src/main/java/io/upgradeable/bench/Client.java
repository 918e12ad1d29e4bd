package io.upgradeable.bench;

import com.google.gson.Gson;
import com.google.gson.JsonSyntaxException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A contestant that is ready to run against a server, as often as it is asked. */
interface Client extends AutoCloseable {

  /**
   * Runs once and measures.
   *
   * @throws IOException if that does not end well
   */
  ClientRun run() throws IOException;

  @Override
  void close() throws IOException;

  /**
   * Starts it and lets it warm up. A program that knows nothing of benchmarks is started by each
   * run, and measured from its start to its end.
   *
   * @param options what a {@link Load} is told
   * @param units how much a program does that cannot say so itself
   * @throws IOException if it cannot be started
   */
  static Client start(Contestant contestant, List<String> options, int units, ServerProcess server)
      throws IOException {
    return contestant.cooperative()
        ? Warm.start(contestant, options, server)
        : new Foreign(contestant, options, units, server);
  }

  /** Starts it, runs it once, and ends it. */
  static ClientRun runOnce(
      Contestant contestant, List<String> options, int units, ServerProcess server)
      throws IOException {
    try (Client client = start(contestant, options, units, server)) {
      return client.run();
    }
  }

  /** A process that stays. */
  record Warm(
      String name, Process process, BufferedReader lines, Writer orders, ServerProcess server)
      implements Client {

    static Warm start(Contestant contestant, List<String> options, ServerProcess server)
        throws IOException {
      Process process =
          new ProcessBuilder(contestant.command().apply(options))
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      Warm client =
          new Warm(
              contestant.name(),
              process,
              process.inputReader(StandardCharsets.UTF_8),
              process.outputWriter(StandardCharsets.UTF_8),
              server);
      try {
        String line = client.line();
        if (!line.equals(Load.MEASURING)) {
          throw new IOException(client.name + " did not warm up, but said: " + line);
        }
        return client;
      } catch (IOException e) {
        process.destroyForcibly();
        throw e;
      }
    }

    private String line() throws IOException {
      try (Deadline deadline = Deadline.of(process)) {
        String line = lines.readLine();
        if (line == null) {
          throw new IOException(name + " ended with code " + deadline.check(name));
        }
        return line;
      }
    }

    @Override
    public ClientRun run() throws IOException {
      double before = server.cpuSeconds();
      orders.append('\n').flush();
      String told = line();
      double used = server.cpuSeconds() - before;
      try {
        return new ClientRun(new Gson().fromJson(told, Outcome.class), used);
      } catch (JsonSyntaxException e) {
        throw new IOException(name + " told no outcome, but: " + told, e);
      }
    }

    @Override
    public void close() throws IOException {
      try (Deadline deadline = Deadline.of(process)) {
        orders.close();
        int code = deadline.check(name);
        if (code != 0) {
          throw new IOException(name + " ended with code " + code);
        }
      } finally {
        process.destroyForcibly();
      }
    }
  }

  /** A program that is started by each run. */
  record Foreign(Contestant contestant, List<String> options, int units, ServerProcess server)
      implements Client {

    /** The shell's clock tells what a program cost that has ended. */
    @Override
    public ClientRun run() throws IOException {
      List<String> command = new ArrayList<>();
      command.addAll(
          List.of(
              "bash", "-c", "TIMEFORMAT='%R %U %S'; time \"$@\" >/dev/null 2>&1 </dev/null", ""));
      command.addAll(contestant.command().apply(options));
      double before = server.cpuSeconds();
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      process.getOutputStream().close();
      try (Deadline deadline = Deadline.of(process);
          BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
        String told = lines.readLine();
        int code = deadline.check(contestant.name());
        double used = server.cpuSeconds() - before;
        String[] times = String.valueOf(told).split(" ", -1);
        if (times.length != 3) {
          throw new IOException(contestant.name() + ": no times, but: " + told);
        }
        double cpu = Double.parseDouble(times[1]) + Double.parseDouble(times[2]);
        return new ClientRun(
            new Outcome(units, Double.parseDouble(times[0]), cpu, code == 0 ? 0 : units, Map.of()),
            used);
      }
    }

    @Override
    public void close() {
      // Nothing runs between its runs.
    }
  }

  /** Ends a program that hangs. */
  record Deadline(Process process, Thread watch) implements AutoCloseable {

    private static final Duration LIMIT = Duration.ofMinutes(5);

    static Deadline of(Process process) {
      Thread watch =
          new Thread(
              () -> {
                try {
                  if (!process.waitFor(LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
                    process.descendants().forEach(ProcessHandle::destroyForcibly);
                    process.destroyForcibly();
                  }
                } catch (InterruptedException e) {
                  Thread.currentThread().interrupt(); // What was waited for has come.
                }
              },
              "deadline");
      watch.setDaemon(true);
      watch.start();
      return new Deadline(process, watch);
    }

    /** Waits for the end, and returns the exit code. */
    int check(String name) throws IOException {
      try {
        int code = process.waitFor();
        if (code > 128) {
          throw new IOException(name + " was ended by a signal, or after " + LIMIT);
        }
        return code;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted", e);
      }
    }

    @Override
    public void close() {
      watch.interrupt();
    }
  }
}
