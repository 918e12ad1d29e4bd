package io.upgradeable.ldap;

/**
 * Hears the dialogue of a session: what the messages are, and how operations went. Names,
 * passwords, credentials and values are not told. Called on the event loop; must not block. What it
 * throws is logged by the logger {@code io.upgradeable} and changes nothing.
 */
public interface LdapObserver {

  /** Hears nothing. */
  LdapObserver NONE = new LdapObserver() {};

  /**
   * A request was sent.
   *
   * @param line what it is, for instance {@code ExtendedRequest #2 Who am I?}
   */
  default void sent(String line) {}

  /**
   * A response, or an unsolicited notification, came.
   *
   * @param line what it is and how the operation went; it may quote the server, whose control
   *     characters are escaped
   */
  default void received(String line) {}
}
