package io.upgradeable.bench;

import com.google.gson.Gson;
import com.google.gson.JsonSyntaxException;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * One run of one contestant against one server.
 *
 * @param outcome what the client measured
 * @param serverSeconds the server's processor time meanwhile
 */
record ClientRun(Outcome outcome, double serverSeconds) {

  private static final Duration LIMIT = Duration.ofMinutes(5);

  /**
   * Runs it.
   *
   * @param options what a {@link Load} is told
   * @param units how much a program does that cannot say so itself
   * @throws IOException if it cannot be started, or does not end well
   */
  static ClientRun of(Contestant contestant, List<String> options, int units, ServerProcess server)
      throws IOException {
    return contestant.cooperative()
        ? cooperative(contestant, options, server)
        : foreign(contestant, options, units, server);
  }

  private static ClientRun cooperative(
      Contestant contestant, List<String> options, ServerProcess server) throws IOException {
    Process process =
        new ProcessBuilder(contestant.command().apply(options))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    double before = server.cpuSeconds();
    String last = "";
    try (Deadline deadline = Deadline.of(process, LIMIT);
        BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.equals(Load.MEASURING)) {
          before = server.cpuSeconds();
        } else {
          last = line;
        }
      }
      double used = server.cpuSeconds() - before;
      deadline.check(contestant.name());
      return new ClientRun(new Gson().fromJson(last, Outcome.class), used);
    } catch (JsonSyntaxException | NullPointerException e) {
      throw new IOException(contestant.name() + " told no outcome, but: " + last, e);
    }
  }

  /** The shell's clock tells what a program cost that has ended. */
  private static ClientRun foreign(
      Contestant contestant, List<String> options, int units, ServerProcess server)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.addAll(
        List.of("bash", "-c", "TIMEFORMAT='%R %U %S'; time \"$@\" >/dev/null 2>&1 </dev/null", ""));
    command.addAll(contestant.command().apply(options));
    double before = server.cpuSeconds();
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getOutputStream().close();
    try (Deadline deadline = Deadline.of(process, LIMIT);
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

  /** Ends a program that hangs. */
  private record Deadline(Process process, Duration limit, Thread watch) implements AutoCloseable {

    static Deadline of(Process process, Duration limit) {
      Thread watch =
          new Thread(
              () -> {
                try {
                  if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
                    process.descendants().forEach(ProcessHandle::destroyForcibly);
                    process.destroyForcibly();
                  }
                } catch (InterruptedException e) {
                  process.destroyForcibly();
                }
              },
              "deadline");
      watch.setDaemon(true);
      watch.start();
      return new Deadline(process, limit, watch);
    }

    /** Waits for the end, and returns the exit code. */
    int check(String name) throws IOException {
      try {
        int code = process.waitFor();
        if (code > 128) {
          throw new IOException(name + " was ended by a signal, or after " + limit);
        }
        return code;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted", e);
      }
    }

    @Override
    public void close() {
      process.destroyForcibly();
    }
  }
}
