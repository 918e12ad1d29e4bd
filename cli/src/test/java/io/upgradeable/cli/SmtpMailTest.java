package io.upgradeable.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.upgradeable.testkit.Script;
import io.upgradeable.testkit.ScriptedPeer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Mail from the command line to the command line's own server. */
class SmtpMailTest {

  private static final String[] MAIL = {"--from", "a@example.org", "--to", "b@example.org"};

  @TempDir private Path directory;

  private RunningServer serve(String... options) {
    List<String> args = new ArrayList<>(List.of("--self-signed", "--write-cert", file("ca.crt")));
    args.addAll(List.of(options));
    return RunningServer.smtp(args.toArray(String[]::new));
  }

  private String file(String name) {
    return directory.resolve(name).toString();
  }

  private Path write(String name, String text) throws IOException {
    return Files.writeString(directory.resolve(name), text);
  }

  private Cli smtp(RunningServer server, String... more) {
    return smtp(server.target(), more);
  }

  private Cli smtp(String target, String... more) {
    List<String> args = new ArrayList<>(List.of("smtp", "--cafile", file("ca.crt"), target));
    args.addAll(List.of(more));
    return Cli.run(args.toArray(String[]::new));
  }

  private static String[] mail(String... more) {
    return Stream.concat(Stream.of(MAIL), Stream.of(more)).toArray(String[]::new);
  }

  private List<String> delivered() throws IOException {
    try (Stream<Path> files = Files.list(directory.resolve("mail/new"))) {
      List<String> all = new ArrayList<>();
      for (Path each : files.toList()) {
        all.add(Files.readString(each));
      }
      return all;
    }
  }

  @Test
  void message_sent_printedByServerAndReported() {
    try (RunningServer server = serve()) {
      Cli run = smtp(server, mail("--subject", "Hello", "--body", "Hi there")).succeeded();

      server.out().await("from <a@example.org>");
      server.out().await("to   <b@example.org>");
      server.out().await("| Subject: Hello");
      server.out().await("| Hi there");
      assertThat(run.out())
          .contains(
              "security     TLS reaches localhost",
              "accepted     b@example.org: 250 2.0.0",
              "smtp         accepted for the recipient");
    }
  }

  @Test
  void message_sentVerbose_contentIsACount() {
    try (RunningServer server = serve("--discard")) {
      Cli run = smtp(server, mail("-v", "--body", "between us")).succeeded();

      assertThat(run.out())
          .contains("tls   C: MAIL FROM:<a@example.org>", "bytes of the message)", "tls   S: 354")
          .doesNotContain("between us");
    }
  }

  @Test
  void severalRecipients_json_oneEntryEach() {
    try (RunningServer server = serve("--discard")) {
      JsonObject json =
          smtp(
                  server,
                  "--from",
                  "A <a@example.org>",
                  "--to",
                  "b@example.org, \"C, D\" <c@example.org>",
                  "--bcc",
                  "d@example.org",
                  "--output",
                  "json")
              .succeeded()
              .json();

      JsonArray recipients = json.getAsJsonObject("smtp").getAsJsonArray("recipients");
      assertThat(recipients).hasSize(3);
      JsonObject last = recipients.get(2).getAsJsonObject();
      assertThat(last.keySet()).containsExactly("recipient", "outcome", "phase", "code", "text");
      assertThat(last.get("recipient").getAsString()).isEqualTo("d@example.org");
      assertThat(last.get("outcome").getAsString()).isEqualTo("accepted");
      assertThat(last.get("code").getAsInt()).isEqualTo(250);
    }
  }

  @Test
  void hiddenRecipient_delivered_notInTheHeader() throws IOException {
    try (RunningServer server = serve("--maildir", file("mail"))) {
      smtp(server, mail("--cc", "c@example.org", "--bcc", "hidden@example.org")).succeeded();
    }
    assertThat(delivered()).hasSize(1);
    String message = delivered().get(0);
    assertThat(message.substring(message.indexOf("\nDate: ")))
        .contains("To: b@example.org", "Cc: c@example.org", "MIME-Version: 1.0")
        .containsPattern("Message-ID: <[0-9a-f-]+@example.org>")
        .doesNotContain("hidden");
  }

