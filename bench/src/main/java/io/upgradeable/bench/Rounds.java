package io.upgradeable.bench;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import picocli.CommandLine.Option;

/** What all workloads have: rounds in which the contestants take turns, and the table of them. */
final class Rounds {

  @Option(
      names = "--rounds",
      description = "How often all contestants take their turn; medians are told.")
  private int count;

  @Option(
      names = "--only",
      paramLabel = "REGEX",
      description = "Leave out the contestants whose names do not contain it.")
  private Pattern only = Pattern.compile("");

  @Option(names = "--json", description = "Where to write the table as JSON.")
  private Path json = Path.of("");

  Rounds(int count) {
    this.count = count;
  }

  /** Something to measure. */
  interface Turn {

    /** Measures once and adds to the table. */
    void take() throws Exception;
  }

  /** The contestants that take part; says loudly who does not. */
  List<Contestant> takingPart(List<Contestant> all, PrintStream err) {
    List<Contestant> present = new ArrayList<>();
    for (Contestant each : all) {
      if (!only.matcher(each.name()).find()) {
        continue;
      }
      if (each.missing().isPresent()) {
        err.println(
            "LEFT OUT: %s, for there is no %s (see bench/peers)"
                .formatted(each.name(), each.missing().get()));
      } else {
        present.add(each);
      }
    }
    return present;
  }

  /** Lets all take their turns, round by round. */
  void run(List<Turn> turns) throws Exception {
    for (int round = 0; round < count; round++) {
      for (Turn turn : turns) {
        turn.take();
      }
    }
  }

  /**
   * Prints and writes the table.
   *
   * @param name the name of its file where the user gives none
   * @return the exit code: 1 where one of ours failed
   */
  int tell(Table table, String name) throws IOException {
    table.print(System.out);
    Path file = json.toString().isEmpty() ? Path.of("bench/target", name + ".json") : json;
    table.write(file);
    System.out.println("\nwritten to " + file);
    return table.haveOursFailed() ? 1 : 0;
  }
}
