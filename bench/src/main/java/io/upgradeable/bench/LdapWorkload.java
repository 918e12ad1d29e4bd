package io.upgradeable.bench;

import io.upgradeable.Endpoint;
import io.upgradeable.tls.TlsEngine;
import java.io.PrintStream;
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

  @Option(names = "--connections", description = "Connections of one measured run.")
  private int connections = 3000;

  @Option(names = "--warm-up", description = "Connections before them that do not count.")
  private int warmUp = 3000;

  @Option(
      names = "--of-libraries",
      description = "The same for the libraries that block: measured connections, at most.")
  private int ofLibraries = 600;

  @Option(names = "--processes", description = "Measured ldapsearch processes, at most.")
  private int processes = 400;

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
      List<Rounds.Turn> turns = new ArrayList<>();
      List<Contestant> contestants = rounds.takingPart(contestants(), err);
      for (int count : atOnce) {
        for (Contestant contestant : contestants) {
          turns.add(() -> run(contestant, count, authority, group, server, table));
        }
      }
      rounds.run(turns);
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

  private void run(
      Contestant contestant,
      int count,
      TestAuthority authority,
      Path group,
      ServerProcess server,
      Table table)
      throws Exception {
    int units = connections;
    if (!contestant.cooperative()) {
      units = Math.min(units, processes);
    } else if (contestant.name().equals("unboundid") || contestant.name().equals("apache")) {
      units = Math.min(units, ofLibraries);
    }
    List<String> options =
        List.of(
            "--peer", server.endpoint().toString(),
            "--ca", authority.authority(),
            "--units", String.valueOf(units),
            "--warm-up", String.valueOf(warmUp),
            "--at-once", String.valueOf(count));
    ClientRun run = ClientRun.of(contestant, options, units, server);
    Outcome outcome = run.outcome();
    Map<String, String> facts = new LinkedHashMap<>(outcome.facts());
    if (Files.exists(group)) {
      facts.put("group", Files.readString(group));
    }
    Map<String, Double> values = new LinkedHashMap<>();
    values.put("connections/s", units / outcome.seconds());
    values.put("client CPU-s/1000", outcome.cpuSeconds() * 1000 / units);
    values.put("server CPU-s/1000", run.serverSeconds() * 1000 / units);
    values.put("failures", (double) outcome.failures());
    table.add(List.of(String.valueOf(count)), contestant.name(), facts, values);
  }
}
