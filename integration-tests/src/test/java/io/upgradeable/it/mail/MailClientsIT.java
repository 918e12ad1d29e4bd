package io.upgradeable.it.mail;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.upgradeable.Endpoint;
import io.upgradeable.it.ContainerTest;
import io.upgradeable.it.HostClients;
import io.upgradeable.sasl.SaslUsers;
import io.upgradeable.sasl.Secret;
import io.upgradeable.sasl.StoredSecret;
import io.upgradeable.smtp.ReceivedMessage;
import io.upgradeable.smtp.ReceivedMessages;
import io.upgradeable.smtp.ReceivedRecipient;
import io.upgradeable.smtp.SmtpDialect;
import io.upgradeable.smtp.SmtpServer;
import io.upgradeable.smtp.SmtpServerLimits;
import io.upgradeable.testkit.Certificates;
import io.upgradeable.tls.TlsPolicy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.images.builder.Transferable;

/** Our server, and clients that others wrote: all of them insist on TLS and on its name. */
@ContainerTest
@Timeout(90)
final class MailClientsIT {

  @RegisterExtension private static final HostClients CLIENTS = clients("mail-clients");

  @RegisterExtension private static final HostClients EXIM = clients("exim");

  private static final String PASSWORD = "correct horse";
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final ReceivedMessages mailbox = new ReceivedMessages();

  private static HostClients clients(String image) {
    return new HostClients(image, MailServer.CERTIFICATES, MailClientsIT::addMessages);
  }

  /** Each as {@code /messages/NAME}, with CRLF, and as {@code /texts/NAME}, with LF. */
  private static void addMessages(GenericContainer<?> clients) {
    for (TestMessage message : TestMessage.values()) {
      clients
          .withCopyToContainer(Transferable.of(message.canonical()), "/messages/" + message)
          .withCopyToContainer(Transferable.of(message.stored()), "/texts/" + message);
    }
  }

  private static TlsPolicy policy(Certificates certificates) {
    return TlsPolicy.server().identity(certificates.server("localhost").identity()).build();
  }

  private SmtpServer.Builder server() {
    return SmtpServer.builder()
        .listen(Endpoint.of("127.0.0.1", 0))
        .tls(policy(MailServer.CERTIFICATES))
        .threads(1)
        .name("mail.example.test")
        .limits(SmtpServerLimits.DEFAULTS.withMessageBytes(50 * 1024 * 1024))
        .handler(mailbox);
  }

  private static SaslUsers users() {
    return SaslUsers.of(Map.of("alice", StoredSecret.of(new Secret(PASSWORD.toCharArray()))));
  }

  private static String port(SmtpServer server) {
    return Integer.toString(server.endpoint().port());
  }

  private List<ReceivedMessage> await(int count) throws Exception {
    return mailbox.await(count, PATIENCE);
  }

  private static byte[] content(ReceivedMessage message) {
    byte[] content = new byte[message.content().remaining()];
    message.content().get(content);
    return content;
  }

  /** Compares what was received with what the messages are. */
  private static void assertReceived(List<ReceivedMessage> received, Set<TestMessage> messages) {
    List<TestMessage> seen = new ArrayList<>();
    SoftAssertions.assertSoftly(
        softly ->
            received.forEach(
                one -> {
                  byte[] content = withoutTrace(content(one));
                  TestMessage message = TestMessage.valueOf(TestMessage.subject(content));
                  seen.add(message);
                  softly
                      .assertThat(Arrays.mismatch(content, message.canonical()))
                      .as("where the received bytes of " + message + " differ")
                      .isEqualTo(-1);
                }));
    assertThat(seen).containsExactlyInAnyOrderElementsOf(messages);
  }

  private static byte[] withoutTrace(byte[] content) {
    int from = new String(content, ISO_8859_1).indexOf("From: Ann");
    return Arrays.copyOfRange(content, from, content.length);
  }

  private static String[] swaks(SmtpServer server, String... more) {
    List<String> command =
        new ArrayList<>(
            List.of(
                "swaks",
                "--server",
                "localhost",
                "--port",
                port(server),
                "--tls-verify",
                "--tls-ca-path",
                "/certificates/ca.crt",
                "--from",
                "ann@client.test",
                "--to",
                "bob@example.test",
                "--ehlo",
                "client.test",
                "--data",
                "Subject: by swaks\\n\\n.dot\\n..\\nend"));
    command.addAll(List.of(more));
    return command.toArray(String[]::new);
  }

