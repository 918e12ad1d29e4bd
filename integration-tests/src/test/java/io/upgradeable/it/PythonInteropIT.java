package io.upgradeable.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.upgradeable.Connection;
import io.upgradeable.Endpoint;
import io.upgradeable.Layer;
import io.upgradeable.LayerStack;
import io.upgradeable.Security;
import io.upgradeable.UpgradeableServer;
import io.upgradeable.UpgradeableStream;
import io.upgradeable.UpgradeableStreams;
import io.upgradeable.negotiation.UnreadPolicy;
import io.upgradeable.netty.NettyAcceptor;
import io.upgradeable.netty.NettyConnector;
import io.upgradeable.ping.Ping;
import io.upgradeable.ping.PingResult;
import io.upgradeable.testkit.Certificates;
import io.upgradeable.testkit.Certificates.Issued;
import io.upgradeable.tls.TlsEngine;
import io.upgradeable.tls.TlsPolicy;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.output.WaitingConsumer;
import org.testcontainers.containers.startupcheck.OneShotStartupCheckStrategy;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.utility.MountableFile;

/** Python's asyncio on the other side, in both roles: the descendant meets its ancestor's kind. */
@ContainerTest
@Timeout(180)
final class PythonInteropIT {

  private static final int PORT = 10001;
  private static final Certificates CERTIFICATES = Certificates.create();
  private static final Issued SERVER = CERTIFICATES.server("localhost", "127.0.0.1");

  @TempDir private static Path files = Path.of("");

  @BeforeAll
  static void writeCertificates() {
    SERVER.writePem(files, "server");
    CERTIFICATES.writePem(files);
  }

  private static GenericContainer<?> python(String... command) {
    return new GenericContainer<>(Images.of("python"))
        .withCopyFileToContainer(MountableFile.forHostPath(files, 0755), "/certificates")
        .withCommand(command);
  }

  private static GenericContainer<?> pythonServer(String... options) {
    List<String> command =
        new ArrayList<>(
            List.of(
                "python3",
                "ping_server.py",
                "--cert",
                "/certificates/server.crt",
                "--key",
                "/certificates/server.key"));
    command.addAll(List.of(options));
    return python(command.toArray(String[]::new))
        .withExposedPorts(PORT)
        .waitingFor(Wait.forLogMessage("listening \\d+\\n", 1));
  }

  private static Endpoint endpoint(GenericContainer<?> server) {
    return Endpoint.of("localhost", server.getMappedPort(PORT));
  }

  private static TlsPolicy clientPolicy(TlsEngine engine) {
    return TlsPolicy.client().trust(CERTIFICATES.authorities()).engine(engine).build();
  }

  private static TlsPolicy serverPolicy(TlsEngine engine) {
    return TlsPolicy.server().identity(SERVER.identity()).engine(engine).build();
  }

  @EachEngine
  void ourClient_pythonServer_upgrades(TlsEngine engine) throws Exception {
    try (GenericContainer<?> server = pythonServer("--no-read-ahead");
        NettyConnector connector = NettyConnector.builder().threads(1).build()) {
      WaitingConsumer log = new WaitingConsumer();
      server.withLogConsumer(log).start();
      Layer<PingResult> ping = Ping.client(endpoint(server), clientPolicy(engine));
      Connection connection = connector.connect(LayerStack.tcp(endpoint(server)).then(ping));
      assertThat(connection.result(ping).pongs()).isEqualTo(1);
      assertThat(connection.security()).isEqualTo(Security.ORIGIN);
      log.waitUntil(line -> line.getUtf8String().contains("tls QUIT"), 20, TimeUnit.SECONDS);
      assertThat(server.getLogs())
          .containsSubsequence("plain PING", "plain STARTTLS", "tls PING", "tls QUIT");
    }
  }

  @EachEngine
  void ourStream_pythonServer_upgrades(TlsEngine engine) throws Exception {
    try (GenericContainer<?> server = pythonServer("--no-read-ahead");
        UpgradeableStreams streams =
            UpgradeableStreams.builder().tls(clientPolicy(engine)).build()) {
      server.start();
      try (UpgradeableStream stream = streams.open(endpoint(server))) {
        stream.write("PING\n");
        assertThat(stream.readLine()).contains("PONG");
        stream.write("STARTTLS\n");
        assertThat(stream.startTls().protocol()).isEqualTo("TLSv1.3");
        stream.write("PING\n");
        assertThat(stream.readLine()).contains("PONG");
        stream.write("QUIT\n");
        assertThat(stream.readLine()).isEmpty();
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"JDK,false", "JDK,true", "OPENSSL,false", "OPENSSL,true"})
  void pythonClient_ourServer_upgrades(TlsEngine engine, boolean coalesce) throws Exception {
    TlsPolicy policy = serverPolicy(engine);
    try (NettyAcceptor server =
        NettyAcceptor.builder()
            .listen(Endpoint.parse("127.0.0.1:0"))
            .layer(Ping.server(() -> policy))
            .start()) {
      assertThat(pythonClient(server.endpoint(), coalesce))
          .containsSubsequence("PONG", "PONG", "TLSv1.3");
    }
  }

  @ParameterizedTest
  @CsvSource({"JDK,false", "JDK,true", "OPENSSL,false", "OPENSSL,true"})
  void pythonClient_ourStreamServer_upgrades(TlsEngine engine, boolean coalesce) throws Exception {
    try (UpgradeableStreams streams =
            UpgradeableStreams.builder().tls(serverPolicy(engine)).build();
        UpgradeableServer server =
            streams.serve(Endpoint.parse("127.0.0.1:0"), PythonInteropIT::servePing)) {
      assertThat(pythonClient(server.endpoint(), coalesce))
          .containsSubsequence("PONG", "PONG", "TLSv1.3");
    }
  }

  private static void servePing(UpgradeableStream stream) throws IOException {
    for (Optional<String> line = stream.readLine(); line.isPresent(); line = stream.readLine()) {
      switch (line.get()) {
        case "PING" -> stream.write("PONG\n");
        case "STARTTLS" -> stream.startTls(UnreadPolicy.TLS_RECORD);
        default -> {
          return;
        }
      }
    }
  }

  /** Runs the Python client to its end, which must be a good one, and returns what it printed. */
  private static String pythonClient(Endpoint server, boolean coalesce) {
    List<String> command =
        new ArrayList<>(
            List.of(
                "python3",
                "ping_client.py",
                "--port",
                Integer.toString(server.port()),
                "--servername",
                "localhost",
                "--cafile",
                "/certificates/ca.crt"));
    if (coalesce) {
      command.add("--coalesce"); // STARTTLS and the ClientHello in one segment
    }
    // Its own network would not reach our loopback.
    try (GenericContainer<?> client =
        python(command.toArray(String[]::new))
            .withNetworkMode("host")
            .withStartupCheckStrategy(
                new OneShotStartupCheckStrategy().withTimeout(Duration.ofMinutes(1)))) {
      client.start();
      return client.getLogs();
    }
  }
}
