package io.upgradeable.bench;

import com.google.gson.GsonBuilder;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * What was measured: for each case (such as a number of connections) a row for each contestant,
 * with the medians of the rounds, and the ratios to the first row of the case. A ratio is the
 * median of those of the single rounds, in which both had their turn close to each other: what else
 * the machine did in a round then counts for neither.
 */
final class Table {

  /** How a column of ratios is called. */
  static final String RATIO = "x ";

  /** The contestants whose names begin so are ours. */
  static final String OURS = "upgradeable";

  private static final String CONTESTANT = "contestant";
  private static final String FAILURES = "failures";

  private final List<String> caseKeys;
  private final List<String> facts;
  private final List<String> columns;
  private final List<String> compared;
  private final Map<Row, List<Map<String, Double>>> rows = new LinkedHashMap<>();

  private record Row(List<String> situation, String contestant, List<String> facts) {}

  /**
   * An empty table.
   *
   * @param caseKeys what tells a case from others
   * @param facts what is told of each contestant besides its figures, such as the TLS group
   * @param columns the figures
   * @param compared those of them that are also told as ratios to the first contestant of the case
   */
  Table(List<String> caseKeys, List<String> facts, List<String> columns, List<String> compared) {
    this.caseKeys = List.copyOf(caseKeys);
    this.facts = List.copyOf(facts);
    this.columns = List.copyOf(columns);
    this.compared = List.copyOf(compared);
  }

  /**
   * Adds one round.
   *
   * @param situation the values of the case's keys, in their order
   * @param told the values of the facts; a missing one is told as "-"
   * @param values the figures; a missing one is not told
   */
  void add(
      List<String> situation,
      String contestant,
      Map<String, String> told,
      Map<String, Double> values) {
    List<String> known = facts.stream().map(fact -> told.getOrDefault(fact, "-")).toList();
    rows.computeIfAbsent(
            new Row(List.copyOf(situation), contestant, known), ignored -> new ArrayList<>())
        .add(values);
  }

  boolean haveOursFailed() {
    return rows.entrySet().stream()
        .filter(row -> row.getKey().contestant().startsWith(OURS))
        .flatMap(row -> row.getValue().stream())
        .anyMatch(round -> round.getOrDefault(FAILURES, 0.0) > 0);
  }

  /** The figures of a column, in the order of the rounds; not a number where one has none. */
  private static double[] figures(List<Map<String, Double>> rounds, String column) {
    return rounds.stream().mapToDouble(round -> round.getOrDefault(column, Double.NaN)).toArray();
  }

  private static double median(double[] values) {
    double[] sorted =
        Arrays.stream(values).filter(value -> !Double.isNaN(value)).sorted().toArray();
    if (sorted.length == 0) {
      return Double.NaN;
    }
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  private static double median(List<Map<String, Double>> rounds, String column) {
    return median(figures(rounds, column));
  }

  private double ratio(Row row, String column) {
    for (Map.Entry<Row, List<Map<String, Double>>> first : rows.entrySet()) {
      if (first.getKey().situation().equals(row.situation())) {
        double[] own = figures(rows.getOrDefault(row, List.of()), column);
        double[] firsts = figures(first.getValue(), column);
        return own.length == firsts.length
            ? median(IntStream.range(0, own.length).mapToDouble(i -> own[i] / firsts[i]).toArray())
            : median(own) / median(firsts);
      }
    }
    return Double.NaN;
  }

  private List<Row> sorted() {
    List<List<String>> cases = rows.keySet().stream().map(Row::situation).distinct().toList();
    return cases.stream()
        .flatMap(each -> rows.keySet().stream().filter(row -> row.situation().equals(each)))
        .toList();
  }

  void print(PrintStream out) {
    List<List<String>> lines = new ArrayList<>();
    List<String> heading = new ArrayList<>(caseKeys);
    heading.add(CONTESTANT);
    heading.addAll(facts);
    heading.addAll(columns);
    compared.forEach(column -> heading.add(RATIO + column));
    lines.add(heading);
    for (Row row : sorted()) {
      List<String> line = new ArrayList<>(row.situation());
      line.add(row.contestant());
      line.addAll(row.facts());
      List<Map<String, Double>> rounds = rows.getOrDefault(row, List.of());
      columns.forEach(column -> line.add(shown(median(rounds, column))));
      compared.forEach(column -> line.add(shown(ratio(row, column))));
      lines.add(line);
    }
    for (List<String> line : lines) {
      StringBuilder text = new StringBuilder();
      for (int i = 0; i < line.size(); i++) {
        int column = i;
        int width = lines.stream().mapToInt(cells -> cells.get(column).length()).max().orElse(0);
        text.append(line.get(i)).append(" ".repeat(width - line.get(i).length() + 2));
      }
      out.println(text.toString().stripTrailing());
    }
  }

  /** A figure with as many digits as are worth reading. */
  static String shown(double value) {
    if (Double.isNaN(value) || Double.isInfinite(value)) {
      return "-";
    }
    if (value == Math.rint(value)) {
      return String.format(Locale.ROOT, "%.0f", value);
    }
    String form = value >= 100 ? "%.0f" : value >= 10 ? "%.1f" : value >= 1 ? "%.2f" : "%.3f";
    return String.format(Locale.ROOT, form, value);
  }

  void write(Path file) throws IOException {
    List<Map<String, Object>> all = new ArrayList<>();
    for (Row row : sorted()) {
      Map<String, Object> json = new LinkedHashMap<>();
      json.put("case", named(caseKeys, row.situation()));
      json.put(CONTESTANT, row.contestant());
      json.put("facts", named(facts, row.facts()));
      List<Map<String, Double>> rounds = rows.getOrDefault(row, List.of());
      Map<String, Double> medians = new LinkedHashMap<>();
      columns.forEach(column -> put(medians, column, median(rounds, column)));
      compared.forEach(column -> put(medians, RATIO + column, ratio(row, column)));
      json.put("median", medians);
      json.put("rounds", rounds);
      all.add(json);
    }
    if (file.getParent() != null) {
      Files.createDirectories(file.getParent());
    }
    Files.writeString(
        file, new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create().toJson(all));
  }

  private static void put(Map<String, Double> values, String name, double value) {
    if (Double.isFinite(value)) {
      values.put(name, value);
    }
  }

  private static Map<String, String> named(List<String> names, List<String> values) {
    Map<String, String> all = new LinkedHashMap<>();
    for (int i = 0; i < names.size(); i++) {
      all.put(names.get(i), values.get(i));
    }
    return all;
  }
}
