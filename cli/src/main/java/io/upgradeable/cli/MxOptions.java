package io.upgradeable.cli;

import io.upgradeable.Endpoint;
import io.upgradeable.dns.DnsMailExchangers;
import io.upgradeable.smtp.MailExchanger;
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
      Endpoint server = endpoint("--dns", nameServer, DNS_PORT);
      dns.nameServers(List.of(new InetSocketAddress(server.host(), server.port())));
    }
    try (DnsMailExchangers exchangers = dns.build()) {
      List<MailExchanger> found = Futures.await(exchangers.lookup(wanted.host()));
      return found.stream().map(exchanger -> exchanger.at(wanted.port())).toList();
    } catch (IllegalArgumentException e) {
      throw new UsageException("--mx: " + e.getMessage(), e);
    }
  }

  private static Endpoint endpoint(String option, @Nullable String text, int defaultPort) {
    try {
      return Endpoint.parse(String.valueOf(text), defaultPort);
    } catch (IllegalArgumentException e) {
      throw new UsageException(option + ": " + e.getMessage(), e);
    }
  }
}
