/**
 * The driver on Netty, for both roles. The public classes open and accept connections and show no
 * Netty type; everything else is package-private.
 *
 * <ul>
 *   <li>{@code NegotiationHandler}: the driver, runs one layer's negotiation
 *   <li>{@code TlsUpgrade}: the hook, the only place where plaintext turns into TLS
 *   <li>{@code UnreadBytes}: the only buffer of inbound plaintext
 *   <li>{@code OutboundGate}: holds a session's writes back while a negotiation runs
 * </ul>
 */
@NullMarked
package io.upgradeable.netty;

import org.jspecify.annotations.NullMarked;
