package io.upgradeable.bench;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
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

  /** Starts a client, and lets it warm up. */
  interface Start {

    /** The client, running. */
    Client warm() throws Exception;
  }

  /**
   * A client that takes turns.
   *
   * @param start starts it
   * @param add adds a run to the table
   */
  record Lane(Start start, Consumer<ClientRun> add) {}

  /** Clients that all end, whatever becomes of one of them. */
  private record Running(List<Client> clients) implements AutoCloseable {

    @Override
    public void close() throws IOException {
      IOException failure = null;
      for (Client client : clients) {
        try {
          client.close();
        } catch (IOException e) {
          if (failure == null) {
            failure = e;
          } else {
            failure.addSuppressed(e);
          }
        }
      }
      if (failure != null) {
        throw failure;
      }
    }
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
   * Starts all clients in each round, and lets them take several short turns when all are warm: so
   * that what else the machine does meets all of them alike, and luck of one process is not all.
   */
  void runWarm(List<Lane> lanes, int turns) throws Exception {
    for (int round = 0; round < count; round++) {
      try (Running running = new Running(new ArrayList<>())) {
        List<Client> clients = running.clients();
        for (Lane lane : lanes) {
          clients.add(lane.start().warm());
        }
        for (int turn = 0; turn < turns; turn++) {
          for (int i = 0; i < clients.size(); i++) {
            lanes.get(i).add().accept(clients.get(i).run());
          }
        }
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
