package io.upgradeable.ldap;

/**
 * What either side has to tell once its connection is under TLS: nothing. LDAP has no greeting, so
 * that nothing was heard under TLS yet, and what was heard before it is forgotten. What TLS
 * negotiated is in {@link io.upgradeable.Connection#tls()}; what a server offers is in its {@link
 * RootDse}, to be read by the session.
 */
public record LdapSecured() implements LdapOpportunisticResult {}
