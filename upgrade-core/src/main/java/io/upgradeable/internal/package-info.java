/** What the core and the protocols share, and no user sees. */
@NullMarked
package io.upgradeable.internal;

import org.jspecify.annotations.NullMarked;
