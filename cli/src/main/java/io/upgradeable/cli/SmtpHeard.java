package io.upgradeable.cli;

import io.upgradeable.cli.DialogueEvent.Kind;
import io.upgradeable.cli.ProtocolFacts.Row;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What an SMTP server said of itself on one side of the upgrade, taken from the dialogue for a
 * report. Nothing is decided by it: the protocol's own result has only what was heard under TLS,
 * and this is also there for what was heard before, and where the dialogue failed.
 *
 * @param greeting the greeting with its code, in one line
 * @param serverName what the server calls itself in its reply to EHLO
 * @param capabilities what it offers, each as it came; empty without a good reply to EHLO
 */
record SmtpHeard(
    Optional<String> greeting, Optional<String> serverName, Optional<List<String>> capabilities) {

  private static final String OK = "250";
  private static final int TEXT = 4;

  /**
   * Reads a dialogue.
   *
   * @param dialogue all events of one connection
   * @param secured whether to listen to what was said under TLS, or to what was said in plaintext
   * @return what was heard there; empty if nothing of it was
   */
  static Optional<SmtpHeard> in(List<DialogueEvent> dialogue, boolean secured) {
    List<String> greeting = new ArrayList<>();
    List<String> hello = new ArrayList<>();
    List<String> other = new ArrayList<>();
    List<String> reply = greeting;
    for (DialogueEvent event : dialogue) {
      if (event.kind() == Kind.CONNECTED) {
        greeting.clear();
        hello.clear();
        reply = greeting;
      } else if (event.kind() == Kind.SENT && !event.hop()) {
        reply = isHello(event.text()) ? hello : other;
      } else if (event.kind() == Kind.RECEIVED && !event.hop() && event.secured() == secured) {
        reply.add(event.text());
      }
    }
    boolean known = !hello.isEmpty() && hello.get(0).startsWith(OK);
    return greeting.isEmpty() && !known
        ? Optional.empty()
        : Optional.of(
            new SmtpHeard(
                greeting.isEmpty() ? Optional.empty() : Optional.of(line(greeting)),
                known ? Optional.of(text(hello.get(0)).split(" ", 2)[0]) : Optional.empty(),
                known
                    ? Optional.of(hello.stream().skip(1).map(SmtpHeard::text).toList())
                    : Optional.empty()));
  }

  private static boolean isHello(String command) {
    return command.startsWith("EHLO ") || command.startsWith("LHLO ");
  }

  private static String line(List<String> reply) {
    StringBuilder line = new StringBuilder(Printable.line(reply.get(0)));
    reply.stream().skip(1).forEach(next -> line.append(' ').append(text(next)));
    return Printable.line(line.toString());
  }

  private static String text(String line) {
    return line.substring(Math.min(TEXT, line.length()));
  }

  /** For people, below a heading. */
  List<Row> rows() {
    List<Row> rows = new ArrayList<>();
    greeting.ifPresent(text -> rows.add(new Row("  greeting", text)));
    capabilities.ifPresent(
        all -> rows.add(new Row("  offers", all.isEmpty() ? "(nothing)" : String.join(", ", all))));
    return rows;
  }

  /** For programs. */
  Map<String, Object> fields() {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("greeting", greeting);
    fields.put("serverName", serverName);
    fields.put("capabilities", capabilities);
    return fields;
  }
}
