package io.upgradeable.ldap;

/** The goodbye, which has no answer (RFC 4511, 4.3). */
final class Unbind {

  private Unbind() {}

  static BerWriter write(int id) {
    return LdapMessage.write(id, LdapOperation.UNBIND_REQUEST, content -> {});
  }
}
