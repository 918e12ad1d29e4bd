package io.upgradeable.bench;

import io.upgradeable.tls.TlsEngine;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What one run of a command costs, from nothing to its end. */
@Command(
    name = "startup",
    description = {
      "Starts commands that probe a STARTTLS server once, from nothing to their end; ours from the"
          + " packaged distribution. Then many probes in one process of ours, beside as many"
          + " processes of openssl s_client."
    },
    mixinStandardHelpOptions = true,
    showDefaultValues = true)
final class StartupWorkload implements Callable<Integer> {

  private static final String WARM = "a probe among many, warm";

  @Option(names = "--targets", split = ",", description = "Probes in one go; several runs.")
  private List<Integer> targets = List.of(1, 10, 100);

  @Option(names = "--warm", description = "Probes of a warm process; as many go before them.")
  private int warm = 4000;

  @Option(names = "--at-once", description = "How many of the many are under way at a time.")
  private int atOnce = 16;

  @Mixin private final Rounds rounds = new Rounds(11);

  private final Table table =
      new Table(
          List.of("case"),
          List.of(),
          List.of("wall ms", "CPU ms", "RSS MiB", "failures"),
          List.of("wall ms", "CPU ms"));

  /** A command and the exit code that it should have. */
  private record Start(String situation, Contestant contestant, int code) {}

  @Override
  public Integer call() throws Exception {
    TestAuthority authority = TestAuthority.create();
    try (ServerProcess sink =
        ServerProcess.start(SmtpSink.class, authority.certificate(), authority.key())) {
      List<Rounds.Turn> turns = new ArrayList<>();
      for (Start start : starts(sink.endpoint().port(), authority)) {
        if (!rounds.takingPart(List.of(start.contestant()), System.err).isEmpty()) {
          turns.add(() -> run(start));
        }
      }
      Contestant many = Contestant.java("upgradeable, one process", ManyProbes.class);
      if (!rounds.takingPart(List.of(many), System.err).isEmpty()) {
        turns.add(() -> runWarm(many, authority, sink));
      }
      rounds.run(turns);
    }
    return rounds.tell(table, "startup");
  }

  private List<Start> starts(int port, TestAuthority authority) throws IOException {
    String peer = "localhost:" + port;
    String ca = authority.authority();
    String cli = launcher();
    String probe = "STARTTLS probe";
    List<Start> all = new ArrayList<>();
    all.add(new Start(probe, ours(cli, "smtp", peer, "--cafile", ca), 0));
    String[] openssl = {
      "s_client",
      "-connect",
      peer,
      "-starttls",
      "smtp",
      "-brief",
      "-verify_return_error",
      "-CAfile",
      ca
    };
    all.add(new Start(probe, command("openssl s_client", "openssl", openssl), 0));
    all.add(
        new Start(
            probe,
            command(
                "gnutls-cli",
                "gnutls-cli",
                "--starttls-proto=smtp",
                "--port=" + port,
                "--x509cafile=" + ca,
                "localhost"),
            0));
    all.add(
        new Start(
            probe,
            command("curl", "curl", "--ssl-reqd", "--cacert", ca, "-X", "NOOP", "smtp://" + peer),
            0));
    all.add(
        new Start(
            probe,
            command(
                "swaks",
                "swaks",
                "--server",
                "localhost",
                "--port",
                String.valueOf(port),
                "--tls",
                "--tls-verify",
                "--tls-ca-path",
                ca,
                "--quit-after",
                "TLS"),
            0));
    all.add(new Start("smtp --help", ours(cli, "smtp", "--help"), 0));
    all.add(new Start("usage error", ours(cli, "smtp", "--no-such-option"), 2));
    for (int count : targets) {
      String many = count + (count == 1 ? " probe" : " probes");
      List<String> one =
          Programs.java(
              ManyProbes.class,
              List.of(
                  "--peer",
                  "127.0.0.1:" + port,
                  "--ca",
                  ca,
                  "--units",
                  String.valueOf(count),
                  "--warm-up",
                  "0",
                  "--at-once",
                  String.valueOf(atOnce)));
      String[] arguments = one.subList(1, one.size()).toArray(String[]::new);
      all.add(new Start(many, command("upgradeable, one process", one.get(0), arguments), 0));
      all.add(
          new Start(
              many,
              command(
                  "openssl s_client, each a process",
                  "bash",
                  Stream.concat(
                          Stream.of(
                              "-ec",
                              "for ((i = 0; i < " + count + "; i++)); do \"$@\" </dev/null; done",
                              ""),
                          Stream.concat(Programs.find("openssl").stream(), Stream.of(openssl)))
                      .toArray(String[]::new)),
              0));
    }
    return all;
  }

  private static Contestant ours(String launcher, String... arguments) {
    Contestant ours = command("upgradeable", launcher, arguments);
    return launcher.isEmpty() ? ours.without("packaged distribution") : ours;
  }

  private static Contestant command(String name, String program, String... arguments) {
    return Contestant.program(name, program, ignored -> List.of(arguments));
  }

  /** The packaged command; empty if there is none. */
  private static String launcher() throws IOException {
    if (!Files.isDirectory(Path.of("cli/target"))) {
      return "";
    }
    try (Stream<Path> files = Files.find(Path.of("cli/target"), 5, StartupWorkload::isLauncher)) {
      return files.findFirst().map(file -> file.toAbsolutePath().toString()).orElse("");
    }
  }

  private static boolean isLauncher(Path file, Object attributes) {
    return file.endsWith("bin/upgrade-cli") && Files.isExecutable(file);
  }

  private void run(Start start) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Programs.find("python3").orElseThrow(() -> new IOException("needs python3")));
    command.add(Programs.resource("measure.py").toString());
    command.addAll(start.contestant().command().apply(List.of()));
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    process.getOutputStream().close();
    String[] told =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
            .strip()
            .split(" ", -1);
    if (told.length != 4) {
      throw new IOException(start.contestant().name() + " could not be measured");
    }
    Map<String, Double> values = new LinkedHashMap<>();
    values.put("wall ms", Double.parseDouble(told[0]) * 1000);
    values.put("CPU ms", Double.parseDouble(told[1]) * 1000);
    values.put("RSS MiB", Double.parseDouble(told[2]) / 1024);
    values.put("failures", Integer.parseInt(told[3]) == start.code() ? 0.0 : 1.0);
    table.add(List.of(start.situation()), start.contestant().name(), Map.of(), values);
  }

  private void runWarm(Contestant many, TestAuthority authority, ServerProcess sink)
      throws IOException {
    List<String> options =
        List.of(
            "--peer", sink.endpoint().toString(),
            "--ca", authority.authority(),
            "--engine", TlsEngine.AUTO.name(),
            "--units", String.valueOf(warm),
            "--warm-up", String.valueOf(warm),
            "--at-once", String.valueOf(atOnce));
    Outcome outcome = Client.runOnce(many, options, warm, sink).outcome();
    Map<String, Double> values = new LinkedHashMap<>();
    values.put("wall ms", outcome.seconds() * 1000 / warm);
    values.put("CPU ms", outcome.cpuSeconds() * 1000 / warm);
    values.put("failures", (double) outcome.failures());
    table.add(List.of(WARM), many.name(), Map.of(), values);
  }
}
