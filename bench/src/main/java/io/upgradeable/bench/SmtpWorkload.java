package io.upgradeable.bench;

import io.upgradeable.smtp.ContentTransfer;
import io.upgradeable.tls.TlsEngine;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Submission over STARTTLS: messages per second, and what they cost each side. */
@Command(
    name = "smtp",
    description = "Sends messages over STARTTLS to a sink in another process that answers at once.",
    mixinStandardHelpOptions = true,
    showDefaultValues = true)
final class SmtpWorkload implements Callable<Integer> {

  @Option(names = "--messages", description = "Messages of one measured run.")
  private int messages = 20_000;

  @Option(names = "--warm-up", description = "Messages before it that do not count.")
  private int warmUp = 20_000;

  @Option(names = "--connections", split = ",", description = "How many at a time; several runs.")
  private List<Integer> connections = List.of(1, 4);

  @Option(names = "--size", split = ",", description = "Bytes of a message; several runs.")
  private List<Long> sizes = List.of(10_240L);

  @Option(names = "--in-flight", description = "Messages given to a session ahead of its reports.")
  private int inFlight = 2;

  @Option(names = "--transfer", split = ",", description = "DATA, BDAT or AUTO; several runs.")
  private List<ContentTransfer> transfers = List.of(ContentTransfer.DATA, ContentTransfer.BDAT);

  @Option(names = "--engine", split = ",", description = "OPENSSL, JDK or AUTO; several runs.")
  private List<TlsEngine> engines = List.of(TlsEngine.AUTO);

  @Mixin private final Rounds rounds = new Rounds();

  @Override
  public Integer call() throws Exception {
    PrintStream err = System.err;
    TestAuthority authority = TestAuthority.create();
    Table table =
        new Table(
            List.of("size", "connections"),
            List.of("engine", "group"),
            List.of("messages/s", "MB/s", "client CPU-s/1000", "server CPU-s/1000", "failures"),
            List.of("messages/s", "client CPU-s/1000"));
    try (ServerProcess sink =
        ServerProcess.start(SmtpSink.class, authority.certificate(), authority.key())) {
      List<Rounds.Turn> turns = new ArrayList<>();
      List<Contestant> contestants = rounds.takingPart(contestants(), err);
      for (long size : sizes) {
        for (int count : connections) {
          for (Contestant contestant : contestants) {
            turns.add(() -> run(contestant, size, count, authority, sink, table));
          }
        }
      }
      rounds.run(turns);
    }
    return rounds.tell(table, "smtp");
  }

  private List<Contestant> contestants() {
    List<Contestant> all = new ArrayList<>();
    for (TlsEngine engine : engines) {
      for (ContentTransfer transfer : transfers) {
        all.add(
            Contestant.java(
                Table.OURS + " " + transfer,
                SmtpClient.class,
                "--engine",
                engine.name(),
                "--transfer",
                transfer.name(),
                "--in-flight",
                String.valueOf(inFlight)));
      }
    }
    return all;
  }

  private void run(
      Contestant contestant,
      long size,
      int count,
      TestAuthority authority,
      ServerProcess sink,
      Table table)
      throws Exception {
    List<String> options =
        List.of(
            "--peer", sink.endpoint().toString(),
            "--ca", authority.authority(),
            "--units", String.valueOf(messages),
            "--warm-up", String.valueOf(warmUp),
            "--at-once", String.valueOf(count),
            "--size", String.valueOf(size));
    ClientRun run = ClientRun.of(contestant, options, messages, sink);
    Outcome outcome = run.outcome();
    Map<String, Double> values = new LinkedHashMap<>();
    values.put("messages/s", messages / outcome.seconds());
    values.put("MB/s", messages * size / outcome.seconds() / 1e6);
    values.put("client CPU-s/1000", outcome.cpuSeconds() * 1000 / messages);
    values.put("server CPU-s/1000", run.serverSeconds() * 1000 / messages);
    values.put("failures", (double) outcome.failures());
    table.add(
        List.of(String.valueOf(size), String.valueOf(count)),
        contestant.name(),
        outcome.facts(),
        values);
  }
}
