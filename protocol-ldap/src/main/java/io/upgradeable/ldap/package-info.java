/** LDAP. */
@NullMarked
package io.upgradeable.ldap;

import org.jspecify.annotations.NullMarked;
