/** What several packages of the core and this project's protocols share and nobody else sees. */
@NullMarked
package io.upgradeable.internal;

import org.jspecify.annotations.NullMarked;
