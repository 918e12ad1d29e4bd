/**
 * SMTP, submission and LMTP: from the greeting to a connection under TLS over which mail may go.
 *
 * <pre>{@code
 * S: 220 mail.example.net ESMTP
 * C: EHLO client.example.org
 * S: 250-mail.example.net
 * S: 250 STARTTLS
 * C: STARTTLS
 * S: 220 2.0.0 go ahead     the TLS handshake begins
 * C: EHLO client.example.org                 from here on under TLS
 * S: 250-mail.example.net
 * S: 250-SIZE 10485760
 * S: 250 AUTH PLAIN
 * }</pre>
 *
 * <p><b>Specifications.</b> SMTP: RFC 5321 (its replies: 4.2). STARTTLS: RFC 3207. Submission: RFC
 * 6409; with TLS from the first byte on port 465: RFC 8314. LMTP: RFC 2033. Enhanced status codes:
 * RFC 2034 and RFC 3463. Parameters of SIZE: RFC 1870; of AUTH: RFC 4954. Opportunism and what it
 * is worth: RFC 7435.
 *
 * <p><b>The client</b>, {@link io.upgradeable.smtp.SmtpUpgrade}; each arrow to the right is a reply
 * and the command that it lets us send:
 *
 * <pre>{@code
 * NEW --> AWAITING_GREETING -- 220, EHLO --> AWAITING_EHLO_REPLY -- 250, STARTTLS --+
 *                                                                                   v
 *      SECURING <-- 220 ------------------------------------ AWAITING_STARTTLS_REPLY
 *         | secured, all is forgotten, EHLO
 *         v
 *      AWAITING_SECURED_EHLO_REPLY -- 250 --> OVER (done)
 * }</pre>
 *
 * <p>Over implicit TLS the greeting is followed by {@code AWAITING_SECURED_EHLO_REPLY}. Where TLS
 * is not demanded of this dialogue, EHLO refused with 500 or 502 is followed by HELO and {@code
 * AWAITING_HELO_REPLY}; it is never tried where the upgrade is required. A refusal (4xx, 5xx) is a
 * {@link io.upgradeable.negotiation.Reason.Refused}, and any other reply that is not the expected
 * one a {@link io.upgradeable.negotiation.Reason.Misbehaved}.
 *
 * <p><b>The server</b>, {@link io.upgradeable.smtp.SmtpServerUpgrade}:
 *
 * <pre>{@code
 * NEW -- 220 --> PLAINTEXT -- STARTTLS, 220 --> SECURING -- secured, all is forgotten --> SECURED
 *                 |     ^                                                               |   |  ^
 *                 +-----+ EHLO, HELO, NOOP, RSET                            EHLO, HELO  |   +--+
 *                         AUTH, MAIL and so on: 530           OVER (done) <-------------+  NOOP, RSET
 * }</pre>
 *
 * <p>Where TLS is there from the first byte, the server starts at {@code SECURED}, with its
 * greeting. QUIT is answered with 221, and ten bad commands with 421; both end the connection.
 *
 * <p><b>Usage</b>, a client:
 *
 * <pre>{@code
 * Endpoint peer = Endpoint.parse("mail.example.net", Smtp.SUBMISSION_PORT);
 * Layer<SmtpResult> smtp = Smtp.client(peer, TlsPolicy.client().build());
 * LayerStack stack = LayerStack.tcp(peer).then(smtp);
 * try (NettyConnector connector = NettyConnector.builder().build();
 *     Connection connection = connector.connect(stack)) {
 *   SmtpCapabilities capabilities = connection.result(smtp).capabilities();
 *   System.out.println(stack + " is " + connection.security());
 *   System.out.println("AUTH by " + capabilities.authMechanisms());
 * }
 * }</pre>
 */
@NullMarked
package io.upgradeable.smtp;

import org.jspecify.annotations.NullMarked;
