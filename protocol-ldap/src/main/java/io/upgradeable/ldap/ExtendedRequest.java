package io.upgradeable.ldap;

import java.util.Optional;

/**
 * An extended request (RFC 4511, 4.12).
 *
 * @param name the operation's OID
 * @param hasValue whether it has a value; none of the operations here has one
 */
record ExtendedRequest(String name, boolean hasValue) {

  private static final int NAME = Ber.primitive(0);
  private static final int VALUE = Ber.primitive(1);

  static ExtendedRequest read(BerReader content) throws BerException {
    String name = content.oid(NAME);
    boolean hasValue = content.isNext(VALUE);
    content.skipRest();
    return new ExtendedRequest(name, hasValue);
  }

  /** Writes a request without a value. */
  static BerWriter write(int id, String name) {
    return LdapMessage.write(
        id, LdapOperation.EXTENDED_REQUEST, content -> content.text(NAME, name));
  }

  /** The operation's name, where it has one that people know. */
  Optional<String> commonName() {
    return switch (name) {
      case Oid.START_TLS -> Optional.of("StartTLS");
      case Oid.WHO_AM_I -> Optional.of("Who am I?");
      default -> Optional.empty();
    };
  }

  @Override
  public String toString() {
    return commonName().orElse(name);
  }
}
