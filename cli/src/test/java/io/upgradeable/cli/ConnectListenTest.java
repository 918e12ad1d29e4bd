package io.upgradeable.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.upgradeable.testkit.Script;
import io.upgradeable.testkit.ScriptedPeer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code upgrade-cli connect --listen}: a tunnel for each connection. */
@Timeout(120)
class ConnectListenTest {

  @TempDir private static Path directory;

  private final ProxyFixture fixture = new ProxyFixture(directory);

  @AfterEach
  void closeAll() throws Exception {
    fixture.close();
  }

  private RunningServer forwarder(String target, String via, String... more) {
    String[] args = new String[more.length + 3];
    args[0] = target;
    args[1] = "--via";
    args[2] = via;
    System.arraycopy(more, 0, args, 3, more.length);
    return fixture.closing(RunningServer.forwarder(args));
  }

  private Socket dial(RunningServer forwarder) throws IOException {
    Socket socket = fixture.closing(new Socket(InetAddress.getLoopbackAddress(), forwarder.port()));
    socket.setSoTimeout(60_000);
    return socket;
  }

  private static void say(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
  }

  private static String hear(Socket socket, int length) throws IOException {
    return new String(socket.getInputStream().readNBytes(length), StandardCharsets.UTF_8);
  }

  private static String hearAll(Socket socket) throws IOException {
    return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
  }

  @Test
  void twoClients_atOnce_eachHasItsOwnTunnel() throws Exception {
    ServerSocket target = fixture.listen();
    RunningServer forwarder =
        forwarder(ProxyFixture.target(target), fixture.http(ProxyFixture.allowing()), "-v");
    Socket one = dial(forwarder);
    say(one, "one");
    Socket farOne = fixture.closing(target.accept());
    assertThat(hear(farOne, 3)).isEqualTo("one");
    Socket two = dial(forwarder);
    say(two, "two");
    Socket farTwo = fixture.closing(target.accept());
    assertThat(hear(farTwo, 3)).isEqualTo("two");

    one.shutdownOutput();
    assertThat(hearAll(farOne)).isEmpty();
    say(farOne, "answer");
    farOne.close();
    assertThat(hearAll(one)).isEqualTo("answer");
    assertThat(forwarder.err().await(": ended: 3 B there, 6 B back")).contains("127.0.0.1:");
    say(farTwo, "still");
    assertThat(hear(two, 5)).isEqualTo("still");
  }

  @Test
  void tlsTowardsTheTarget_plainClient_isServed() throws Exception {
    ScriptedPeer target =
        fixture.closing(
            ScriptedPeer.server(
                Script.start().startTls().expect("hello").send("bye").close(),
                ProxyFixture.TARGET));
    RunningServer forwarder =
        forwarder(
            "localhost:" + target.endpoint().port(),
            fixture.http(ProxyFixture.allowing()),
            "--tls",
            "--cafile",
            fixture.targetCa());
    Socket client = dial(forwarder);
    say(client, "hello");

    assertThat(hearAll(client)).isEqualTo("bye");
  }

  @Test
  void tunnelRefused_clientIsClosedAndTheLineSaysWhy() throws Exception {
    RunningServer forwarder = forwarder("any.example:1", fixture.http(ProxyFixture.denying()));
    Socket client = dial(forwarder);

    assertThat(hearAll(client)).isEmpty();
    assertThat(forwarder.err().await("403 Forbidden")).contains("the peer refused", "127.0.0.1:");
    assertThat(forwarder.stop()).isZero();
  }

  @Test
  void moreThanAllowed_oneMore_closedAtOnce() throws Exception {
    ServerSocket target = fixture.listen();
    RunningServer forwarder =
        forwarder(
            ProxyFixture.target(target),
            fixture.http(ProxyFixture.allowing()),
            "--max-connections",
            "1");
    Socket one = dial(forwarder);
    Socket far = fixture.closing(target.accept());

    assertThat(hearAll(dial(forwarder))).isEmpty();
    say(one, "on");
    assertThat(hear(far, 2)).isEqualTo("on");
  }

  @Test
  void interrupted_openTunnel_mayEndByItself() throws Exception {
    ServerSocket target = fixture.listen();
    RunningServer forwarder =
        forwarder(ProxyFixture.target(target), fixture.http(ProxyFixture.allowing()));
    Socket client = dial(forwarder);
    say(client, "a");
    Socket far = fixture.closing(target.accept());
    assertThat(hear(far, 1)).isEqualTo("a");

    forwarder.interrupt();
    say(far, "last words");
    far.close();
    assertThat(hearAll(client)).isEqualTo("last words");
    client.close();
    assertThat(forwarder.awaitEnd()).isZero();
  }

  @Test
  void interrupted_tunnelThatStays_isClosedInTheEndAndToldOf() throws Exception {
    ServerSocket target = fixture.listen();
    RunningServer forwarder =
        forwarder(ProxyFixture.target(target), fixture.http(ProxyFixture.allowing()), "-v");
    Socket client = dial(forwarder);
    say(client, "a");
    Socket far = fixture.closing(target.accept());
    assertThat(hear(far, 1)).isEqualTo("a");

    assertThat(forwarder.stop()).isZero();
    assertThat(hearAll(client)).isEmpty();
    assertThat(forwarder.err().await(": closed: ")).contains(": closed: 1 B there, 0 B back");
  }
}
