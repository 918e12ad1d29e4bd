package io.upgradeable.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import io.upgradeable.sasl.SaslUsers;
import io.upgradeable.sasl.Secret;
import io.upgradeable.sasl.StoredSecret;
import io.upgradeable.smtp.ReceivedEnvelope;
import io.upgradeable.smtp.ReceivedRecipient;
import io.upgradeable.smtp.ReceivedSender;
import io.upgradeable.smtp.SmtpReply;
import io.upgradeable.smtp.SmtpServer;
import io.upgradeable.smtp.SmtpServerFaults;
import io.upgradeable.smtp.SmtpServerHandler;
import io.upgradeable.smtp.SmtpServerPeer;
import io.upgradeable.smtp.SmtpServerSink;
import io.upgradeable.testkit.Certificates;
import io.upgradeable.tls.TlsPolicy;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What is told of a message when the user ends the command that sends it. */
@Timeout(120)
class SmtpInterruptionTest {

  private static final Certificates CERTIFICATES = Certificates.create();
  private static final TlsPolicy POLICY =
      TlsPolicy.server().identity(CERTIFICATES.server("localhost").identity()).build();
  private static final String TWICE =
      "upgrade-cli smtp: interrupted; whether b@example.org got the message is unknown: to send it"
          + " again may deliver it twice";

  @TempDir private static Path directory;

  @BeforeAll
  static void writeAuthority() {
    CERTIFICATES.writePem(directory);
  }

  private static SmtpServer.Builder server() {
    return SmtpServer.builder().listen(EmbeddedServer.LOOPBACK).tls(POLICY);
  }

  private static String[] command(SmtpServer server, String... more) {
    List<String> args = new ArrayList<>(List.of("smtp", "--timeout", "10m", "--cafile"));
    args.add(directory.resolve("ca.crt").toString());
    args.add("localhost:" + server.endpoint().port());
    args.addAll(List.of(more));
    return args.toArray(String[]::new);
  }

  private static String[] mail(SmtpServer server, String... more) {
    List<String> args = new ArrayList<>(List.of("--from", "a@example.org", "--to"));
    args.add("b@example.org");
    args.addAll(List.of(more));
    return command(server, args.toArray(String[]::new));
  }

  // --- in the goodbye

  private static SmtpServer.Builder silentAtQuit() {
    return server()
        .handler(SmtpServerHandler.discarding())
        .faults(SmtpServerFaults.parse(List.of("quit=delay:10m")));
  }

  /** Ends the command as Ctrl-C does, before its QUIT leaves: there is no time to be late for. */
  private static Cli interruptedAtQuit(String... args) {
    Thread command = Thread.currentThread();
    StringWriter out =
        new StringWriter() {
          @Override
          public void write(String text, int offset, int length) {
            super.write(text, offset, length);
            if (text.contains("C: QUIT")) {
              command.interrupt();
            }
          }
        };
    StringWriter err = new StringWriter();
    int code = new Program(new PrintWriter(out, true), new PrintWriter(err, true)).run(args);
    boolean restored = Thread.interrupted();
    assertThat(restored).as("the thread's flag").isTrue();
    return new Cli(code, out.toString(), err.toString());
  }

  private static void assertInterrupted(Cli run) {
    assertThat(run.err()).isEqualTo("upgrade-cli smtp: interrupted" + System.lineSeparator());
    assertThat(run.exitCode()).isEqualTo(130);
  }

  @Test
  void messageAccepted_interruptedInTheGoodbye_accepted() throws IOException {
    try (SmtpServer server = silentAtQuit().start()) {
      Cli run = interruptedAtQuit(mail(server, "-v"));

      assertInterrupted(run);
      assertThat(run.out())
          .contains(
              "accepted     b@example.org: 250 2.0.0", "smtp         accepted for the recipient");
    }
  }

