package io.upgradeable.smtp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The ready-made handlers, each with a message that is written piece by piece. */
@Timeout(60)
class ReceivedSinksTest {

  private static final ReceivedEnvelope ENVELOPE =
      new ReceivedEnvelope(
          new SmtpServerPeer(
              "client.example.org",
              new InetSocketAddress(InetAddress.getLoopbackAddress(), 12345),
              Optional.empty(),
              Optional.of("us\u001ber")),
          new ReceivedSender("a@example.org", Map.of()),
          List.of(
              new ReceivedRecipient("b@example.net", Map.of()),
              new ReceivedRecipient("c@example.net", Map.of())));

  private static void write(SmtpServerSink sink, String... pieces) throws Exception {
    for (String piece : pieces) {
      sink.write(ByteBuffer.wrap(piece.getBytes(StandardCharsets.UTF_8)))
          .toCompletableFuture()
          .get(30, TimeUnit.SECONDS);
    }
  }

  private static List<SmtpReply> commit(SmtpServerSink sink) throws Exception {
    return sink.commit().toCompletableFuture().get(30, TimeUnit.SECONDS);
  }

  private static List<Path> files(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.toList();
    }
  }

  // --- Maildir

  @Test
  void maildir_message_wholeInNewOnly(@TempDir Path directory) throws Exception {
    try (ReceivedMaildir maildir = ReceivedMaildir.open(directory, "mail.example.net")) {
      SmtpServerSink sink = maildir.onMessage(ENVELOPE);
      write(sink, "Subject: x\r", "\n\r\n");
      String big = "0123456789abcd\r\n".repeat(10_000);
      write(sink, big.substring(0, 100_000), big.substring(100_000));
      assertThat(files(directory.resolve("new"))).isEmpty();
      assertThat(files(directory.resolve("tmp"))).hasSize(1);

      assertThat(commit(sink)).isEqualTo(SmtpServerSink.ACCEPTED);

      assertThat(files(directory.resolve("tmp"))).isEmpty();
      Path delivered = files(directory.resolve("new")).get(0);
      assertThat(Files.readString(delivered))
          .startsWith(
              """
              Return-Path: <a@example.org>
              Delivered-To: b@example.net
              Delivered-To: c@example.net
              Received: from client.example.org ([127.0.0.1])
              \tby mail.example.net; \
              """)
          .endsWith("\nSubject: x\n\n" + "0123456789abcd\n".repeat(10_000));
    }
  }

  @Test
  void maildir_aborted_leavesNothing(@TempDir Path directory) throws Exception {
    try (ReceivedMaildir maildir = ReceivedMaildir.open(directory, "localhost")) {
      SmtpServerSink sink = maildir.onMessage(ENVELOPE);
      write(sink, "x".repeat(100_000));
      assertThat(files(directory.resolve("tmp"))).hasSize(1);
      sink.abort();
      maildir.onMessage(ENVELOPE).abort();
    }
    assertThat(files(directory.resolve("tmp"))).isEmpty();
    assertThat(files(directory.resolve("new"))).isEmpty();
  }

  @Test
  void maildir_abortedBehindTheClose_leavesNothing(@TempDir Path directory) throws Exception {
    SmtpServerSink sink;
    try (ReceivedMaildir maildir = ReceivedMaildir.open(directory, "localhost")) {
      sink = maildir.onMessage(ENVELOPE);
      write(sink, "x".repeat(100_000));
    }
    assertThat(files(directory.resolve("tmp"))).hasSize(1);
    sink.abort();
    assertThat(files(directory.resolve("tmp"))).isEmpty();
  }

  @Test
  void maildir_directoryGone_failsAndSaysSo(@TempDir Path directory) throws Exception {
    try (ReceivedMaildir maildir = ReceivedMaildir.open(directory, "localhost")) {
      SmtpServerSink sink = maildir.onMessage(ENVELOPE);
      Files.delete(directory.resolve("new"));
      assertThat(sink.commit().toCompletableFuture())
          .failsWithin(Duration.ofSeconds(30))
          .withThrowableOfType(ExecutionException.class)
          .withCauseInstanceOf(UncheckedIOException.class);
    }
    assertThat(files(directory.resolve("tmp"))).isEmpty();
  }

  @Test
  void maildir_directoryNotForced_failsAndDeliversNothing(@TempDir Path directory)
      throws Exception {
    AtomicBoolean full = new AtomicBoolean();
    ReceivedMaildir.Forcing failing =
        path -> {
          assertThat(path).isEqualTo(directory.resolve("new"));
          if (full.get()) {
            throw new IOException("the disk is full");
          }
        };
    try (ReceivedMaildir maildir = ReceivedMaildir.open(directory, "localhost", failing)) {
      full.set(true);
      assertThat(maildir.onMessage(ENVELOPE).commit().toCompletableFuture())
          .failsWithin(Duration.ofSeconds(30))
          .withThrowableOfType(ExecutionException.class)
          .withRootCauseInstanceOf(IOException.class)
          .withStackTraceContaining("the disk is full");
      assertThat(files(directory.resolve("tmp"))).isEmpty();
      assertThat(files(directory.resolve("new"))).isEmpty();

      full.set(false);
      assertThat(commit(maildir.onMessage(ENVELOPE))).isEqualTo(SmtpServerSink.ACCEPTED);
    }
    assertThat(files(directory.resolve("new"))).hasSize(1);
  }

  @Test
  void maildir_directoryCannotBeForcedHere_deliversWithout(@TempDir Path directory)
      throws Exception {
    ReceivedMaildir.Forcing never =
        path -> {
          throw new IOException("Invalid argument");
        };
    try (ReceivedMaildir maildir = ReceivedMaildir.open(directory, "localhost", never)) {
      assertThat(commit(maildir.onMessage(ENVELOPE))).isEqualTo(SmtpServerSink.ACCEPTED);
    }
    assertThat(files(directory.resolve("new"))).hasSize(1);
  }

  @Test
  void maildir_manyMessages_namesDiffer(@TempDir Path directory) throws Exception {
    try (ReceivedMaildir maildir = ReceivedMaildir.open(directory, "[IPv6:::1]")) {
      for (int i = 0; i < 50; i++) {
        commit(maildir.onMessage(ENVELOPE));
      }
    }
    assertThat(files(directory.resolve("new")))
        .hasSize(50)
        .allSatisfy(file -> assertThat(file.getFileName().toString()).doesNotContain(":"));
  }

  @Test
  void maildir_hostThatIsNone_refused(@TempDir Path directory) {
    assertThatIllegalArgumentException().isThrownBy(() -> ReceivedMaildir.open(directory, "../x"));
  }

  // --- memory

  @Test
  void memory_full_refusedUntilCleared() throws Exception {
    ReceivedMessages mailbox = new ReceivedMessages(10);
    SmtpServerSink unfinished = mailbox.onMessage(ENVELOPE);
    write(unfinished, "12345678");
    SmtpServerSink second = mailbox.onMessage(ENVELOPE);
    write(second, "12", "3", "4");
    assertThat(commit(second).get(0).code()).isEqualTo(452);
    unfinished.abort();
    SmtpServerSink third = mailbox.onMessage(ENVELOPE);
    write(third, "1234567890");
    assertThat(commit(third).get(0).code()).isEqualTo(250);
    assertThat(mailbox.await(1, Duration.ZERO))
        .extracting(ReceivedMessage::text)
        .containsExactly("1234567890");

    mailbox.clear();

    assertThat(mailbox.list()).isEmpty();
    SmtpServerSink fourth = mailbox.onMessage(ENVELOPE);
    write(fourth, "1234567890");
    assertThat(commit(fourth).get(0).code()).isEqualTo(250);
  }

  @Test
  void memory_tooFewInTime_timeoutTellsHowMany() {
    assertThatExceptionOfType(TimeoutException.class)
        .isThrownBy(() -> new ReceivedMessages().await(2, Duration.ofMillis(1)))
        .withMessage("expected 2 messages within 1 ms, got 0");
  }

  // --- text

  @Test
  void printer_escapes_shownAsSuch() throws Exception {
    List<String> lines = Collections.synchronizedList(new ArrayList<>());
    try (ReceivedPrinter printer = new ReceivedPrinter(lines::add)) {
      SmtpServerSink sink = printer.onMessage(ENVELOPE);
      write(sink, "Subject: \u001b[31mred\r\n", "\r\nright \u202eto left\r\n");
      write(sink, "x".repeat(70_000));
      assertThat(commit(sink)).isEqualTo(SmtpServerSink.ACCEPTED);
    }
    assertThat(lines.subList(0, 6))
        .containsExactly(
            "message of 70039 bytes from client.example.org [127.0.0.1] as us\\u001ber",
            "  from <a@example.org>",
            "  to   <b@example.net>",
            "  to   <c@example.net>",
            "  | Subject: \\u001b[31mred",
            "  | ");
    assertThat(lines.get(6)).isEqualTo("  | right \\u202eto left");
    assertThat(lines.get(8)).isEqualTo("  and 4503 bytes more");
  }
}
