package io.upgradeable.cli;

import io.upgradeable.Endpoint;
import io.upgradeable.UpgradeException.ConnectFailed;
import io.upgradeable.UpgradeException.PeerRefused;
import io.upgradeable.UpgradeException.Where;
import io.upgradeable.dns.DnsMailExchangers;
import io.upgradeable.smtp.MailExchanger;
import io.upgradeable.smtp.MailExchangers;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** A domain whose mail servers are looked up, instead of a target. */
final class MxOptions {

  private static final int DNS_PORT = 53;

  @Option(
      names = "--mx",
      paramLabel = "DOMAIN[:PORT]",
      description =
          "Look up who takes this domain's mail, and talk to the first of them that answers, instead"
              + " of a target.")
  private @Nullable String domain;

  @Option(
      names = "--dns",
      paramLabel = "ADDRESS[:PORT]",
      description = "With --mx: ask this name server, not the system's.")
  private @Nullable String nameServer;

  boolean isGiven() {
    return domain != null;
  }

  /** What the user typed. */
  String text() {
    return String.valueOf(domain);
  }

  void check() {
    if (nameServer != null && domain == null) {
      throw new UsageException("expected --dns with --mx, got --dns alone");
    }
  }

  /**
   * Asks DNS. All of its library is behind this method, so that it is loaded for nothing else.
   *
   * @param defaultPort the port of a domain that names none
   * @return where to connect, in the order in which to try it
   */
  List<Endpoint> find(int defaultPort) throws IOException {
    Endpoint wanted = endpoint("--mx", text(), defaultPort);
    DnsMailExchangers.Builder dns = DnsMailExchangers.builder();
    if (nameServer != null) {
      dns.nameServers(List.of(nameServer()));
    }
    try (DnsMailExchangers exchangers = dns.build()) {
      List<MailExchanger> found = Futures.await(exchangers.lookup(wanted.host()));
      return found.stream().map(exchanger -> exchanger.at(wanted.port())).toList();
    } catch (PeerRefused e) {
      // A name that does not exist is the same in every command.
      throw e.code().equals(MailExchangers.NO_SUCH_DOMAIN)
          ? new ConnectFailed(new Where(e.path(), e.peer(), e.awaited()), e.text(), e)
          : e;
    } catch (IllegalArgumentException e) {
      throw new UsageException("--mx: " + e.getMessage(), e);
    }
  }

  private InetSocketAddress nameServer() {
    Endpoint server = endpoint("--dns", nameServer, DNS_PORT);
    InetSocketAddress address = new InetSocketAddress(server.host(), server.port());
    if (address.isUnresolved()) {
      throw new UsageException("--dns: expected an address, got '" + server.host() + "'");
    }
    return address;
  }

  private static Endpoint endpoint(String option, @Nullable String text, int defaultPort) {
    try {
      return Endpoint.parse(String.valueOf(text), defaultPort);
    } catch (IllegalArgumentException e) {
      throw new UsageException(option + ": " + e.getMessage(), e);
    }
  }
}
