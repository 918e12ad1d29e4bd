package io.upgradeable.smtp;

import static org.assertj.core.api.Assertions.assertThat;

import io.upgradeable.Endpoint;
import io.upgradeable.Limits;
import io.upgradeable.sasl.SaslChannel;
import io.upgradeable.sasl.SaslCredentials;
import io.upgradeable.sasl.SaslExchange;
import io.upgradeable.sasl.SaslMechanism;
import io.upgradeable.sasl.SaslPreference;
import io.upgradeable.sasl.SaslUsers;
import io.upgradeable.sasl.Secret;
import io.upgradeable.sasl.StoredSecret;
import io.upgradeable.testkit.Certificates;
import io.upgradeable.tls.TlsEngine;
import io.upgradeable.tls.TlsIdentity;
import io.upgradeable.tls.TlsPolicy;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The server over real sockets, spoken to by a client that knows no SMTP. */
@Timeout(60)
class SmtpServerTest {

  private static final Certificates CERTIFICATES = Certificates.create();
  private static final TlsPolicy POLICY =
      TlsPolicy.server().identity(CERTIFICATES.server("localhost", "127.0.0.1").identity()).build();
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final ReceivedMessages mailbox = new ReceivedMessages();

  private static SmtpServer.Builder server(SmtpServerHandler handler) {
    return SmtpServer.builder()
        .listen(Endpoint.of("127.0.0.1", 0))
        .tls(POLICY)
        .threads(1)
        .name("mail.example.net")
        .handler(handler);
  }

  private static BlockingMailClient client(SmtpServer server) throws IOException {
    return BlockingMailClient.upgraded(server.endpoint(), CERTIFICATES.authorities());
  }

  private static void envelope(BlockingMailClient client) throws IOException {
    client.say("MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.net>\r\n");
    assertThat(client.hearCodes(2)).isEqualTo("250 250");
  }

  // --- whole dialogues

  @Test
  void session_message_receivedAsSent() throws Exception {
    try (SmtpServer server = server(mailbox).start();
        BlockingMailClient client = client(server)) {
      assertThat(client.ask("MAIL FROM:<a@example.org> SIZE=10 BODY=8BITMIME SMTPUTF8"))
          .isEqualTo("250 2.1.0 OK\r\n");
      assertThat(client.ask("RCPT TO:<b@example.net>")).isEqualTo("250 2.1.0 OK\r\n");
      assertThat(client.ask("RCPT TO:<größe@exämple.net>")).isEqualTo("250 2.1.0 OK\r\n");
      assertThat(client.ask("DATA")).startsWith("354 ");
      client.say("Subject: hello\r\n\r\n..dot\r\n.\r\n");
      assertThat(client.hearReply()).isEqualTo("250 2.0.0 Accepted\r\n");
      assertThat(client.ask("QUIT")).startsWith("221 ");
      assertThat(client.hearToTheEnd()).isEmpty();
    }
    ReceivedMessage message = mailbox.await(1, PATIENCE).get(0);
    assertThat(message.text()).isEqualTo("Subject: hello\r\n\r\n.dot\r\n");
    assertThat(message.envelope().peer().name()).isEqualTo("client.example.org");
    assertThat(message.envelope().peer().tls()).isPresent();
    assertThat(message.envelope().sender().address()).isEqualTo("a@example.org");
    assertThat(message.envelope().sender().declaredSize()).hasValue(10);
    assertThat(message.envelope().recipients())
        .extracting(ReceivedRecipient::address)
        .containsExactly("b@example.net", "größe@exämple.net");
  }

