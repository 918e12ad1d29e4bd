package io.upgradeable.cli;

import io.upgradeable.UpgradeException.PeerRefused;
import io.upgradeable.cli.ProtocolFacts.Row;
import io.upgradeable.ldap.LdapResult;
import io.upgradeable.ldap.RootDse;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What {@code upgrade-cli ldap} has to tell; it grows while the command runs. */
final class LdapFindings {

  private Optional<LdapResult> startTlsRefusal = Optional.empty();
  private Optional<RootDse> rootDse = Optional.empty();
  private Optional<PeerRefused> rootDseRefusal = Optional.empty();
  private Optional<String> bound = Optional.empty();
  private Optional<String> whoAmI = Optional.empty();
  private boolean complete;

  /** The session came up in plaintext, because the server said this to StartTLS. */
  void inPlaintext(LdapResult refusal) {
    startTlsRefusal = Optional.of(refusal);
  }

  /** What the server tells of itself, perhaps nothing. */
  void rootDse(RootDse told) {
    rootDse = Optional.of(told);
    rootDseRefusal = Optional.empty();
  }

  /** The server tells nothing of itself. */
  void rootDseRefused(PeerRefused refusal) {
    rootDseRefusal = Optional.of(refusal);
  }

  /** Whether the server told anything of itself. */
  boolean hasRootDse() {
    return rootDse.isPresent() && !rootDse.get().attributes().isEmpty();
  }

  /** The server knows who we are. */
  void bound(String mechanism) {
    bound = Optional.of(mechanism);
  }

  /** Whom the server takes us for. */
  void whoAmI(String identity) {
    whoAmI = Optional.of(identity);
  }

  /** All that was wanted was asked. */
  void complete() {
    complete = true;
  }

  /** What follows "the server". */
  static String whyInPlaintext(LdapResult refusal) {
    return "refused StartTLS with " + Printable.line(refusal.toString());
  }

  /** All of it. */
  ProtocolFacts facts() {
    return new ProtocolFacts("ldap", rows(), fields());
  }

  private List<Row> rows() {
    List<Row> rows = new ArrayList<>();
    if (startTlsRefusal.isPresent() && rootDse.isPresent()) {
      rows.add(new Row("plaintext", "anybody on the way may have said this:"));
    }
    if (hasRootDse()) {
      rows.addAll(new RootDseFacts(rootDse.get()).rows());
    } else if (rootDse.isPresent() || rootDseRefusal.isPresent()) {
      rows.add(
          new Row(
              "root DSE",
              "not shown to "
                  + (bound.isPresent() ? "this client" : "a client that is not bound")
                  + rootDseRefusal
                      .map(refusal -> ": " + Printable.line(words(refusal)))
                      .orElse("")));
    }
    bound.ifPresent(
        mechanism ->
            rows.add(
                new Row(
                    "bound",
                    mechanism.equals(LdapBind.SIMPLE)
                        ? "by name and password (simple bind)"
                        : "by SASL, " + mechanism)));
    whoAmI.ifPresent(
        identity ->
            rows.add(
                new Row("who am I", identity.isEmpty() ? "nobody" : Printable.line(identity))));
    if (complete) {
      rows.add(new Row("ldap", sentence()));
    }
    return rows;
  }

  private String sentence() {
    return startTlsRefusal
        .map(refusal -> "answers in plaintext: the server " + whyInPlaintext(refusal))
        .orElse("answers under TLS");
  }

  private static String words(PeerRefused refusal) {
    return refusal.text().isEmpty() ? refusal.code() : refusal.code() + " " + refusal.text();
  }

  private Map<String, Object> fields() {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("startTlsRefusal", startTlsRefusal.map(LdapResult::toString));
    fields.put("rootDse", rootDse.map(told -> new RootDseFacts(told).fields()));
    fields.put("rootDseRefusal", rootDseRefusal.map(LdapFindings::words));
    fields.put("boundBy", bound);
    fields.put("whoAmI", whoAmI);
    return fields;
  }
}
