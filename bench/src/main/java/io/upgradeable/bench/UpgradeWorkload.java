package io.upgradeable.bench;

import io.upgradeable.tls.TlsEngine;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Whole upgrades per second, and what they cost each side. */
@Command(
    name = "upgrade",
    description = {
      "Connects, says PING, upgrades with a full TLS 1.3 handshake and a P-256 certificate, says"
          + " PING again and QUIT. Each contestant talks to a server of its own kind in another"
          + " process; both have one event loop thread.",
      "Those whose servers lose a ClientHello that comes close behind STARTTLS (Vert.x, asyncio)"
          + " answer STARTTLS and wait for that."
    },
    mixinStandardHelpOptions = true,
    showDefaultValues = true)
final class UpgradeWorkload implements Callable<Integer> {

  @Option(names = "--units", description = "Upgrades of one turn.")
  private int units = 2_000;

  @Option(names = "--turns", description = "How many turns a client has in a round.")
  private int turns = 5;

  @Option(names = "--warm-up", description = "Upgrades before them that do not count.")
  private int warmUp = 20_000;

  @Option(names = "--at-once", description = "How many at a time.")
  private int atOnce = 32;

  @Option(names = "--engine", split = ",", description = "OPENSSL or JDK; several runs.")
  private List<TlsEngine> engines = List.of(TlsEngine.OPENSSL, TlsEngine.JDK);

  @Option(
      names = "--groups",
      description =
          "Key exchange groups for OPENSSL, such as x25519; contestants that have no such option"
              + " are left out. Else the engine's choice.")
  private Optional<String> groups = Optional.empty();

  @Option(
      names = "--early-hello",
      description =
          "Compare servers only: one client, hand-written Netty, that sends STARTTLS and its"
              + " ClientHello in one segment.")
  private boolean early;

  @Mixin private final Rounds rounds = new Rounds(3);

  /** A contestant and its server, which runs through all rounds. */
  private record Pair(PingContestants contestant, ServerProcess server) {}

  @Override
  public Integer call() throws Exception {
    TestAuthority authority = TestAuthority.create();
    Table table =
        new Table(
            List.of("case"),
            List.of("engine", "protocol", "group", Dialogue.GO_AHEAD),
            List.of(
                "upgrades/s",
                "client CPU-s/1000",
                "server CPU-s/1000",
                "both CPU-s/1000",
                "failures"),
            List.of("upgrades/s", "both CPU-s/1000"));
    List<Pair> pairs = new ArrayList<>();
    try {
      List<Rounds.Lane> lanes = new ArrayList<>();
      List<PingContestants> all = PingContestants.all(engines, groups);
      List<Contestant> present =
          rounds.takingPart(all.stream().map(PingContestants::client).toList(), System.err);
      for (PingContestants each : all) {
        if (present.contains(each.client())) {
          String ready = String.valueOf(!early);
          Pair pair = new Pair(each, each.startServer(authority, "--ready", ready));
          pairs.add(pair);
          lanes.add(
              new Rounds.Lane(
                  () -> start(pair, authority), run -> add(pair.contestant, run, table)));
        }
      }
      rounds.runWarm(lanes, turns);
    } finally {
      for (Pair pair : pairs) {
        pair.server.close();
      }
    }
    return rounds.tell(table, "upgrade");
  }

  private Client start(Pair pair, TestAuthority authority) throws Exception {
    List<String> options =
        List.of(
            "--peer", pair.server.endpoint().toString(),
            "--ca", authority.authority(),
            "--units", String.valueOf(units),
            "--warm-up", String.valueOf(warmUp),
            "--at-once", String.valueOf(atOnce),
            "--limit", "30",
            "--early-hello", String.valueOf(early));
    Contestant client =
        early ? PingContestants.early(pair.contestant.engine()) : pair.contestant.client();
    return Client.start(client, options, units, pair.server);
  }

  private void add(PingContestants contestant, ClientRun run, Table table) {
    Outcome outcome = run.outcome();
    double clientCpu = outcome.cpuSeconds() * 1000 / units;
    double serverCpu = run.serverSeconds() * 1000 / units;
    Map<String, Double> values = new LinkedHashMap<>();
    values.put("upgrades/s", units / outcome.seconds());
    values.put("client CPU-s/1000", clientCpu);
    values.put("server CPU-s/1000", serverCpu);
    values.put("both CPU-s/1000", clientCpu + serverCpu);
    values.put("failures", (double) outcome.failures());
    table.add(
        List.of(contestant.engine().name() + (early ? " early" : "")),
        contestant.name(),
        outcome.facts(),
        values);
  }
}
