package io.upgradeable.it.mail;

import static org.assertj.core.api.Assertions.assertThat;

import io.upgradeable.smtp.DeliveryReport;
import io.upgradeable.smtp.Envelope;
import io.upgradeable.smtp.MailContent;
import io.upgradeable.smtp.SmtpSession;
import java.io.IOException;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.assertj.core.api.SoftAssertions;

/** Sends messages over one session, all at once, and compares what is found in the mailbox. */
final class RoundTrip {

  static final Set<TestMessage> ALL = EnumSet.allOf(TestMessage.class);

  /** All but the one that takes its time. */
  static final Set<TestMessage> SMALL = EnumSet.complementOf(EnumSet.of(TestMessage.LARGE));

  private static final Envelope ENVELOPE = Envelope.of("ann@client.test", "alice@example.test");

  private RoundTrip() {}

  /**
   * Sends, and compares.
   *
   * @param as how the bytes of a message are handed over
   */
  static void run(
      SmtpSession session,
      MailServer server,
      Set<TestMessage> messages,
      Function<byte[], MailContent> as)
      throws IOException, InterruptedException {
    Map<TestMessage, CompletableFuture<DeliveryReport>> sent = new EnumMap<>(TestMessage.class);
    for (TestMessage message : messages) {
      sent.put(message, session.sendAsync(ENVELOPE, as.apply(message.bytes())));
    }
    SoftAssertions.assertSoftly(
        softly ->
            sent.forEach(
                (message, report) ->
                    softly
                        .assertThat(report.join())
                        .as(message.name())
                        .matches(DeliveryReport::isAcceptedForAll, "accepted")));
    assertStored(server.takeAll("alice", messages.size()), messages);
  }

  private static void assertStored(List<byte[]> files, Set<TestMessage> messages) {
    Map<String, byte[]> bySubject =
        files.stream()
            .map(TestMessage::withoutTrace)
            .collect(Collectors.toMap(TestMessage::subject, file -> file));
    assertThat(bySubject.keySet())
        .containsExactlyInAnyOrderElementsOf(messages.stream().map(Enum::name).toList());
    SoftAssertions.assertSoftly(
        softly ->
            messages.forEach(
                message ->
                    softly
                        .assertThat(
                            Arrays.mismatch(bySubject.get(message.name()), message.stored()))
                        .as("where the stored bytes of " + message + " differ")
                        .isEqualTo(-1)));
  }
}
