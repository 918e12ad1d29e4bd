package io.upgradeable.ldap;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * An attribute of an entry with its values (PartialAttribute, RFC 4511, 4.1.7).
 *
 * @param name the attribute description, for instance {@code namingContexts}
 * @param values the values as text in UTF-8; broken sequences are U+FFFD
 */
record LdapAttribute(String name, List<String> values) {

  LdapAttribute {
    values = List.copyOf(values);
  }

  static LdapAttribute of(String name, String... values) {
    return new LdapAttribute(name, List.of(values));
  }

  static LdapAttribute read(BerReader attribute) throws BerException {
    String name = attribute.text(Ber.OCTET_STRING);
    BerReader set = attribute.nested(Ber.SET);
    List<String> values = new ArrayList<>();
    while (set.hasMore()) {
      values.add(new String(set.octets(Ber.OCTET_STRING), StandardCharsets.UTF_8));
    }
    attribute.skipRest();
    return new LdapAttribute(name, values);
  }

  void write(BerWriter writer, boolean namesOnly) {
    writer.nested(
        Ber.SEQUENCE,
        attribute ->
            attribute
                .text(Ber.OCTET_STRING, name)
                .nested(
                    Ber.SET,
                    set -> {
                      if (!namesOnly) {
                        values.forEach(value -> set.text(Ber.OCTET_STRING, value));
                      }
                    }));
  }
}
