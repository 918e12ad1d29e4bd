package io.upgradeable.cli;

import com.google.gson.FormattingStyle;
import com.google.gson.stream.JsonWriter;
import io.upgradeable.UpgradeException;
import io.upgradeable.connect.ConnectResult;
import io.upgradeable.connect.HttpField;
import io.upgradeable.negotiation.TlsFacts;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Tells a {@link Report} to programs: one JSON document, in ASCII. Fields are only ever added.
 * {@code docs/cli-json.md} describes them all.
 */
final class JsonReport {

  private final PrintWriter out;
  private final FormattingStyle style;

  private JsonReport(PrintWriter out, FormattingStyle style) {
    this.out = out;
    this.style = style;
  }

  /** A document of many lines, for people to read as well. */
  static JsonReport pretty(PrintWriter out) {
    return new JsonReport(out, FormattingStyle.PRETTY);
  }

  /** A document in one line, with others above and below it. */
  static JsonReport line(PrintWriter out) {
    return new JsonReport(out, FormattingStyle.COMPACT);
  }

  void print(Report report, boolean showCertificates, boolean showDialogue) {
    try {
      // Not closed: stdout is not ours to close.
      @SuppressWarnings("resource")
      JsonWriter json = new JsonWriter(new AsciiWriter(out));
      json.setFormattingStyle(style);
      json.setSerializeNulls(true);
      write(json, report, showCertificates, showDialogue);
      json.flush();
      out.println();
      out.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void write(
      JsonWriter json, Report report, boolean showCertificates, boolean showDialogue)
      throws IOException {
    json.beginObject();
    json.name("command").value(report.command());
    json.name("target").value(Printable.line(report.target()));
    json.name("embedded").value(report.embedded());
    json.name("ok").value(report.failure().isEmpty());
    json.name("exitCode").value(report.exitCode().code());
    text(json, "path", report.path());
    text(json, "security", report.security().map(JsonReport::word));
    json.name("via").beginArray();
    for (HopFacts hop : report.hops()) {
      hop(json, hop, showCertificates);
    }
    json.endArray();
    tls(json, report.tls());
    certificates(json, report.certificates(), showCertificates);
    if (report.protocol().isPresent()) {
      protocol(json, report.protocol().get());
    }
    error(json, report.failure());
    if (showDialogue) {
      dialogue(json, report);
    }
    json.endObject();
  }

  private static void hop(JsonWriter json, HopFacts facts, boolean withPem) throws IOException {
    Optional<ConnectResult> answer = facts.answer();
    json.beginObject();
    json.name("proxy").value(facts.hop().proxy().toString());
    json.name("tunnel").value(facts.hop().tunnel());
    json.name("open").value(facts.open());
    json.name("security").value(word(facts.security()));
    json.name("status").value(answer.map(ConnectResult::status).orElse(null));
    text(json, "reason", answer.map(ConnectResult::reason).map(Printable::line));
    json.name("fields").beginArray();
    for (HttpField field : answer.map(ConnectResult::fields).orElse(List.of())) {
      json.value(Printable.line(field.name() + ": " + field.value()));
    }
    json.endArray();
    tls(json, facts.tls());
    certificates(json, facts.certificates(), withPem);
    json.endObject();
  }

  private static void certificates(JsonWriter json, List<CertificateFacts> chain, boolean withPem)
      throws IOException {
    json.name("certificates").beginArray();
    for (CertificateFacts certificate : chain) {
      certificate(json, certificate, withPem);
    }
    json.endArray();
  }

  private static void tls(JsonWriter json, Optional<TlsFacts> known) throws IOException {
    json.name("tls");
    if (known.isEmpty()) {
      json.nullValue();
      return;
    }
    TlsFacts facts = known.get();
    json.beginObject();
    json.name("protocol").value(facts.protocol());
    json.name("cipherSuite").value(facts.cipherSuite());
    text(json, "group", facts.group());
    text(json, "alpn", facts.applicationProtocol().map(Printable::line));
    json.name("verification").value(word(facts.verification()));
    text(json, "serverName", facts.serverName());
    json.name("engine").value(facts.engine());
    json.endObject();
  }

  private static void certificate(JsonWriter json, CertificateFacts facts, boolean withPem)
      throws IOException {
    json.beginObject();
    json.name("subject").value(facts.subject());
    json.name("issuer").value(facts.issuer());
    json.name("names").beginArray();
    for (String name : facts.names()) {
      json.value(name);
    }
    json.endArray();
    json.name("notBefore").value(facts.notBefore().toString());
    json.name("notAfter").value(facts.notAfter().toString());
    json.name("daysLeft").value(facts.daysLeft());
    json.name("sha256").value(facts.sha256());
    json.name("pin").value(facts.pin());
    if (withPem) {
      json.name("pem").value(facts.pem());
    }
    json.endObject();
  }

  private static void protocol(JsonWriter json, ProtocolFacts facts) throws IOException {
    json.name(facts.name());
    value(json, facts.fields());
  }

  private static void value(JsonWriter json, Object value) throws IOException {
    if (value instanceof Map<?, ?> fields) {
      json.beginObject();
      for (Map.Entry<?, ?> field : fields.entrySet()) {
        value(json.name(field.getKey().toString()), field.getValue());
      }
      json.endObject();
    } else if (value instanceof Iterable<?> items) {
      json.beginArray();
      for (Object item : items) {
        value(json, item);
      }
      json.endArray();
    } else if (value instanceof Optional<?> optional) {
      if (optional.isPresent()) {
        value(json, optional.get());
      } else {
        json.nullValue();
      }
    } else if (value instanceof Number number) {
      json.value(number);
    } else if (value instanceof Boolean bool) {
      json.value(bool);
    } else {
      json.value(Printable.of(value.toString()));
    }
  }

  private static void error(JsonWriter json, Optional<Failure> known) throws IOException {
    json.name("error");
    if (known.isEmpty()) {
      json.nullValue();
      return;
    }
    Failure failure = known.get();
    Optional<UpgradeException> upgrade = failure.upgrade();
    json.beginObject();
    json.name("kind").value(failure.kind());
    json.name("message").value(failure.message());
    text(json, "path", upgrade.map(UpgradeException::path).map(Printable::line));
    text(json, "peer", upgrade.map(UpgradeException::peer).map(Printable::line));
    text(json, "expected", upgrade.map(UpgradeException::awaited).map(Printable::line));
    text(json, "got", upgrade.map(UpgradeException::got).map(Printable::line));
    json.endObject();
  }

  private static void dialogue(JsonWriter json, Report report) throws IOException {
    json.name("dialogue").beginArray();
    for (DialogueEvent event : report.dialogue()) {
      json.beginObject();
      json.name("event").value(event.kind().jsonName());
      json.name("secured").value(event.secured());
      json.name("hop").value(event.hop());
      json.name("text").value(event.text());
      json.endObject();
    }
    json.endArray();
  }

  private static void text(JsonWriter json, String name, Optional<String> value)
      throws IOException {
    json.name(name);
    if (value.isPresent()) {
      json.value(value.get());
    } else {
      json.nullValue();
    }
  }

  /** A constant's name as it stands in JSON, for instance {@code hop-only}. */
  private static String word(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
