package io.upgradeable.it.mail;

import static org.assertj.core.api.Assertions.assertThat;

import io.upgradeable.Endpoint;
import io.upgradeable.Layer;
import io.upgradeable.LayerStack;
import io.upgradeable.it.ContainerTest;
import io.upgradeable.netty.NettyConnector;
import io.upgradeable.smtp.DeliveryOutcome;
import io.upgradeable.smtp.DeliveryReport;
import io.upgradeable.smtp.Envelope;
import io.upgradeable.smtp.MailContent;
import io.upgradeable.smtp.Smtp;
import io.upgradeable.smtp.SmtpClient;
import io.upgradeable.smtp.SmtpResult;
import io.upgradeable.smtp.SmtpSession;
import io.upgradeable.smtp.SmtpSessionOptions;
import io.upgradeable.tls.TlsPolicy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Many messages for Postfix over a few connections, some of which do not last. */
@ContainerTest
@Timeout(120)
final class PostfixPoolIT {

  @RegisterExtension private static final MailServer POSTFIX = Postfix.server();

  private static final TlsPolicy POLICY = MailServer.clientPolicy().build();
  private static final Envelope ENVELOPE = Envelope.of("ann@client.test", "bob@example.test");
  private static final int CONNECTIONS = 4;

  private final NettyConnector connector = NettyConnector.builder().threads(2).build();
  private final List<SmtpSession> sessions = new CopyOnWriteArrayList<>();

  @AfterEach
  void closeConnector() {
    connector.close();
  }

  private SmtpClient client(Endpoint server) {
    return SmtpClient.builder(this::open)
        .endpoints(server)
        .maxConnections(CONNECTIONS)
        .waitLimit(Duration.ofSeconds(100))
        .build();
  }

  private CompletableFuture<SmtpSession> open(Endpoint server) {
    Layer<SmtpResult> smtp = Smtp.client(server, POLICY);
    LayerStack stack = LayerStack.tcp(server).then(smtp);
    return SmtpSession.connectAsync(connector, stack, smtp, SmtpSessionOptions.DEFAULTS)
        .whenComplete(
            (session, error) -> {
              if (session != null) {
                sessions.add(session);
              }
            });
  }

  private static List<String> subjects(int count) {
    return IntStream.range(0, count).mapToObj(i -> "message " + i).toList();
  }

  private static MailContent message(String subject) {
    return MailContent.of("Subject: " + subject + "\n\nHello.\n");
  }

  @Test
  void manyMessages_fewConnections_eachArrivesOnce() throws Exception {
    List<String> subjects = subjects(500);
    AtomicInteger mostOpen = new AtomicInteger();
    try (SmtpClient client = client(POSTFIX.endpoint(Postfix.RELAY))) {
      List<CompletableFuture<DeliveryReport>> reports =
          subjects.stream().map(subject -> client.sendAsync(ENVELOPE, message(subject))).toList();
      reports.forEach(
          report -> report.thenRun(() -> mostOpen.accumulateAndGet(openSessions(), Math::max)));
      assertThat(reports).allMatch(report -> report.join().isAcceptedForAll());
    }
    Postfix.awaitDelivery(POSTFIX);
    assertThat(POSTFIX.takeSubjects("bob")).containsExactlyInAnyOrderElementsOf(subjects);
    assertThat(mostOpen).hasValueBetween(1, CONNECTIONS);
    // A connection is left after a hundred messages.
    assertThat(sessions).hasSizeBetween(5, 5 + CONNECTIONS);
  }

  private int openSessions() {
    return (int) sessions.stream().filter(SmtpSession::isOpen).count();
  }

  @Test
  void serverLosesItsPatience_nextMessageGoesOverAnotherConnection() throws Exception {
    try (SmtpClient client = client(POSTFIX.endpoint(Postfix.IMPATIENT))) {
      assertThat(client.send(ENVELOPE, message("first")).isAcceptedForAll()).isTrue();
      while (sessions.get(0).isOpen()) {
        Thread.sleep(10);
      }
      assertThat(client.send(ENVELOPE, message("second")).isAcceptedForAll()).isTrue();
    }
    assertThat(sessions).hasSize(2);
    assertThat(sessions.get(0).failure().orElseThrow()).hasMessageContaining("421");
    Postfix.awaitDelivery(POSTFIX);
    assertThat(POSTFIX.takeSubjects("bob")).containsExactlyInAnyOrder("first", "second");
  }

  @Test
  void connectionsCut_whereverTheyAre_nothingArrivesTwiceOrGetsLost() throws Exception {
    List<String> subjects = subjects(400);
    Map<String, DeliveryOutcome> outcomes = new HashMap<>();
    try (CuttingRelay relay = new CuttingRelay(POSTFIX.endpoint(Postfix.RELAY));
        SmtpClient client = client(relay.endpoint())) {
      AtomicInteger reports = new AtomicInteger();
      Runnable cutNowAndThen =
          () -> {
            if (reports.incrementAndGet() % 20 == 0) {
              relay.cut();
            }
          };
      for (List<String> left = subjects; !left.isEmpty(); ) {
        left = sendAll(client, left, cutNowAndThen, outcomes);
      }
    }
    assertThat(sessions).hasSizeGreaterThan(CONNECTIONS);
    assertThat(outcomes.values())
        .isSubsetOf(DeliveryOutcome.ACCEPTED, DeliveryOutcome.UNKNOWN)
        .contains(DeliveryOutcome.ACCEPTED);
    Postfix.awaitDelivery(POSTFIX);
    assertThat(POSTFIX.takeSubjects("bob"))
        .doesNotHaveDuplicates()
        .isSubsetOf(subjects)
        .containsAll(
            subjects.stream()
                .filter(subject -> outcomes.get(subject) == DeliveryOutcome.ACCEPTED)
                .toList());
  }

  /** Sends all at once, notes the outcomes, and tells which may be sent once more. */
  private static List<String> sendAll(
      SmtpClient client,
      List<String> subjects,
      Runnable onReport,
      Map<String, DeliveryOutcome> outcomes) {
    Map<String, CompletableFuture<DeliveryReport>> reports = new LinkedHashMap<>();
    for (String subject : subjects) {
      reports.put(subject, client.sendAsync(ENVELOPE, message(subject)));
    }
    reports.values().forEach(report -> report.thenRun(onReport));
    List<String> retryable = new ArrayList<>();
    reports.forEach(
        (subject, future) -> {
          DeliveryReport report = future.join();
          if (report.retryable().isEmpty()) {
            outcomes.put(subject, report.recipients().get(0).outcome());
          } else {
            retryable.add(subject);
          }
        });
    return retryable;
  }
}
