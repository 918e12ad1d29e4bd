package io.upgradeable.cli;

import io.upgradeable.UpgradeException;
import io.upgradeable.cli.ProtocolFacts.Row;
import io.upgradeable.smtp.DeliveryOutcome;
import io.upgradeable.smtp.DeliveryReport;
import io.upgradeable.smtp.RecipientReport;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/**
 * What became of many messages, in bounded memory: counts and a histogram. Safe for use by several
 * threads.
 */
final class LoadFacts {

  /** Servers that put an id into each refusal must not fill the memory. */
  private static final int MAX_REASONS = 20;

  private static final String OTHER = "(other reasons)";
  private static final int MAX_REASON = 200;
  private static final int DIGITS = 3;
  private static final double[] PERCENTILES = {50, 90, 99};

  private final int wanted;
  private final int connections;
  private final Histogram micros = new Histogram(DIGITS);
  private final Map<String, Integer> reasons = new LinkedHashMap<>();
  private final long begun = System.nanoTime();
  private long last = begun;
  private int ended;
  private int accepted;
  private Optional<Failure> firstFailure = Optional.empty();

  LoadFacts(int wanted, int connections) {
    this.wanted = wanted;
    this.connections = connections;
  }

  /** A message came to its end. */
  synchronized void ended(DeliveryReport report, long nanos) {
    ended++;
    last = System.nanoTime();
    if (report.with(DeliveryOutcome.NOT_SENT).size() < report.recipients().size()) {
      micros.recordValue(Math.max(1, TimeUnit.NANOSECONDS.toMicros(nanos)));
    }
    Optional<Failure> failure = new DeliveryFacts(report).failure();
    if (failure.isEmpty()) {
      accepted++;
      return;
    }
    firstFailure = firstFailure.or(() -> failure);
    count(reason(report));
  }

  private void count(String reason) {
    boolean known = reasons.containsKey(reason) || reasons.size() < MAX_REASONS;
    reasons.merge(known ? reason : OTHER, 1, Integer::sum);
  }

  private static String reason(DeliveryReport report) {
    RecipientReport first =
        report.recipients().stream()
            .filter(each -> each.outcome() != DeliveryOutcome.ACCEPTED)
            .findFirst()
            .orElseThrow();
    String why =
        first
            .reply()
            .map(Object::toString)
            .or(() -> report.failure().map(LoadFacts::reason))
            .orElse(first.explanation());
    String unknown = first.outcome() == DeliveryOutcome.UNKNOWN ? "unknown: " : "";
    String text = Printable.line(unknown + why);
    return text.length() > MAX_REASON ? text.substring(0, MAX_REASON) + "..." : text;
  }

  private static String reason(Exception failure) {
    return failure instanceof UpgradeException upgrade
        ? ExitCode.of(upgrade).meaning() + ": " + upgrade.got()
        : String.valueOf(failure.getMessage());
  }

  synchronized int endedCount() {
    return ended;
  }

  private double seconds() {
    return Math.max(1, last - begun) / 1e9;
  }

  /** In one sentence. */
  synchronized String sentence() {
    return "%d of %d messages accepted".formatted(accepted, wanted);
  }

  /** For people. */
  synchronized List<Row> rows() {
    List<Row> rows = new ArrayList<>();
    rows.add(
        new Row(
            "sent",
            String.format(
                Locale.ROOT,
                "%d messages over %d %s in %.2f s: %.1f messages/s",
                ended,
                connections,
                connections == 1 ? "connection" : "connections",
                seconds(),
                ended / seconds())));
    if (micros.getTotalCount() > 0) {
      StringBuilder latency = new StringBuilder();
      for (double percentile : PERCENTILES) {
        latency.append(
            String.format(Locale.ROOT, "p%.0f %.2f ms, ", percentile, millis(percentile)));
      }
      latency.append(String.format(Locale.ROOT, "max %.2f ms", millis(100)));
      rows.add(new Row("latency", latency.toString()));
    }
    reasons.forEach((reason, count) -> rows.add(new Row("not taken", count + ": " + reason)));
    return rows;
  }

  private double millis(double percentile) {
    return micros.getValueAtPercentile(percentile) / 1000.0;
  }

  /** For programs. */
  synchronized Map<String, Object> fields() {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("count", wanted);
    fields.put("connections", connections);
    fields.put("ended", ended);
    fields.put("accepted", accepted);
    fields.put("seconds", seconds());
    fields.put("perSecond", ended / seconds());
    Map<String, Object> latency = new LinkedHashMap<>();
    for (double percentile : PERCENTILES) {
      latency.put("p" + Math.round(percentile), millis(percentile));
    }
    latency.put("max", millis(100));
    fields.put(
        "latencyMillis", micros.getTotalCount() > 0 ? Optional.of(latency) : Optional.empty());
    List<Map<String, Object>> refused = new ArrayList<>();
    reasons.forEach(
        (reason, count) -> {
          Map<String, Object> each = new LinkedHashMap<>();
          each.put("reason", reason);
          each.put("count", count);
          refused.add(each);
        });
    fields.put("notAccepted", refused);
    return fields;
  }

  /** The first message's failure; empty if all that ended were accepted. */
  synchronized Optional<Failure> failure() {
    return firstFailure.map(
        failure ->
            wanted == 1
                ? failure
                : failure.withMessage(
                    "%d of %d messages were not accepted, the first: %s"
                        .formatted(wanted - accepted, wanted, failure.message())));
  }
}
