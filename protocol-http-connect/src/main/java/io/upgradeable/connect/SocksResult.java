package io.upgradeable.connect;

/**
 * A tunnel that is open.
 *
 * @param boundHost the address or name that the proxy says it connects from, perhaps 0.0.0.0
 * @param boundPort the port that the proxy says it connects from, perhaps 0
 */
public record SocksResult(String boundHost, int boundPort) {}
