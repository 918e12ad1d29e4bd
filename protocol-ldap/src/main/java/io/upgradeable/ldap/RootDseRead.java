package io.upgradeable.ldap;

import java.util.List;

/** Reads the root DSE: a search of the one entry that has no name (RFC 4512, 5.1). */
final class RootDseRead extends LdapCall<RootDse> {

  private static final List<String> ALL = List.of("*", "+");

  private final RootDseEntry entry = new RootDseEntry();

  RootDseRead() {
    super("the root DSE");
  }

  @Override
  BerWriter request(int id) {
    return SearchRequest.ofBase("", ALL).write(id);
  }

  @Override
  void onResponse(LdapDialogue dialogue, LdapMessage message) throws BerException {
    if (message.operation() != LdapOperation.SEARCH_RESULT_DONE) {
      entry.add(message);
      return;
    }
    LdapResult result = LdapResult.readAlone(message.reader());
    if (result.code().isSuccess()) {
      dialogue.succeeded(this, entry.rootDse());
    } else {
      dialogue.refused(this, result);
    }
  }
}
