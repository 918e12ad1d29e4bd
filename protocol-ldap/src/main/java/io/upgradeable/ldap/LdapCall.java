package io.upgradeable.ldap;

import io.upgradeable.internal.Promise;

/** One operation of a client: its request, and what it makes of the responses. */
abstract class LdapCall<T> {

  /** More responses than this belong to no operation here. */
  private static final int MAX_RESPONSES = 1000;

  private final String awaited;
  private final Promise<T> promise = new Promise<>();
  private long deadline;
  private int responses;

  LdapCall(String awaited) {
    this.awaited = awaited;
  }

  String awaited() {
    return awaited;
  }

  Promise<T> promise() {
    return promise;
  }

  void deadline(long nanoTime) {
    deadline = nanoTime;
  }

  long deadline() {
    return deadline;
  }

  /** Whether nothing else may be outstanding beside it (RFC 4511, 4.2.1). */
  boolean goesAlone() {
    return false;
  }

  /** Whether the server waits for its next request: it is not sent for the first time. */
  boolean isExpected() {
    return false;
  }

  /** Writes the request; its bytes are wiped when they have left. */
  abstract BerWriter request(int id);

  /** A response came that has this call's message id. */
  final void receive(LdapDialogue dialogue, LdapMessage message) throws BerException {
    responses++;
    if (responses > MAX_RESPONSES) {
      throw new BerException("more than " + MAX_RESPONSES + " responses");
    }
    if (message.operation() != LdapOperation.INTERMEDIATE_RESPONSE) {
      onResponse(dialogue, message); // No operation here has intermediate ones that matter.
    }
  }

  abstract void onResponse(LdapDialogue dialogue, LdapMessage message) throws BerException;

  /** Reads the result that ends the operation. */
  static BerReader require(LdapMessage message, LdapOperation expected) throws BerException {
    if (message.operation() != expected) {
      throw new BerException(message.operation() + " instead of " + expected);
    }
    return message.reader();
  }

  /** The session ended before the operation did. */
  void broken() {}
}
