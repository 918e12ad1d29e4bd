/**
 * Finds the mail exchangers of a domain by DNS, with Netty's resolver below.
 *
 * <p><b>Specifications.</b> The search: RFC 5321, 5.1. Null MX: RFC 7505. Names and messages: RFC
 * 1035; what an answer without records means: RFC 2308.
 *
 * <p><b>Usage</b>:
 *
 * <pre>{@code
 * try (DnsMailExchangers dns = DnsMailExchangers.create()) {
 *   for (MailExchanger exchanger : dns.lookup("example.net").get()) {
 *     System.out.println(exchanger.at(Smtp.RELAY_PORT));
 *   }
 * }
 * }</pre>
 */
@NullMarked
package io.upgradeable.dns;

import org.jspecify.annotations.NullMarked;
