package io.upgradeable.smtp;

import io.upgradeable.Connection;
import io.upgradeable.Security;
import io.upgradeable.negotiation.TlsFacts.Verification;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * What can be decided about a message before anything of it is sent: for whom it cannot go over
 * this connection, and what the commands are for the others.
 *
 * @param refused whom this side refuses, by index in the envelope
 * @param mail the MAIL command
 * @param usesBdat whether the content goes by BDAT
 * @param eightBitAllowed whether a content that is not known may turn out to be 8-bit
 */
record MailPlan(
    Map<Integer, RecipientReport> refused, String mail, boolean usesBdat, boolean eightBitAllowed) {

  /** What a session knows about its server. */
  record Server(SmtpCapabilities capabilities, Connection connection, SmtpSessionOptions options) {

    boolean offers(String keyword) {
      return capabilities.offers(keyword);
    }

    /** RFC 8689, 4.2.1: TLS to the next hop itself, whose certificate was verified. */
    boolean isVerified() {
      return connection.security() == Security.ORIGIN
          && connection
              .tls()
              .filter(facts -> facts.verification() == Verification.CHAIN_AND_NAME)
              .isPresent();
    }

    boolean usesBdat() {
      return offers("CHUNKING")
          && switch (options.transfer()) {
            case BDAT -> true;
            case DATA -> false;
            case AUTO -> !offers("PIPELINING");
          };
    }
  }

  /** Why a message cannot go, and where that was found. */
  private record Objection(DeliveryPhase phase, String explanation) {}

  static MailPlan of(Envelope envelope, MailContent content, Server server) {
    Optional<Objection> forAll = objection(envelope, content, server);
    Map<Integer, RecipientReport> refused = new TreeMap<>();
    for (int i = 0; i < envelope.recipients().size(); i++) {
      Recipient recipient = envelope.recipients().get(i);
      Optional<Objection> objection = forAll.or(() -> objection(recipient, server));
      if (objection.isPresent()) {
        refused.put(i, report(recipient, objection.get()));
      }
    }
    return new MailPlan(
        refused,
        mailCommand(envelope, content, server),
        server.usesBdat(),
        eightBitAllowed(envelope, server));
  }

  private static RecipientReport report(Recipient recipient, Objection objection) {
    return new RecipientReport(
        recipient,
        DeliveryOutcome.REFUSED_PERMANENT,
        objection.phase(),
        Optional.empty(),
        objection.explanation());
  }

  private static Optional<Objection> objection(
      Envelope envelope, MailContent content, Server server) {
    if (envelope.requireTls() && !server.isVerified()) {
      return objection(DeliveryPhase.REQUIRETLS, "the connection is not under verified TLS");
    } else if (envelope.requireTls() && !server.offers("REQUIRETLS")) {
      return objection(DeliveryPhase.REQUIRETLS, "the server does not offer REQUIRETLS");
    } else if (!server.offers("SMTPUTF8")
        && (envelope.smtpUtf8() || envelope.sender().filter(Mailbox::needsSmtpUtf8).isPresent())) {
      return objection(DeliveryPhase.SMTPUTF8, "the server does not offer SMTPUTF8");
    }
    return bodyObjection(envelope, content, server).or(() -> sizeObjection(content, server));
  }

  private static Optional<Objection> bodyObjection(
      Envelope envelope, MailContent content, Server server) {
    boolean found = content.eightBit().orElse(false);
    boolean eightBit =
        switch (envelope.body()) {
          case AUTO, SEVEN_BIT -> found;
          case EIGHT_BIT -> true;
        };
    if (found && envelope.body() == Envelope.Body.SEVEN_BIT) {
      return objection(DeliveryPhase.BODY, "the content is 8-bit, and the envelope says it is not");
    } else if (eightBit && !server.offers("8BITMIME") && !server.options().sends8BitAnyway()) {
      return objection(
          DeliveryPhase.BODY, "the content is 8-bit, and the server does not offer 8BITMIME");
    }
    return Optional.empty();
  }

  private static Optional<Objection> sizeObjection(MailContent content, Server server) {
    OptionalLong limit = server.capabilities().maxMessageSize();
    OptionalLong size = content.size();
    if (limit.isPresent() && size.isPresent() && size.getAsLong() > limit.getAsLong()) {
      return objection(
          DeliveryPhase.SIZE,
          "the message has %d bytes, and the server takes at most %d"
              .formatted(size.getAsLong(), limit.getAsLong()));
    }
    return Optional.empty();
  }

  private static Optional<Objection> objection(Recipient recipient, Server server) {
    return recipient.mailbox().needsSmtpUtf8() && !server.offers("SMTPUTF8")
        ? objection(DeliveryPhase.SMTPUTF8, "the server does not offer SMTPUTF8")
        : Optional.empty();
  }

  private static Optional<Objection> objection(DeliveryPhase phase, String explanation) {
    return Optional.of(new Objection(phase, explanation));
  }

  private static boolean eightBitAllowed(Envelope envelope, Server server) {
    return envelope.body() != Envelope.Body.SEVEN_BIT
        && (server.offers("8BITMIME") || server.options().sends8BitAnyway());
  }

  private static String mailCommand(Envelope envelope, MailContent content, Server server) {
    StringBuilder line = new StringBuilder("MAIL FROM:<");
    envelope.sender().ifPresent(sender -> line.append(sender.onWire()));
    line.append('>');
    if (server.offers("SIZE")) {
      content.size().ifPresent(size -> line.append(" SIZE=").append(size));
    }
    boolean sevenBit =
        envelope.body() == Envelope.Body.SEVEN_BIT
            || (envelope.body() == Envelope.Body.AUTO
                && content.eightBit().isPresent()
                && !content.eightBit().get());
    if (server.offers("8BITMIME") && !sevenBit) {
      line.append(" BODY=8BITMIME");
    }
    if (server.offers("SMTPUTF8") && usesSmtpUtf8(envelope)) {
      line.append(" SMTPUTF8");
    }
    if (server.offers("DSN")) {
      envelope.returned().ifPresent(returned -> line.append(" RET=").append(returned));
      envelope.envelopeId().ifPresent(id -> line.append(" ENVID=").append(Xtext.encode(id)));
    }
    if (envelope.requireTls()) {
      line.append(" REQUIRETLS");
    }
    return line.toString();
  }

  private static boolean usesSmtpUtf8(Envelope envelope) {
    return envelope.smtpUtf8()
        || envelope.sender().filter(Mailbox::needsSmtpUtf8).isPresent()
        || envelope.recipients().stream().anyMatch(to -> to.mailbox().needsSmtpUtf8());
  }

  /** The RCPT command for a recipient. */
  static String rcptCommand(Recipient recipient, SmtpCapabilities capabilities) {
    String line = "RCPT TO:<" + recipient.mailbox().onWire() + ">";
    if (!capabilities.offers("DSN")) {
      return line;
    }
    if (!recipient.notifications().isEmpty()) {
      line +=
          recipient.notifications().stream()
              .map(when -> when.name().toUpperCase(Locale.ROOT))
              .collect(Collectors.joining(",", " NOTIFY=", ""));
    }
    return line
        + recipient.originalRecipient().map(original -> " ORCPT=" + orcpt(original)).orElse("");
  }

  private static String orcpt(Mailbox original) {
    String text = original.toString();
    return Mailbox.isAscii(text)
        ? "rfc822;" + Xtext.encode(text)
        : "utf-8;" + Xtext.encodeUtf8(text);
  }
}
