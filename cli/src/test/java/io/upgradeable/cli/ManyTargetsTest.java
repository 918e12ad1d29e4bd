package io.upgradeable.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.upgradeable.testkit.Certificates;
import io.upgradeable.testkit.RefusingPort;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * One run with several targets: a line for each, one exit code, and little that grows with them.
 */
@Timeout(120)
class ManyTargetsTest {

  private static final Certificates CERTIFICATES = Certificates.create();

  @TempDir private static Path directory;

  private static RunningServer ping;
  private static RunningServer smtp;

  @BeforeAll
  static void start() {
    CERTIFICATES.writePem(directory);
    CERTIFICATES.server("localhost").writePem(directory, "server");
    ping = RunningServer.start("--cert", file("server.crt"), "--key", file("server.key"));
    smtp = RunningServer.smtp("--cert", file("server.crt"), "--key", file("server.key"));
  }

  @AfterAll
  static void stop() {
    ping.close();
    smtp.close();
  }

  private static String file(String name) {
    return directory.resolve(name).toString();
  }

  private static Cli run(String command, String... more) {
    List<String> args = new ArrayList<>(List.of(command, "--cafile", file("ca.crt")));
    args.addAll(List.of(more));
    return Cli.run(args.toArray(String[]::new));
  }

  private static Cli runWithStdin(String text, String... args) {
    InputStream before = System.in;
    System.setIn(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));
    try {
      return run("ping", args);
    } finally {
      System.setIn(before);
    }
  }

  private static String target(RefusingPort nobody) {
    return nobody.endpoint().toString();
  }

  private static List<JsonObject> documents(Cli run) {
    return run.out().lines().map(line -> JsonParser.parseString(line).getAsJsonObject()).toList();
  }

  private static String target(JsonObject document) {
    return document.get("target").getAsString();
  }

  private static Cli succeeded(Cli run, String summary) {
    assertThat(run.err()).isEqualToIgnoringNewLines(summary);
    assertThat(run.exitCode()).isZero();
    return run;
  }

  // --- what is told

  @Test
  void threeTargets_ping_oneLineEachAndASummary() {
    Cli run = run("ping", ping.target(), ping.target(), ping.target());

    succeeded(run, "upgrade-cli ping: 3 targets, 0 failed");
    assertThat(run.out().lines())
        .hasSize(3)
        .allMatch(
            line ->
                line.matches(
                    "localhost:"
                        + ping.port()
                        + ": ok; TLSv1.3, \\w+; certificate until [0-9TZ:.-]+, .* left"));
  }

  @Test
  void severalTargets_json_oneDocumentEachAsForOneTarget() {
    Cli run = run("smtp", "--output", "json", smtp.target(), smtp.target());

    List<JsonObject> documents = documents(run.succeeded());
    JsonObject single = run("smtp", "--output", "json", smtp.target()).succeeded().json();
    assertThat(documents).hasSize(2);
    for (JsonObject document : documents) {
      assertThat(document.keySet()).isEqualTo(single.keySet());
      assertThat(document.get("smtp")).isEqualTo(single.get("smtp"));
      assertThat(document.get("certificates")).isEqualTo(single.get("certificates"));
    }
  }

  @Test
  void severalTargets_jsonVerbose_eachHasItsOwnDialogue() {
    Cli run = run("ping", "--output", "json", "-v", "--show-certs", ping.target(), ping.target());

    assertThat(documents(run.succeeded()))
        .hasSize(2)
        .allSatisfy(
            document -> {
              assertThat(
                      Collections.frequency(
                          document.getAsJsonArray("dialogue").asList().stream()
                              .map(event -> event.getAsJsonObject().get("text").getAsString())
                              .toList(),
                          "STARTTLS"))
                  .isEqualTo(1);
              assertThat(
                      document.getAsJsonArray("certificates").get(0).getAsJsonObject().get("pem"))
                  .isNotNull();
            });
  }

  @Test
  void insecure_severalTargets_eachLineSaysSo() {
    Cli run = Cli.run("ping", "--insecure", ping.target(), ping.target());

    assertThat(run.exitCode()).isZero();
    assertThat(run.out().lines())
        .hasSize(2)
        .allMatch(line -> line.contains(": ok, not verified; "));
    assertThat(run.err().lines()).hasSize(2); // one warning, not one each, and the summary
  }

  @Test
  void opportunistic_plaintextServers_eachWarningNamesItsTarget() {
    try (RunningServer plain =
        RunningServer.smtp(
            "--cert", file("server.crt"), "--key", file("server.key"), "--fail", "hide=STARTTLS")) {
      Cli run = run("smtp", "--starttls", "opportunistic", plain.target(), smtp.target());

      assertThat(run.err().lines())
          .hasSize(2)
          .anyMatch(line -> line.startsWith("upgrade-cli smtp: " + plain.target() + ": warning: "))
          .anyMatch(line -> line.equals("upgrade-cli smtp: 2 targets, 0 failed"));
      assertThat(run.out().lines())
          .hasSize(2)
          .contains(plain.target() + ": ok, in plaintext")
          .anyMatch(line -> line.startsWith(smtp.target() + ": ok; TLSv1.3"));
    }
  }

  // --- exit codes

  @Test
  void oneRefused_otherFine_exitCodeOfTheFailure() throws IOException {
    try (RefusingPort bound = RefusingPort.open()) {
      Cli run =
          run("ping", target(bound), ping.target())
              .failed(ExitCode.CONNECT_FAILED, "upgrade-cli ping: 2 targets, 1 failed");

      String words = run("ping", target(bound)).err().replace("upgrade-cli ping: ", "");
      assertThat(run.out().lines())
          .hasSize(2)
          .contains(target(bound) + ": " + words.strip())
          .anyMatch(line -> line.startsWith(ping.target() + ": ok;"));
    }
  }

  @Test
  void failuresOfTwoKinds_exitCode1AndEachDocumentItsOwn() throws IOException {
    try (RefusingPort bound = RefusingPort.open()) {
      Cli run =
          Cli.run("ping", "--output", "json", target(bound), ping.target())
              .failed(ExitCode.OTHER, "2 targets, 2 failed");

      assertThat(documents(run))
          .extracting(document -> target(document) + " " + document.get("exitCode").getAsInt())
          .containsExactlyInAnyOrder(target(bound) + " 3", ping.target() + " 8");
    }
  }

  // --- from a file

  @Test
  void fileWithCommentsAndEmptyLines_ping_itsTargets() throws IOException {
    Path list =
        Files.writeString(
            directory.resolve("list"),
            "# servers\n\n" + ping.target() + "\r\n   \n  " + ping.target() + "  \n#no:such");

    Cli run = run("ping", "--targets", list.toString(), ping.target());

    succeeded(run, "upgrade-cli ping: 3 targets, 0 failed");
    assertThat(run.out().lines()).hasSize(3);
  }

  @Test
  void stdin_ping_itsTargets() {
    Cli run = runWithStdin(ping.target(), "--targets", "-");

    succeeded(run, "upgrade-cli ping: 1 target, 0 failed");
    assertThat(run.out().lines()).hasSize(1);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          host:70000   | expected a port from 0 to 65535, got '70000'
          host:0       | expected a port from 1 to 65535, got 'host:0'
          two words    | expected a host name, got 'two words'
          x\u001b[2J   | \\x1b[2J
          """)
  void badLine_saidWithItsNumberAfterThoseBefore(String line, String words) throws IOException {
    Path list =
        Files.writeString(
            directory.resolve("bad"), "# one\n" + ping.target() + "\n" + line + "\nlater:1\n");

    Cli run =
        run("ping", "--targets", list.toString())
            .failed(ExitCode.USAGE, "--targets " + list + ", line 3: ", words);

    assertThat(run.out().lines()).singleElement().asString().startsWith(ping.target() + ": ok");
  }

  @Test
  void endlessLine_stdin_refusedWithoutReadingItAll() {
    runWithStdin("#" + "x".repeat(100_000), "--targets", "-")
        .failed(ExitCode.USAGE, "--targets -, line 1: expected at most 1024 bytes");
  }

  @Test
  void badTargetOnTheCommandLine_nobodyIsTalkedTo() throws IOException {
    try (ServerSocket server = new ServerSocket(0)) {
      run("ping", "localhost:" + server.getLocalPort(), "host:0").failed(ExitCode.USAGE);

      server.setSoTimeout(1);
      assertThat(accepted(server)).isFalse();
    }
  }

  private static boolean accepted(ServerSocket server) throws IOException {
    try (Socket ignored = server.accept()) {
      return true;
    } catch (SocketTimeoutException none) {
      return false;
    }
  }

  // --- secrets

  @Test
  void passwordOnStdin_severalTargets_readOnceForAll() throws IOException {
    Path password = Files.writeString(directory.resolve("password"), "wonderland\n");
    try (RunningServer server =
        RunningServer.smtp(
            "--cert",
            file("server.crt"),
            "--key",
            file("server.key"),
            "--user",
            "alice",
            "--password-file",
            password.toString())) {
      InputStream before = System.in;
      System.setIn(
          new ByteArrayInputStream("wonderland\nnonsense\n".getBytes(StandardCharsets.UTF_8)));
      try {
        Cli run =
            run(
                "smtp",
                "--user",
                "alice",
                "--password-stdin",
                "--output",
                "json",
                server.target(),
                server.target(),
                server.target());

        assertThat(documents(run.succeeded()))
            .hasSize(3)
            .allMatch(document -> document.getAsJsonObject("smtp").has("auth"));
      } finally {
        System.setIn(before);
      }
    }
  }

  // --- how many

  /** Closes each connection once so many are there, and knows the most that were at a time. */
  private static final class Counting implements AutoCloseable {
    private final ServerSocket listening = new ServerSocket(0);
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final CyclicBarrier together;
    private final AtomicInteger now = new AtomicInteger();
    private final AtomicInteger most = new AtomicInteger();

    Counting(int atOnce) throws IOException {
      together = new CyclicBarrier(atOnce);
      threads.execute(this::acceptAll);
    }

    private void acceptAll() {
      try {
        while (true) {
          Socket socket = listening.accept();
          most.accumulateAndGet(now.incrementAndGet(), Math::max);
          threads.execute(() -> hold(socket));
        }
      } catch (IOException closed) {
        // The test is over.
      }
    }

    private void hold(Socket socket) {
      try (socket) {
        together.await(60, TimeUnit.SECONDS);
        now.decrementAndGet(); // Before the client can see the end, and go on to the next.
      } catch (IOException | InterruptedException | BrokenBarrierException | TimeoutException e) {
        now.addAndGet(1000);
      }
    }

    String target() {
      return "localhost:" + listening.getLocalPort();
    }

    @Override
    public void close() throws IOException {
      listening.close();
      threads.shutdownNow();
    }
  }

  @Test
  void atOnce_manyTargets_soManyAtATime() throws IOException {
    try (Counting server = new Counting(5)) {
      Path list = Files.write(directory.resolve("many"), Collections.nCopies(30, server.target()));

      Cli run = run("smtp", "--at-once", "5", "--targets", list.toString());

      run.failed(ExitCode.CLOSED, "30 targets, 30 failed");
      assertThat(server.most).hasValue(5);
      assertThat(server.now).hasValue(0);
    }
  }

  @Test
  void fewTargets_oneThreadEachAtMost() throws IOException {
    try (Counting server = new Counting(2)) {
      run("smtp", server.target(), server.target()).failed(ExitCode.CLOSED, "2 failed");

      assertThat(server.most).hasValue(2);
    }
  }

  /** How many groups of event loops there ever were, and this: each has a number. */
  private static int groups() {
    String name = new DefaultThreadFactory("group").newThread(() -> {}).getName();
    return Integer.parseInt(name.replaceAll("[^0-9]*([0-9]+)-[0-9]+", "$1"));
  }

  @Test
  void manyTargets_oneGroupOfEventLoopsForAll() {
    String[] targets = Collections.nCopies(8, ping.target()).toArray(String[]::new);
    assertThat(run("ping", targets).exitCode()).isZero(); // What is made once is made now.
    int before = groups();

    assertThat(run("ping", targets).exitCode()).isZero();

    assertThat(groups() - before).isEqualTo(2);
  }

  // --- the end

  /** No test's own time ends a wait on a socket. */
  private static ServerSocket listen() throws IOException {
    ServerSocket socket = new ServerSocket(0);
    socket.setSoTimeout(60_000);
    return socket;
  }

  private static Socket accept(ServerSocket listening) throws IOException {
    Socket socket = listening.accept();
    socket.setSoTimeout(60_000);
    return socket;
  }

  @Test
  void interrupted_underWay_eachIsToldAndExitCode130() throws Exception {
    try (ServerSocket silent = listen()) {
      LineQueue out = new LineQueue();
      LineQueue err = new LineQueue();
      AtomicInteger code = new AtomicInteger(-1);
      String target = "localhost:" + silent.getLocalPort();
      Thread command =
          new Thread(
              () ->
                  code.set(
                      new Program(new PrintWriter(out, true), new PrintWriter(err, true))
                          .run("smtp", "--at-once", "2", target, target, target)));
      command.start();
      try (Socket first = accept(silent);
          Socket second = accept(silent)) {
        command.interrupt();
        command.join();

        assertThat(first.getInputStream().read()).isEqualTo(-1);
        assertThat(second.getInputStream().read()).isEqualTo(-1);
      }
      assertThat(code).hasValue(130);
      assertThat(Stream.of(out.await(target), out.await(target)))
          .containsOnly(target + ": interrupted");
      assertThat(err.await("upgrade-cli")).isEqualTo("upgrade-cli smtp: interrupted");
    }
  }

  @Test
  void stdoutClosed_manyTargets_endsEarly() throws Exception {
    Path list = Files.write(directory.resolve("long"), Collections.nCopies(2000, "127.0.0.1:1"));
    Process process = CliProcess.start("ping", "--at-once", "1", "--targets", list.toString());
    process.getInputStream().close();

    String err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).isEqualTo(1);
    assertThat(err.strip()).isEqualTo("upgrade-cli ping: cannot write to stdout");
  }

  @Test
  void stdoutClosed_whileTheNextTargetIsAwaited_ends() throws Exception {
    Process process = CliProcess.start("ping", "--targets", "-");
    process.getInputStream().close();
    process.getOutputStream().write("127.0.0.1:1\n".getBytes(StandardCharsets.UTF_8));
    process.getOutputStream().flush(); // And no more comes.

    String err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).isEqualTo(1);
    assertThat(err.strip()).isEqualTo("upgrade-cli ping: cannot write to stdout");
  }

  @Test
  void signal_whileTheNextTargetIsAwaited_thoseUnderWayAreTold() throws Exception {
    try (ServerSocket silent = listen()) {
      String target = "localhost:" + silent.getLocalPort();
      Process process = CliProcess.start("smtp", "--targets", "-");
      process.getOutputStream().write((target + "\n").getBytes(StandardCharsets.UTF_8));
      process.getOutputStream().flush();
      try (Socket underWay = accept(silent)) {
        process.toHandle().destroy();
        Cli run = CliProcess.finish(process);

        assertThat(run.exitCode()).isEqualTo(130);
        assertThat(run.out().strip()).isEqualTo(target + ": interrupted");
        assertThat(run.err().strip()).isEqualTo("upgrade-cli smtp: interrupted");
        assertThat(underWay.getInputStream().read()).isEqualTo(-1);
      }
    }
  }

  @Test
  void byteOrderMark_isNoPartOfATarget() throws IOException {
    Path list = Files.writeString(directory.resolve("list"), "\ufeff" + ping.target() + "\n");

    succeeded(run("ping", "--targets", list.toString()), "upgrade-cli ping: 1 target, 0 failed");
  }
}
