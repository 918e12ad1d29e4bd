/**
 * How a connection turns into TLS: whom to trust, who we are, which versions, which name.
 *
 * <p>A {@link io.upgradeable.tls.TlsPolicy} is built once and serves any number of connections. The
 * defaults are the safe ones: the peer's chain must lead to a trusted authority, carry the target's
 * name by RFC 9525, and use no weak key or signature; TLS 1.2 is the oldest version spoken. Every
 * weaker choice has to be asked for by name.
 *
 * <pre>{@code
 * TlsPolicy policy = TlsPolicy.client().trustFile(Path.of("ca.pem")).build();
 * Layer<TlsFacts> tls = ImplicitTls.client(Endpoint.of("mail.example.net", 465), policy);
 * }</pre>
 */
@NullMarked
package io.upgradeable.tls;

import org.jspecify.annotations.NullMarked;
