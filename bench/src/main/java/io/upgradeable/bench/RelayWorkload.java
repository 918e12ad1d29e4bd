package io.upgradeable.bench;

import io.upgradeable.Endpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Tunnels: bytes through them and how many are opened, and what that costs the proxy. */
@Command(
    name = "relay",
    description = {
      "Moves bytes through tunnels of CONNECT proxies, and opens tunnels.",
      "The contestants are the proxies, each a process that serves all rounds; client and origin are"
          + " the same for all. The proxies write no access log."
    },
    mixinStandardHelpOptions = true,
    showDefaultValues = true)
final class RelayWorkload implements Callable<Integer> {

  private static final String FASTER = "GiB/s";
  private static final String DEARER = "proxy CPU-s/GiB";
  private static final String SET_UPS = "set-ups/s";
  private static final String SET_UP_COST = "proxy CPU-s/1000";

  @Option(names = "--mebibytes", description = "What a measured run moves; 0 leaves it out.")
  private int mebibytes = 4096;

  @Option(names = "--warm-up-mebibytes", description = "What goes before it.")
  private int warmUpMebibytes = 1024;

  @Option(names = "--set-ups", description = "Tunnels a measured run opens; 0 leaves it out.")
  private int setUps = 20_000;

  @Option(names = "--warm-up-set-ups", description = "Tunnels before them.")
  private int warmUpSetUps = 10_000;

  @Option(names = "--tunnels", split = ",", description = "How many at a time; several runs.")
  private List<Integer> tunnels = List.of(1, 16);

  @Mixin private final Rounds rounds = new Rounds(3);

  private record Running(Contestant proxy, ServerProcess server) {}

  @Override
  public Integer call() throws Exception {
    Path folder = Files.createTempDirectory("upgradeable-bench");
    Table table =
        new Table(
            List.of("work", "tunnels"),
            List.of(),
            List.of(FASTER, DEARER, SET_UPS, SET_UP_COST, "failures"),
            List.of(FASTER, DEARER, SET_UPS, SET_UP_COST));
    List<Contestant> proxies = rounds.takingPart(contestants(folder), System.err);
    List<Running> running = new ArrayList<>();
    try (ServerProcess origin = ServerProcess.start(RelayOrigin.class)) {
      for (Contestant proxy : proxies) {
        running.add(new Running(proxy, start(proxy, origin.endpoint(), folder)));
      }
      List<Rounds.Turn> turns = new ArrayList<>();
      for (String work : List.of(RelayClient.TRANSFER, RelayClient.SET_UP)) {
        for (int count : tunnels) {
          for (Running proxy : running) {
            turns.add(() -> run(proxy, work, count, origin.endpoint(), table));
          }
        }
      }
      rounds.run(turns);
    } finally {
      for (Running each : running) {
        each.server().close();
      }
    }
    return rounds.tell(table, "relay");
  }

  private static List<Contestant> contestants(Path folder) {
    return List.of(
        Contestant.java(Table.OURS, RelayProxy.class),
        Contestant.java("netty", RelayByHand.class),
        Contestant.program("squid", "squid", told -> squid(new Load(told), folder)),
        Contestant.program("tinyproxy", "tinyproxy", told -> tinyproxy(new Load(told), folder)),
        Contestant.program("haproxy tcp", "haproxy", told -> haproxy(new Load(told), folder)));
  }

  private static boolean isConnectProxy(Contestant proxy) {
    return !proxy.name().endsWith(" tcp");
  }

  private static ServerProcess start(Contestant proxy, Endpoint origin, Path folder)
      throws IOException {
    Endpoint listen = Endpoint.of("127.0.0.1", proxy.cooperative() ? 0 : ServerProcess.freePort());
    List<String> command =
        proxy.command().apply(List.of("--listen", "" + listen, "--origin", "" + origin));
    return proxy.cooperative()
        ? ServerProcess.announced(proxy.name(), command)
        : ServerProcess.listening(command, listen, folder.resolve(proxy.name() + ".log"));
  }

  /** One process without a cache; its files may lie where bench/peers unpacked them. */
  private static List<String> squid(Load told, Path folder) {
    Path root = Programs.peers().resolve("root");
    String files =
        Files.isDirectory(root)
            ? """
              mime_table %1$s/usr/share/squid/mime.conf
              icon_directory %1$s/usr/share/squid/icons
              error_directory %1$s/usr/share/squid/errors/en
              unlinkd_program %1$s/usr/lib/squid/unlinkd
              """
                .formatted(root)
            : "";
    String config =
        """
        http_port %s
        acl bench port %d
        http_access allow CONNECT bench
        http_access deny all
        cache deny all
        cache_mem 0
        access_log none
        cache_log %s/squid-cache.log
        cache_store_log none
        pid_filename none
        coredump_dir none
        pinger_enable off
        netdb_filename none
        shutdown_lifetime 0 seconds
        """
            .formatted(told.text("--listen"), told.endpoint("--origin").port(), folder);
    return List.of("-N", "-f", file(folder, "squid.conf", config + files));
  }

  private static List<String> tinyproxy(Load told, Path folder) {
    Endpoint listen = told.endpoint("--listen");
    String config =
        """
        Listen %s
        Port %d
        ConnectPort %d
        MaxClients 100
        Timeout 600
        LogLevel Critical
        DisableViaHeader Yes
        """
            .formatted(listen.host(), listen.port(), told.endpoint("--origin").port());
    return List.of("-d", "-c", file(folder, "tinyproxy.conf", config));
  }

  /** No CONNECT: it goes to the one origin that it is told. */
  private static List<String> haproxy(Load told, Path folder) {
    String config =
        """
        global
          nosplice
          maxconn 1000
        defaults
          mode tcp
          timeout connect 10s
          timeout client 600s
          timeout server 600s
        listen bench
          bind %s
          server origin %s
        """
            .formatted(told.text("--listen"), told.text("--origin"));
    return List.of("-db", "-f", file(folder, "haproxy.cfg", config));
  }

  private static String file(Path folder, String name, String content) {
    return Programs.written(folder.resolve(name), content).toString();
  }

  private void run(Running running, String work, int count, Endpoint origin, Table table)
      throws Exception {
    Contestant proxy = running.proxy();
    ServerProcess server = running.server();
    boolean transfers = work.equals(RelayClient.TRANSFER);
    int units = transfers ? mebibytes : setUps;
    if (units == 0) {
      return;
    }
    List<String> options =
        List.of(
            "--peer", server.endpoint().toString(),
            "--origin", origin.toString(),
            "--work", work,
            "--how", isConnectProxy(proxy) ? "connect" : "direct",
            "--units", String.valueOf(units),
            "--warm-up", String.valueOf(transfers ? warmUpMebibytes : warmUpSetUps),
            "--at-once", String.valueOf(count));
    Contestant client = Contestant.java(proxy.name(), RelayClient.class);
    ClientRun run = Client.runOnce(client, options, units, server);
    Outcome outcome = run.outcome();
    Map<String, Double> values = new LinkedHashMap<>();
    if (transfers) {
      values.put(FASTER, units / 1024.0 / outcome.seconds());
      values.put(DEARER, run.serverSeconds() * 1024 / units);
    } else {
      values.put(SET_UPS, units / outcome.seconds());
      values.put(SET_UP_COST, run.serverSeconds() * 1000 / units);
    }
    values.put("failures", (double) outcome.failures());
    table.add(List.of(work, String.valueOf(count)), proxy.name(), outcome.facts(), values);
  }
}
