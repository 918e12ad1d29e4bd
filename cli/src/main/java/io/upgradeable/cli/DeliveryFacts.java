package io.upgradeable.cli;

import io.upgradeable.UpgradeException;
import io.upgradeable.cli.ProtocolFacts.Row;
import io.upgradeable.smtp.DeliveryOutcome;
import io.upgradeable.smtp.DeliveryReport;
import io.upgradeable.smtp.RecipientReport;
import io.upgradeable.smtp.SmtpReply;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * What became of a message, recipient by recipient; or what would, where none was to be sent.
 *
 * @param report what the session reported, of a message or of a probe
 */
record DeliveryFacts(DeliveryReport report) {

  /** For people: a line for each recipient. */
  List<Row> rows() {
    List<Row> rows = new ArrayList<>();
    for (RecipientReport each : report.recipients()) {
      String why = Printable.line(why(each));
      String place =
          each.outcome() == DeliveryOutcome.ACCEPTED ? "" : " (at " + word(each.phase()) + ")";
      rows.add(new Row(label(each), each.recipient() + (why.isEmpty() ? "" : ": " + why) + place));
    }
    return rows;
  }

  private static String why(RecipientReport each) {
    return each.reply().map(SmtpReply::toString).orElse(each.explanation());
  }

  /** Only a probe leaves a message unsent for which the server was ready. */
  private static boolean isWilling(RecipientReport each) {
    return each.outcome() == DeliveryOutcome.NOT_SENT
        && each.reply().filter(SmtpReply::isPositive).isPresent();
  }

  private static boolean isGood(RecipientReport each) {
    return each.outcome() == DeliveryOutcome.ACCEPTED || isWilling(each);
  }

  private static String label(RecipientReport each) {
    return switch (each.outcome()) {
      case ACCEPTED -> "accepted";
      case REFUSED_TRANSIENT -> "not now";
      case REFUSED_PERMANENT -> "refused";
      case UNKNOWN -> "unknown";
      case NOT_SENT -> isWilling(each) ? "willing" : "not sent";
    };
  }

  /** In one sentence. */
  String sentence() {
    long good = report.recipients().stream().filter(DeliveryFacts::isGood).count();
    int all = report.recipients().size();
    String what =
        report.recipients().stream().anyMatch(DeliveryFacts::isWilling) ? "willing" : "accepted";
    return good == all
        ? what + " for " + (all == 1 ? "the recipient" : "all " + all + " recipients")
        : "%s for %d of %d recipients".formatted(what, good, all);
  }

  /** For programs. */
  List<Map<String, Object>> fields() {
    List<Map<String, Object>> all = new ArrayList<>();
    for (RecipientReport each : report.recipients()) {
      Map<String, Object> fields = new LinkedHashMap<>();
      fields.put("recipient", each.recipient().toString());
      fields.put("outcome", word(each.outcome()));
      fields.put("phase", word(each.phase()));
      fields.put("code", each.reply().map(SmtpReply::code));
      fields.put(
          "text", Printable.line(each.reply().map(SmtpReply::text).orElse(each.explanation())));
      all.add(fields);
    }
    return all;
  }

  private static String word(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /**
   * Why this is no success: the failure that broke the message off, or else the first refusal.
   *
   * @return empty if all recipients were accepted, or would be
   */
  Optional<Failure> failure() {
    if (report.recipients().stream().allMatch(DeliveryFacts::isGood)) {
      return Optional.empty();
    }
    Optional<Failure> broken = report.failure().map(Failure::of);
    List<RecipientReport> unknown = report.with(DeliveryOutcome.UNKNOWN);
    if (!unknown.isEmpty()) {
      return Optional.of(unknown(broken, unknown));
    }
    return Optional.of(broken.orElseGet(this::refusal));
  }

  /** The user ended it: that is the failure, and what must not be overlooked goes with it. */
  Failure interrupted(Failure interruption) {
    List<RecipientReport> unknown = report.with(DeliveryOutcome.UNKNOWN);
    return unknown.isEmpty() ? interruption : unknown(Optional.of(interruption), unknown);
  }

  /** The one thing that must not be overlooked: it may have arrived. */
  private static Failure unknown(Optional<Failure> broken, List<RecipientReport> unknown) {
    String warning =
        "whether %s got the message is unknown: to send it again may deliver it twice"
            .formatted(
                unknown.size() == 1
                    ? unknown.get(0).recipient().toString()
                    : unknown.size() + " recipients");
    return broken
        .map(failure -> failure.withMessage(failure.message() + "; " + warning))
        .orElseGet(() -> Failure.of(ExitCode.CLOSED, "PeerClosed", warning));
  }

  private Failure refusal() {
    List<RecipientReport> refused =
        report.recipients().stream().filter(each -> !isGood(each)).toList();
    RecipientReport first = refused.get(0);
    int others = refused.size() - 1;
    return Failure.of(
        ExitCode.REFUSED,
        UpgradeException.PeerRefused.class.getSimpleName(),
        "%s: %s for %s%s"
            .formatted(
                ExitCode.REFUSED.meaning(),
                why(first),
                first.recipient(),
                others == 0 ? "" : ", and %d more".formatted(others)));
  }
}
