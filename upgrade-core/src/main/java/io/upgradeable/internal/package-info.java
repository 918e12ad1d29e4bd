/** What several packages of the core share and nobody else sees. */
@NullMarked
package io.upgradeable.internal;

import org.jspecify.annotations.NullMarked;
