package io.upgradeable.bench;

import com.google.gson.Gson;
import com.sun.management.OperatingSystemMXBean;
import io.upgradeable.Endpoint;
import io.upgradeable.tls.TlsEngine;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a client program is told to do, as options of its command line: {@code --peer HOST:PORT --ca
 * FILE --units N --warm-up N --at-once N}, and whatever its workload needs besides.
 *
 * <p>A client prints {@link #MEASURING} when it is warm, and at its end one line of JSON, see
 * {@link Outcome}. Clients in other languages keep to the same.
 */
final class Load {

  /** The line that says that what follows counts. */
  static final String MEASURING = "measuring";

  private final Map<String, String> options = new HashMap<>();

  Load(String... args) {
    for (int i = 0; i + 1 < args.length; i += 2) {
      options.put(args[i], args[i + 1]);
    }
  }

  Endpoint peer() {
    return Endpoint.parse(text("--peer"));
  }

  /** The file with the authority that the peer's certificate is checked against, in PEM. */
  Path authority() {
    return Path.of(text("--ca"));
  }

  /** How much is done that counts. */
  int units() {
    return number("--units");
  }

  /** How much is done before it. */
  int warmUp() {
    return number("--warm-up");
  }

  /** How many are under way at the same time. */
  int atOnce() {
    return number("--at-once");
  }

  TlsEngine engine() {
    return TlsEngine.valueOf(text("--engine"));
  }

  String text(String option) {
    String value = options.get(option);
    if (value == null) {
      throw new IllegalArgumentException("missing " + option);
    }
    return value;
  }

  int number(String option) {
    return Integer.parseInt(text(option));
  }

  /** Some way to do the work. */
  interface Work extends AutoCloseable {

    /**
     * Does so many units, as many at once as the load says, and returns how many failed.
     *
     * @throws Exception if it makes no sense to go on
     */
    int run(int units) throws Exception;

    /** What is worth telling of the connections, such as the TLS group. */
    default Map<String, String> facts() {
      return Map.of();
    }

    @Override
    void close() throws Exception;
  }

  /** Makes the work of one run. */
  interface Plan {
    Work start(Load load) throws Exception;
  }

  /**
   * The main method of a client in Java: warms up, measures, prints.
   *
   * @throws Exception if the work cannot be done
   */
  static void measure(Plan plan, String... args) throws Exception {
    Load load = new Load(args);
    try (Work work = plan.start(load)) {
      work.run(load.warmUp());
      System.out.println(MEASURING);
      long cpu = cpuNanos();
      long start = System.nanoTime();
      int failures = work.run(load.units());
      double seconds = (System.nanoTime() - start) / 1e9;
      double cpuSeconds = (cpuNanos() - cpu) / 1e9;
      Outcome outcome =
          new Outcome(
              load.units(), seconds, cpuSeconds, failures, new LinkedHashMap<>(work.facts()));
      System.out.println(new Gson().toJson(outcome));
    }
    System.exit(0); // whatever threads a library leaves
  }

  private static long cpuNanos() {
    return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
        .getProcessCpuTime();
  }
}
