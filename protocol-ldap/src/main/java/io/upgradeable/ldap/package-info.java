/**
 * LDAP: from the first byte to a connection under TLS, and what a client and a small server need
 * behind it.
 *
 * <pre>{@code
 * C: ExtendedRequest #1 1.3.6.1.4.1.1466.20037 (StartTLS)
 * S: ExtendedResponse #1 success     the TLS handshake begins
 * C: BindRequest #1                  from here on under TLS
 * S: BindResponse #1 success
 * C: ExtendedRequest #2 Who am I?
 * S: ExtendedResponse #2 success
 * C: UnbindRequest #3
 * }</pre>
 *
 * <p><b>Specifications.</b> LDAP: RFC 4511 (StartTLS: 4.14; Notice of Disconnection: 4.4.1; result
 * codes: appendix A). Authentication and TLS: RFC 4513. Root DSE: RFC 4512, 5.1, and RFC 3045. All
 * operational attributes: RFC 3673. "Who am I?": RFC 4532. SASL: RFC 4422. BER: X.690 in the subset
 * of RFC 4511, 5.1. LDAP over implicit TLS on port 636 has no RFC.
 *
 * <p><b>The client</b>, {@link io.upgradeable.ldap.LdapUpgrade}:
 *
 * <pre>{@code
 * NEW -- StartTLS --> AWAITING_RESPONSE -- success --> SECURING -- secured --> OVER (done)
 *                       | refusal, notice, anything else
 *                       v
 *                     OVER (failed; or, where plaintext is good enough, done in plaintext)
 * }</pre>
 *
 * <p>A refusal is a {@link io.upgradeable.negotiation.Reason.Refused} with the result code's name
 * and the server's words; so is a Notice of Disconnection, which says that it is one. Referrals are
 * shown and never followed.
 *
 * <p><b>The server</b>, {@link io.upgradeable.ldap.LdapServerUpgrade}:
 *
 * <pre>{@code
 * NEW --> PLAINTEXT -- StartTLS, success --> SECURING -- secured, all is forgotten --> OVER (done)
 *          |     ^  |
 *          +-----+  +-- unbind, malformed, the tenth bad request --> OVER (failed)
 *          any other request: confidentialityRequired
 * }</pre>
 *
 * <p>Over implicit TLS neither has anything to say, and both are done at once.
 *
 * <p><b>Behind the upgrade</b> there is {@link io.upgradeable.ldap.LdapSession} for clients (bind,
 * SASL, "Who am I?", root DSE, unbind) and {@link io.upgradeable.ldap.LdapServer} for
 * demonstrations and tests. This is no directory client: existing ones get their sockets from
 * {@link io.upgradeable.ldap.Ldap#socketFactory} and speak LDAP over the upgrade without knowing.
 *
 * <p><b>Limits.</b> A message has at most 64 KiB (client) or 8 KiB (server) before TLS, 256 KiB or
 * 64 KiB after it; 16 levels of nesting; lengths and integers at most four bytes; an operation at
 * most 1000 responses. Messages are read by 300 lines of our own and not by a library: the
 * well-kept ones come inside LDAP clients of several megabytes, and read what RFC 4511 forbids
 * (indefinite lengths, for one). A fuzz test compares the two.
 *
 * <p><b>Usage</b>, a client:
 *
 * <pre>{@code
 * Endpoint peer = Endpoint.parse("ldap.example.net", Ldap.PORT);
 * LayerStack stack = LayerStack.tcp(peer).then(Ldap.client(peer, TlsPolicy.client().build()));
 * try (NettyConnector connector = NettyConnector.builder().build();
 *     LdapSession session = LdapSession.connect(connector, stack);
 *     Secret password = new Secret(typed)) {
 *   session.bind("uid=anna,dc=example,dc=net", password);
 *   System.out.println(session.whoAmI() + " at " + session.rootDse().namingContexts());
 *   session.unbind();
 * }
 * }</pre>
 */
@NullMarked
package io.upgradeable.ldap;

import org.jspecify.annotations.NullMarked;
