package io.upgradeable.ping;

/**
 * What a ping client has to tell: only what was heard under TLS. What the connection negotiated is
 * in {@link io.upgradeable.Connection#tls()}.
 *
 * @param pongs how many PINGs were answered under TLS
 */
public record PingResult(int pongs) {}
