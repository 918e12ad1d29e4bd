package io.upgradeable.ldap;

import io.upgradeable.negotiation.Reason;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * What a server says of an operation (LDAPResult, RFC 4511, 4.1.9). The texts are the server's:
 * control characters in them are for the printer to escape. Immutable.
 *
 * @param code how it went
 * @param matchedDn the last entry that was found on the way to one that was not; mostly empty
 * @param diagnosticMessage the server's words, perhaps empty
 * @param referrals URIs of servers to ask instead; nobody here follows them
 */
public record LdapResult(
    LdapResultCode code, String matchedDn, String diagnosticMessage, List<String> referrals) {

  /** More than any server sends; a message of 256 KiB could hold 50,000 empty ones. */
  static final int MAX_REFERRALS = 100;

  private static final int REFERRALS = Ber.constructed(3);

  /** How much of a server's text a failure quotes. */
  private static final int MAX_QUOTED = 500;

  /** Copies the list. */
  public LdapResult {
    Objects.requireNonNull(code, "code");
    Objects.requireNonNull(matchedDn, "matchedDn");
    Objects.requireNonNull(diagnosticMessage, "diagnosticMessage");
    referrals = List.copyOf(referrals);
  }

  static LdapResult of(LdapResultCode code, String diagnosticMessage) {
    return new LdapResult(code, "", diagnosticMessage, List.of());
  }

  /** Reads the components; what an operation adds to them is left. */
  static LdapResult read(BerReader content) throws BerException {
    LdapResultCode code = new LdapResultCode(content.naturalNumber(Ber.ENUMERATED));
    String matchedDn = content.text(Ber.OCTET_STRING);
    String diagnosticMessage = content.text(Ber.OCTET_STRING);
    List<String> referrals =
        content.isNext(REFERRALS) ? readUris(content.nested(REFERRALS)) : List.of();
    return new LdapResult(code, matchedDn, diagnosticMessage, referrals);
  }

  /** Reads a result that its operation adds nothing to; what extends it must be well-formed. */
  static LdapResult readAlone(BerReader content) throws BerException {
    LdapResult result = read(content);
    content.skipRest();
    return result;
  }

  private static List<String> readUris(BerReader content) throws BerException {
    List<String> uris = new ArrayList<>();
    do {
      uris.add(content.text(Ber.OCTET_STRING));
      if (uris.size() > MAX_REFERRALS) {
        throw new BerException("more than " + MAX_REFERRALS + " referrals");
      }
    } while (content.hasMore());
    return uris;
  }

  void write(BerWriter writer) {
    writer
        .integer(Ber.ENUMERATED, code.value())
        .text(Ber.OCTET_STRING, matchedDn)
        .text(Ber.OCTET_STRING, diagnosticMessage);
    if (!referrals.isEmpty()) {
      writer.nested(REFERRALS, list -> referrals.forEach(uri -> list.text(Ber.OCTET_STRING, uri)));
    }
  }

  /** The refusal that this is. */
  Reason refusal() {
    return Reason.refused(code.name(), words());
  }

  /** Message and referrals in one text of bounded length. */
  private String words() {
    StringBuilder words = new StringBuilder(diagnosticMessage);
    if (!referrals.isEmpty()) {
      words.append(words.isEmpty() ? "" : " ").append("(referral to ");
      words.append(String.join(", ", referrals)).append(", not followed)");
    }
    return shortened(words.toString());
  }

  /** A server's text, short enough for a failure. */
  static String shortened(String text) {
    if (text.length() <= MAX_QUOTED) {
      return text;
    }
    boolean splitsPair = Character.isHighSurrogate(text.charAt(MAX_QUOTED - 1));
    return text.substring(0, splitsPair ? MAX_QUOTED - 1 : MAX_QUOTED) + "...";
  }

  /** Code, message and referrals in one line, shortened. */
  @Override
  public String toString() {
    String words = words();
    return words.isEmpty() ? code.toString() : code + " " + words;
  }
}
