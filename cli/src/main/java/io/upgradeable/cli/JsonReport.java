package io.upgradeable.cli;

import com.google.gson.FormattingStyle;
import com.google.gson.stream.JsonWriter;
import io.upgradeable.UpgradeException;
import io.upgradeable.negotiation.TlsFacts;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Tells a {@link Report} to programs: one JSON document, in ASCII. Fields are only ever added.
 *
 * <pre>
 * command       string   "ping"
 * target        string   HOST:PORT that was connected to; what the user typed if it is unusable
 * embedded      boolean  whether the server was the command's own
 * ok            boolean  whether the command did what was asked
 * exitCode      number   what the shell gets
 * path          string?  the chain line; null if the options were unusable
 * security      string?  "plaintext", "hop-only", "origin"; null unless all layers came up
 * tls           object?  the topmost TLS; null if none came up
 *   protocol       string   "TLSv1.3"
 *   cipherSuite    string   "TLS_AES_128_GCM_SHA256"
 *   group          string?  "x25519"; null if the engine does not tell
 *   alpn           string?  null if none was chosen
 *   verification   string   "chain-and-name", "chain", "no-certificate", "not-verified"
 *   serverName     string?  the SNI that was sent
 *   engine         string   "JDK", "OpenSSL"
 * certificates  array    what the peer sent, leaf first, accepted or not
 *   subject, issuer        string  distinguished names (RFC 2253)
 *   names                  array   of strings: DNS names, addresses, others
 *   notBefore, notAfter    string  UTC (ISO 8601)
 *   daysLeft               number  whole days; negative if it is over
 *   sha256                 string  of the certificate, hexadecimal
 *   pin                    string  of the public key, as --pin takes it
 *   pem                    string  only with --show-certs
 * ping          object?  the protocol's own facts, under its name; absent on failure
 *   pongs          number   PINGs that were answered under TLS
 * error         object?  null if ok
 *   kind           string   "Usage", "ConnectFailed", "LayerTimedOut", "TlsNotOffered", "PeerRefused",
 *                           "TlsFailed", "CertificateRejected", "PeerMisbehaved",
 *                           "PlaintextInjected", "PeerClosed", "Interrupted", "Other"
 *   message        string   the line that is on stderr
 *   path, peer, expected, got  string?  where, with whom, what was awaited and what came instead
 * dialogue      array    only with -v
 *   event          string   "connected", "sent", "received", "handshakeStarted",
 *                           "handshakeCompleted", "handshakeFailed"
 *   secured        boolean  whether TLS was on
 *   text           string   the line without its end, the address, or the facts
 * </pre>
 *
 * <p>Text that came from the peer has its control characters escaped, as in the text report.
 */
final class JsonReport {

  private final PrintWriter out;

  JsonReport(PrintWriter out) {
    this.out = out;
  }

  void print(Report report, boolean showCertificates, boolean showDialogue) {
    try {
      // Not closed: stdout is not ours to close.
      @SuppressWarnings("resource")
      JsonWriter json = new JsonWriter(new AsciiWriter(out));
      json.setFormattingStyle(FormattingStyle.PRETTY);
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
    tls(json, report.tls());
    json.name("certificates").beginArray();
    for (CertificateFacts certificate : report.certificates()) {
      certificate(json, certificate, showCertificates);
    }
    json.endArray();
    if (report.protocol().isPresent()) {
      protocol(json, report.protocol().get());
    }
    error(json, report.failure());
    if (showDialogue) {
      dialogue(json, report);
    }
    json.endObject();
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
    json.name(facts.name()).beginObject();
    for (Map.Entry<String, Object> field : facts.fields().entrySet()) {
      json.name(field.getKey());
      if (field.getValue() instanceof Number number) {
        json.value(number);
      } else if (field.getValue() instanceof Boolean bool) {
        json.value(bool);
      } else {
        json.value(Printable.of(field.getValue().toString()));
      }
    }
    json.endObject();
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
