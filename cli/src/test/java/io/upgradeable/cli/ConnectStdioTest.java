package io.upgradeable.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.upgradeable.testkit.Script;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code upgrade-cli connect --stdio}, as the process that it is for ssh. */
@Timeout(300)
class ConnectStdioTest {

  /** How much goes each way in the long test; more with {@code -Dupgradeable.stdioBytes=N}. */
  private static final long BYTES = Long.getLong("upgradeable.stdioBytes", 100_000_000);

  /** Less than goes through, in the heap and beside it. */
  private static final List<String> LITTLE_MEMORY =
      List.of("-Xmx48m", "-XX:MaxDirectMemorySize=32m");

  private static final int SLOW_BYTES = 16 * 1024 * 1024;
  private static final int SLOW_BLOCK = 16 * 1024;

  private static final String ANY = "any.example:1";

  @TempDir private static Path directory;

  private final ProxyFixture fixture = new ProxyFixture(directory);
  private final ExecutorService threads = Executors.newCachedThreadPool();

  @AfterEach
  void closeAll() throws Exception {
    fixture.close();
    threads.shutdownNow();
  }

  private Process start(String target, String via, String... more) throws IOException {
    List<String> args = new ArrayList<>(List.of("connect", "--stdio", "--via", via, target));
    args.addAll(List.of(more));
    Process process =
        new ProcessBuilder(CliProcess.commandWith(LITTLE_MEMORY, args.toArray(String[]::new)))
            .start();
    fixture.closing(process::destroyForcibly);
    return process;
  }

  private interface Work<T> {
    T run() throws IOException;
  }