  @Test
  void textBeyondAsciiAndAttachment_delivered_encoded() throws IOException {
    write("Gr\u00fc\u00dfe.txt", "one\ntwo\n");
    try (RunningServer server = serve("--maildir", file("mail"))) {
      smtp(
              server,
              "--from",
              "J\u00fcrgen <a@example.org>",
              "--to",
              "b@example.org",
              "--subject",
              "Gr\u00fc\u00dfe",
              "--body",
              "Sch\u00f6n",
              "--attach",
              file("Gr\u00fc\u00dfe.txt"))
          .succeeded();
    }
    assertThat(delivered().get(0))
        .contains(
            "From: =?UTF-8?Q?J=C3=BCrgen?= <a@example.org>",
            "Subject: =?UTF-8?Q?Gr=C3=BC=C3=9Fe?=",
            "filename*=UTF-8\'\'Gr%C3%BC%C3%9Fe.txt",
            "b25lCnR3bwo="); // base64 of the file
  }

  @Test
  void wholeMessage_sent_arrivesAsItIs() throws IOException {
    Path message = write("message.eml", "Subject: as it is\r\n\r\n.dot\r\nend\r\n");
    try (RunningServer server = serve("--maildir", file("mail"))) {
      smtp(server, mail("--message", message.toString())).succeeded();
    }
    assertThat(delivered().get(0)).endsWith("Subject: as it is\n\n.dot\nend\n");
  }

  @ParameterizedTest
  @CsvSource({
    "mail=451 4.3.0 later,  not now,  at mail",
    "mail=550 5.7.1 never,  refused,  at mail",
    "rcpt=550 5.1.1 nobody, refused,  at rcpt",
    "data=452 4.3.1 full,   not now,  at data",
    "dot=554 5.7.1 spam,    refused,  at end"
  })
  void refusal_send_exits6WithReply(String fault, String label, String phase) {
    try (RunningServer server = serve("--discard", "--fail", fault)) {
      String reply = fault.substring(fault.indexOf('=') + 1);
      Cli run =
          smtp(server, mail())
              .failed(ExitCode.REFUSED, "the peer refused: " + reply + " for b@example.org");

      assertThat(run.out())
          .contains(label, "b@example.org: " + reply + " (" + phase + ")")
          .contains("smtp         accepted for 0 of 1 recipients");
    }
  }

  @Test
  void connectionLostBehindTheDot_send_exits11AndUnknown() {
    try (RunningServer server = serve("--discard", "--fail", "dot=close")) {
      Cli run =
          smtp(server, mail())
              .failed(ExitCode.CLOSED, "is unknown: to send it again may deliver it twice");

      assertThat(run.out()).contains("unknown      b@example.org");
    }
  }

  @Test
  void noAnswerToTheDot_json_exits4AndUnknown() {
    try (RunningServer server = serve("--discard", "--fail", "dot=delay:1m")) {
      JsonObject json =
          smtp(server, mail("--step-timeout", Patience.BEHIND_A_HANDSHAKE, "--output", "json"))
              .failed(ExitCode.TIMED_OUT, "10 s", "is unknown")
              .json();

      JsonObject recipient =
          json.getAsJsonObject("smtp").getAsJsonArray("recipients").get(0).getAsJsonObject();
      assertThat(recipient.get("outcome").getAsString()).isEqualTo("unknown");
      assertThat(recipient.get("phase").getAsString()).isEqualTo("end");
      assertThat(recipient.get("code").isJsonNull()).isTrue();
      assertThat(json.getAsJsonObject("error").get("kind").getAsString())
          .isEqualTo("LayerTimedOut");
    }
  }

  @Test
  void connectionLostBeforeTheDot_send_notSent() {
    try (RunningServer server = serve("--discard", "--fail", "data=close")) {
      Cli run = smtp(server, mail()).failed(ExitCode.CLOSED);

      assertThat(run.out()).contains("not sent     b@example.org");
      assertThat(run.err()).doesNotContain("unknown");
    }
  }

