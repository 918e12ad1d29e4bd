package io.upgradeable.cli;

import io.upgradeable.Endpoint;
import io.upgradeable.Security;
import io.upgradeable.negotiation.TlsFacts;
import java.io.PrintWriter;
import java.util.List;
import java.util.Optional;

/** Tells a {@link Report} to people. */
final class TextReport {

  /** The labels' column. */
  private static final int WIDTH = 12;

  private final PrintWriter out;
  private final Paint paint;

  TextReport(PrintWriter out, Paint paint) {
    this.out = out;
    this.paint = paint;
  }

  /** One event of the dialogue, as it happens. */
  void print(DialogueEvent event) {
    String mark = event.secured() ? paint.good("tls   ") : paint.bad("plain ");
    switch (event.kind()) {
      case CONNECTED -> out.println("--    connected to " + event.text());
      case SENT -> out.println(mark + paint.ours("C: " + event.text()));
      case RECEIVED -> out.println(mark + paint.theirs("S: " + event.text()));
      case HANDSHAKE_STARTED -> out.println("--    TLS handshake");
      case HANDSHAKE_COMPLETED -> out.println("--    TLS is on: " + event.text());
      case HANDSHAKE_FAILED -> out.println("--    TLS handshake failed");
      case TUNNEL_OPENED -> out.println("--    open: " + event.text());
    }
    out.flush();
  }

  /** Everything but the dialogue; of a failure, what was known by then. */
  void print(Report report, boolean showCertificates) {
    if (report.failure().isEmpty()) {
      report.path().ifPresent(path -> row("path", path));
    }
    report.security().ifPresent(security -> row("security", text(security, report)));
    report.hops().forEach(this::printHop);
    report.tls().ifPresent(this::printTls);
    printCertificates(report);
    report
        .protocol()
        .ifPresent(protocol -> protocol.rows().forEach(row -> row(row.label(), row.text())));
    if (showCertificates) {
      report.certificates().forEach(certificate -> out.print(certificate.pem()));
    }
    out.flush();
  }

  /** The same in one line, with others above and below it. */
  void printLine(Report report) {
    StringBuilder line = new StringBuilder(report.target()).append(": ");
    line.append(
        report.failure().map(why -> paint.bad(why.message())).orElseGet(() -> paint.good("ok")));
    if (report.failure().isEmpty()) {
      doubt(report).ifPresent(text -> line.append(", ").append(paint.bad(text)));
    }
    report
        .tls()
        .ifPresent(
            tls -> {
              line.append("; ").append(tls.protocol());
              tls.group().ifPresent(group -> line.append(", ").append(group));
            });
    report.certificates().stream()
        .limit(1)
        .forEach(leaf -> line.append("; certificate until ").append(end(leaf)));
    out.println(line);
    out.flush();
  }

  /** What a connection is short of that is up all the same. */
  private static Optional<String> doubt(Report report) {
    Security reached = report.security().orElse(Security.PLAINTEXT);
    if (reached == Security.PLAINTEXT) {
      return Optional.of("in plaintext");
    } else if (reached == Security.HOP_ONLY) {
      return Optional.of("TLS ends at a proxy");
    }
    return report
        .tls()
        .filter(tls -> tls.verification() != TlsFacts.Verification.CHAIN_AND_NAME)
        .map(tls -> "not verified");
  }

  private String end(CertificateFacts certificate) {
    String end = certificate.notAfter() + ", " + certificate.timeLeft();
    return certificate.daysLeft() < 0 ? paint.bad(end) : end;
  }

  private String text(Security security, Report report) {
    // Behind proxies there is more than one TLS, and the word says which reaches whom.
    return (report.hops().isEmpty() ? "" : security.name() + ": ") + sentence(security, report);
  }

  private String sentence(Security security, Report report) {
    return switch (security) {
      case ORIGIN -> origin(report);
      case HOP_ONLY -> paint.bad("TLS ends at a proxy: what lies behind it sees plaintext");
      case PLAINTEXT -> paint.bad("none: plaintext");
    };
  }

  private String origin(Report report) {
    String host = report.origin().map(Endpoint::host).orElse("the origin");
    boolean verified =
        report
            .tls()
            .filter(tls -> tls.verification() == TlsFacts.Verification.CHAIN_AND_NAME)
            .isPresent();
    return verified
        ? paint.good("TLS reaches " + host)
        : paint.bad("TLS, but whether it reaches " + host + " was not verified");
  }

  private void printHop(HopFacts hop) {
    if (!hop.open() && hop.tls().isEmpty() && hop.certificates().isEmpty()) {
      return; // The failure is all there is to say of it.
    }
    String answer =
        hop.answer()
            .map(said -> ": " + Printable.line((said.status() + " " + said.reason()).strip()))
            .orElse("");
    String opened = hop.open() ? " opened " + hop.hop().tunnel() + answer : " opened nothing";
    row("proxy", hop.hop().proxy() + opened);
    hop.tls()
        .ifPresent(
            tls -> {
              row("  security", paint.bad("HOP_ONLY: this TLS ends at the proxy"));
              row("  tls", text(tls));
              row("  verified", text(tls.verification()));
            });
    hop.certificates().stream().limit(1).forEach(this::printHopCertificate);
  }

  private void printHopCertificate(CertificateFacts certificate) {
    row("  subject", orNone(certificate.subject()));
    row("  issuer", orNone(certificate.issuer()));
    row("  names", Printable.some(certificate.names()));
    row("  sha256", certificate.sha256());
    row("  valid", validity(certificate));
  }

  private void printTls(TlsFacts tls) {
    row("tls", text(tls));
    row("verified", text(tls.verification()));
  }

  private static String text(TlsFacts tls) {
    StringBuilder line = new StringBuilder(tls.protocol()).append(", ").append(tls.cipherSuite());
    tls.group().ifPresent(group -> line.append(", ").append(group));
    tls.applicationProtocol()
        .ifPresentOrElse(
            name -> line.append(", ALPN ").append(Printable.line(name)),
            () -> line.append(", no ALPN"));
    return line.append(", engine ").append(tls.engine()).toString();
  }

  private String text(TlsFacts.Verification verification) {
    return switch (verification) {
      case CHAIN_AND_NAME -> "the chain leads to a trusted certificate, and the name is right";
      case CHAIN -> paint.bad("the chain leads to a trusted certificate; the name was not checked");
      case NO_CERTIFICATE -> paint.bad("no: there is no certificate");
      case NOT_VERIFIED -> paint.bad("no: anybody may be at the other end");
    };
  }

  private void printCertificates(Report report) {
    List<CertificateFacts> chain = report.certificates();
    for (int i = 0; i < chain.size(); i++) {
      CertificateFacts certificate = chain.get(i);
      row(i == 0 ? "certificate" : "issued by", orNone(certificate.subject()));
      if (i == 0) {
        row("  issuer", orNone(certificate.issuer()));
        row("  names", Printable.some(certificate.names()));
        row("  sha256", certificate.sha256());
        row("  pin", certificate.pin());
      }
      row("  valid", validity(certificate));
    }
  }

  private String validity(CertificateFacts certificate) {
    String validity =
        certificate.notBefore() + " to " + certificate.notAfter() + ", " + certificate.timeLeft();
    return certificate.daysLeft() < 0 ? paint.bad(validity) : validity;
  }

  private static String orNone(String text) {
    return text.isEmpty() ? Printable.NONE : text;
  }

  private void row(String label, String text) {
    // No format: its machinery takes longer to start than all that is printed.
    out.println(label + " ".repeat(Math.max(0, WIDTH - label.length())) + ' ' + text);
  }
}
