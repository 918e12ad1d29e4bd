package io.upgradeable.ldap;

import java.util.ArrayList;
import java.util.List;

/**
 * A control of a message (RFC 4511, 4.1.11). None is known here; what matters is whether one may be
 * ignored.
 *
 * @param oid what it is
 * @param critical whether a request must not be carried out without it
 */
record LdapControl(String oid, boolean critical) {

  private static final int MAX_CONTROLS = 100;

  static List<LdapControl> readAll(BerReader list) throws BerException {
    List<LdapControl> controls = new ArrayList<>();
    while (list.hasMore()) {
      controls.add(read(list.nested(Ber.SEQUENCE)));
      if (controls.size() > MAX_CONTROLS) {
        throw new BerException("more than " + MAX_CONTROLS + " controls");
      }
    }
    return controls;
  }

  private static LdapControl read(BerReader control) throws BerException {
    String oid = control.oid(Ber.OCTET_STRING);
    boolean critical = control.isNext(Ber.BOOLEAN) && control.bool(Ber.BOOLEAN);
    if (control.isNext(Ber.OCTET_STRING)) {
      control.content(Ber.OCTET_STRING);
    }
    control.skipRest();
    return new LdapControl(oid, critical);
  }
}
