package io.upgradeable.ldap;

/** Bytes that are not the BER that LDAP allows (RFC 4511, 5.1), or not what was expected there. */
final class BerException extends Exception {

  /**
   * Makes the failure.
   *
   * @param problem what is there instead, in one phrase
   */
  BerException(String problem) {
    // Peers provoke it as often as they like: it costs no stack trace.
    super(problem, null, false, false);
  }

  /** What is there instead. */
  String problem() {
    return String.valueOf(getMessage());
  }
}
