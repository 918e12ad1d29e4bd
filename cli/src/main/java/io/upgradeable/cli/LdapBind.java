package io.upgradeable.cli;

import io.upgradeable.Security;
import io.upgradeable.ldap.LdapSession;
import io.upgradeable.sasl.SaslCredentials;
import io.upgradeable.sasl.SaslMechanism;
import io.upgradeable.sasl.SaslPreference;
import io.upgradeable.sasl.Secret;
import java.util.concurrent.CompletableFuture;

/** A bind that is ready to be done, with its secret, which is forgotten when this is closed. */
final class LdapBind implements AutoCloseable {

  /** What stands for a mechanism where there is none. */
  static final String SIMPLE = "simple";

  private interface Operation {
    CompletableFuture<String> on(LdapSession session);
  }

  private final Secret secret;
  private final boolean exposesSecret;
  private final boolean insecure;
  private final Operation operation;

  private LdapBind(Secret secret, boolean exposesSecret, boolean insecure, Operation operation) {
    this.secret = secret;
    this.exposesSecret = exposesSecret;
    this.insecure = insecure;
    this.operation = operation;
  }

  /**
   * By name and password.
   *
   * @param insecure whether the password may go to anybody
   * @throws UsageException if the password is empty: what a server makes of that is no
   *     authentication
   */
  static LdapBind simple(String dn, Secret password, boolean insecure) {
    if (password.value().length == 0) {
      throw new UsageException("cannot bind: expected a password, got an empty one");
    }
    return new LdapBind(
        password,
        true,
        insecure,
        session -> session.bindAsync(dn, password).thenApply(result -> SIMPLE));
  }

  /**
   * By SASL.
   *
   * @param insecure whether the secret may go to anybody
   */
  static LdapBind sasl(
      Secret secret, SaslCredentials credentials, SaslPreference preference, boolean insecure) {
    return new LdapBind(
        secret,
        !(credentials instanceof SaslCredentials.External),
        insecure,
        session ->
            session.authenticateAsync(credentials, preference).thenApply(SaslMechanism::saslName));
  }

  /** Whether the secret may go to anybody. */
  boolean isInsecure() {
    return insecure;
  }

  /** Whether the bind gives nothing away over such a connection, or may do so. */
  boolean isFitFor(Security security) {
    return security == Security.ORIGIN || insecure || !exposesSecret;
  }

  /** Binds; completes with the mechanism's name. */
  CompletableFuture<String> on(LdapSession session) {
    return operation.on(session);
  }

  @Override
  public void close() {
    secret.close();
  }
}