  @Test
  void ehlo_underTls_offersWhatIsHonoured() throws Exception {
    try (SmtpServer server = server(mailbox).offer(SmtpServerExtension.DSN).start();
        BlockingMailClient client = client(server)) {
      String atFirst;
      try (BlockingMailClient other =
          BlockingMailClient.secured(server.endpoint(), CERTIFICATES.authorities())) {
        atFirst = other.ask("EHLO other");
      }
      assertThat(client.ask("EHLO again"))
          .isEqualTo(atFirst)
          .isEqualTo(
              """
              250-mail.example.net
              250-ENHANCEDSTATUSCODES
              250-PIPELINING
              250-SIZE 10485760
              250-8BITMIME
              250-SMTPUTF8
              250-CHUNKING
              250 DSN
              """
                  .replace("\n", "\r\n"));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          RCPT TO:<b@c>                      | 503 5.5.1 Expected MAIL first
          DATA                               | 503 5.5.1 Expected MAIL first
          BDAT 0 LAST                        | 503 5.5.1 Expected MAIL first
          MAIL FROM:<a@b> WHAT=1             | 555 5.5.4 Unknown parameter
          MAIL FROM:<a@b> ENVID=1            | 555 5.5.4 Unknown parameter
          MAIL FROM:<a@b> AUTH=<>            | 555 5.5.4 Unknown parameter
          MAIL FROM:<a@b> BODY=BINARYMIME    | 501 5.5.4 Unknown value of BODY
          MAIL FROM:<a@b> SIZE=99999999999   | 552 5.3.4 Expected a message of at most 10485760 bytes
          MAIL FROM: <a@b>                   | 501 5.5.4 Expected MAIL FROM:<address>
          MAIL FROM:<ä@b>                    | 553 5.6.7 Expected SMTPUTF8 with such an address
          VRFY a                             | 252 2.5.0 Nobody is verified here, send and see
          EXPN a                             | 502 5.5.1 Not done here
          ETRN a                             | 502 5.5.1 Not done here
          STARTTLS                           | 503 5.5.1 TLS is there already
          NOOP and so on                     | 250 2.0.0 OK
          RSET                               | 250 2.0.0 OK
          RSET now                           | 501 5.5.4 Expected nothing behind RSET
          LHLO a                             | 500 5.5.2 Unknown command
          AUTH PLAIN AHUAcA==                | 502 5.5.1 Not offered
          WHAT                               | 500 5.5.2 Unknown command
          """)
  void noTransaction_command_answered(String command, String reply) throws Exception {
    try (SmtpServer server = server(mailbox).start();
        BlockingMailClient client = client(server)) {
      assertThat(client.ask(command)).isEqualTo(reply + "\r\n");
      assertThat(client.ask("NOOP")).isEqualTo("250 2.0.0 OK\r\n");
    }
  }

  @Test
  void helo_extensions_unknown() throws Exception {
    try (SmtpServer server = server(mailbox).start();
        BlockingMailClient client = client(server)) {
      assertThat(client.ask("HELO client")).isEqualTo("250 mail.example.net\r\n");
      assertThat(client.ask("MAIL FROM:<a@b> SIZE=1")).startsWith("555 ");
      assertThat(client.ask("MAIL FROM:<a@b>")).startsWith("250 ");
      assertThat(client.ask("RCPT TO:<b@c>")).startsWith("250 ");
      client.say("BDAT 7\r\n1234567");
      assertThat(client.hearReply()).startsWith("502 ");
      assertThat(client.ask("RSET")).startsWith("250 ");
    }
  }

  @Test
  void helloAgain_transaction_forgotten() throws Exception {
    try (SmtpServer server = server(mailbox).start();
        BlockingMailClient client = client(server)) {
      envelope(client);
      assertThat(client.ask("EHLO again")).startsWith("250-");
      assertThat(client.ask("DATA")).startsWith("503 ");
    }
  }

  // --- pipelining

  private static final String BURST =
      "MAIL FROM:<a@b>\r\nRCPT TO:<b@c>\r\nBDAT 5\r\nab\r\n.BDAT 5 LAST\r\n\r\nMAI"
          + "MAIL FROM:<c@d>\r\nRCPT TO:<d@e>\r\nRCPT TO:<>\r\nDATA\r\n..\r\n.x\r\n\r\n.\r\n"
          + "NOOP\r\nQUIT\r\n";

  @Test
  @Timeout(180) // A handshake for each cut.
  void pipelinedBurst_cutAnywhere_answeredAlike() throws Exception {
    byte[] burst = BURST.getBytes(StandardCharsets.US_ASCII);
    try (SmtpServer server = server(mailbox).start()) {
      String whole = "";
      for (int cut = 0; cut < burst.length; cut++) {
        mailbox.clear();
        try (BlockingMailClient client = client(server)) {
          client.say(Arrays.copyOf(burst, cut));
          client.say(Arrays.copyOfRange(burst, cut, burst.length));
          String replies = client.hearToTheEnd();
          whole = cut == 0 ? replies : whole;
          assertThat(replies).as("cut at %d", cut).isEqualTo(whole);
        }
        assertThat(mailbox.list())
            .extracting(ReceivedMessage::text)
            .as("cut at %d", cut)
            .containsExactly("ab\r\n.\r\nMAI", ".\r\nx\r\n\r\n");
      }
      assertThat(whole.lines().map(line -> line.substring(0, 3)))
          .containsExactly(
              "250", "250", "250", "250", "250", "250", "501", "354", "250", "250", "221");
    }
  }

  @Test
  void pipelinedBatch_replies_inFewRecords() throws Exception {
    try (SmtpServer server = server(mailbox).start();
        BlockingMailClient client = client(server)) {
      client.say("NOOP\r\n".repeat(100));
      int expected = 100 * "250 2.0.0 OK\r\n".length();
      int reads = 0;
      for (int heard = 0; heard < expected; reads++) {
        heard += client.hearSome(new byte[expected]); // of one record
      }
      assertThat(reads).isLessThanOrEqualTo(4); // An engine may hand a record up in two parts.
    }
  }

  @Test
  @Timeout(180) // Some 50 MB go through TLS.
  void unreadReplies_manyCommands_serverStopsReading() throws Exception {
    AtomicInteger heard = new AtomicInteger();
    SmtpServerHandler counting =
        new SmtpServerHandler() {
          @Override
          public CompletionStage<SmtpReply> onMail(SmtpServerPeer peer, ReceivedSender sender) {
            heard.incrementAndGet();
            return SmtpServerHandler.refused(SmtpReply.of(450, "4.2.0 " + "x".repeat(400)));
          }

          @Override
          public SmtpServerSink onMessage(ReceivedEnvelope envelope) {
            throw new AssertionError("no message was accepted");
          }
        };
    int commands = 40_000;
    String command = "MAIL FROM:<@" + "x".repeat(900) + ":a@b>\r\n";
    try (SmtpServer server = server(counting).start();
        BlockingMailClient client = client(server)) {
      Thread talker = talking(client, command.repeat(10), commands / 10);
      for (int before = -1; before != heard.get(); talker.join(1_000)) {
        before = heard.get(); // Until nothing moves: the replies fit nowhere.
      }
      assertThat(talker.isAlive()).isTrue();
      assertThat(heard).hasValueLessThan(commands);
      for (int i = 0; i < commands; i++) {
        assertThat(client.hearReply()).startsWith("450 ");
      }
      assertThat(heard).hasValue(commands);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {100, 500, 1000, 2000})
  void burst_repliesBeyondTheWatermark_allAnsweredWithoutMoreInput(int count) throws Exception {
    try (SmtpServer server = server(mailbox).start();
        BlockingMailClient client = client(server)) {
      for (int round = 0; round < 5; round++) {
        client.say("EHLO a\r\n".repeat(count)); // one record; answered by 20 times as much
        for (int i = 0; i < count; i++) {
          assertThat(client.hearReply()).startsWith("250-mail.example.net\r\n");
        }
      }
    }
  }

  /** Says a text as often as asked for, on a thread of its own. */
  private static Thread talking(BlockingMailClient client, String text, int count) {
    Thread talker =
        new Thread(
            () -> {
              try {
                for (int i = 0; i < count; i++) {
                  client.say(text);
                }
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            });
    talker.start();
    return talker;
  }

  /** Hears all that comes, on a thread of its own. */
  private static CompletableFuture<String> hearing(BlockingMailClient client) {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            return client.hearToTheEnd();
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }

  // --- the content

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\n.\n",
        "\n.\r\n",
        "\r\n.\n",
        "\r.\r",
        "\r.\r\n",
        "\r\n.\r",
        "\r\n.\r\r\n",
        "\n\n.\n\n",
        "\r\r\n.\n",
        "\n",
        "\r"
      })
  void content_almostAnEnd_refusedAndClosed(String almost) throws Exception {
    try (SmtpServer server = server(mailbox).start();
        BlockingMailClient client = client(server)) {
      envelope(client);
      assertThat(client.ask("DATA")).startsWith("354 ");
      client.say("a" + almost + "MAIL FROM:<x@y>\r\nRCPT TO:<y@z>\r\nDATA\r\nb\r\n.\r\nNOOP\r\n");
      assertThat(client.hearToTheEnd()).isEqualTo("550 5.6.0 A bare CR or LF in the content\r\n");
    }
    assertThat(mailbox.list()).isEmpty();
  }

  @Test
  void content_tooLarge_refusedAtItsEndAndAborted() throws Exception {
    RecordingHandler handler = new RecordingHandler();
    try (SmtpServer server =
            server(handler).limits(SmtpServerLimits.DEFAULTS.withMessageBytes(100_000)).start();
        BlockingMailClient client = client(server)) {
      envelope(client);
      client.ask("DATA");
      client.say("a line of text\r\n".repeat(100_000) + ".\r\n");
      assertThat(client.hearReply()).startsWith("552 5.3.4 ");
      assertThat(handler.events.poll(30, TimeUnit.SECONDS)).isEqualTo("abort");
      assertThat(handler.written.get()).isLessThanOrEqualTo(100_000);
      envelope(client);
      client.ask("DATA");
      client.say(".\r\n");
      assertThat(client.hearReply()).startsWith("250 ");
    }
  }

  @Test
  void content_longLine_refused() throws Exception {
    try (SmtpServer server = server(mailbox).start();
        BlockingMailClient client = client(server)) {
      envelope(client);
      client.ask("DATA");
      client.say("x".repeat(SmtpServerContentReader.MAX_LINE - 2) + "\r\n.\r\n");
      assertThat(client.hearReply()).startsWith("250 ");
      envelope(client);
      client.ask("DATA");
      client.say("x".repeat(SmtpServerContentReader.MAX_LINE - 1) + "\r\n.\r\n");
      assertThat(client.hearReply()).startsWith("550 5.6.0 A line of more than 8192");
      assertThat(client.ask("NOOP")).startsWith("250 ");
    }
  }

  @Test
  void content_connectionReset_abortedAndNeverDelivered() throws Exception {
    RecordingHandler handler = new RecordingHandler();
    try (SmtpServer server = server(handler).start()) {
      BlockingMailClient client = client(server);
      envelope(client);
      client.ask("DATA");
      client.say("half a message\r\n");
      client.vanish();
      assertThat(handler.events.poll(30, TimeUnit.SECONDS)).isEqualTo("abort");
      BlockingMailClient other = client(server);
      envelope(other);
      other.ask("DATA");
      other.say("half a message\r\n.\r");
      other.close();
      assertThat(handler.events.poll(30, TimeUnit.SECONDS)).isEqualTo("abort");
    }
  }

  // --- chunks

  @Test
  void chunk_refused_onlyRsetHelps() throws Exception {
    RecordingHandler handler = new RecordingHandler();
    try (SmtpServer server =
            server(handler).limits(SmtpServerLimits.DEFAULTS.withMessageBytes(10)).start();
        BlockingMailClient client = client(server)) {
      envelope(client);
      client.say("BDAT 6\r\n123456BDAT 6\r\n123456BDAT 3 LAST\r\n123RCPT TO:<a@b>\r\nDATA\r\n");
      assertThat(client.hearCodes(5)).isEqualTo("250 552 503 503 503");
      assertThat(client.ask("MAIL FROM:<a@b>")).startsWith("503 ");
      assertThat(handler.events.poll(30, TimeUnit.SECONDS)).isEqualTo("abort");
      assertThat(client.ask("RSET")).startsWith("250 ");
      envelope(client);
      client.say("BDAT 10\r\n1234567890BDAT 0 LAST\r\n");
      assertThat(client.hearCodes(2)).isEqualTo("250 250");
      assertThat(handler.events.poll(30, TimeUnit.SECONDS)).isEqualTo("commit");
    }
  }

  @Test
  void chunk_withoutRecipient_skippedAndRefused() throws Exception {
    try (SmtpServer server = server(mailbox).start();
        BlockingMailClient client = client(server)) {
      client.say("BDAT 6\r\nQUIT\r\nMAIL FROM:<a@b>\r\nBDAT 6 LAST\r\nQUIT\r\nNOOP\r\n");
      assertThat(client.hearCodes(4)).isEqualTo("503 250 503 250");
    }
  }

  @Test
  void chunk_bareLineEnd_refusedAndOpen() throws Exception {
    try (SmtpServer server = server(mailbox).start();
        BlockingMailClient client = client(server)) {
      envelope(client);
      client.say("BDAT 3 LAST\r\na\r\r");
      assertThat(client.hearReply()).startsWith("550 5.6.0 ");
      assertThat(client.ask("NOOP")).startsWith("250 ");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"BDAT", "BDAT x", "BDAT -1", "BDAT 1 LAS", "BDAT 99999999999999999999"})
  void chunk_ofUnknownSize_closed(String command) throws Exception {
    try (SmtpServer server = server(mailbox).start();
        BlockingMailClient client = client(server)) {
      client.say(command + "\r\nNOOP\r\n");
      assertThat(client.hearToTheEnd())
          .isEqualTo("501 5.5.4 Expected BDAT and a size, goodbye\r\n");
    }
  }

  // --- bounds

  @Test
  void badCommands_ten_421() throws Exception {
    try (SmtpServer server = server(mailbox).start();
        BlockingMailClient client = client(server)) {
      client.say("WHAT\r\n".repeat(20));
      assertThat(client.hearToTheEnd())
          .isEqualTo(
              "500 5.5.2 Unknown command\r\n".repeat(9)
                  + "421 4.7.0 Too many bad commands, goodbye\r\n");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"NOOP\n", "NO\rOP\r\n", "NO\u0000OP\r\n", "NO\u007fOP\r\n", "N\ud83d"})
  void brokenLine_closed(String line) throws Exception {
    try (SmtpServer server = server(mailbox).start();
        BlockingMailClient client = client(server)) {
      byte[] bytes =
          line.startsWith("N\ud83d")
              ? new byte[] {'N', (byte) 0xc3, '\r', '\n'}
              : line.getBytes(StandardCharsets.UTF_8);
      client.say(bytes);
      client.say("QUIT\r\n");
      assertThat(client.hearToTheEnd()).isEqualTo("500 5.5.2 That is no command line, goodbye\r\n");
    }
  }

  @Test
  void longCommand_closed() throws Exception {
    try (SmtpServer server = server(mailbox).start();
        BlockingMailClient client = client(server)) {
      client.say("NOOP " + "x".repeat(1017) + "\r\n");
      assertThat(client.hearReply()).startsWith("250 ");
      client.say("NOOP " + "x".repeat(1018) + "\r\n");
      assertThat(client.hearToTheEnd()).startsWith("500 ");
    }
  }

  @Test
  void httpRequest_closedWithoutAWord() throws Exception {
    try (SmtpServer server = server(mailbox).start();
        BlockingMailClient client = client(server)) {
      client.say("POST / HTTP/1.1\r\nContent-Length: 100\r\n\r\nMAIL FROM:<a@b>\r\n");
      assertThat(client.hearToTheEnd()).isEmpty();
    }
  }

  @Test
  void recipients_oneTooMany_452() throws Exception {
    try (SmtpServer server = server(mailbox).start();
        BlockingMailClient client = client(server)) {
      client.say("MAIL FROM:<a@b>\r\n" + "RCPT TO:<b@c>\r\n".repeat(101));
      assertThat(client.hearCodes(102)).isEqualTo("250 ".repeat(101) + "452");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "NOOP",
        "MAIL FROM:<a@b>\r\nRCPT TO:<b@c>\r\nDATA\r\n",
        "MAIL FROM:<a@b>\r\nRCPT TO:<b@c>\r\nBDAT 100000\r\n",
        "BDAT 100000\r\n"
      })
  void slowClient_421BytesDoNotHelp(String beginning) throws Exception {
    Duration limit = Duration.ofMillis(500);
    try (SmtpServer server =
            server(mailbox)
                .limits(SmtpServerLimits.DEFAULTS.withTimeouts(limit, limit, limit))
                .start();
        BlockingMailClient client = client(server)) {
      client.say(beginning);
      CompletableFuture<String> heard = hearing(client);
      if (!beginning.isEmpty()) {
        drip(client, heard);
      }
      assertThat(heard.get(30, TimeUnit.SECONDS)).endsWith("421 4.4.2 Time is up, goodbye\r\n");
    }
    assertThat(mailbox.list()).isEmpty();
  }

  @Test
  void slowClient_chunkAfterChunk_421ThoughEachCameInTime() throws Exception {
    SmtpServerLimits limits =
        SmtpServerLimits.DEFAULTS.withTimeouts(PATIENCE, PATIENCE, Duration.ofMillis(100));
    try (SmtpServer server = server(mailbox).limits(limits).start();
        BlockingMailClient client = client(server)) {
      envelope(client);
      String reply = "250 2.0.0 1 bytes taken\r\n";
      for (int i = 0; i < 100_000 && reply.equals("250 2.0.0 1 bytes taken\r\n"); i++) {
        client.say("BDAT 1\r\nx");
        reply = client.hearReply();
      }
      assertThat(reply).isEqualTo("421 4.4.2 Time is up, goodbye\r\n");
    }
    assertThat(mailbox.list()).isEmpty();
  }

  /** A byte at a time, for as long as somebody listens. */
  private static void drip(BlockingMailClient client, CompletableFuture<?> end) throws Exception {
    try {
      while (!end.isDone()) {
        client.say("x");
        Thread.sleep(20);
      }
    } catch (IOException closed) {
      // That is what is waited for.
    }
  }

  // --- the handler

  @Test
  void handler_refusesRecipients_onlyTheOthersReceive() throws Exception {
    SmtpServerHandler choosy =
        new SmtpServerHandler() {
          @Override
          public CompletionStage<SmtpReply> onMail(SmtpServerPeer peer, ReceivedSender sender) {
            return sender.address().isEmpty()
                ? SmtpServerHandler.refused(SmtpReply.of(550, "5.7.1 No bounces"))
                : ACCEPTED;
          }

          @Override
          public CompletionStage<SmtpReply> onRecipient(
              SmtpServerPeer peer, ReceivedSender sender, ReceivedRecipient recipient) {
            return recipient.address().startsWith("b@")
                ? CompletableFuture.supplyAsync(() -> SmtpReply.of(250, "2.1.5 Found"))
                : CompletableFuture.supplyAsync(() -> SmtpReply.of(550, "5.1.1 No such mailbox"));
          }

          @Override
          public SmtpServerSink onMessage(ReceivedEnvelope envelope) {
            return mailbox.onMessage(envelope);
          }
        };
    try (SmtpServer server = server(choosy).start();
        BlockingMailClient client = client(server)) {
      client.say("MAIL FROM:<>\r\nRCPT TO:<b@c>\r\nDATA\r\n".repeat(10)); // no mistakes of its own
      assertThat(client.hearCodes(30)).isEqualTo("550 503 503 ".repeat(10).strip());
      client.say("MAIL FROM:<a@b>\r\nRCPT TO:<x@c>\r\nRCPT TO:<y@c>\r\nDATA\r\nRSET\r\n");
      assertThat(client.hearCodes(5)).isEqualTo("250 550 550 554 250");
      client.say("MAIL FROM:<a@b>\r\nRCPT TO:<x@c>\r\nRCPT TO:<b@c>\r\nDATA\r\n");
      assertThat(client.hearCodes(4)).isEqualTo("250 550 250 354");
      client.say("x\r\n.\r\n");
      assertThat(client.hearReply()).startsWith("250 ");
    }
    assertThat(mailbox.await(1, PATIENCE).get(0).envelope().recipients())
        .extracting(ReceivedRecipient::address)
        .containsExactly("b@c");
  }

  @ParameterizedTest
  @ValueSource(strings = {"mail", "rcpt", "data", "write", "commit", "write later", "commit later"})
  void handler_fails_451AndOpen(String where) throws Exception {
    FailingHandler handler = new FailingHandler(where);
    try (SmtpServer server = server(handler).start();
        BlockingMailClient client = client(server)) {
      client.say("MAIL FROM:<a@b>\r\n");
      String replies = client.hearCodes(1);
      if (!where.equals("mail")) {
        client.say("RCPT TO:<b@c>\r\n");
        replies = client.hearCodes(1);
      }
      if (!where.equals("mail") && !where.equals("rcpt")) {
        client.say("DATA\r\n");
        replies = client.hearCodes(1);
      }
      if (where.startsWith("write") || where.startsWith("commit")) {
        client.say("x\r\n".repeat(50_000) + ".\r\n");
        replies = client.hearCodes(1);
        assertThat(handler.aborted).isEqualTo(where.startsWith("write"));
      }
      assertThat(replies).isEqualTo("451");
      assertThat(client.ask("RSET")).startsWith("250 ");
    }
  }

  @Test
  void handler_throwsAnError_451AndOpen() throws Exception {
    SmtpServerHandler handler =
        new SmtpServerHandler() {
          @Override
          public CompletionStage<SmtpReply> onMail(SmtpServerPeer peer, ReceivedSender sender) {
            throw new NoClassDefFoundError("a handler's own trouble");
          }

          @Override
          public SmtpServerSink onMessage(ReceivedEnvelope envelope) {
            throw new AssertionError("no message was accepted");
          }
        };
    try (SmtpServer server = server(handler).start();
        BlockingMailClient client = client(server)) {
      assertThat(client.ask("MAIL FROM:<a@b>")).startsWith("451 4.3.0 ");
      assertThat(client.ask("NOOP")).startsWith("250 ");
    }
  }

  @Test
  void handler_throwsAnErrorBehindAPause_closed() throws Exception {
    SmtpServerHandler handler =
        envelope -> {
          throw new NoClassDefFoundError("a handler's own trouble");
        };
    try (SmtpServer server =
            server(handler).faults(SmtpServerFaults.parse(List.of("data=delay:1ms"))).start();
        BlockingMailClient client = client(server)) {
      envelope(client);
      client.say("DATA\r\n");
      assertThat(client.hearToTheEnd()).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"two\r\n250 lines", "nul\u0000", "LONG"})
  void handler_unsayableReply_451(String text) throws Exception {
    SmtpServerHandler handler =
        new SmtpServerHandler() {
          @Override
          public CompletionStage<SmtpReply> onMail(SmtpServerPeer peer, ReceivedSender sender) {
            return SmtpServerHandler.refused(
                SmtpReply.of(550, text.equals("LONG") ? "x".repeat(507) : text));
          }

          @Override
          public SmtpServerSink onMessage(ReceivedEnvelope envelope) {
            throw new AssertionError("no message was accepted");
          }
        };
    try (SmtpServer server = server(handler).start();
        BlockingMailClient client = client(server)) {
      assertThat(client.ask("MAIL FROM:<a@b>")).startsWith("451 4.3.0 ");
      assertThat(client.ask("NOOP")).startsWith("250 ");
    }
  }

  @Test
  void slowSink_bigMessage_neverMoreThanOneWriteUnderWay() throws Exception {
    LinkedBlockingQueue<CompletableFuture<Void>> writes = new LinkedBlockingQueue<>();
    SmtpServerHandler slow =
        envelope ->
            new SmtpServerSink() {
              @Override
              public CompletionStage<Void> write(ByteBuffer bytes) {
                CompletableFuture<Void> written = new CompletableFuture<>();
                writes.add(written);
                return written;
              }

              @Override
              public CompletionStage<List<SmtpReply>> commit() {
                return CompletableFuture.completedFuture(ACCEPTED);
              }

              @Override
              public void abort() {}
            };
    int size = 8 * 1024 * 1024;
    try (SmtpServer server = server(slow).start();
        BlockingMailClient client = client(server)) {
      envelope(client);
      client.ask("DATA");
      Thread talker = talking(client, "0123456789abcd\r\n".repeat(size / 16) + ".\r\nQUIT\r\n", 1);
      CompletableFuture<Void> first = writes.poll(30, TimeUnit.SECONDS);
      talker.join(500); // It cannot finish: the rest fits nowhere.
      assertThat(talker.isAlive()).isTrue();
      assertThat(writes).isEmpty();
      first.complete(null);
      CompletableFuture<String> heard = hearing(client);
      while (!heard.isDone()) {
        CompletableFuture<Void> next = writes.poll(10, TimeUnit.MILLISECONDS);
        if (next != null) {
          assertThat(writes).isEmpty();
          next.complete(null);
        }
      }
      assertThat(heard.get()).isEqualTo("250 2.0.0 Accepted\r\n221 2.0.0 Goodbye\r\n");
    }
  }

  // --- AUTH

  private static final SaslUsers USERS =
      SaslUsers.of(Map.of("user", StoredSecret.of(new Secret("pencil".toCharArray()))));

  private static String base64(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }

  @ParameterizedTest
  @ValueSource(strings = {"PLAIN at once", "plain later", "LOGIN"})
  void auth_rightPassword_userKnownToTheHandler(String way) throws Exception {
    try (SmtpServer server = server(mailbox).users(USERS).start();
        BlockingMailClient client = client(server)) {
      assertThat(client.ask("EHLO again"))
          .endsWith("250 AUTH SCRAM-SHA-256-PLUS SCRAM-SHA-256 PLAIN LOGIN\r\n");
      String plain = base64("\0user\0pencil");
      switch (way) {
        case "PLAIN at once" -> client.say("AUTH PLAIN " + plain + "\r\n");
        case "plain later" -> {
          assertThat(client.ask("auth plain")).isEqualTo("334 \r\n");
          client.say(plain + "\r\n");
        }
        default -> {
          assertThat(client.ask("AUTH LOGIN")).isEqualTo("334 VXNlcm5hbWU6\r\n");
          assertThat(client.ask(base64("user"))).isEqualTo("334 UGFzc3dvcmQ6\r\n");
          client.say(base64("pencil") + "\r\n");
        }
      }
      assertThat(client.hearReply()).isEqualTo("235 2.7.0 Welcome\r\n");
      assertThat(client.ask("AUTH PLAIN " + plain)).startsWith("503 ");
      assertThat(client.ask("MAIL FROM:<a@b> AUTH=<>")).startsWith("250 ");
      client.say("RCPT TO:<b@c>\r\nBDAT 3 LAST\r\nx\r\n");
      assertThat(client.hearCodes(2)).isEqualTo("250 250");
    }
    assertThat(mailbox.list().get(0).envelope().peer().user()).hasValue("user");
  }

  @ParameterizedTest
  @EnumSource(
      value = SaslMechanism.class,
      names = {"SCRAM_SHA_256", "SCRAM_SHA_256_PLUS"})
  void auth_scram_bothSidesKnowThePassword(SaslMechanism mechanism) throws Exception {
    try (SmtpServer server = server(mailbox).users(USERS).start();
        BlockingMailClient client = client(server);
        SaslExchange exchange = scram(mechanism)) {
      assertThat(authenticate(client, exchange, mechanism)).isEqualTo("235 2.7.0 Welcome\r\n");
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = TlsEngine.class,
      names = {"JDK", "AUTO"})
  void auth_certificateReplacedAfterTheHandshake_boundToTheOneThatWasShown(TlsEngine engine)
      throws Exception {
    TlsIdentity shown = POLICY.identity().orElseThrow();
    AtomicReference<TlsPolicy> policy =
        new AtomicReference<>(TlsPolicy.server().engine(engine).identity(shown).build());
    try (SmtpServer server = server(mailbox).tls(policy::get).users(USERS).start();
        BlockingMailClient client =
            BlockingMailClient.secured(server.endpoint(), CERTIFICATES.authorities());
        SaslExchange exchange = scram(SaslMechanism.SCRAM_SHA_256_PLUS)) {
      policy.set(TlsPolicy.server().identity(CERTIFICATES.server("localhost").identity()).build());
      assertThat(client.ask("EHLO client.example.org")).contains(" SCRAM-SHA-256-PLUS ");

      assertThat(authenticate(client, exchange, SaslMechanism.SCRAM_SHA_256_PLUS))
          .isEqualTo("235 2.7.0 Welcome\r\n");
    }
  }

  private static String authenticate(
      BlockingMailClient client, SaslExchange exchange, SaslMechanism mechanism) throws Exception {
    String reply =
        client.ask(
            "AUTH "
                + mechanism.saslName()
                + " "
                + Base64.getEncoder().encodeToString(exchange.initialResponse().orElseThrow()));
    while (reply.startsWith("334 ")) {
      byte[] challenge = Base64.getDecoder().decode(reply.substring(4).strip());
      reply = client.ask(Base64.getEncoder().encodeToString(exchange.respond(challenge)));
    }
    return reply;
  }

  private static SaslExchange scram(SaslMechanism mechanism) {
    return SaslPreference.only(mechanism)
        .start(
            List.of("SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"),
            SaslCredentials.password("user", new Secret("pencil".toCharArray())),
            SaslChannel.tls(POLICY.identity().orElseThrow().chain().get(0)))
        .orElseThrow();
  }

  @Test
  void auth_wrongPassword_threeTimes421() throws Exception {
    try (SmtpServer server = server(mailbox).users(USERS).start();
        BlockingMailClient client = client(server)) {
      assertThat(client.ask("AUTH PLAIN " + base64("\0user\0pen"))).startsWith("535 5.7.8 ");
      assertThat(client.ask("AUTH PLAIN " + base64("\0nobody\0pencil"))).startsWith("535 5.7.8 ");
      client.say("AUTH PLAIN " + base64("garbage") + "\r\n");
      assertThat(client.hearToTheEnd()).startsWith("421 4.7.0 ");
    }
  }

  @Test
  void auth_misused_refused() throws Exception {
    try (SmtpServer server = server(mailbox).users(USERS).start();
        BlockingMailClient client = client(server)) {
      assertThat(client.ask("AUTH CRAM-MD5")).startsWith("504 ");
      assertThat(client.ask("AUTH PLAIN x!")).startsWith("501 5.5.2 ");
      assertThat(client.ask("AUTH PLAIN a b")).startsWith("501 5.5.4 ");
      assertThat(client.ask("AUTH PLAIN")).startsWith("334 ");
      assertThat(client.ask("*")).startsWith("501 5.0.0 ");
      assertThat(client.ask("MAIL FROM:<a@b>")).startsWith("250 ");
      assertThat(client.ask("AUTH PLAIN")).startsWith("503 ");
      assertThat(client.ask("HELO a")).startsWith("250 ");
      assertThat(client.ask("AUTH PLAIN")).startsWith("502 ");
    }
  }

  @Test
  void auth_longResponse_bounded() throws Exception {
    try (SmtpServer server = server(mailbox).users(USERS).start();
        BlockingMailClient client = client(server)) {
      assertThat(client.ask("AUTH PLAIN " + "A".repeat(12_000))).startsWith("535 ");
      assertThat(client.ask("AUTH PLAIN")).startsWith("334 ");
      client.say("A".repeat(16_000) + "\r\n"); // One record, and one write.
      assertThat(client.hearToTheEnd()).startsWith("500 ");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"at once", "later"})
  void auth_noThreadIsFree_454AndTheSessionGoesOn(String way) throws Exception {
    AtomicBoolean busy = new AtomicBoolean(true);
    Executor threads =
        task -> {
          if (busy.get()) {
            throw new RejectedExecutionException();
          }
          task.run();
        };
    String plain = base64("\0user\0pencil");
    try (SmtpServer server = server(mailbox).users(USERS).threadsOfAuth(threads).start();
        BlockingMailClient client = client(server)) {
      for (int i = 0; i < SmtpServerLimits.DEFAULTS.badCommands(); i++) { // no mistakes of its own
        if (way.equals("later")) {
          assertThat(client.ask("AUTH PLAIN")).isEqualTo("334 \r\n");
        }
        assertThat(client.ask(way.equals("later") ? plain : "AUTH PLAIN " + plain))
            .isEqualTo("454 4.7.0 Too many passwords to check, try again later\r\n");
      }
      busy.set(false);
      assertThat(client.ask("AUTH PLAIN " + plain)).startsWith("235 ");
    }
  }

  @Test
  void auth_passwordChecked_onThreadsOfItsOwn() throws Exception {
    AtomicReference<String> thread = new AtomicReference<>();
    SaslUsers users =
        user -> {
          thread.set(Thread.currentThread().getName());
          return USERS.find(user);
        };
    try (SmtpServer server = server(mailbox).users(users).start();
        BlockingMailClient client = client(server)) {
      assertThat(client.ask("AUTH PLAIN " + base64("\0user\0pencil"))).startsWith("235 ");
    }
    assertThat(thread.get()).startsWith("upgradeable-smtp-server-auth-");
    assertThat(SmtpServerAuthThreads.POOL.getQueue().remainingCapacity()).isLessThanOrEqualTo(1000);
  }

  @Test
  void connectionReset_whileSinkIsBusy_abortedBehindTheWriteAndNeverBehindCommit()
      throws Exception {
    LinkedBlockingQueue<CompletableFuture<Void>> calls = new LinkedBlockingQueue<>();
    LinkedBlockingQueue<String> events = new LinkedBlockingQueue<>();
    SmtpServerHandler busy =
        envelope ->
            new SmtpServerSink() {
              private CompletableFuture<Void> call(String what) {
                CompletableFuture<Void> call = new CompletableFuture<>();
                events.add(what);
                calls.add(call);
                return call;
              }

              @Override
              public CompletionStage<Void> write(ByteBuffer bytes) {
                return call("write");
              }

              @Override
              public CompletionStage<List<SmtpReply>> commit() {
                return call("commit").thenApply(nothing -> ACCEPTED);
              }

              @Override
              public void abort() {
                events.add("abort");
              }
            };
    try (SmtpServer server = server(busy).start()) {
      BlockingMailClient first = client(server);
      first.say("MAIL FROM:<a@b>\r\nRCPT TO:<b@c>\r\nDATA\r\n");
      assertThat(first.hearCodes(3)).isEqualTo("250 250 354");
      first.say("x\r\n");
      assertThat(events.poll(30, TimeUnit.SECONDS)).isEqualTo("write");
      first.vanish();
      awaitConnections(server, 0);
      assertThat(events).isEmpty();
      calls.take().complete(null);
      assertThat(events.poll(30, TimeUnit.SECONDS)).isEqualTo("abort");

      BlockingMailClient second = client(server);
      second.say("MAIL FROM:<a@b>\r\nRCPT TO:<b@c>\r\nBDAT 3 LAST\r\nx\r\n");
      assertThat(second.hearCodes(2)).isEqualTo("250 250");
      assertThat(events.poll(30, TimeUnit.SECONDS)).isEqualTo("write");
      calls.take().complete(null);
      assertThat(events.poll(30, TimeUnit.SECONDS)).isEqualTo("commit");
      second.vanish();
      awaitConnections(server, 0);
      calls.take().complete(null);
      // Whatever is going to happen has happened when another client was served by the same loop.
      client(server).vanish();
      assertThat(events).isEmpty();
    }
  }

  private static void awaitConnections(SmtpServer server, int count) {
    while (server.connectionCount() != count) {
      assertThat(Thread.currentThread().isInterrupted()).as("time is up").isFalse();
      Thread.onSpinWait();
    }
  }

  // --- LMTP

  @Test
  void lmtp_content_oneReplyForEachRecipient() throws Exception {
    List<SmtpReply> outcome =
        List.of(
            SmtpReply.of(250, "2.0.0 For the first"),
            SmtpReply.of(452, "4.2.2 The second's mailbox is full"));
    SmtpServerHandler handler =
        envelope ->
            new SmtpServerSink() {
              @Override
              public CompletionStage<Void> write(ByteBuffer bytes) {
                return DONE;
              }

              @Override
              public CompletionStage<List<SmtpReply>> commit() {
                return CompletableFuture.supplyAsync(() -> outcome);
              }

              @Override
              public void abort() {}
            };
    try (SmtpServer server = server(handler).dialect(SmtpDialect.LMTP).implicitTls().start();
        BlockingMailClient client =
            BlockingMailClient.overTls(server.endpoint(), CERTIFICATES.authorities())) {
      assertThat(client.hearCodes(1)).isEqualTo("220");
      client.say(
          "EHLO a\r\nLHLO a\r\nMAIL FROM:<a@b>\r\nDATA\r\nRCPT TO:<1@c>\r\nRCPT TO:<2@c>\r\nDATA\r\n");
      assertThat(client.hearCodes(7)).isEqualTo("500 250 250 503 250 250 354");
      client.say(
          "x\r\n.\r\nMAIL FROM:<a@b>\r\nRCPT TO:<1@c>\r\nRCPT TO:<2@c>\r\nBDAT 1\r\nxBDAT 0 LAST\r\n");
      assertThat(client.hearCodes(8)).isEqualTo("250 452 250 250 250 250 250 452");
      client.say("MAIL FROM:<a@b>\r\nRCPT TO:<1@c>\r\nRCPT TO:<2@c>\r\nDATA\r\n");
      assertThat(client.hearCodes(4)).isEqualTo("250 250 250 354");
      client.say("x\n\r\n.\r\n");
      assertThat(client.hearCodes(2)).isEqualTo("550 550");
    }
  }

  // --- who watches

  @Test
  void observer_wholeDialogue_withoutSecrets() throws Exception {
    LinkedBlockingQueue<String> events = new LinkedBlockingQueue<>();
    SmtpServerObserver observer =
        new SmtpServerObserver() {
          @Override
          public void command(SmtpServerPeer peer, String line) {
            events.add("C: " + line);
          }

          @Override
          public void content(SmtpServerPeer peer, long bytes) {
            events.add("C: " + bytes + " bytes");
          }

          @Override
          public void reply(SmtpServerPeer peer, SmtpReply reply) {
            events.add("S: " + reply);
            throw new AssertionError("a mistake of the observer's");
          }
        };
    try (SmtpServer server = server(mailbox).users(USERS).dialogue(observer).start();
        BlockingMailClient client = client(server)) {
      client.say("AUTH PLAIN " + base64("\0user\0wrong") + "\r\n");
      assertThat(client.hearReply()).startsWith("535 ");
      client.say("AUTH LOGIN\r\n" + base64("user") + "\r\n" + base64("pencil") + "\r\n");
      assertThat(client.hearCodes(3)).isEqualTo("334 334 235");
      envelope(client);
      client.say("DATA\r\n..\r\n.\r\n");
      assertThat(client.hearCodes(2)).isEqualTo("354 250");
    }
    assertThat(events)
        .containsExactly(
            "C: AUTH PLAIN <redacted>",
            "S: 535 5.7.8 User unknown, or password wrong",
            "C: AUTH LOGIN",
            "S: 334 <redacted>",
            "C: <redacted>",
            "S: 334 <redacted>",
            "C: <redacted>",
            "S: 235 2.7.0 Welcome",
            "C: MAIL FROM:<a@example.org>",
            "S: 250 2.1.0 OK",
            "C: RCPT TO:<b@example.net>",
            "S: 250 2.1.0 OK",
            "C: DATA",
            "S: 354 Expected the content, and <CRLF>.<CRLF> at its end",
            "C: 3 bytes",
            "S: 250 2.0.0 Accepted");
  }

  // --- the end of the server

  @Test
  void shutdown_messageUnderWay_finishedThen421() throws Exception {
    try (SmtpServer server = server(mailbox).start();
        BlockingMailClient idle = client(server);
        BlockingMailClient between = client(server);
        BlockingMailClient busy = client(server)) {
      envelope(between);
      envelope(busy);
      busy.ask("DATA");
      busy.say("one\r\n");
      CompletableFuture<Void> ended = server.shutdownAsync(PATIENCE);
      assertThat(idle.hearToTheEnd()).startsWith("421 4.3.2 ");
      assertThat(between.hearToTheEnd()).startsWith("421 4.3.2 ");
      assertThat(ended.isDone()).isFalse();
      busy.say("two\r\n.\r\nMAIL FROM:<a@b>\r\n");
      assertThat(busy.hearToTheEnd())
          .isEqualTo("250 2.0.0 Accepted\r\n421 4.3.2 Shutting down, try again later\r\n");
      busy.close();
      idle.close();
      between.close();
      ended.get(30, TimeUnit.SECONDS);
    }
    assertThat(mailbox.list()).extracting(ReceivedMessage::text).containsExactly("one\r\ntwo\r\n");
  }

  @Test
  void shutdown_nextMessageWasReadAlready_421() throws Exception {
    CompletableFuture<SmtpServer> running = new CompletableFuture<>();
    SmtpServerObserver shuttingDown =
        new SmtpServerObserver() {
          @Override
          public void content(SmtpServerPeer peer, long bytes) {
            running.join().shutdownAsync(PATIENCE);
          }
        };
    try (SmtpServer server = server(mailbox).dialogue(shuttingDown).start();
        BlockingMailClient client = client(server)) {
      running.complete(server);
      client.say("MAIL FROM:<a@b>\r\nRCPT TO:<b@c>\r\nBDAT 3 LAST\r\nx\r\nMAIL FROM:<a@b>\r\n");
      assertThat(client.hearCodes(4)).isEqualTo("250 250 250 421");
    }
    assertThat(mailbox.list()).hasSize(1);
  }

  @Test
  void connections_oneTooMany_421() throws Exception {
    try (SmtpServer server = server(mailbox).maxConnections(1).start();
        BlockingMailClient first = client(server);
        Socket second = new Socket(InetAddress.getLoopbackAddress(), server.endpoint().port())) {
      second.setSoTimeout(30_000);
      assertThat(new String(second.getInputStream().readAllBytes(), StandardCharsets.US_ASCII))
          .isEqualTo("421 4.3.2 Too many connections, try again later\r\n");
      assertThat(first.ask("NOOP")).startsWith("250 ");
    }
  }

  // --- faults

  @ParameterizedTest
  @CsvSource({
    "mail=451, 451 503 503, open",
    "rcpt=550 5.1.1 Nobody, 250 550 503, open",
    "data=554, 250 250 554, open",
    "rset=421, 250 250 354 250 421, closed",
    "dot=451, 250 250 354 451, open",
    "dot=delay:50ms, 250 250 354 250, open",
    "rcpt=delay:50ms, 250 250 354 250, open",
    "mail=close, '', closed",
    "rcpt=close, '', closed",
    "dot=close, 250 250 354, closed",
    "hide=CHUNKING, 250 250 354 250, open"
  })
  void fault_inSession_asAskedFor(String fault, String codes, String end) throws Exception {
    try (SmtpServer server =
            server(mailbox).faults(SmtpServerFaults.parse(List.of(fault))).start();
        BlockingMailClient client = client(server)) {
      client.say("MAIL FROM:<a@b>\r\nRCPT TO:<b@c>\r\nDATA\r\n");
      List<String> heard = new ArrayList<>();
      for (String code : codes.split(" ", -1)) {
        if (!code.isEmpty()) {
          heard.add(client.hearCodes(1));
          if (code.equals("354")) {
            client.say("x\r\n.\r\n");
          } else if (heard.size() == 4) {
            client.say("RSET\r\n");
          }
        }
      }
      assertThat(String.join(" ", heard)).isEqualTo(codes);
      if (end.equals("open")) {
        client.say("NOOP\r\n");
        if (heard.size() == 4) {
          assertThat(client.hearReply()).startsWith("250 ");
        }
        assertThat(client.hearReply()).startsWith("250 ");
      } else {
        assertThat(client.hearToTheEnd()).isEmpty();
      }
    }
  }

  @Test
  void hiddenCapability_notOfferedNorUnderstood() throws Exception {
    try (SmtpServer server =
            server(mailbox)
                .faults(SmtpServerFaults.parse(List.of("hide=pipelining", "hide=SIZE")))
                .start();
        BlockingMailClient client = client(server)) {
      assertThat(client.ask("EHLO a")).doesNotContain("PIPELINING").doesNotContain("SIZE");
      assertThat(client.ask("MAIL FROM:<a@b> SIZE=1")).startsWith("555 ");
    }
  }

  // --- many

  @Test
  void thousandIdleConnections_othersServed() throws Exception {
    List<Socket> idle = new ArrayList<>();
    Duration longerThanTheTest = Duration.ofMinutes(5); // They stay, however slow the others are.
    Limits limits =
        Limits.SERVER.withStepTimeout(longerThanTheTest).withLayerTimeout(longerThanTheTest);
    try (SmtpServer server = server(mailbox).layerLimits(limits).start()) {
      try {
        for (int i = 0; i < 1000; i++) {
          idle.add(new Socket(InetAddress.getLoopbackAddress(), server.endpoint().port()));
        }
        for (int i = 0; i < 20; i++) {
          try (BlockingMailClient client = client(server)) {
            client.say("MAIL FROM:<a@b>\r\nRCPT TO:<b@c>\r\nBDAT 3 LAST\r\nx\r\n");
            assertThat(client.hearCodes(3)).isEqualTo("250 250 250");
          }
        }
        assertThat(server.connectionCount()).isGreaterThanOrEqualTo(1000);
        assertThat(mailbox.list()).hasSize(20);
      } finally {
        for (Socket socket : idle) {
          socket.close();
        }
      }
    }
  }

  /** Tells what it was asked for. */
  private static final class RecordingHandler implements SmtpServerHandler {
    final LinkedBlockingQueue<String> events = new LinkedBlockingQueue<>();
    final AtomicLong written = new AtomicLong();

    @Override
    public SmtpServerSink onMessage(ReceivedEnvelope envelope) {
      return new SmtpServerSink() {
        @Override
        public CompletionStage<Void> write(ByteBuffer bytes) {
          written.addAndGet(bytes.remaining());
          return DONE;
        }

        @Override
        public CompletionStage<List<SmtpReply>> commit() {
          events.add("commit");
          return CompletableFuture.completedFuture(ACCEPTED);
        }

        @Override
        public void abort() {
          events.add("abort");
        }
      };
    }
  }

  /** Fails where it is told to. */
  private static final class FailingHandler implements SmtpServerHandler {
    private final String where;
    volatile boolean aborted;

    FailingHandler(String where) {
      this.where = where;
    }

    private <T> CompletionStage<T> fail(String here, CompletionStage<T> otherwise) {
      if (where.equals(here)) {
        throw new IllegalStateException("a mistake at " + here);
      }
      if (where.equals(here + " later")) {
        return CompletableFuture.supplyAsync(
            () -> {
              throw new IllegalStateException("a mistake at " + here);
            });
      }
      return otherwise;
    }

    @Override
    public CompletionStage<SmtpReply> onMail(SmtpServerPeer peer, ReceivedSender sender) {
      return fail("mail", ACCEPTED);
    }

    @Override
    public CompletionStage<SmtpReply> onRecipient(
        SmtpServerPeer peer, ReceivedSender sender, ReceivedRecipient recipient) {
      return fail("rcpt", ACCEPTED);
    }

    @Override
    public SmtpServerSink onMessage(ReceivedEnvelope envelope) {
      CompletionStage<SmtpReply> ignored = fail("data", ACCEPTED);
      return new SmtpServerSink() {
        @Override
        public CompletionStage<Void> write(ByteBuffer bytes) {
          assertThat(aborted).isFalse();
          return fail("write", DONE);
        }

        @Override
        public CompletionStage<List<SmtpReply>> commit() {
          return fail("commit", CompletableFuture.completedFuture(ACCEPTED));
        }

        @Override
        public void abort() {
          aborted = true;
        }
      };
    }
  }
}