  private <T> CompletableFuture<T> meanwhile(Work<T> work) {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            return work.run();
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        },
        threads);
  }

  private static int exitCode(Process process) throws InterruptedException {
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    return process.exitValue();
  }

  private static String err(Process process) throws IOException {
    return new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
  }

  private static MessageDigest digest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Bytes that nobody guesses, by their seed, and then the end; answers with their hash. */
  private static String pour(long seed, OutputStream out) throws IOException {
    MessageDigest digest = digest();
    byte[] block = new byte[128 * 1024];
    new Random(seed).nextBytes(block);
    for (long left = BYTES; left > 0; left -= block.length) {
      int length = (int) Math.min(left, block.length);
      block[(int) (left % block.length)]++;
      digest.update(block, 0, length);
      out.write(block, 0, length);
    }
    out.flush();
    return HexFormat.of().formatHex(digest.digest());
  }

  private static String drain(InputStream in) throws IOException {
    MessageDigest digest = digest();
    byte[] block = new byte[128 * 1024];
    for (int length = in.read(block); length >= 0; length = in.read(block)) {
      digest.update(block, 0, length);
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  @Test
  void muchBothWays_atOnce_unalteredInLittleMemory() throws Exception {
    ServerSocket target = fixture.listen();
    Process process = start(ProxyFixture.target(target), fixture.http(ProxyFixture.allowing()));
    long begun = System.nanoTime();
    try (Socket far = target.accept()) {
      CompletableFuture<String> farSent =
          meanwhile(
              () -> {
                String hash = pour(1, far.getOutputStream());
                far.shutdownOutput();
                return hash;
              });
      CompletableFuture<String> farHeard = meanwhile(() -> drain(far.getInputStream()));
      CompletableFuture<String> sent =
          meanwhile(
              () -> {
                try (OutputStream stdin = process.getOutputStream()) {
                  return pour(2, stdin);
                }
              });
      String heard = drain(process.getInputStream());

      assertThat(heard).isEqualTo(farSent.get());
      assertThat(farHeard.get()).isEqualTo(sent.get());
    }
    assertThat(exitCode(process)).as(err(process)).isZero();
    System.out.printf(
        "%d bytes each way in %d ms%n", BYTES, (System.nanoTime() - begun) / 1_000_000);
  }

  @Test
  void stdinEnds_targetHearsItAndAnswers_answerIsWhole() throws Exception {
    ServerSocket target = fixture.listen();
    Process process = start(ProxyFixture.target(target), fixture.http(ProxyFixture.allowing()));
    try (Socket far = target.accept()) {
      process.getOutputStream().write("question".getBytes(StandardCharsets.UTF_8));
      process.getOutputStream().close();
      assertThat(far.getInputStream().readAllBytes()).asString().isEqualTo("question");
      far.getOutputStream().write("answer".getBytes(StandardCharsets.UTF_8));
    }

    assertThat(process.getInputStream().readAllBytes()).asString().isEqualTo("answer");
    assertThat(exitCode(process)).isZero();
    assertThat(err(process)).isEmpty();
  }

  @Test
  void targetEnds_stdoutEndsAndStdinGoesOn() throws Exception {
    ServerSocket target = fixture.listen();
    Process process = start(ProxyFixture.target(target), fixture.http(ProxyFixture.allowing()));
    try (Socket far = target.accept()) {
      far.getOutputStream().write("bye".getBytes(StandardCharsets.UTF_8));
      far.shutdownOutput();
      assertThat(process.getInputStream().readAllBytes()).asString().isEqualTo("bye");

      process.getOutputStream().write("still here".getBytes(StandardCharsets.UTF_8));
      process.getOutputStream().close();
      assertThat(far.getInputStream().readAllBytes()).asString().isEqualTo("still here");
    }
    assertThat(exitCode(process)).isZero();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void targetEndsAndReadsLate_allOfStdinArrives(boolean beforeStdin) throws Exception {
    ServerSocket target = fixture.listen();
    target.setReceiveBufferSize(SLOW_BLOCK);
    Process process = start(ProxyFixture.target(target), fixture.http(ProxyFixture.allowing()));
    try (Socket far = target.accept()) {
      if (beforeStdin) {
        far.shutdownOutput();
        assertThat(process.getInputStream().readAllBytes()).isEmpty();
      }
      CompletableFuture<Boolean> sent =
          meanwhile(
              () -> {
                try (OutputStream stdin = process.getOutputStream()) {
                  stdin.write(new byte[SLOW_BYTES]);
                }
                if (!beforeStdin) {
                  far.shutdownOutput();
                }
                return true;
              });
      byte[] block = new byte[SLOW_BLOCK];
      int heard = 0;
      for (int n = 0; n >= 0; n = far.getInputStream().read(block)) {
        heard += n;
        LockSupport.parkNanos(1_000_000); // Slower than stdin, so that something waits at its end.
      }
      assertThat(sent.get()).isTrue();
      assertThat(heard).isEqualTo(SLOW_BYTES);
    }
    assertThat(exitCode(process)).as(err(process)).isZero();
  }

  @Test
  void greetingBehindTheAnswer_verbose_onlyTunnelBytesOnStdout() throws Exception {
    String answer = ProxyFixture.ESTABLISHED + "SSH-2.0-x\r\n\u0000\n";
    Process process = start(ANY, fixture.scripted(Script.start().send(answer).close()), "-v");
    process.getOutputStream().close();

    assertThat(process.getInputStream().readAllBytes())
        .asString()
        .isEqualTo("SSH-2.0-x\r\n\u0000\n");
    assertThat(exitCode(process)).isZero();
    assertThat(err(process)).contains("plain C: CONNECT any.example:1 HTTP/1.1");
  }

  @Test
  void tlsToProxyAndTarget_stdinEnds_answerIsWhole() throws Exception {
    String proxy = fixture.https(ProxyFixture.allowing());
    ServerSocket plain = fixture.listen();
    String forwarded =
        fixture
            .closing(
                RunningServer.forwarder(
                    "--via", fixture.http(ProxyFixture.allowing()), ProxyFixture.target(plain)))
            .target();
    Process process = start(forwarded, proxy, "--proxy-cafile", fixture.proxyCa());
    try (Socket far = plain.accept()) {
      process.getOutputStream().write("question".getBytes(StandardCharsets.UTF_8));
      process.getOutputStream().close();
      assertThat(far.getInputStream().readNBytes(8)).asString().isEqualTo("question");
      far.getOutputStream().write("answer".getBytes(StandardCharsets.UTF_8));
    }

    assertThat(process.getInputStream().readAllBytes()).asString().isEqualTo("answer");
    assertThat(exitCode(process)).as(err(process)).isZero();
  }

  @Test
  void tlsTarget_silentBehindTheEndOfStdin_timedOut() throws Exception {
    Process process =
        start(
            "localhost:1",
            fixture.scripted(
                "localhost:1", Script.start().send(ProxyFixture.ESTABLISHED).startTls().stall()),
            "--tls",
            "--cafile",
            fixture.proxyCa(),
            "--step-timeout",
            "10s"); // CONNECT and a cold handshake have to fit in as well.
    process.getOutputStream().close();

    assertThat(process.getInputStream().readAllBytes()).isEmpty();
    assertThat(exitCode(process)).isEqualTo(ExitCode.TIMED_OUT.code());
    assertThat(err(process)).contains("for stdin is at its end", "10 s");
  }

  @Test
  void targetBreaksOff_stdinOpen_closedEarlyWithAllThatCame() throws Exception {
    ServerSocket target = fixture.listen();
    Process process = start(ProxyFixture.target(target), fixture.http(ProxyFixture.allowing()));
    Socket far = target.accept();
    far.getOutputStream().write("half a".getBytes(StandardCharsets.UTF_8));
    assertThat(process.getInputStream().readNBytes(6)).asString().isEqualTo("half a");
    far.setSoLinger(true, 0);
    far.close(); // a reset, and the proxy passes it on

    assertThat(exitCode(process)).isEqualTo(ExitCode.CLOSED.code());
    assertThat(err(process)).contains("the peer closed early").doesNotContain("\tat ");
    assertThat(process.getInputStream().readAllBytes()).isEmpty();
  }

  @Test
  void proxyRefuses_nothingOnStdout() throws Exception {
    Process process = start(ANY, fixture.http(ProxyFixture.denying()));

    assertThat(process.getInputStream().readAllBytes()).isEmpty();
    assertThat(exitCode(process)).isEqualTo(ExitCode.REFUSED.code());
    assertThat(err(process)).contains("403 Forbidden").hasLineCount(1);
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void signal_inTheMiddle_targetHearsTheEnd() throws Exception {
    ServerSocket target = fixture.listen();
    Process process = start(ProxyFixture.target(target), fixture.http(ProxyFixture.allowing()));
    try (Socket far = target.accept()) {
      process.getOutputStream().write('x');
      process.getOutputStream().flush();
      assertThat(far.getInputStream().read()).isEqualTo('x');
      process.toHandle().destroy(); // SIGTERM, and the streams stay open

      assertThat(far.getInputStream().read()).isEqualTo(-1);
    }
    assertThat(exitCode(process)).isEqualTo(ExitCode.INTERRUPTED.code());
    assertThat(err(process)).isEqualTo("upgrade-cli connect: interrupted" + System.lineSeparator());
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void nobodyReadsStdout_toldAndEnded() throws Exception {
    ServerSocket target = fixture.listen();
    Process process = start(ProxyFixture.target(target), fixture.http(ProxyFixture.allowing()));
    try (Socket far = target.accept()) {
      process.getInputStream().close();
      byte[] block = new byte[64 * 1024];
      Arrays.fill(block, (byte) 'x');
      CompletableFuture<Boolean> flood =
          meanwhile(
              () -> {
                try {
                  while (true) {
                    far.getOutputStream().write(block);
                  }
                } catch (IOException gone) {
                  return true;
                }
              });

      assertThat(exitCode(process)).isEqualTo(ExitCode.OTHER.code());
      assertThat(err(process)).contains("cannot write to stdout");
      assertThat(flood.get(60, TimeUnit.SECONDS)).isTrue();
    }
  }
}
