package io.upgradeable.bench;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * Draws tables as bars in SVG: a column for each figure that is compared, a block for each case, a
 * bar for each contestant. A chart library would bring fonts and a PDF writer for some rectangles.
 */
@Command(
    name = "bench/plot",
    description = {
      "Draws the tables that bench/run wrote as SVG, and puts the tables themselves into a document,"
          + " between the marks <!-- NAME --> and <!-- /NAME -->."
    },
    mixinStandardHelpOptions = true)
final class Plot implements Callable<Integer> {

  private static final int LABEL = 330;
  private static final int BAR = 230;
  private static final int VALUE = 80;
  private static final int LINE = 18;
  private static final int MARGIN = 10;
  private static final String OURS = "#2563eb";
  private static final String OTHERS = "#94a3b8";

  @Parameters(paramLabel = "TABLE", arity = "1..*", description = "Files of bench/run.")
  private List<Path> tables = List.of();

  @Option(names = "--to", paramLabel = "DIR", description = "Where the pictures go.")
  private Path folder = Path.of("docs/performance");

  @Option(names = "--document", description = "Where the tables go, if it has their marks.")
  private Path document = Path.of("docs/performance.md");

  /**
   * Draws.
   *
   * @param args see --help
   */
  public static void main(String[] args) {
    System.exit(new CommandLine(new Plot()).execute(args));
  }

  @Override
  public Integer call() throws IOException {
    Files.createDirectories(folder);
    for (Path table : tables) {
      String name = String.valueOf(table.getFileName()).replaceFirst("\\.json$", "");
      Path picture = folder.resolve(name + ".svg");
      JsonArray rows = JsonParser.parseString(Files.readString(table)).getAsJsonArray();
      if (!rows.isEmpty() && rows.get(0).getAsJsonObject().has("benchmark")) {
        fill(name, jmh(rows));
        continue;
      }
      Files.writeString(picture, draw(rows));
      System.out.println(picture);
      fill(name, markdown(rows));
    }
    return 0;
  }

  private void fill(String name, String table) throws IOException {
    if (!Files.exists(document)) {
      return;
    }
    String text = Files.readString(document);
    String begin = "<!-- " + name + " -->";
    int from = text.indexOf(begin);
    int to = text.indexOf("<!-- /" + name + " -->");
    if (from >= 0 && to > from) {
      String filled = text.substring(0, from) + begin + "\n" + table + text.substring(to);
      Files.writeString(document, filled);
      System.out.println(document + ": " + name);
    }
  }

  /** What JMH writes, as Markdown. */
  private static String jmh(JsonArray rows) {
    StringBuilder table = new StringBuilder("| benchmark | ns | bytes |\n| --- | --- | --- |\n");
    for (JsonElement element : rows) {
      JsonObject row = element.getAsJsonObject();
      JsonElement bytes = row.getAsJsonObject("secondaryMetrics").get("gc.alloc.rate.norm");
      table.append(
          "| %s | %s | %s |%n"
              .formatted(
                  row.get("benchmark").getAsString().replaceFirst("^.*\\.(.*\\..*)$", "$1"),
                  Table.shown(score(row.get("primaryMetric"))),
                  Table.shown(score(bytes))));
    }
    return table.toString();
  }

  private static double score(JsonElement metric) {
    return metric.getAsJsonObject().get("score").getAsDouble();
  }

  /** The table as Markdown; a column that says nothing in any row is left out. */
  static String markdown(JsonArray rows) {
    List<List<String>> lines = new ArrayList<>();
    List<String> heading = new ArrayList<>();
    for (JsonElement element : rows) {
      JsonObject row = element.getAsJsonObject();
      row.getAsJsonObject("median").keySet().stream()
          .filter(column -> !heading.contains(column))
          .forEach(heading::add);
    }
    List<String> first = new ArrayList<>(List.of("case", "contestant"));
    first.addAll(heading);
    lines.add(first);
    lines.add(first.stream().map(ignored -> "---").toList());
    for (JsonElement element : rows) {
      JsonObject row = element.getAsJsonObject();
      JsonObject median = row.getAsJsonObject("median");
      String who = row.get("contestant").getAsString();
      String facts =
          row.getAsJsonObject("facts").entrySet().stream()
              .map(fact -> fact.getValue().getAsString())
              .filter(value -> !value.equals("-"))
              .collect(Collectors.joining(", "));
      List<String> line = new ArrayList<>();
      line.add(words(row.getAsJsonObject("case")));
      line.add(facts.isEmpty() ? who : who + " (" + facts + ")");
      for (String column : heading) {
        JsonElement value = median.get(column);
        line.add(value == null ? "" : Table.shown(value.getAsDouble()));
      }
      lines.add(line);
    }
    return lines.stream()
        .map(line -> "| " + String.join(" | ", line) + " |\n")
        .collect(Collectors.joining());
  }

