/** Real peers in containers, the architecture's walls, and many connections at once. */
@org.jspecify.annotations.NullMarked
package io.upgradeable.it;
