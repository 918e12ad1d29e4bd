package io.upgradeable.ldap;

import java.util.List;
import java.util.Optional;

/** What a scripted server answers, as bytes. */
final class Answers {

  static final LdapResult SUCCESS = LdapResult.of(LdapResultCode.SUCCESS, "");

  private Answers() {}

  static byte[] extended(int id, LdapResult result) {
    return new ExtendedResponse(result, Optional.empty(), Optional.empty()).write(id).toByteArray();
  }

  static byte[] whoAmI(int id, String identity) {
    return new ExtendedResponse(SUCCESS, Optional.empty(), Optional.of(identity))
        .write(id)
        .toByteArray();
  }

  static byte[] bind(int id, LdapResult result) {
    return new BindResponse(result, Optional.empty()).write(id).toByteArray();
  }

  static byte[] notice(LdapResultCode code, String words) {
    return Notices.write(code, words).toByteArray();
  }

  static byte[] entry(int id, String name, LdapAttribute... attributes) {
    return LdapMessage.write(
            id,
            LdapOperation.SEARCH_RESULT_ENTRY,
            content ->
                content
                    .text(Ber.OCTET_STRING, name)
                    .nested(
                        Ber.SEQUENCE,
                        list -> List.of(attributes).forEach(each -> each.write(list, false))))
        .toByteArray();
  }

  static byte[] done(int id, LdapResult result) {
    return LdapMessage.write(id, LdapOperation.SEARCH_RESULT_DONE, result::write).toByteArray();
  }

  static byte[] intermediate(int id) {
    return LdapMessage.write(id, LdapOperation.INTERMEDIATE_RESPONSE, content -> {}).toByteArray();
  }

  static byte[] reference(int id) {
    return LdapMessage.write(
            id,
            LdapOperation.SEARCH_RESULT_REFERENCE,
            content -> content.text(Ber.OCTET_STRING, "ldap://elsewhere.example.net/"))
        .toByteArray();
  }
}