  /** The figures that have ratios are those worth a look. */
  private static List<String> compared(JsonArray rows) {
    return rows.asList().stream()
        .flatMap(row -> row.getAsJsonObject().getAsJsonObject("median").keySet().stream())
        .filter(column -> column.startsWith(Table.RATIO))
        .map(column -> column.substring(Table.RATIO.length()))
        .distinct()
        .toList();
  }

  static String draw(JsonArray rows) {
    List<String> figures = compared(rows);
    StringBuilder marks = new StringBuilder();
    int y = MARGIN + LINE;
    for (int i = 0; i < figures.size(); i++) {
      text(marks, left(i), y, figures.get(i), "font-weight='bold'");
    }
    String last = "";
    for (JsonElement element : rows) {
      JsonObject row = element.getAsJsonObject();
      String situation = words(row.getAsJsonObject("case"));
      if (!situation.equals(last)) {
        y += LINE + LINE / 2;
        text(marks, MARGIN, y, situation, "font-weight='bold'");
        last = situation;
      }
      y += LINE;
      String contestant = row.get("contestant").getAsString();
      text(marks, MARGIN * 2, y, (contestant + " " + engine(row)).strip(), "");
      for (int i = 0; i < figures.size(); i++) {
        bar(marks, left(i), y, row, largest(rows, situation, figures.get(i)), figures.get(i));
      }
    }
    int width = left(figures.size()) + MARGIN;
    int height = y + MARGIN;
    return """
        <svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d"
            font-family="sans-serif" font-size="13" fill="#0f172a">
        <rect width="100%%" height="100%%" fill="white"/>
        %s</svg>
        """
        .formatted(width, height, width, height, marks);
  }

  private static int left(int figure) {
    return LABEL + figure * (BAR + VALUE);
  }

  private static String words(JsonObject named) {
    return named.entrySet().stream()
        .map(entry -> entry.getKey() + " " + entry.getValue().getAsString())
        .collect(Collectors.joining(", "))
        .replaceFirst("^case ", "");
  }

  private static String engine(JsonObject row) {
    JsonElement engine = row.getAsJsonObject("facts").get("engine");
    return engine == null || engine.getAsString().equals("-")
        ? ""
        : "(" + engine.getAsString() + ")";
  }

  private static double largest(JsonArray rows, String situation, String figure) {
    List<Double> values = new ArrayList<>();
    for (JsonElement element : rows) {
      JsonObject row = element.getAsJsonObject();
      JsonElement value = row.getAsJsonObject("median").get(figure);
      if (value != null && words(row.getAsJsonObject("case")).equals(situation)) {
        values.add(value.getAsDouble());
      }
    }
    return values.stream().mapToDouble(Double::doubleValue).max().orElse(0);
  }

  private static void bar(
      StringBuilder marks, int x, int y, JsonObject row, double largest, String figure) {
    JsonElement value = row.getAsJsonObject("median").get(figure);
    if (value == null || largest <= 0) {
      return;
    }
    boolean ours = row.get("contestant").getAsString().startsWith(Table.OURS);
    double length = Math.max(1, value.getAsDouble() / largest * BAR);
    marks.append(
        String.format(
            Locale.ROOT,
            "<rect x='%d' y='%d' width='%.1f' height='%d' fill='%s'/>%n",
            x,
            y - LINE + 6,
            length,
            LINE - 5,
            ours ? OURS : OTHERS));
    text(marks, (int) (x + length + 5), y, Table.shown(value.getAsDouble()), "");
  }

  private static void text(StringBuilder marks, int x, int y, String text, String style) {
    String escaped = text.replace("&", "&amp;").replace("<", "&lt;");
    marks.append("<text x='%d' y='%d' %s>%s</text>%n".formatted(x, y, style, escaped));
  }
}
