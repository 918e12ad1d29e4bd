package io.upgradeable.bench;

import io.upgradeable.tls.TlsEngine;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What an upgraded connection costs that nobody uses. */
@Command(
    name = "idle",
    description = {
      "Opens connections that are upgraded and then idle, and tells the memory of one on each side.",
      "The heap is that which is in use after collections. All of it is resident from the start, so"
          + " that what the processes grow by is memory outside the heap; the total is both."
    },
    mixinStandardHelpOptions = true,
    showDefaultValues = true)
final class IdleWorkload implements Callable<Integer> {

  private static final double KIB = 1024;

  /** Python's connections are twenty times as large. */
  private static final int FEWER = 5;

  private static final List<String> WHOLE_HEAP_RESIDENT =
      List.of("-XX:+UseSerialGC", "-Xms384m", "-Xmx384m", "-XX:+AlwaysPreTouch");

  @Option(names = "--connections", description = "Connections that are measured; asyncio a fifth.")
  private int connections = 5_000;

  @Option(
      names = "--warm-up",
      description = "Connections that are opened before the first look, and stay open.")
  private int warmUp = 2_000;

  @Option(names = "--engine", split = ",", description = "OPENSSL or JDK; several runs.")
  private List<TlsEngine> engines = List.of(TlsEngine.OPENSSL, TlsEngine.JDK);

  @Mixin private final Rounds rounds = new Rounds(3);

  /** The memory of a process. */
  private record Memory(long resident, long heap) {

    static Memory of(ServerProcess process) throws IOException {
      long heap = process.ask(Console.HEAP); // first, for it collects garbage
      return new Memory(process.residentBytes(), heap);
    }
  }

  @Override
  public Integer call() throws Exception {
    TestAuthority authority = TestAuthority.create();
    Table table =
        new Table(
            List.of("engine"),
            List.of(),
            List.of("server KiB", "server heap", "client KiB", "client heap", "failures"),
            List.of("server KiB", "client KiB"));
    List<PingContestants> all = PingContestants.all(engines, Optional.empty());
    List<Contestant> present =
        rounds.takingPart(all.stream().map(PingContestants::client).toList(), System.err);
    List<Rounds.Turn> turns = new ArrayList<>();
    for (PingContestants each : all) {
      if (present.contains(each.client())) {
        turns.add(() -> run(each, authority, table));
      }
    }
    rounds.run(turns);
    return rounds.tell(table, "idle");
  }

  private void run(PingContestants contestant, TestAuthority authority, Table table)
      throws IOException {
    boolean java = !contestant.name().equals("asyncio");
    int count = java ? connections : Math.max(1, connections / FEWER);
    int before = java ? warmUp : warmUp / FEWER;
    List<String> options =
        List.of("--cert", authority.certificate(), "--key", authority.key(), "--ready", "true");
    try (ServerProcess server = start(contestant.name(), contestant.server(), java, options)) {
      List<String> clientOptions =
          List.of(
              "--peer", server.endpoint().toString(),
              "--ca", authority.authority(),
              "--at-once", "32");
      try (ServerProcess client =
          start(contestant.name(), contestant.client(), java, clientOptions)) {
        long failures = client.ask(Console.OPEN + " " + before);
        Memory serverBefore = Memory.of(server);
        Memory clientBefore = Memory.of(client);
        failures += client.ask(Console.OPEN + " " + count);
        Map<String, Double> values = new LinkedHashMap<>();
        tell("server", serverBefore, Memory.of(server), java, count, values);
        tell("client", clientBefore, Memory.of(client), java, count, values);
        values.put("failures", (double) failures);
        table.add(List.of(contestant.engine().name()), contestant.name(), Map.of(), values);
      }
    }
  }

  private static ServerProcess start(
      String name, Contestant program, boolean java, List<String> options) throws IOException {
    List<String> told = new ArrayList<>(options);
    told.addAll(List.of("--hold", "true"));
    List<String> command = new ArrayList<>(program.command().apply(told));
    if (java) {
      command.addAll(1, WHOLE_HEAP_RESIDENT);
    }
    return ServerProcess.announced(name, command);
  }

  private static void tell(
      String side,
      Memory before,
      Memory after,
      boolean java,
      int count,
      Map<String, Double> values) {
    double heap = (after.heap() - before.heap()) / KIB / count;
    double outside = (after.resident() - before.resident()) / KIB / count;
    values.put(side + " KiB", java ? outside + heap : outside);
    if (java) {
      values.put(side + " heap", heap);
    }
  }
}
