package io.upgradeable.ldap;

import java.util.Optional;

/** What a server answers to requests that it does not carry out. */
final class LdapResponses {

  private LdapResponses() {}

  /** The response that carries a result; none to requests that have no response. */
  static Optional<BerWriter> result(LdapMessage request, LdapResult result) {
    return request
        .operation()
        .response()
        .map(response -> LdapMessage.write(request.id(), response, result::write));
  }
}
