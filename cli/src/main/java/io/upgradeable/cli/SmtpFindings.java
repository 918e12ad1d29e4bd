package io.upgradeable.cli;

import io.upgradeable.cli.ProtocolFacts.Row;
import io.upgradeable.sasl.SaslMechanism;
import io.upgradeable.smtp.DeliveryReport;
import io.upgradeable.smtp.ReceivedMessage;
import io.upgradeable.smtp.ReceivedRecipient;
import io.upgradeable.smtp.SmtpDialect;
import io.upgradeable.smtp.SmtpOpportunisticResult.InPlaintext;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** What {@code upgrade-cli smtp} has to tell; it grows while the command runs. */
final class SmtpFindings {

  /** Enough for a header and a demonstration. */
  private static final int MAX_LINES = 24;

  private static final int MAX_MESSAGES = 1;

  private final SmtpDialect dialect;
  private Optional<DeliveryFacts> delivery = Optional.empty();
  private Optional<String> mechanism = Optional.empty();
  private Optional<LoadFacts> load = Optional.empty();
  private Optional<String> sentence = Optional.empty();
  private List<ReceivedMessage> received = List.of();

  SmtpFindings(SmtpDialect dialect) {
    this.dialect = dialect;
  }

  /** How it went. */
  void sentence(String text) {
    sentence = Optional.of(text);
  }

  /** A message came to its end, whatever that is. */
  void delivered(DeliveryReport report) {
    DeliveryFacts facts = new DeliveryFacts(report);
    delivery = Optional.of(facts);
    sentence(facts.sentence());
  }

  /** The server said how far a message would come. */
  void probed(DeliveryReport report, SmtpPhase last) {
    DeliveryFacts facts = new DeliveryFacts(report);
    delivery = Optional.of(facts);
    boolean stopped = report.failure().isEmpty();
    sentence(facts.sentence() + (stopped ? "; stopped after " + last.what() + ", as asked" : ""));
  }

  /** The server knows who we are. */
  void authenticated(SaslMechanism by) {
    mechanism = Optional.of(by.saslName());
  }

  /** Many messages are being sent. */
  void load(LoadFacts facts) {
    load = Optional.of(facts);
  }

  /** What a server of our own took. */
  void received(List<ReceivedMessage> messages) {
    received = messages;
  }

  /** Why it is no success although the dialogue came to its end. */
  Optional<Failure> failure() {
    return delivery.flatMap(DeliveryFacts::failure).or(() -> load.flatMap(LoadFacts::failure));
  }

  /** The same for a command that the user ended. */
  Failure interrupted(Failure interruption) {
    return delivery.map(facts -> facts.interrupted(interruption)).orElse(interruption);
  }

  /** What follows "the server". */
  static String whyInPlaintext(InPlaintext plaintext) {
    return plaintext
        .refusal()
        .map(reply -> "refused STARTTLS with " + Printable.line(reply.toString()))
        .orElse("does not offer STARTTLS");
  }

  /** All of it, with what the report knows of the dialogue. */
  ProtocolFacts facts(Report report) {
    List<DialogueEvent> events = report.dialogue();
    Optional<SmtpHeard> plaintext = SmtpHeard.in(events, false);
    Optional<SmtpHeard> secured = SmtpHeard.in(events, true);
    List<Row> rows = new ArrayList<>();
    plaintext.ifPresent(
        heard -> {
          String label = report.tls().isPresent() ? "before TLS" : "plaintext";
          rows.add(new Row(label, "anybody on the way may have said this:"));
          rows.addAll(heard.rows());
        });
    secured.ifPresent(
        heard -> {
          rows.add(new Row("under TLS", heard.serverName().orElse("(no name)")));
          rows.addAll(heard.rows());
        });
    mechanism.ifPresent(name -> rows.add(new Row("auth", name)));
    delivery.ifPresent(facts -> rows.addAll(facts.rows()));
    load.ifPresent(facts -> rows.addAll(facts.rows()));
    received.stream().limit(MAX_MESSAGES).forEach(message -> rows.addAll(rows(message)));
    sentence
        .or(() -> load.map(LoadFacts::sentence))
        .ifPresent(text -> rows.add(new Row("smtp", text)));
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("dialect", dialect.name().toLowerCase(Locale.ROOT));
    fields.put("plaintext", plaintext.map(SmtpHeard::fields));
    fields.put("secured", secured.map(SmtpHeard::fields));
    mechanism.ifPresent(name -> fields.put("auth", name));
    delivery.ifPresent(facts -> fields.put("recipients", facts.fields()));
    load.ifPresent(facts -> fields.put("load", facts.fields()));
    if (!received.isEmpty()) {
      fields.put(
          "received", received.stream().limit(MAX_MESSAGES).map(SmtpFindings::fields).toList());
    }
    return new ProtocolFacts("smtp", rows, fields);
  }

  private static List<Row> rows(ReceivedMessage message) {
    List<Row> rows = new ArrayList<>();
    rows.add(new Row("received", Printable.line(message.toString())));
    message
        .text()
        .lines()
        .limit(MAX_LINES)
        .forEach(line -> rows.add(new Row("  |", Printable.line(line))));
    if (message.text().lines().skip(MAX_LINES).findAny().isPresent()) {
      rows.add(new Row("  |", "..."));
    }
    return rows;
  }

  private static Map<String, Object> fields(ReceivedMessage message) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("from", message.envelope().sender().address());
    fields.put(
        "to", message.envelope().recipients().stream().map(ReceivedRecipient::address).toList());
    fields.put("bytes", message.content().remaining());
    return fields;
  }
}
