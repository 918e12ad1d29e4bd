package io.upgradeable.smtp;

import io.upgradeable.UpgradeException;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * Finds the hosts that take a domain's mail (RFC 5321, 5.1). The module {@code upgrade-dns} has one
 * that asks DNS; a relay host that gets everything is one line:
 *
 * <pre>{@code
 * MailExchangers relay =
 *     domain -> CompletableFuture.completedFuture(List.of(new MailExchanger("relay.example.net", 0)));
 * }</pre>
 */
@FunctionalInterface
public interface MailExchangers {

  /** The {@linkplain UpgradeException.PeerRefused#code() code} for a domain that does not exist. */
  String NO_SUCH_DOMAIN = "NXDOMAIN";

  /**
   * The {@linkplain UpgradeException.PeerRefused#code() code} for a domain that says that it takes
   * no mail (RFC 7505).
   */
  String TAKES_NO_MAIL = "NULLMX";

  /**
   * Looks a domain up. Returns at once.
   *
   * <p>The kind of a failure tells whether another attempt makes sense. {@link
   * UpgradeException.PeerRefused} is for good: there is no such domain, or it takes no mail. {@link
   * UpgradeException.ConnectFailed} and {@link UpgradeException.LayerTimedOut} are temporary, and
   * {@link UpgradeException.PeerMisbehaved} lasts until somebody repairs the domain.
   *
   * @param domain the part behind the {@code @} of an address; no address literal
   * @return the exchangers in the order in which to try them, at least one; or an {@link
   *     UpgradeException}
   * @throws IllegalArgumentException if the text is no domain
   */
  CompletableFuture<List<MailExchanger>> lookup(String domain);
}