  @Test
  void messageTooLarge_send_refusedBeforeItIsSent() {
    try (RunningServer server = serve("--discard", "--max-size", "100")) {
      Cli run = smtp(server, mail()).failed(ExitCode.REFUSED, "for b@example.org");

      assertThat(run.out()).contains("(at size)");
    }
  }

  @Test
  void lmtp_severalRecipients_repliesOfTheirOwn() {
    try (RunningServer server = serve("--discard", "--lmtp")) {
      Cli run =
          smtp(server, "--lmtp", "--from", "a@example.org", "--to", "b@x.example,c@x.example")
              .succeeded();

      assertThat(run.out())
          .contains("accepted     b@x.example", "accepted     c@x.example", "all 2 recipients");
    }
  }

  @Test
  void password_right_authenticatesAndNobodySeesIt() throws IOException {
    Path password = write("password", "hunter2\n");
    try (RunningServer server =
        serve("-v", "--user", "bob", "--password-file", password.toString())) {
      Cli run =
          smtp(server, mail("-v", "--user", "bob", "--password-file", password.toString()))
              .succeeded();

      assertThat(server.err().await("mail from <a@example.org>")).contains(" as bob ");
      assertThat(run.out())
          .contains("AUTH SCRAM-SHA-256-PLUS <redacted>", "tls   S: 235 ", "accepted     b@")
          .doesNotContain("hunter2");
    }
  }

  @Test
  void passwordAlone_noMail_reportsTheSignIn() throws IOException {
    Path password = write("password", "hunter2\n");
    try (RunningServer server = serve("--user", "bob", "--password-file", password.toString())) {
      Cli run =
          smtp(
                  server,
                  "--user",
                  "bob",
                  "--password-file",
                  password.toString(),
                  "--auth",
                  "plain",
                  "--stop-after",
                  "auth",
                  "-v")
              .succeeded();

      assertThat(run.out())
          .contains(
              "AUTH PLAIN <redacted>",
              "auth         PLAIN",
              "smtp         authenticated, and ready for mail");
    }
  }

  @Test
  void stopAfterRcpt_oneRefused_exits6AndTellsBoth() throws IOException {
    try (RunningServer server = serve("--fail", "rcpt=550")) {
      Cli run =
          smtp(server, mail("--stop-after", "rcpt", "--output", "json"))
              .failed(ExitCode.REFUSED, "550");

      assertThat(run.out())
          .contains("\"outcome\": \"refused-permanent\"", "\"phase\": \"rcpt\"")
          .doesNotContain("\"auth\"");
    }
  }

  @Test
  void password_wrong_exits6WithoutIt() throws IOException {
    Path right = write("right", "hunter2\n");
    Path wrong = write("wrong", "swordfish\n");
    try (RunningServer server = serve("--user", "bob", "--password-file", right.toString())) {
      Cli run =
          smtp(server, mail("-v", "--user", "bob", "--password-file", wrong.toString()))
              .failed(ExitCode.REFUSED, "535", "AUTH");

      assertThat(run.out() + run.err()).doesNotContain("swordfish", "hunter2");
      assertThat(run.out()).doesNotContain("MAIL FROM");
    }
  }

  @Test
  void noAnswerToAuth_exits4InTheTimeForTheWholeCommand() throws IOException {
    Path password = write("password", "hunter2\n");
    try (RunningServer server =
        serve("--fail", "auth=delay:1m", "--user", "bob", "--password-file", password.toString())) {
      smtp(
              server,
              mail(
                  "--timeout",
                  Patience.BEHIND_A_HANDSHAKE,
                  "--user",
                  "bob",
                  "--password-file",
                  password.toString()))
          .failed(
              ExitCode.TIMED_OUT,
              "expected the end of the authentication, got nothing in the time for the whole");
    }
  }

  @Test
  void noUser_serverThatWantsOne_refused530() throws IOException {
    Path password = write("password", "hunter2\n");
    try (RunningServer server = serve("--user", "bob", "--password-file", password.toString())) {
      smtp(server, mail()).failed(ExitCode.REFUSED, "530 5.7.0");
    }
  }

