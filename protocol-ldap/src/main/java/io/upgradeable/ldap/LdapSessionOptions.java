package io.upgradeable.ldap;

import io.upgradeable.internal.Blocking;
import java.time.Duration;
import java.util.Objects;

/**
 * What a client's session may choose. Immutable.
 *
 * @param operationTimeout how long an operation may take in all, those before it that it waits for
 *     included; bytes that arrive do not extend it
 * @param exposesSecretsWithoutVerifiedTls whether passwords may go over a connection in plaintext,
 *     or under TLS to a server that was not verified
 * @param observer hears the dialogue
 */
public record LdapSessionOptions(
    Duration operationTimeout, boolean exposesSecretsWithoutVerifiedTls, LdapObserver observer) {

  /** 30 s for an operation, secrets under verified TLS only, and nobody listens. */
  public static final LdapSessionOptions DEFAULTS =
      new LdapSessionOptions(Duration.ofSeconds(30), false, LdapObserver.NONE);

  /**
   * Checks the components.
   *
   * @throws IllegalArgumentException if the time is not positive, or over a year
   */
  public LdapSessionOptions {
    Blocking.requirePositive(operationTimeout);
    Objects.requireNonNull(observer, "observer");
  }

  /**
   * The same options with another time for an operation.
   *
   * @param limit a positive duration
   * @return the changed copy
   */
  public LdapSessionOptions withOperationTimeout(Duration limit) {
    return new LdapSessionOptions(limit, exposesSecretsWithoutVerifiedTls, observer);
  }

  /**
   * The same options, also for connections in plaintext and for servers that were not verified:
   * whoever listens or answers there gets the password.
   *
   * @return the changed copy
   */
  public LdapSessionOptions exposingSecretsWithoutVerifiedTls() {
    return new LdapSessionOptions(operationTimeout, true, observer);
  }

  /**
   * The same options with somebody who listens.
   *
   * @param value hears the dialogue
   * @return the changed copy
   */
  public LdapSessionOptions withObserver(LdapObserver value) {
    return new LdapSessionOptions(operationTimeout, exposesSecretsWithoutVerifiedTls, value);
  }
}
