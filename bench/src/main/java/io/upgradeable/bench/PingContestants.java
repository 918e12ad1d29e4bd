package io.upgradeable.bench;

import io.upgradeable.tls.TlsEngine;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Those that take part in {@link UpgradeWorkload} and {@link IdleWorkload}.
 *
 * @param name as in the table
 * @param engine whose TLS engine
 * @param client the client, as a contestant
 * @param server the server, as one
 */
record PingContestants(String name, TlsEngine engine, Contestant client, Contestant server) {

  private static final String SCRIPT = "asyncio_ping.py";

  /**
   * All there are.
   *
   * @param groups for those that can choose, and have others left out
   */
  static List<PingContestants> all(List<TlsEngine> engines, Optional<String> groups) {
    List<PingContestants> all = new ArrayList<>();
    for (TlsEngine engine : engines) {
      all.add(java(Table.OURS, PingClient.class, PingServer.class, engine, groups));
      all.add(java("netty", NettyPingClient.class, NettyPingServer.class, engine, groups));
      if (groups.isEmpty()) { // the others have no such option
        all.add(java("vertx", VertxPingClient.class, VertxPingServer.class, engine, groups));
      }
      if (engine == TlsEngine.OPENSSL && groups.isEmpty()) {
        all.add(
            new PingContestants(
                "asyncio",
                engine,
                Contestant.python("asyncio", SCRIPT, "--role", "client"),
                Contestant.python("asyncio", SCRIPT, "--role", "server")));
      }
    }
    return all;
  }

  private static PingContestants java(
      String name, Class<?> client, Class<?> server, TlsEngine engine, Optional<String> groups) {
    List<String> more = new ArrayList<>(List.of("--engine", engine.name()));
    if (engine == TlsEngine.OPENSSL) { // The JDK's engine takes them from JDK 20 on only.
      groups.ifPresent(names -> more.addAll(List.of("--groups", names)));
    }
    String[] options = more.toArray(String[]::new);
    return new PingContestants(
        name,
        engine,
        Contestant.java(name, client, options),
        Contestant.java(name, server, options));
  }

  /** The client that does not wait between STARTTLS and its ClientHello. */
  static Contestant early(TlsEngine engine) {
    return Contestant.java("early", NettyPingClient.class, "--engine", engine.name());
  }

  /** Starts the server. */
  ServerProcess startServer(TestAuthority authority, String... more) throws IOException {
    List<String> options =
        new ArrayList<>(List.of("--cert", authority.certificate(), "--key", authority.key()));
    options.addAll(List.of(more));
    return ServerProcess.announced(name, server.command().apply(options));
  }
}
