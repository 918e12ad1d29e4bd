package io.upgradeable.ldap;

import java.util.Optional;

/**
 * An extended response (RFC 4511, 4.12), also in its role as an unsolicited notification.
 *
 * @param result how it went
 * @param name the operation's OID; servers may leave it out
 * @param value what the operation returns, as text in UTF-8
 */
record ExtendedResponse(LdapResult result, Optional<String> name, Optional<String> value) {

  private static final int NAME = Ber.primitive(10);
  private static final int VALUE = Ber.primitive(11);

  static ExtendedResponse read(BerReader content) throws BerException {
    LdapResult result = LdapResult.read(content);
    Optional<String> name =
        content.isNext(NAME) ? Optional.of(content.oid(NAME)) : Optional.empty();
    Optional<String> value =
        content.isNext(VALUE) ? Optional.of(content.text(VALUE)) : Optional.empty();
    content.skipRest();
    return new ExtendedResponse(result, name, value);
  }

  BerWriter write(int id) {
    return LdapMessage.write(
        id,
        LdapOperation.EXTENDED_RESPONSE,
        content -> {
          result.write(content);
          name.ifPresent(oid -> content.text(NAME, oid));
          value.ifPresent(text -> content.text(VALUE, text));
        });
  }

  static BerWriter noticeOfDisconnection(LdapResult result) {
    return new ExtendedResponse(result, Optional.of(Oid.NOTICE_OF_DISCONNECTION), Optional.empty())
        .write(LdapMessage.UNSOLICITED);
  }

  boolean isNamed(String oid) {
    return name.isPresent() && name.get().equals(oid);
  }
}
