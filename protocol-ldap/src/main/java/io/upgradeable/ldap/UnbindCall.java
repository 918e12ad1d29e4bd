package io.upgradeable.ldap;

/** The goodbye, behind all other operations: it has no response, and closes. */
final class UnbindCall extends LdapCall<Void> {

  UnbindCall() {
    super("the end of the connection");
  }

  @Override
  boolean goesAlone() {
    return true;
  }

  @Override
  BerWriter request(int id) {
    return Unbind.write(id);
  }

  @Override
  void onResponse(LdapDialogue dialogue, LdapMessage message) throws BerException {
    throw new BerException("a response to an unbind request");
  }
}
