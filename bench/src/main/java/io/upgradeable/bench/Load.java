package io.upgradeable.bench;

import com.google.gson.Gson;
import com.sun.management.OperatingSystemMXBean;
import io.upgradeable.Endpoint;
import io.upgradeable.tls.TlsEngine;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a client program is told to do, as options of its command line: {@code --peer HOST:PORT --ca
 * FILE --units N --warm-up N --at-once N}, and whatever its workload needs besides.
 *
 * <p>A client prints {@link #MEASURING} when it is warm. For each line of stdin it does its units
 * then, and prints one line of JSON, see {@link Outcome}; it ends with stdin. Clients in other
 * languages keep to the same.
 */
final class Load {

  /** The line that says that the client is warm. */
  static final String MEASURING = "measuring";

  private final Map<String, String> options = new HashMap<>();

  Load(String... args) {
    this(List.of(args));
  }

  Load(List<String> args) {
    for (int i = 0; i + 1 < args.size(); i += 2) {
      options.put(args.get(i), args.get(i + 1));
    }
  }

  Endpoint peer() {
    return endpoint("--peer");
  }

  Endpoint endpoint(String option) {
    return Endpoint.parse(text(option));
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

  /** When a unit has failed because its peer hangs. */
  Duration limit() {
    return Duration.ofSeconds(Long.parseLong(options.getOrDefault("--limit", "30")));
  }

  TlsEngine engine() {
    return TlsEngine.valueOf(text("--engine"));
  }

  /** The key exchange groups to offer or take; empty for the engine's own choice. */
  Optional<String> groups() {
    return Optional.ofNullable(options.get("--groups"));
  }

  /** Whether an option is there and true. */
  boolean flag(String option) {
    return Boolean.parseBoolean(options.get(option));
  }

  Path file(String option) {
    return Path.of(text(option));
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
   * The main method of a client in Java: warms up, and measures as often as it is told.
   *
   * @throws Exception if the work cannot be done
   */
  static void measure(Plan plan, String... args) throws Exception {
    Load load = new Load(args);
    try (Work work = plan.start(load)) {
      work.run(load.warmUp());
      System.out.println(MEASURING);
      while (System.in.read() >= 0) {
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
    }
    System.exit(0); // whatever threads a library leaves
  }

  private static long cpuNanos() {
    return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
        .getProcessCpuTime();
  }
}
