package io.upgradeable.ping;

/**
 * What a ping server has to tell once its client said QUIT: only what was heard under TLS.
 *
 * @param pings how many PINGs came under TLS
 */
public record PingServerResult(int pings) {}
