/**
 * SMTP, submission and LMTP: from the greeting to a connection under TLS, and the mail that goes
 * over it.
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
 * RFC 2034 and RFC 3463. Opportunism and what it is worth: RFC 7435.
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
 * <p><b>The session</b>, {@link io.upgradeable.smtp.SmtpSession}, has the connection after the
 * negotiation. Its specifications: PIPELINING, RFC 2920; SIZE, RFC 1870; 8BITMIME, RFC 6152;
 * CHUNKING, RFC 3030; SMTPUTF8, RFC 6531; DSN, RFC 3461; REQUIRETLS, RFC 8689; AUTH, RFC 4954. Jobs
 * wait in a queue, replies that the server owes in a FIFO, and each message goes this way:
 *
 * <pre>{@code
 * QUEUED --> ENVELOPE -- 354 (DATA), 2xx for a recipient (BDAT) --> CONTENT -- its end --> ENDED
 *               |                                                      |                     |
 *               +--- all refused ----> OVER <--- a chunk is refused ---+     the answers     |
 *                                       ^----------------------------------------------------+
 * }</pre>
 *
 * <ul>
 *   <li>Whatever came is read to its last byte before anything is done about it; a reply, or half
 *       of one, that nobody asked for ends the session.
 *   <li>With PIPELINING, MAIL, each RCPT and DATA leave in one write, DATA last (RFC 2920, 3.1),
 *       and the next message's commands in one write with the end of a content: two round trips a
 *       message, and one behind another message. Without it, one command waits for the reply to the
 *       other.
 *   <li>Where all recipients are refused and DATA is granted, a lone dot ends it. Where MAIL was
 *       refused and a recipient accepted, nothing is ended: the connection is closed.
 *   <li>RSET goes in front of the next MAIL, and only if a transaction was left open.
 *   <li>A content's end (the dot, the last BDAT) is sent only if all of the content was, and the
 *       last BDAT only if all others were accepted: what is cut short can never be taken for whole.
 *   <li>A connection that is lost before the end was sent means NOT_SENT, and behind it UNKNOWN.
 *   <li>421 may come at any moment: it refuses the command in whose place it stands, and ends the
 *       session.
 * </ul>
 *
 * <p><b>DATA or BDAT</b>, see {@link io.upgradeable.smtp.ContentTransfer}. Against a real Postfix,
 * BDAT in one write with its envelope made about a quarter of what DATA with the next envelope
 * behind the content made, because the server answers in two segments and acknowledgements are
 * delayed. Against a sink on loopback that answers at once BDAT is faster by a sixth with messages
 * of 10 KB, and no faster with 1 MiB; docs/performance.md has the tables. BDAT saves the look-out
 * for dots on the server's side only: this side looks at each byte anyway, for bare line ends.
 *
 * <p>{@link io.upgradeable.smtp.SmtpClient} is a pool of sessions.
 *
 * <p><b>The server's session</b>, {@link io.upgradeable.smtp.SmtpServer}, takes mail for
 * demonstrations and tests, by the same specifications, and gives it to a {@link
 * io.upgradeable.smtp.SmtpServerHandler}. EHLO, HELO and LHLO are understood anywhere between two
 * commands, and forget a transaction that is under way:
 *
 * <pre>{@code
 * READY -- MAIL --> SENDER -- RCPT --> RECIPIENTS -- DATA, 354 --> CONTENT -- <CRLF>.<CRLF> --+
 *  ^ |  ^                               |    ^ |                                              |
 *  | |  +-------- RSET, EHLO -----------+    | +-- BDAT --> CHUNK -- its last byte --+        |
 *  | |                                RCPT --+       ^                               |        |
 *  | +-- AUTH, and 334 as often as need be           +---------- BDAT ---------------+        |
 *  |                                                                                 | LAST   |
 *  +-- 250 behind commit(), or a refusal; LMTP: one for each recipient <-------------+--------+
 * }</pre>
 *
 * <ul>
 *   <li>What came in one piece is answered in one write. Nothing more is read while the handler or
 *       a sink takes its time, nor while the client does not read what it is told.
 *   <li>The 250 leaves when the sink says that the message is in a safe place. A client that goes
 *       before the end of its message aborts it.
 *   <li>A content ends at {@code <CRLF>.<CRLF>} only. A CR or LF alone is never a line end: the
 *       message is refused, and behind DATA the connection closed, as what follows may be commands
 *       that somebody hid in a content (SMTP smuggling, CVE-2023-51764 to 51766).
 *   <li>A content that is refused (size, lines, a mistake of the sink's) is read to its end, which
 *       is looked for all the same, and kept nowhere.
 *   <li>A chunk that is refused is read over; until RSET all others are, too.
 *   <li>A bad command too many, a wrong password too many, and a deadline end the session with 421;
 *       bytes that arrive extend no deadline.
 *   <li>What goes wrong on purpose is said by {@link io.upgradeable.smtp.SmtpServerFaults}.
 * </ul>
 *
 * <p><b>Usage</b>, a client:
 *
 * <pre>{@code
 * Endpoint peer = Endpoint.parse("mail.example.net", Smtp.SUBMISSION_PORT);
 * Layer<SmtpResult> smtp = Smtp.client(peer, TlsPolicy.client().build());
 * LayerStack stack = LayerStack.tcp(peer).then(smtp);
 * try (NettyConnector connector = NettyConnector.builder().build();
 *     Secret password = new Secret(console.readPassword());
 *     SmtpSession session =
 *         SmtpSession.connect(connector, stack, smtp, SmtpSessionOptions.DEFAULTS)) {
 *   session.authenticate(SaslCredentials.password("alice", password));
 *   Envelope envelope = Envelope.of("alice@example.org", "bob@example.net");
 *   DeliveryReport report = session.send(envelope, MailContent.of(Path.of("mail.eml")));
 *   report.recipients().forEach(System.out::println);
 *   session.quit();
 * }
 * }</pre>
 *
 * <p>and a server, in a test of yours:
 *
 * <pre>{@code
 * ReceivedMessages mailbox = new ReceivedMessages();
 * try (SmtpServer server =
 *     SmtpServer.builder()
 *         .listen(Endpoint.of("127.0.0.1", 0))
 *         .tls(TlsPolicy.server().identity(identity).build())
 *         .handler(mailbox)
 *         .start()) {
 *   yourCode.sendsMailTo(server.endpoint());
 *   ReceivedMessage message = mailbox.await(1, Duration.ofSeconds(10)).get(0);
 * }
 * }</pre>
 */
@NullMarked
package io.upgradeable.smtp;

import org.jspecify.annotations.NullMarked;
