/**
 * Tunnels through proxies, HTTP CONNECT and SOCKS, in chains of any length; and a CONNECT proxy.
 *
 * <pre>{@code
 * C: CONNECT mail.example.net:587 HTTP/1.1
 * C: Host: mail.example.net:587
 * C:
 * S: HTTP/1.1 200 Connection established
 * S:
 *                    from here on the bytes are those of mail.example.net
 * }</pre>
 *
 * <p><b>Specifications.</b> CONNECT: RFC 9110, 9.3.6; HTTP/1.1's messages: RFC 9112. Credentials:
 * Basic RFC 7617, Digest RFC 7616, Bearer RFC 6750, Negotiate RFC 4559. SOCKS 5: RFC 1928, its
 * passwords: RFC 1929. What becomes of data that is sent too early: RFC 9931. Special-purpose
 * addresses: RFC 6890.
 *
 * <p><b>The client</b>, {@link io.upgradeable.connect.ConnectUpgrade}:
 *
 * <pre>{@code
 *                        +-- 1xx, at most 5 --+
 *                        v                    |
 * NEW -- CONNECT --> AWAITING_ANSWER ---------+-- 2xx --> OVER (done, the tunnel's bytes go up)
 *                      ^    |
 *                      |    +-- 3xx, 4xx, 5xx --> OVER (refused)
 *                      |    +-- 407 that can be answered, and the connection stays --+
 *                      |                                                             v
 *                      +-- CONNECT, with an answer -- the body's end -- AWAITING_BODY
 * }</pre>
 *
 * <p>If a proxy closes after its 407, the layer has learned how to ask, and the connector opens one
 * new connection ({@link io.upgradeable.UpgradeException.PeerRefused#mayReconnect}).
 *
 * <p><b>SOCKS 5</b>, {@link io.upgradeable.connect.Socks5Upgrade}: {@code NEW -> AWAITING_METHOD ->
 * [AWAITING_PASSWORD_ANSWER ->] AWAITING_ANSWER -> OVER}.
 *
 * <p><b>The server</b>, {@link io.upgradeable.connect.ConnectServerUpgrade}: {@code NEW ->
 * AWAITING_REQUEST -> OVER}, with the request as its result or with a 4xx; {@link
 * io.upgradeable.connect.ConnectProxy} does the rest.
 *
 * <p>A tunnel's bytes go through user space between two plain sockets on Linux, too. Netty's way
 * around that, {@code EpollSocketChannel.spliceTo}, is deprecated and will be removed. It goes past
 * the channel's outbound buffer, so that neither the order of writes nor the watermarks hold for it
 * and a half-close could overtake bytes; and it needs a pipe for each direction, so that an idle
 * tunnel would have six descriptors and not two. It was measured to be no faster than what the
 * relay does, which is reading up to 256 KiB at once.
 *
 * <p><b>Usage</b>, mail through two proxies, of which the first speaks TLS:
 *
 * <pre>{@code
 * Endpoint mail = Endpoint.parse("mail.example.net:587");
 * List<ProxyHop> via =
 *     List.of(ProxyHop.parse("https://proxy.example.org:3129"), ProxyHop.parse("socks5://inner"));
 * LayerStack stack = ProxyHop.stack(via, mail).then(Smtp.client(mail, TlsPolicy.client().build()));
 * try (NettyConnector connector = NettyConnector.builder().build();
 *     Connection connection = connector.connect(stack)) {
 *   System.out.println(connection.path() + " is " + connection.security());
 * }
 * }</pre>
 */
@NullMarked
package io.upgradeable.connect;

import org.jspecify.annotations.NullMarked;
