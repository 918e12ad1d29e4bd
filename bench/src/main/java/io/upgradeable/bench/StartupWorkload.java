package io.upgradeable.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
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
          + " packaged distribution. Then many targets in one command of ours, beside as many"
          + " processes of openssl s_client. Each handshake is a full one."
    },
    mixinStandardHelpOptions = true,
    showDefaultValues = true)
final class StartupWorkload implements Callable<Integer> {

  private static final String WARM = "a probe among many, warm";

  private static final String DISTRIBUTION = "packaged distribution";

  /** All targets are the same here, and a second handshake with it would be a resumed one. */
  private static final String NO_RESUMPTION =
      "UPGRADE_CLI_JAVA_OPTS=-Dio.netty.handler.ssl.openssl.sessionCacheClient=false";

  @Option(names = "--targets", split = ",", description = "Probes in one go; several runs.")
  private List<Integer> targets = List.of(1, 10, 100);

  @Option(names = "--warm", description = "Targets of a warm command; half as many go before them.")
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
      Contestant before = many(sink.endpoint().port(), authority, warm / 2);
      Contestant all = many(sink.endpoint().port(), authority, warm / 2 + warm);
      if (!rounds.takingPart(List.of(all), System.err).isEmpty()) {
        turns.add(() -> runWarm(before, all));
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
      all.add(new Start(many, many(port, authority, count), 0));
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

  /** One command of ours with so many targets. */
  private Contestant many(int port, TestAuthority authority, int count) throws IOException {
    Path file = authority.folder().resolve("targets-" + count);
    Files.write(file, Collections.nCopies(count, "localhost:" + port));
    String launcher = launcher();
    Contestant many =
        command(
            "upgradeable, one process",
            "env",
            NO_RESUMPTION,
            launcher,
            "smtp",
            "--cafile",
            authority.authority(),
            "--at-once",
            String.valueOf(atOnce),
            "--targets",
            file.toString());
    return launcher.isEmpty() ? many.without(DISTRIBUTION) : many;
  }

  private static Contestant ours(String launcher, String... arguments) {
    Contestant ours = command("upgradeable", launcher, arguments);
    return launcher.isEmpty() ? ours.without(DISTRIBUTION) : ours;
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
    Cost cost = measure(start.contestant());
    Map<String, Double> values = new LinkedHashMap<>();
    values.put("wall ms", cost.wall() * 1000);
    values.put("CPU ms", cost.cpu() * 1000);
    values.put("RSS MiB", cost.residentKib() / 1024);
    values.put("failures", cost.code() == start.code() ? 0.0 : 1.0);
    table.add(List.of(start.situation()), start.contestant().name(), Map.of(), values);
  }

  /** What one more target costs: the difference of two runs. */
  private void runWarm(Contestant before, Contestant all) throws IOException {
    Cost less = measure(before);
    Cost more = measure(all);
    Map<String, Double> values = new LinkedHashMap<>();
    values.put("wall ms", (more.wall() - less.wall()) * 1000 / warm);
    values.put("CPU ms", (more.cpu() - less.cpu()) * 1000 / warm);
    values.put("RSS MiB", more.residentKib() / 1024);
    values.put("failures", less.code() == 0 && more.code() == 0 ? 0.0 : 1.0);
    table.add(List.of(WARM), all.name(), Map.of(), values);
  }

  /** What a run of a command took, with seconds for times. */
  private record Cost(double wall, double cpu, double residentKib, int code) {}

  private static Cost measure(Contestant contestant) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Programs.find("python3").orElseThrow(() -> new IOException("needs python3")));
    command.add(Programs.resource("measure.py").toString());
    command.addAll(contestant.command().apply(List.of()));
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    process.getOutputStream().close();
    String[] told =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
            .strip()
            .split(" ", -1);
    if (told.length != 4) {
      throw new IOException(contestant.name() + " could not be measured");
    }
    return new Cost(
        Double.parseDouble(told[0]),
        Double.parseDouble(told[1]),
        Double.parseDouble(told[2]),
        Integer.parseInt(told[3]));
  }
}
