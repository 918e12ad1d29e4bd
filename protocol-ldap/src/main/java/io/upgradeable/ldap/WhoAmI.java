package io.upgradeable.ldap;

/** "Who am I?" (RFC 4532): the authorization identity of this connection. */
final class WhoAmI extends LdapCall<String> {

  WhoAmI() {
    super("the response to Who am I?");
  }

  @Override
  BerWriter request(int id) {
    return ExtendedRequest.write(id, Oid.WHO_AM_I);
  }

  @Override
  void onResponse(LdapDialogue dialogue, LdapMessage message) throws BerException {
    ExtendedResponse response =
        ExtendedResponse.read(require(message, LdapOperation.EXTENDED_RESPONSE));
    if (response.name().isPresent() && !response.isNamed(Oid.WHO_AM_I)) {
      throw new BerException("the response to " + response.name().get());
    }
    if (response.result().code().isSuccess()) {
      dialogue.succeeded(this, response.value().orElse(""));
    } else {
      dialogue.refused(this, response.result());
    }
  }
}
