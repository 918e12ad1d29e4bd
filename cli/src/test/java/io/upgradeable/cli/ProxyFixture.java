package io.upgradeable.cli;

import io.upgradeable.connect.ConnectProxy;
import io.upgradeable.sasl.Secret;
import io.upgradeable.sasl.UserFile;
import io.upgradeable.testkit.Certificates;
import io.upgradeable.testkit.Certificates.Issued;
import io.upgradeable.testkit.Script;
import io.upgradeable.testkit.ScriptedPeer;
import io.upgradeable.tls.TlsPolicy;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Proxies and targets on loopback, closed together, with the files that clients need. */
final class ProxyFixture implements AutoCloseable {

  static final String ESTABLISHED = "HTTP/1.1 200 Connection established\r\n\r\n";
  static final String PASSWORD = "s3cret";

  private static final Certificates TARGETS = Certificates.create();
  private static final Certificates PROXIES = Certificates.create();
  static final Issued PROXY = PROXIES.server("localhost");
  static final Issued TARGET = TARGETS.server("localhost");

  private final Path directory;
  private final List<AutoCloseable> open = new ArrayList<>();

  /** Writes the authorities' certificates, the target's identity and a password's file. */
  ProxyFixture(Path directory) {
    this.directory = directory;
    try {
      TARGETS.writePem(Files.createDirectories(directory.resolve("targets")));
      PROXIES.writePem(Files.createDirectories(directory.resolve("proxies")));
      TARGET.writePem(directory, "target");
      Files.writeString(directory.resolve("password"), PASSWORD + "\n");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  String file(String name) {
    return directory.resolve(name).toString();
  }

  String targetCa() {
    return file("targets/ca.crt");
  }

  String proxyCa() {
    return file("proxies/ca.crt");
  }

  <T extends AutoCloseable> T closing(T resource) {
    open.add(resource);
    return resource;
  }

  @Override
  public void close() throws Exception {
    for (int i = open.size() - 1; i >= 0; i--) {
      open.get(i).close();
    }
  }

  /** A target that the test plays itself. */
  ServerSocket listen() throws IOException {
    ServerSocket socket = closing(new ServerSocket(0, 50, InetAddress.getLoopbackAddress()));
    socket.setSoTimeout(60_000);
    return socket;
  }

  static String target(ServerSocket socket) {
    return "127.0.0.1:" + socket.getLocalPort();
  }

  static ConnectProxy.Builder denying() {
    return ConnectProxy.builder().listen(EmbeddedServer.LOOPBACK).threads(1);
  }

  static ConnectProxy.Builder allowing() {
    return denying().allow("127.0.0.0/8:*");
  }

  static ConnectProxy.Builder withUser(ConnectProxy.Builder builder) {
    return builder.users(
        UserFile.parse(List.of(UserFile.line("bob", new Secret(PASSWORD.toCharArray())))));
  }

  String http(ConnectProxy.Builder builder) throws IOException {
    return "http://localhost:" + closing(builder.start()).endpoint().port();
  }

  String https(ConnectProxy.Builder builder) throws IOException {
    TlsPolicy policy = TlsPolicy.server().identity(PROXY.identity()).build();
    int port = closing(builder.tls(() -> policy).start()).endpoint().port();
    return "https://localhost:" + port;
  }

  /** A proxy that plays a script behind the request for a tunnel to any.example:1. */
  String scripted(Script behindRequest) {
    return scripted("any.example:1", behindRequest);
  }

  String scripted(String target, Script behindRequest) {
    String request = "CONNECT " + target + " HTTP/1.1\r\nHost: " + target + "\r\n\r\n";
    Script script = Script.start().expect(request).then(behindRequest);
    return "http://" + closing(ScriptedPeer.server(script, PROXY)).endpoint();
  }
}
