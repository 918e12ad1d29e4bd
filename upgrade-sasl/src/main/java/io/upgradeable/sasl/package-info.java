/**
 * SASL (RFC 4422): mechanisms as machines of challenges and responses in bytes. They know no
 * protocol; whoever speaks SMTP AUTH (RFC 4954) or LDAP bind (RFC 4513) carries the bytes.
 *
 * <p><b>Specifications.</b> PLAIN: RFC 4616. LOGIN: none. CRAM-MD5: RFC 2195. SCRAM-SHA-256 and
 * -PLUS: RFC 5802 and 7677, bound by {@code tls-server-end-point}, RFC 5929. OAUTHBEARER: RFC 7628,
 * and XOAUTH2, its elder. EXTERNAL: RFC 4422, appendix A. Names and passwords are prepared by
 * SASLprep, RFC 4013, where the mechanism says so.
 *
 * <p><b>A client</b> says what it has and over what it speaks, and gets the strongest mechanism
 * that is safe there:
 *
 * <pre>{@code
 * SaslChannel channel = SaslChannel.tls(facts.peerChain().get(0));
 * try (Secret secret = new Secret(password);
 *     SaslExchange exchange =
 *         SaslPreference.strongest()
 *             .start(offered, SaslCredentials.password("user", secret), channel)
 *             .orElseThrow()) {
 *   send(exchange.mechanism().saslName(), exchange.initialResponse());
 *   // for each challenge:
 *   send(exchange.respond(challenge));
 *   // and once the server says yes:
 *   exchange.succeeded();
 * }
 * }</pre>
 *
 * <p><b>A server</b> is there for tests and demonstrations: {@link io.upgradeable.sasl.SaslServer}
 * over a store of {@link io.upgradeable.sasl.SaslUsers}.
 *
 * <p>SCRAM is written here and only SASLprep comes from a library, because the one library of SCRAM
 * for Java has no server's side and computes as many iterations as a server asks for.
 */
@NullMarked
package io.upgradeable.sasl;

import org.jspecify.annotations.NullMarked;
