package io.upgradeable.bench;

import com.google.gson.GsonBuilder;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What was measured: rows by their key, each with the median of its rounds. */
final class Table {

  private final List<String> keys;
  private final List<String> columns;
  private final Map<Map<String, Object>, List<Map<String, Double>>> rows = new LinkedHashMap<>();

  Table(List<String> keys, List<String> columns) {
    this.keys = keys;
    this.columns = columns;
  }

  void add(Map<String, Object> key, Map<String, Double> values) {
    rows.computeIfAbsent(key, ignored -> new ArrayList<>()).add(values);
  }

  private static double median(List<Map<String, Double>> rounds, String column) {
    double[] sorted =
        rounds.stream().mapToDouble(round -> round.getOrDefault(column, 0.0)).sorted().toArray();
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  /** The sum of a column over all rounds of all rows. */
  double total(String column) {
    return rows.values().stream()
        .flatMap(List::stream)
        .mapToDouble(round -> round.getOrDefault(column, 0.0))
        .sum();
  }

  void print(PrintStream out) {
    List<List<String>> lines = new ArrayList<>();
    List<String> heading = new ArrayList<>(keys);
    heading.addAll(columns);
    lines.add(heading);
    rows.forEach(
        (key, rounds) -> {
          List<String> line = new ArrayList<>();
          keys.forEach(name -> line.add(String.valueOf(key.get(name))));
          columns.forEach(column -> line.add(shown(median(rounds, column))));
          lines.add(line);
        });
    for (List<String> line : lines) {
      StringBuilder text = new StringBuilder();
      for (int i = 0; i < line.size(); i++) {
        int column = i;
        int width = lines.stream().mapToInt(cells -> cells.get(column).length()).max().orElse(0);
        text.append("%%-%ds  ".formatted(width).formatted(line.get(i)));
      }
      out.println(text.toString().stripTrailing());
    }
  }

  private static String shown(double value) {
    return String.format(Locale.ROOT, value >= 100 ? "%.0f" : "%.3f", value);
  }

  void write(Path file) throws IOException {
    List<Map<String, Object>> all = new ArrayList<>();
    rows.forEach(
        (key, rounds) -> {
          Map<String, Object> row = new LinkedHashMap<>(key);
          columns.forEach(column -> row.put(column, median(rounds, column)));
          row.put("rounds", rounds);
          all.add(row);
        });
    if (file.getParent() != null) {
      Files.createDirectories(file.getParent());
    }
    Files.writeString(
        file, new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create().toJson(all));
  }
}
