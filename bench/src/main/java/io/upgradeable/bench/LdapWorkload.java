package io.upgradeable.bench;

import io.upgradeable.Endpoint;
import io.upgradeable.tls.TlsEngine;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** StartTLS and the root DSE on new connections: how many per second, and what they cost. */
@Command(
    name = "ldap",
    description =
        "Opens connections to one LDAP server in another process: StartTLS with a full handshake,"
            + " the root DSE, unbind.",
    mixinStandardHelpOptions = true,
    showDefaultValues = true)
final class LdapWorkload implements Callable<Integer> {

  /** Lanes of processes; the first that fails is told by the exit code. */
  private static final String LOOP =
      """
      program=$1 uri=ldap://$2 units=$4 lanes=$5
      export LDAPTLS_CACERT=$3
      lane() {
        local i
        for ((i = $1; i < units; i += lanes)); do
          "$program" -ZZ -x -H "$uri" -b '' -s base '*' + || return 1
        done
      }
      pids=()
      for ((n = 0; n < lanes; n++)); do
        lane $n & pids+=($!)
      done
      failed=0
      for pid in "${pids[@]}"; do wait "$pid" || failed=1; done
      exit $failed
      """;

  /** Of the units of a turn: those that take long would take too long. */
  private static final int WARM_UP_AT_MOST = 8;

  @Option(names = "--connections", description = "Connections of one turn.")
  private int connections = 1500;

  @Option(names = "--turns", description = "How many turns a client has in a round.")
  private int turns = 4;

  @Option(names = "--warm-up", description = "Connections before them that do not count.")
  private int warmUp = 10_000;

  @Option(
      names = "--of-libraries",
      description = "The same for the libraries that block: measured connections, at most.")
  private int ofLibraries = 300;

  @Option(names = "--processes", description = "Measured ldapsearch processes, at most.")
  private int processes = 200;

  @Option(names = "--at-once", split = ",", description = "How many at a time; several runs.")
  private List<Integer> atOnce = List.of(1, 16);

  @Option(names = "--engine", split = ",", description = "OPENSSL and JDK; several runs.")
  private List<TlsEngine> engines = List.of(TlsEngine.OPENSSL, TlsEngine.JDK);

  @Mixin private final Rounds rounds = new Rounds(3);

  @Override
  public Integer call() throws Exception {
    PrintStream err = System.err;
    TestAuthority authority = TestAuthority.create();
    Path group = authority.folder().resolve("group");
    Table table =
        new Table(
            List.of("at once"),
            List.of("engine", "group"),
            List.of("connections/s", "client CPU-s/1000", "server CPU-s/1000", "failures"),
            List.of("connections/s", "client CPU-s/1000"));
    try (ServerProcess server =
        ServerProcess.start(
            LdapSink.class, authority.certificate(), authority.key(), group.toString())) {
      List<Contestant> contestants = rounds.takingPart(contestants(), err);
      for (int count : atOnce) {
        List<Rounds.Lane> lanes = new ArrayList<>();
        for (Contestant contestant : contestants) {
          lanes.add(
              new Rounds.Lane(
                  () -> start(contestant, count, authority, server),
                  run -> add(contestant, count, group, run, table)));
        }
        rounds.runWarm(lanes, turns);
      }
    }
    return rounds.tell(table, "ldap");
  }

  private List<Contestant> contestants() {
    List<Contestant> all = new ArrayList<>();
    for (TlsEngine engine : engines) {
      all.add(ofEngine(Table.OURS, LdapClient.class, engine));
      all.add(ofEngine("netty", LdapByHand.class, engine));
    }
    Optional<String> program = Programs.find("ldapsearch");
    all.add(
        new Contestant(
            "ldapsearch",
            program.isPresent() ? Optional.empty() : Optional.of("ldapsearch"),
            told -> ldapsearch(program.orElseThrow(), new Load(told)),
            1,
            false));
    all.add(Contestant.java("unboundid", LdapLibrary.class, "--library", "unboundid"));
    all.add(Contestant.java("apache", LdapLibrary.class, "--library", "apache"));
    return all;
  }

  private static Contestant ofEngine(String name, Class<?> main, TlsEngine engine) {
    return Contestant.java(
        name + " " + engine.name().toLowerCase(Locale.ROOT), main, "--engine", engine.name());
  }

  private static List<String> ldapsearch(String program, Load told) {
    Endpoint peer = told.peer();
    return Stream.of(
            "bash",
            "-c",
            LOOP,
            "ldapsearch",
            program,
            peer,
            told.authority(),
            told.units(),
            told.atOnce())
        .map(Object::toString)
        .toList();
  }

  private int unitsOf(Contestant contestant) {
    int units = connections;
    if (!contestant.cooperative()) {
      units = Math.min(units, processes);
    } else if (contestant.name().equals("unboundid") || contestant.name().equals("apache")) {
      units = Math.min(units, ofLibraries);
    }
    return units;
  }

  private Client start(
      Contestant contestant, int count, TestAuthority authority, ServerProcess server)
      throws Exception {
    int units = unitsOf(contestant);
    List<String> options =
        List.of(
            "--peer", server.endpoint().toString(),
            "--ca", authority.authority(),
            "--units", String.valueOf(units),
            "--warm-up", String.valueOf(Math.min(warmUp, units * WARM_UP_AT_MOST)),
            "--at-once", String.valueOf(count));
    return Client.start(contestant, options, units, server);
  }

  private void add(Contestant contestant, int count, Path group, ClientRun run, Table table) {
    Outcome outcome = run.outcome();
    int units = outcome.units();
    Map<String, String> facts = new LinkedHashMap<>(outcome.facts());
    if (Files.exists(group)) {
      facts.put("group", read(group));
    }
    Map<String, Double> values = new LinkedHashMap<>();
    values.put("connections/s", units / outcome.seconds());
    values.put("client CPU-s/1000", outcome.cpuSeconds() * 1000 / units);
    values.put("server CPU-s/1000", run.serverSeconds() * 1000 / units);
    values.put("failures", (double) outcome.failures());
    table.add(List.of(String.valueOf(count)), contestant.name(), facts, values);
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
