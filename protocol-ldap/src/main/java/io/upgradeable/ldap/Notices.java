package io.upgradeable.ldap;

import io.upgradeable.negotiation.Reason;

/** Notices of Disconnection (RFC 4511, 4.4.1): a server says why it is about to close. */
final class Notices {

  private Notices() {}

  /** The refusal that a client reports. */
  static Reason reason(ExtendedResponse notice) {
    LdapResult result = notice.result();
    String words = LdapResult.shortened(result.diagnosticMessage());
    return Reason.refused(
        result.code().name(),
        "in a Notice of Disconnection" + (words.isEmpty() ? "" : ": " + words));
  }

  /** The notice that a server sends. */
  static BerWriter write(LdapResultCode code, String diagnosticMessage) {
    return ExtendedResponse.noticeOfDisconnection(LdapResult.of(code, diagnosticMessage));
  }
}
