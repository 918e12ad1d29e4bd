package io.upgradeable.bench;

import io.upgradeable.Endpoint;
import io.upgradeable.smtp.ContentTransfer;
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

/** Submission over STARTTLS: messages per second, and what they cost each side. */
@Command(
    name = "smtp",
    description = "Sends messages over STARTTLS to a sink in another process that answers at once.",
    mixinStandardHelpOptions = true,
    showDefaultValues = true)
final class SmtpWorkload implements Callable<Integer> {

  private static final String PLAINTEXT = "smtp-source (plaintext)";

  @Option(names = "--messages", description = "Messages of one turn.")
  private int messages = 10_000;

  @Option(names = "--turns", description = "How many turns a client has in a round.")
  private int turns = 5;

  @Option(names = "--warm-up", description = "Messages before them that do not count.")
  private int warmUp = 100_000;

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

  @Option(
      names = "--postfix",
      description = "Send to Postfix in a container of the Docker engine, not to the sink.")
  private boolean postfix;

  @Mixin private final Rounds rounds = new Rounds(3);

  @Override
  public Integer call() throws Exception {
    TestAuthority authority = TestAuthority.create();
    Table table =
        new Table(
            List.of("size", "connections"),
            List.of("engine", "group"),
            List.of("messages/s", "MB/s", "client CPU-s/1000", "server CPU-s/1000", "failures"),
            List.of("messages/s", "client CPU-s/1000"));
    try (Servers servers = servers(authority)) {
      List<Contestant> contestants = rounds.takingPart(contestants(), System.err);
      for (long size : sizes) {
        for (int count : connections) {
          List<Rounds.Lane> lanes = new ArrayList<>();
          for (Contestant contestant : contestants) {
            ServerProcess server = servers.of(contestant);
            lanes.add(
                new Rounds.Lane(
                    () -> start(contestant, size, count, authority, server),
                    run -> add(contestant, size, count, run, table)));
          }
          rounds.runWarm(lanes, turns);
        }
      }
    }
    return rounds.tell(table, postfix ? "smtp-postfix" : "smtp");
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
    all.add(Contestant.java("Angus Mail", AngusSmtp.class).withShare(0.02));
    all.add(Contestant.java("Vert.x mail client", VertxSmtp.class).withShare(0.1));
    all.add(Contestant.java("NioSmtpClient", NioSmtp.class));
    all.add(Contestant.python("smtplib", "smtplib_client.py"));
    all.add(Contestant.program(PLAINTEXT, "smtp-source", SmtpWorkload::smtpSource));
    return all;
  }

  private static List<String> smtpSource(List<String> options) {
    Load load = new Load(options.toArray(String[]::new));
    return List.of(
        "-d",
        "-s",
        String.valueOf(load.atOnce()),
        "-m",
        String.valueOf(load.units()),
        "-l",
        load.text("--size"),
        "-f",
        BenchMessage.FROM,
        "-t",
        BenchMessage.TO,
        load.peer().toString());
  }

  /** Ours speaks no mail in plaintext: smtp-source, which speaks no TLS, has a sink of its own. */
  private record Servers(ServerProcess main, Optional<ServerProcess> plaintext)
      implements AutoCloseable {

    ServerProcess of(Contestant contestant) {
      return contestant.name().equals(PLAINTEXT) ? plaintext.orElse(main) : main;
    }

    @Override
    public void close() throws IOException {
      main.close();
      if (plaintext.isPresent()) {
        plaintext.get().close();
      }
    }
  }

  private Servers servers(TestAuthority authority) throws IOException {
    if (postfix) {
      return new Servers(Postfix.start(authority), Optional.empty());
    }
    Optional<String> program = Programs.find("smtp-sink");
    Optional<ServerProcess> sink = Optional.empty();
    if (program.isPresent()) {
      Endpoint endpoint = Endpoint.of("127.0.0.1", ServerProcess.freePort());
      sink =
          Optional.of(
              ServerProcess.listening(
                  asNobody(program.get(), endpoint.toString(), "1000"),
                  endpoint,
                  authority.folder().resolve("smtp-sink.log")));
    }
    return new Servers(
        ServerProcess.start(SmtpSink.class, authority.certificate(), authority.key()), sink);
  }

  /** Postfix's programs do not serve as root. */
  private static List<String> asNobody(String program, String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(program);
    if (System.getProperty("user.name").equals("root")) {
      command.addAll(List.of("-u", "nobody"));
    }
    command.addAll(List.of(arguments));
    return command;
  }

  private Client start(
      Contestant contestant, long size, int count, TestAuthority authority, ServerProcess sink)
      throws Exception {
    int units = contestant.shareOf(messages);
    List<String> options =
        List.of(
            "--peer", sink.endpoint().toString(),
            "--ca", authority.authority(),
            "--units", String.valueOf(units),
            "--warm-up", String.valueOf(contestant.shareOf(warmUp)),
            "--at-once", String.valueOf(count),
            "--size", String.valueOf(size));
    return Client.start(contestant, options, units, sink);
  }

  private static void add(Contestant contestant, long size, int count, ClientRun run, Table table) {
    Outcome outcome = run.outcome();
    int units = outcome.units();
    Map<String, Double> values = new LinkedHashMap<>();
    values.put("messages/s", units / outcome.seconds());
    values.put("MB/s", (double) units * size / outcome.seconds() / 1e6);
    values.put("client CPU-s/1000", outcome.cpuSeconds() * 1000 / units);
    values.put("server CPU-s/1000", run.serverSeconds() * 1000 / units);
    values.put("failures", (double) outcome.failures());
    table.add(
        List.of(String.valueOf(size), String.valueOf(count)),
        contestant.name(),
        outcome.facts(),
        values);
  }
}
