package io.upgradeable.ldap;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A search request (RFC 4511, 4.5.1), as far as it matters for the root DSE.
 *
 * @param base the entry to begin at
 * @param scope which entries from there on
 * @param namesOnly whether the values are not wanted
 * @param presentFilter the attribute that an entry must have, if the filter asks that and nothing
 *     else
 * @param attributes what is wanted of each entry; empty for all user attributes
 */
record SearchRequest(
    String base,
    int scope,
    boolean namesOnly,
    Optional<String> presentFilter,
    List<String> attributes) {

  /** The base itself and nothing else. */
  static final int BASE_OBJECT = 0;

  private static final int NEVER_DEREF_ALIASES = 0;
  private static final int NO_LIMIT = 0;
  private static final int PRESENT = Ber.primitive(7);

  private static final int MAX_ATTRIBUTES = 1000;

  SearchRequest {
    attributes = List.copyOf(attributes);
  }

  /** Reads an entry, whatever it is. */
  static SearchRequest ofBase(String base, List<String> attributes) {
    return new SearchRequest(base, BASE_OBJECT, false, Optional.of("objectClass"), attributes);
  }

  BerWriter write(int id) {
    return LdapMessage.write(
        id,
        LdapOperation.SEARCH_REQUEST,
        content ->
            content
                .text(Ber.OCTET_STRING, base)
                .integer(Ber.ENUMERATED, scope)
                .integer(Ber.ENUMERATED, NEVER_DEREF_ALIASES)
                .integer(Ber.INTEGER, NO_LIMIT)
                .integer(Ber.INTEGER, NO_LIMIT)
                .bool(Ber.BOOLEAN, namesOnly)
                .text(PRESENT, presentFilter.orElseThrow())
                .nested(
                    Ber.SEQUENCE,
                    list -> attributes.forEach(name -> list.text(Ber.OCTET_STRING, name))));
  }

  static SearchRequest read(BerReader content) throws BerException {
    String base = content.text(Ber.OCTET_STRING);
    int scope = content.naturalNumber(Ber.ENUMERATED);
    content.naturalNumber(Ber.ENUMERATED);
    content.naturalNumber(Ber.INTEGER);
    content.naturalNumber(Ber.INTEGER);
    boolean namesOnly = content.bool(Ber.BOOLEAN);
    Optional<String> presentFilter = readFilter(content);
    BerReader list = content.nested(Ber.SEQUENCE);
    List<String> attributes = new ArrayList<>();
    while (list.hasMore()) {
      attributes.add(list.text(Ber.OCTET_STRING));
      if (attributes.size() > MAX_ATTRIBUTES) {
        throw new BerException("more than " + MAX_ATTRIBUTES + " attributes");
      }
    }
    content.skipRest();
    return new SearchRequest(base, scope, namesOnly, presentFilter, attributes);
  }

  private static Optional<String> readFilter(BerReader content) throws BerException {
    if (content.isNext(PRESENT)) {
      return Optional.of(content.text(PRESENT));
    }
    content.skip();
    return Optional.empty();
  }
}