  @Test
  void recipientAccepted_interruptedInTheGoodbyeOfAProbe_willing() throws IOException {
    try (SmtpServer server = silentAtQuit().start()) {
      Cli run = interruptedAtQuit(mail(server, "-v", "--stop-after", "rcpt"));

      assertInterrupted(run);
      assertThat(run.out()).contains("willing      b@example.org: 250 2.1.0");
    }
  }

  @Test
  void authenticated_interruptedInTheGoodbye_saysSo() throws Exception {
    Path password = Files.writeString(directory.resolve("password"), "hunter2\n");
    SaslUsers users =
        SaslUsers.of(Map.of("bob", StoredSecret.of(new Secret("hunter2".toCharArray()))));
    try (SmtpServer server = silentAtQuit().users(users).start()) {
      Cli run =
          interruptedAtQuit(
              command(server, "-v", "--user", "bob", "--password-file", password.toString()));

      assertInterrupted(run);
      assertThat(run.out()).contains("smtp         authenticated, and ready for mail");
    }
  }

  // --- before the answer

  /** Takes a message to its end, and then says nothing. */
  private static final class Held implements SmtpServerHandler {

    private final CountDownLatch ended = new CountDownLatch(1);

    @Override
    public SmtpServerSink onMessage(ReceivedEnvelope envelope) {
      return new SmtpServerSink() {
        @Override
        public CompletionStage<Void> write(ByteBuffer bytes) {
          return DONE;
        }

        @Override
        public CompletionStage<List<SmtpReply>> commit() {
          ended.countDown();
          return new CompletableFuture<>();
        }

        @Override
        public void abort() {}
      };
    }
  }

  /** Ends the command as Ctrl-C does, once the latch has fallen. */
  private static Cli interruptedAfter(CountDownLatch latch, String... args) throws Exception {
    CompletableFuture<Cli> run = new CompletableFuture<>();
    Thread command = new Thread(() -> run.complete(Cli.run(args)), "smtp");
    command.start();
    try {
      assertThat(latch.await(60, TimeUnit.SECONDS)).isTrue();
    } finally {
      command.interrupt();
    }
    return run.get(60, TimeUnit.SECONDS);
  }

  @Test
  void noAnswerToTheDotYet_interrupted_unknown() throws Exception {
    Held held = new Held();
    try (SmtpServer server = server().handler(held).start()) {
      Cli run = interruptedAfter(held.ended, mail(server));

      run.failed(ExitCode.INTERRUPTED, TWICE);
      assertThat(run.out()).contains("unknown      b@example.org: ", " (at end)");
    }
  }

  @Test
  void noAnswerToTheDotYet_interruptedJson_unknown() throws Exception {
    Held held = new Held();
    try (SmtpServer server = server().handler(held).start()) {
      Cli run = interruptedAfter(held.ended, mail(server, "--output", "json"));

      JsonObject json = run.failed(ExitCode.INTERRUPTED, TWICE).json();
      JsonObject recipient =
          json.getAsJsonObject("smtp").getAsJsonArray("recipients").get(0).getAsJsonObject();
      assertThat(recipient.get("outcome").getAsString()).isEqualTo("unknown");
      assertThat(json.getAsJsonObject("error").get("kind").getAsString()).isEqualTo("Interrupted");
      assertThat(json.get("exitCode").getAsInt()).isEqualTo(130);
    }
  }

  @Test
  void noAnswerToRcptYet_interrupted_notSent() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    SmtpServerHandler handler =
        new SmtpServerHandler() {
          @Override
          public CompletionStage<SmtpReply> onRecipient(
              SmtpServerPeer peer, ReceivedSender sender, ReceivedRecipient recipient) {
            asked.countDown();
            return new CompletableFuture<>();
          }

          @Override
          public SmtpServerSink onMessage(ReceivedEnvelope envelope) {
            return SmtpServerHandler.discarding().onMessage(envelope);
          }
        };
    try (SmtpServer server = server().handler(handler).start()) {
      Cli run = interruptedAfter(asked, mail(server));

      assertInterrupted(run);
      assertThat(run.out()).contains("not sent     b@example.org: ");
    }
  }
}
