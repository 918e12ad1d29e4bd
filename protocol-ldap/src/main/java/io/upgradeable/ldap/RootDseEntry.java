package io.upgradeable.ldap;

import java.util.ArrayList;
import java.util.List;

/** The root DSE as it comes in: the one entry of a search, or none. */
final class RootDseEntry {

  private final List<LdapAttribute> attributes = new ArrayList<>();
  private boolean found;

  /** Takes a response that is not the last one. */
  void add(LdapMessage message) throws BerException {
    if (message.operation() == LdapOperation.SEARCH_RESULT_ENTRY) {
      onEntry(message.reader());
    } else if (message.operation() != LdapOperation.SEARCH_RESULT_REFERENCE) {
      throw new BerException(message.operation() + " in a search");
    } // A reference leads elsewhere, where nobody here goes.
  }

  private void onEntry(BerReader entry) throws BerException {
    if (!entry.text(Ber.OCTET_STRING).isEmpty()) {
      throw new BerException("an entry with a name");
    } else if (found) {
      throw new BerException("two root DSEs");
    }
    found = true;
    BerReader list = entry.nested(Ber.SEQUENCE);
    while (list.hasMore()) {
      attributes.add(LdapAttribute.read(list.nested(Ber.SEQUENCE)));
      if (attributes.size() > RootDse.MAX_ATTRIBUTES) {
        throw new BerException("more than " + RootDse.MAX_ATTRIBUTES + " attributes");
      }
    }
    entry.skipRest();
  }

  RootDse rootDse() {
    return RootDse.of(attributes);
  }
}
