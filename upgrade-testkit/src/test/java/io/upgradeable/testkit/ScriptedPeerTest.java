package io.upgradeable.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeout;

import io.upgradeable.testkit.Certificates.Issued;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ScriptedPeerTest {

  /** The system's socket buffers hold a few megabytes at most. */
  private static final long MORE_THAN_BUFFERS = 64L << 20;

  /** What close() takes where it need not wait: less than the twenty seconds that it would. */
  private static final Duration QUICK = Duration.ofSeconds(15);

  private static final Issued IDENTITY = Certificates.create().server("localhost");

  @Test
  void expectOnly_moreInTheSameSegment_mismatch() {
    ScriptedPeer server = ScriptedPeer.server(Script.start().expectOnly("one\n").send("two\n"));
    try (ScriptedPeer client =
        ScriptedPeer.client(address(server), Script.start().send("one\nthree\n"))) {
      client.awaitPlayed();
      assertThatThrownBy(server::awaitPlayed)
          .isInstanceOf(AssertionError.class)
          .hasMessageContaining("expected a pause, got \"three\\n\"");
    }
    assertThatThrownBy(server::close).isInstanceOf(AssertionError.class);
  }

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
  void mayBeLeft_endInThePlaceOfBytes_failsTheWaitOnly() throws IOException {
    ScriptedPeer client;
    try (ServerSocket listening = listen()) {
      Script script = Script.start().expect("right\n").mayBeLeft().discard();
      client = ScriptedPeer.client((InetSocketAddress) listening.getLocalSocketAddress(), script);
      try (Socket socket = listening.accept()) {
        say(socket, "rig");
      }
      assertThatThrownBy(client::awaitPlayed)
          .isInstanceOf(AssertionError.class)
          .hasMessageContaining("got \"rig\" and the end");
    }
    client.close();
  }

  @Test
  void mayBeLeft_otherBytesAndTheEnd_fails() throws IOException {
    ScriptedPeer server = ScriptedPeer.server(Script.start().expect("right\n").mayBeLeft());
    try (Socket socket = new Socket()) {
      socket.connect(address(server));
      say(socket, "wr");
      socket.shutdownOutput();
      assertThatThrownBy(server::awaitPlayed)
          .isInstanceOf(AssertionError.class)
          .hasMessageContaining("got \"wr\" and the end");
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
      server.awaitPlayed();
    }
  }

  @Test
  void close_wrongBytesCameJustBefore_fails() throws IOException {
    ScriptedPeer server = ScriptedPeer.server(Script.start().expect("right\n"));
    try (Socket socket = new Socket()) {
      socket.connect(address(server));
      say(socket, "wrong\n");
      assertThatThrownBy(server::close)
          .isInstanceOf(AssertionError.class)
          .hasMessageContaining("expected \"right\\n\", got \"wrong\\n\"");
    }
  }

  @Test
  void close_fewerButWrongBytesCameJustBefore_fails() throws IOException {
    ScriptedPeer server = ScriptedPeer.server(Script.start().expect("right\n"));
    try (Socket socket = new Socket()) {
      socket.connect(address(server));
      say(socket, "w");
      assertThatThrownBy(server::close)
          .isInstanceOf(AssertionError.class)
          .hasMessageContaining("expected \"right\\n\", got \"w\" and");
    }
  }

  @Test
  void close_rightBytesStillMissing_isSilentAndQuick() throws IOException {
    ScriptedPeer server = ScriptedPeer.server(Script.start().expect("right\n"));
    try (Socket socket = new Socket()) {
      socket.connect(address(server));
      say(socket, "ri");
      assertTimeout(QUICK, server::close);
      assertThat(socket.getInputStream().read()).isEqualTo(-1);
    }
  }

  @Test
  void close_scriptStuckInWriting_endsIt() throws IOException {
    ScriptedPeer server = ScriptedPeer.server(Script.start().flood("A"));
    try (Socket socket = new Socket()) {
      socket.connect(address(server));
      assertThat(socket.getInputStream().read()).isEqualTo('A');
      assertTimeout(QUICK, server::close);
    }
  }

  @Test
  void awaitPlayed_firstConnectionBreaksOff_waitsForTheSecond() throws Exception {
    try (ScriptedPeer server = ScriptedPeer.server(Script.start().startTls().send("x"), IDENTITY)) {
      try (Socket socket = new Socket()) {
        socket.connect(address(server));
        socket.shutdownOutput();
        assertThat(socket.getInputStream().read()).isEqualTo(-1); // the first has ended
      }
      CompletableFuture<Void> played = CompletableFuture.runAsync(server::awaitPlayed);
      assertThatThrownBy(() -> played.get(300, TimeUnit.MILLISECONDS))
          .isInstanceOf(TimeoutException.class);

      try (ScriptedPeer good =
          ScriptedPeer.client(address(server), Script.start().startTls().expect("x"))) {
        good.awaitPlayed();
        played.get(20, TimeUnit.SECONDS);
      }
    }
  }

  @Test
  void awaitPlayed_mismatchWhileOthersGoOn_failsPromptly() throws IOException {
    ScriptedPeer server = ScriptedPeer.server(Script.start().expect("right\n"));
    try (Socket silent = new Socket();
        Socket socket = new Socket()) {
      silent.connect(address(server));
      socket.connect(address(server));
      say(socket, "wrong\n");
      assertTimeout(
          Duration.ofSeconds(10),
          () ->
              assertThatThrownBy(server::awaitPlayed)
                  .isInstanceOf(AssertionError.class)
                  .hasMessageContaining("wrong"));
    }
    assertThatThrownBy(server::close).isInstanceOf(AssertionError.class);
  }

  @Test
  void awaitPlayed_clientsOnlyConnectionBreaksOff_failsPromptly() throws IOException {
    try (ServerSocket listening = listen();
        ScriptedPeer client =
            ScriptedPeer.client(
                (InetSocketAddress) listening.getLocalSocketAddress(), Script.start().startTls())) {
      listening.accept().close();
      assertTimeout(
          Duration.ofSeconds(10),
          () ->
              assertThatThrownBy(client::awaitPlayed)
                  .isInstanceOf(AssertionError.class)
                  .hasMessageContaining("step 1 (start TLS)"));
    }
  }

  @Test
  void startTlsTwice_scripted_failsBothWaitAndClose() {
    Script twice = Script.start().startTls().startTls();
    ScriptedPeer server = ScriptedPeer.server(twice, IDENTITY);
    try (ScriptedPeer client =
        ScriptedPeer.client(address(server), Script.start().startTls().discard())) {
      assertThatThrownBy(server::awaitPlayed)
          .isInstanceOf(AssertionError.class)
          .hasMessageContaining("step 2 (start TLS)")
          .hasMessageContaining("expected plaintext, got TLS already");
      assertThatThrownBy(server::close).isInstanceOf(AssertionError.class);
      client.awaitPlayed();
    }
  }

  @Test
  void stall_otherWrites_getsStuck() throws Exception {
    try (ScriptedPeer server = ScriptedPeer.server(Script.start().stall());
        SocketChannel channel = SocketChannel.open(address(server))) {
      assertThat(written(channel, Duration.ofSeconds(1))).isLessThan(MORE_THAN_BUFFERS);
    }
  }

  @Test
  void discard_otherWrites_allGoesThroughUntilItCloses() throws Exception {
    try (ScriptedPeer server = ScriptedPeer.server(Script.start().discard())) {
      try (SocketChannel channel = SocketChannel.open(address(server))) {
        assertThat(written(channel, Duration.ofSeconds(20)))
            .isGreaterThanOrEqualTo(MORE_THAN_BUFFERS);
      }
      server.awaitPlayed();
    }
  }

  @Test
  void close_stalling_isQuick() throws IOException {
    ScriptedPeer server = ScriptedPeer.server(Script.start().send("x").stall());
    try (Socket socket = new Socket()) {
      socket.connect(address(server));
      assertThat(socket.getInputStream().read()).isEqualTo('x');
      assertTimeout(QUICK, server::close);
      assertThat(socket.getInputStream().read()).isEqualTo(-1);
    }
  }

  /** Writes until it is enough, or until nothing went for so long. */
  private static long written(SocketChannel channel, Duration patience) throws Exception {
    channel.configureBlocking(false);
    long written = 0;
    long lastProgress = System.nanoTime();
    while (written < MORE_THAN_BUFFERS && System.nanoTime() - lastProgress < patience.toNanos()) {
      int count = channel.write(ByteBuffer.allocate(64 * 1024));
      written += count;
      if (count > 0) {
        lastProgress = System.nanoTime();
      } else {
        Thread.sleep(1);
      }
    }
    return written;
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