  @ParameterizedTest
  @ValueSource(strings = {"PLAIN", "LOGIN"})
  void swaks_startTlsAndAuth_received(String mechanism) throws Exception {
    try (SmtpServer server = server().users(users()).start()) {
      CLIENTS.run(
          swaks(
              server,
              "--tls",
              "--auth",
              mechanism,
              "--auth-user",
              "alice",
              "--auth-password",
              PASSWORD));
    }
    List<ReceivedMessage> received = await(1);
    assertBySwaks(received);
    assertThat(received.get(0).envelope().peer().user()).contains("alice");
    assertThat(received.get(0).envelope().peer().name()).isEqualTo("client.test");
  }

  private static void assertBySwaks(List<ReceivedMessage> received) {
    assertThat(received)
        .extracting(ReceivedMessage::text)
        .containsExactly("Subject: by swaks\r\n\r\n.dot\r\n..\r\nend\r\n");
  }

  @Test
  void swaks_wrongPassword_refused() throws Exception {
    try (SmtpServer server = server().users(users()).start()) {
      assertThat(
              CLIENTS
                  .tryToRun(
                      swaks(
                          server,
                          "--tls",
                          "--auth",
                          "PLAIN",
                          "--auth-user",
                          "alice",
                          "--auth-password",
                          "wrong"))
                  .getStdout())
          .contains("535 5.7.8");
    }
    assertThat(mailbox.list()).isEmpty();
  }

  @Test
  void swaks_implicitTls_received() throws Exception {
    try (SmtpServer server = server().implicitTls().start()) {
      CLIENTS.run(swaks(server, "--tls-on-connect"));
    }
    assertBySwaks(await(1));
  }

  @Test
  void msmtp_scram_received() throws Exception {
    try (SmtpServer server = server().users(users()).start()) {
      CLIENTS.run(
          "sh",
          "-c",
          "printf 'Subject: by msmtp\n\n.\n' | msmtp --host=localhost --port=$0 --tls=on"
              + " --tls-trust-file=/certificates/ca.crt --auth=scram-sha-256 --user=alice"
              + " --passwordeval=\"printf %s '$1'\" --from=ann@client.test bob@example.test",
          port(server),
          PASSWORD);
    }
    ReceivedMessage message = await(1).get(0);
    assertThat(message.text()).endsWith("Subject: by msmtp\r\n\r\n.\r\n");
    assertThat(message.envelope().peer().user()).contains("alice");
  }

  @Test
  void openSsl_dialogue_answeredInOrder() throws Exception {
    String dialogue =
        """
        EHLO client.test
        MAIL FROM:<ann@client.test>
        RCPT TO:<bob@example.test>
        RCPT TO:<carol@example.test>
        DATA
        Subject: by hand

        hello
        .
        QUIT
        """;
    try (SmtpServer server = server().start()) {
      String said =
          CLIENTS.run("sh", "-c", "printf %s \"$0\" | dialogue \"$1\"", dialogue, port(server));
      assertThat(said.lines().filter(line -> line.matches("\\d{3} .*")).map(MailClientsIT::code))
          .containsExactly("250", "250", "250", "250", "354", "250", "221");
    }
    ReceivedMessage message = await(1).get(0);
    assertThat(message.text()).isEqualTo("Subject: by hand\r\n\r\nhello\r\n");
    assertThat(message.envelope().recipients())
        .extracting(ReceivedRecipient::address)
        .containsExactly("bob@example.test", "carol@example.test");
  }

  private static String code(String line) {
    return line.substring(0, 3);
  }

  @Test
  void pythonsSmtplib_everyMessage_receivedByteForByte() throws Exception {
    try (SmtpServer server = server().users(users()).start()) {
      CLIENTS.run(
          "sh",
          "-c",
          "send.py --port $0 --user alice --password \"$1\" --option BODY=8BITMIME"
              + " --to bob@example.test /messages/*",
          port(server),
          PASSWORD);
    }
    List<ReceivedMessage> received = await(TestMessage.values().length);
    assertReceived(received, RoundTrip.ALL);
    assertThat(received).allMatch(one -> one.envelope().peer().user().equals(Optional.of("alice")));
  }

