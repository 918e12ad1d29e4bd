package io.upgradeable.ldap;

import java.util.Objects;

/** How an opportunistic upgrade went: {@link LdapSecured}, or {@link InPlaintext}. */
public sealed interface LdapOpportunisticResult
    permits LdapSecured, LdapOpportunisticResult.InPlaintext {

  /**
   * The connection is in plaintext: everybody on the way may read and change what goes over it, and
   * may have changed this.
   *
   * @param refusal what the server, or somebody before it, answered to StartTLS
   */
  record InPlaintext(LdapResult refusal) implements LdapOpportunisticResult {
    /** Checks the component. */
    public InPlaintext {
      Objects.requireNonNull(refusal, "refusal");
    }
  }
}
