package io.upgradeable.ldap;

import java.util.Optional;

/**
 * A bind response (RFC 4511, 4.2.2).
 *
 * @param result how it went
 * @param saslCredentials the server's challenge, or its last words with success
 */
record BindResponse(LdapResult result, Optional<byte[]> saslCredentials) {

  private static final int SASL_CREDENTIALS = Ber.primitive(7);

  static BindResponse read(BerReader content) throws BerException {
    LdapResult result = LdapResult.read(content);
    Optional<byte[]> credentials =
        content.isNext(SASL_CREDENTIALS)
            ? Optional.of(content.octets(SASL_CREDENTIALS))
            : Optional.empty();
    content.skipRest();
    return new BindResponse(result, credentials);
  }

  BerWriter write(int id) {
    return LdapMessage.write(
        id,
        LdapOperation.BIND_RESPONSE,
        content -> {
          result.write(content);
          saslCredentials.ifPresent(bytes -> content.octets(SASL_CREDENTIALS, bytes));
        });
  }
}