  @Test
  void pythonsSmtplib_addressBeyondAscii_received() throws Exception {
    try (SmtpServer server = server().start()) {
      CLIENTS.run(
          "send.py",
          "--port",
          port(server),
          "--option",
          "SMTPUTF8",
          "--to",
          "jörg@bücher.test",
          "/messages/UTF_8_TEXT");
    }
    ReceivedMessage message = await(1).get(0);
    assertReceived(List.of(message), EnumSet.of(TestMessage.UTF_8_TEXT));
    assertThat(message.envelope().sender().isSmtpUtf8()).isTrue();
    assertThat(message.envelope().recipients().get(0).address()).isEqualTo("jörg@bücher.test");
  }

  @Test
  void pythonsSmtplib_certificateOfAStranger_sendsNothing() throws Exception {
    try (SmtpServer server = server().tls(policy(Certificates.create())).start()) {
      assertThat(
              CLIENTS
                  .tryToRun(
                      "send.py",
                      "--port",
                      port(server),
                      "--to",
                      "bob@example.test",
                      "/messages/PLAIN")
                  .getStderr())
          .contains("certificate verify failed");
    }
    assertThat(mailbox.list()).isEmpty();
  }

  /** Postfix delivers lines of up to 998 bytes, and breaks longer ones. */
  @ParameterizedTest
  @EnumSource
  void postfix_relaysEveryMessage_receivedByteForByte(SmtpDialect dialect) throws Exception {
    Set<TestMessage> messages = EnumSet.complementOf(EnumSet.of(TestMessage.LONG_LINE));
    List<ReceivedMessage> received;
    try (SmtpServer server = server().dialect(dialect).start()) {
      CLIENTS.run("relay", dialect.name().toLowerCase(Locale.ROOT), port(server));
      submit(CLIENTS, "sendmail -i -B8BITMIME", messages);
      received = await(messages.size());
      assertThat(CLIENTS.run("sh", "-c", Postfix.AWAIT_EMPTY_QUEUE)).isEmpty();
    }
    assertReceived(received, messages);
    assertThat(received)
        .allMatch(one -> one.envelope().sender().address().equals("ann@client.test"))
        .allMatch(one -> one.envelope().sender().declaredSize().isPresent())
        .allMatch(one -> one.envelope().sender().parameter("BODY").isPresent())
        .allMatch(one -> one.envelope().peer().name().equals("relay.example.test"));
  }

  private static void submit(HostClients relay, String sendmail, Set<TestMessage> messages)
      throws Exception {
    String script =
        """
        set -e
        for text; do
          %s -f ann@client.test bob@example.test <"/texts/$text"
        done
        """
            .formatted(sendmail);
    List<String> command = new ArrayList<>(List.of("sh", "-c", script, "submit"));
    messages.forEach(message -> command.add(message.name()));
    relay.run(command.toArray(String[]::new));
  }

  /** Postfix decides by the EHLO before TLS whether such mail can go at all. */
  @Test
  void postfix_relaysToAddressBeyondAscii_received() throws Exception {
    ReceivedMessage message;
    try (SmtpServer server = server().start()) {
      CLIENTS.run("relay", "smtp", port(server));
      CLIENTS.run(
          "sh", "-c", "sendmail -i -f ann@client.test jörg@bücher.test < /texts/UTF_8_TEXT");
      message = await(1).get(0);
      assertThat(CLIENTS.run("sh", "-c", Postfix.AWAIT_EMPTY_QUEUE)).isEmpty();
    }
    assertThat(message.envelope().sender().isSmtpUtf8()).isTrue();
    assertThat(message.envelope().recipients().get(0).address()).isEqualTo("jörg@bücher.test");
  }

  /** Exim is the one that sends BDAT, a chunk for each few kilobytes. */
  @Test
  void exim_relaysEveryMessageByBdat_receivedByteForByte() throws Exception {
    try (SmtpServer server = server().start()) {
      EXIM.run("relay", port(server));
      submit(EXIM, "exim4 -odi -i", RoundTrip.ALL);
    }
    assertReceived(await(TestMessage.values().length), RoundTrip.ALL);
    assertThat(EXIM.run("cat", "/var/log/exim4/relay-mainlog").lines())
        .filteredOn(line -> line.contains(" => "))
        .hasSize(TestMessage.values().length)
        .allMatch(line -> line.contains(" K "));
  }
}
