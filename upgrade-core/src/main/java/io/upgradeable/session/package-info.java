/**
 * The long-lived phase of a protocol, after its negotiation: a duplex contract in JDK types.
 *
 * <p>A session gets a new reader: nothing that a negotiation left unread in plaintext reaches it
 * across an upgrade. A session that wants TLS later hands the connection back to a negotiation with
 * {@link io.upgradeable.session.SessionContext#negotiate}, so that early and late upgrades pass the
 * same hook.
 */
@NullMarked
package io.upgradeable.session;

import org.jspecify.annotations.NullMarked;
