/**
 * Ping: a whole upgrade in five lines. Read this package first.
 *
 * <pre>{@code
 * C: PING
 * S: PONG
 * C: STARTTLS      no reply: the TLS handshake begins at once
 * C: PING          from here on under TLS
 * S: PONG
 * C: QUIT          the server closes
 * }</pre>
 *
 * <p><b>Specification.</b> There is no RFC. The protocol is the demonstration of the Python library
 * asyncio-upgradeable-streams ({@code demos/*_3_11.py}), and this package talks to it in both
 * directions. Lines are ASCII and end in LF; CRLF is accepted.
 *
 * <p><b>The client</b>, {@link io.upgradeable.ping.PingUpgrade}:
 *
 * <pre>{@code
 * NEW -- send PING --> AWAITING_PLAINTEXT_PONG -- PONG, send STARTTLS --> SECURING
 *                                                                           | secured, send PING
 *                                                                           v
 * OVER <-- closed -- AWAITING_CLOSE <-- PONG, send QUIT -- AWAITING_SECURED_PONG
 * }</pre>
 *
 * <p><b>The server</b>, {@link io.upgradeable.ping.PingServerUpgrade}:
 *
 * <pre>{@code
 * NEW --> PLAINTEXT -- STARTTLS --> SECURING -- secured --> SECURED -- QUIT --> OVER
 *          |     ^                                           |   ^
 *          +PING-+ send PONG                                 +---+ PING, send PONG
 * }</pre>
 *
 * <p>Where TLS is there from the first byte, both machines start at the right: the client at {@code
 * AWAITING_SECURED_PONG}, the server at {@code SECURED}. Anything that has no arrow fails the
 * connection.
 *
 * <p><b>Usage</b>, a client:
 *
 * <pre>{@code
 * Endpoint peer = Endpoint.parse("ping.example.net", Ping.DEFAULT_PORT);
 * Layer<PingResult> ping = Ping.client(peer, TlsPolicy.client().build());
 * LayerStack stack = LayerStack.tcp(peer).then(ping);
 * try (NettyConnector connector = NettyConnector.builder().build();
 *     Connection connection = connector.connect(stack)) {
 *   System.out.println(stack + " is " + connection.security());
 *   System.out.println(connection.result(ping).pongs() + " PONG under " + connection.tls().get());
 * }
 * }</pre>
 */
@NullMarked
package io.upgradeable.ping;

import org.jspecify.annotations.NullMarked;
