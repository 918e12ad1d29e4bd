/**
 * The face of Upgradeable: endpoints, stacks of layers, connections, failures and upgradeable
 * streams. No type of the transport underneath appears here.
 */
@NullMarked
package io.upgradeable;

import org.jspecify.annotations.NullMarked;