  @Test
  void plaintext_password_neverSent() throws IOException {
    write("ca.crt", "");
    Path password = write("password", "hunter2\n");
    Script script =
        Script.start()
            .send("220 mail.example\r\n")
            .expect("EHLO [127.0.0.1]\r\n")
            .send("250-mail.example\r\n250 AUTH PLAIN\r\n")
            .expect("QUIT\r\n")
            .close();
    try (ScriptedPeer server = ScriptedPeer.server(script)) {
      Cli run =
          Cli.run(
              "smtp",
              "--starttls",
              "opportunistic",
              "--user",
              "bob",
              "--password-file",
              password.toString(),
              server.endpoint().toString());

      assertThat(run.exitCode()).isEqualTo(ExitCode.NOT_OFFERED.code());
      assertThat(run.err()).contains("will not authenticate in plaintext");
      server.awaitPlayed();
    }
  }

  @Test
  void manyMessages_json_allCounted() {
    try (RunningServer server = serve("--discard")) {
      JsonObject load =
          smtp(server, mail("--count", "40", "--connections", "3", "--output", "json"))
              .succeeded()
              .json()
              .getAsJsonObject("smtp")
              .getAsJsonObject("load");

      assertThat(load.keySet())
          .containsExactly(
              "count",
              "connections",
              "ended",
              "accepted",
              "seconds",
              "perSecond",
              "latencyMillis",
              "notAccepted");
      assertThat(load.get("ended").getAsInt()).isEqualTo(40);
      assertThat(load.get("accepted").getAsInt()).isEqualTo(40);
      assertThat(load.getAsJsonObject("latencyMillis").keySet())
          .containsExactly("p50", "p90", "p99", "max");
      assertThat(load.getAsJsonArray("notAccepted")).isEmpty();
    }
  }

  @Test
  void manyMessages_refused_countedByReply() {
    try (RunningServer server = serve("--discard", "--fail", "rcpt=450 4.2.1 busy")) {
      Cli run =
          smtp(server, mail("--count", "20", "--connections", "2"))
              .failed(ExitCode.REFUSED, "20 of 20 messages were not accepted, the first:");

      assertThat(run.out())
          .contains("not taken    20: 450 4.2.1 busy", "smtp         0 of 20 messages accepted");
    }
  }

  @Test
  void manyMessages_nobodyListens_oneAttempt() throws IOException {
    write("ca.crt", "");
    Cli run =
        Cli.run(
                "smtp",
                "localhost:1",
                "--from",
                "a@example.org",
                "--to",
                "b@example.org",
                "--count",
                "1000000")
            .failed(ExitCode.CONNECT_FAILED, "refused");

    assertThat(run.out()).contains("not taken    1: could not connect");
  }

  @Test
  void exchangersOfADomain_firstSilent_nextIsAsked() throws IOException {
    try (RunningServer server = serve("--discard");
        LittleDns dns = LittleDns.answering("no-such-host.invalid", "localhost")) {
      List<String> args = new ArrayList<>(List.of("smtp", "--cafile", file("ca.crt")));
      args.addAll(List.of("--dns", dns.address(), "--mx", "example.org:" + server.port()));
      args.addAll(Patience.LOOK_UP);
      Cli run = Cli.run(args.toArray(String[]::new));

      assertThat(run.exitCode()).as(run.err()).isZero();
      assertThat(run.err().lines()).hasSize(1);
      assertThat(run.err())
          .contains("could not connect", "no-such-host.invalid", "; trying localhost:");
      assertThat(run.out()).contains("TLS reaches localhost", "smtp         ready for mail");
    }
  }

  @Test
  void noSuchDomain_lookUp_couldNotConnect() throws IOException {
    try (LittleDns dns = LittleDns.knowingNothing()) {
      Cli.run("smtp", "--dns", dns.address(), "--mx", "example.org")
          .failed(ExitCode.CONNECT_FAILED, "example.org", "no such domain");
    }
  }

  @Test
  void messageOnStdin_sent_arrives() throws IOException {
    InputStream before = System.in;
    System.setIn(
        new ByteArrayInputStream("Subject: piped\n\nbody\n".getBytes(StandardCharsets.US_ASCII)));
    try (RunningServer server = serve()) {
      smtp(server, mail("--message", "-")).succeeded();
      server.out().await("| Subject: piped");
    } finally {
      System.setIn(before);
    }
  }
}
