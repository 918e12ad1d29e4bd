/** LDAP against servers and clients that others wrote. */
@org.jspecify.annotations.NullMarked
package io.upgradeable.it.ldap;
