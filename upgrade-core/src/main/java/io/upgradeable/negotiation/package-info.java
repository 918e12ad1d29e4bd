/**
 * What a protocol implements: a small state machine without I/O, in JDK types only.
 *
 * <p>Bytes go in, one {@link io.upgradeable.negotiation.Step} comes out, and the driver of the core
 * carries it out. A machine never sees a socket, a TLS engine, a timer or a buffer that it may
 * keep.
 */
@NullMarked
package io.upgradeable.negotiation;

import org.jspecify.annotations.NullMarked;
