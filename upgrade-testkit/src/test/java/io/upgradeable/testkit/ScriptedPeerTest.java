package io.upgradeable.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.upgradeable.testkit.Certificates.Issued;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ScriptedPeerTest {

  private static final Issued IDENTITY = Certificates.create().server("localhost");

  @Test
  void server_scriptedClient_bothPlayTheirParts() {
    Script script =
        Script.start()
            .expect("hello\n")
            .send("world\n")
            .startTls()
            .expect("secret\n")
            .drip("answer\n")
            .expectClose();
    Script client =
        Script.start()
            .send("hello\n")
            .expect("world\n")
            .startTls()
            .drip("secret\n")
            .expect("answer\n")
            .close();
    try (ScriptedPeer server = ScriptedPeer.server(script, IDENTITY);
        ScriptedPeer other = ScriptedPeer.client(address(server), client)) {
      other.awaitPlayed();
      server.awaitPlayed();
    }
  }

  @Test
  void client_helloBehindPlaintext_leavesInOneSegment() throws IOException {
    byte[] line = "GO\n".getBytes(StandardCharsets.US_ASCII);
    try (ServerSocket listening = listen();
        ScriptedPeer client =
            ScriptedPeer.client(
                (InetSocketAddress) listening.getLocalSocketAddress(),
                Script.start().startTlsBehind(line));
        Socket socket = listening.accept()) {
      byte[] segment = new byte[64 * 1024];
      int count = socket.getInputStream().read(segment);

      assertThat(count).isGreaterThan(line.length + 5);
      assertThat(segment).startsWith(line);
      assertThat(segment[line.length]).isEqualTo((byte) 0x16);
    }
  }

  @Test
  void server_startsTlsAfterHelloCameEarly_handshakeSucceeds() {
    Script script = Script.start().expect("GO\n").startTls().send("in\n");
    Script client = Script.start().startTlsBehind("GO\n").expect("in\n");
    try (ScriptedPeer server = ScriptedPeer.server(script, IDENTITY);
        ScriptedPeer other = ScriptedPeer.client(address(server), client)) {
      other.awaitPlayed();
      server.awaitPlayed();
    }
  }

  @Test
  void server_otherBytesCome_failsWithStepAndBoth() throws IOException {
    ScriptedPeer server = ScriptedPeer.server(Script.start().send("?").expect("right\n"));
    try (Socket socket = new Socket()) {
      socket.connect(address(server));
      say(socket, "wrong\n");
      assertThatThrownBy(server::awaitPlayed)
          .isInstanceOf(AssertionError.class)
          .hasMessage("step 2 (expect \"right\\n\"): expected \"right\\n\", got \"wrong\\n\"");
      assertThatThrownBy(server::close).isInstanceOf(AssertionError.class);
    }
  }

  @Test
  void server_clientClosesTooEarly_failsWithWhatCame() throws IOException {
    ScriptedPeer server = ScriptedPeer.server(Script.start().expect("right\n"));
    try (Socket socket = new Socket()) {
      socket.connect(address(server));
      say(socket, "rig");
      socket.shutdownOutput();
      assertThatThrownBy(server::awaitPlayed)
          .isInstanceOf(AssertionError.class)
          .hasMessageContaining("got \"rig\" and the end");
    }
    assertThatThrownBy(server::close).isInstanceOf(AssertionError.class);
  }

  @Test
  void server_reset_clientSeesReset() throws IOException {
    try (ScriptedPeer server = ScriptedPeer.server(Script.start().expect("x").reset());
        Socket socket = new Socket()) {
      socket.connect(address(server));
      say(socket, "x");
      assertThatThrownBy(() -> socket.getInputStream().read()).isInstanceOf(SocketException.class);
    }
  }

  @Test
  void server_halfCloses_stillHears() throws IOException {
    Script script = Script.start().send("bye").halfClose().expect("late");
    try (ScriptedPeer server = ScriptedPeer.server(script);
        Socket socket = new Socket()) {
      socket.connect(address(server));
      InputStream in = socket.getInputStream();
      assertThat(in.readAllBytes()).asString(StandardCharsets.US_ASCII).isEqualTo("bye");
      say(socket, "late");
      server.awaitPlayed();
    }
  }

  @Test
  void server_floods_untilTheOtherCloses() throws IOException {
    try (ScriptedPeer server = ScriptedPeer.server(Script.start().flood("A"))) {
      try (Socket socket = new Socket()) {
        socket.connect(address(server));
        assertThat(socket.getInputStream().readNBytes(1 << 20)).containsOnly('A');
      }
      assertThatThrownBy(server::awaitPlayed)
          .isInstanceOf(AssertionError.class)
          .hasMessageContaining("flood");
    }
  }

  private static InetSocketAddress address(ScriptedPeer server) {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), server.endpoint().port());
  }

  private static ServerSocket listen() throws IOException {
    return new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
  }

  private static void say(Socket socket, String text) throws IOException {
    OutputStream out = socket.getOutputStream();
    out.write(text.getBytes(StandardCharsets.US_ASCII));
    out.flush();
  }
}
