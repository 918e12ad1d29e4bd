package io.upgradeable.ldap;

/** A simple bind, with name and password or anonymous (RFC 4513, 5.1). */
final class SimpleBind extends LdapCall<LdapResult> {

  private final BindRequest request;

  /**
   * Takes the request over; it is wiped when it was written.
   *
   * @param request the request
   */
  SimpleBind(BindRequest request) {
    super("the response to the bind");
    this.request = request;
  }

  @Override
  boolean goesAlone() {
    return true;
  }

  @Override
  BerWriter request(int id) {
    try (request) {
      return request.write(id);
    }
  }

  @Override
  void onResponse(LdapDialogue dialogue, LdapMessage message) throws BerException {
    LdapResult result = BindResponse.read(require(message, LdapOperation.BIND_RESPONSE)).result();
    if (result.code().isSuccess()) {
      dialogue.succeeded(this, result);
    } else {
      dialogue.refused(this, result);
    }
  }

  @Override
  void broken() {
    request.close();
  }
}
