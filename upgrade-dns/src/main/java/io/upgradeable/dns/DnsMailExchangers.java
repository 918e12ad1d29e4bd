package io.upgradeable.dns;

import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.resolver.dns.DnsNameResolver;
import io.netty.resolver.dns.DnsNameResolverBuilder;
import io.netty.resolver.dns.DnsNameResolverChannelStrategy;
import io.netty.resolver.dns.DnsServerAddressStream;
import io.netty.resolver.dns.DnsServerAddressStreamProvider;
import io.netty.resolver.dns.DnsServerAddressStreamProviders;
import io.netty.resolver.dns.SequentialDnsServerAddressStreamProvider;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.upgradeable.smtp.MailExchanger;
import io.upgradeable.smtp.MailExchangers;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;

/**
 * Asks DNS for a domain's mail exchangers (RFC 5321, 5.1): over UDP, over TCP where an answer was
 * truncated. Each query has a socket, and so a port, of its own.
 *
 * <ul>
 *   <li>Lower preferences come first, equal ones in random order. At most 20 are given.
 *   <li>A domain without MX records is its own exchanger. One that does not exist has none, and one
 *       that takes no mail (RFC 7505) says so.
 *   <li>Aliases are followed, eight at most; the last one is what the domain is.
 *   <li>Exchangers that are no host names are left out.
 * </ul>
 *
 * <p>DNS is believed as it is: without DNSSEC whoever can forge an answer chooses the exchangers,
 * and the names in their certificates.
 *
 * <p>Nothing is cached. Safe for use by several threads. Futures complete on the one thread of this
 * object, which must not be blocked.
 */
public final class DnsMailExchangers implements MailExchangers, AutoCloseable {

  private static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(10);
  private static final Duration DEFAULT_QUERY_TIMEOUT = Duration.ofSeconds(2);

  /** Resolvers of operating systems ask three. */
  private static final int MAX_SERVERS = 8;

  /** RFC 9715: what fits into a packet nearly everywhere; more comes over TCP. */
  private static final int MAX_PAYLOAD = 1232;

  private final MultiThreadIoEventLoopGroup group;
  private final EventLoop loop;
  private final DnsNameResolver resolver;
  private final DnsServerAddressStreamProvider servers;
  private final Duration timeout;
  private final Duration queryTimeout;
  private final Set<MxLookup> lookups = ConcurrentHashMap.newKeySet();
  private volatile boolean closed;

  private DnsMailExchangers(Builder builder) {
    timeout = builder.timeout;
    queryTimeout = builder.queryTimeout;
    servers =
        builder.nameServers.isEmpty()
            ? DnsServerAddressStreamProviders.platformDefault()
            : new SequentialDnsServerAddressStreamProvider(builder.nameServers);
    group =
        new MultiThreadIoEventLoopGroup(
            1, new DefaultThreadFactory("upgradeable-dns", true), NioIoHandler.newFactory());
    loop = group.next();
    resolver =
        new DnsNameResolverBuilder(loop)
            .datagramChannelType(NioDatagramChannel.class)
            .datagramChannelStrategy(DnsNameResolverChannelStrategy.ChannelPerResolution)
            .nameServerProvider(servers)
            .queryTimeoutMillis(queryTimeout.toMillis())
            .maxPayloadSize(MAX_PAYLOAD)
            .build();
  }

  /**
   * Asks the system's name servers, with default times.
   *
   * @return to be closed
   */
  public static DnsMailExchangers create() {
    return builder().build();
  }

  /**
   * Begins with the system's name servers and default times.
   *
   * @return the builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * {@inheritDoc}
   *
   * @throws IllegalArgumentException if the text is no domain
   * @throws IllegalStateException if this is closed
   */
  @Override
  public CompletableFuture<List<MailExchanger>> lookup(String domain) {
    String name = HostName.require(domain);
    MxLookup lookup = new MxLookup(loop, resolver, queryTimeout, serversFor(name), name, timeout);
    lookups.add(lookup);
    CompletableFuture<List<MailExchanger>> result = lookup.result();
    result.whenComplete((exchangers, failure) -> lookups.remove(lookup));
    try {
      loop.execute(lookup::start);
    } catch (RejectedExecutionException e) {
      result.cancel(false);
      throw new IllegalStateException("the resolver is closed", e);
    }
    if (closed) {
      result.cancel(false); // Perhaps too late for close() to see it.
    }
    return result;
  }

  private List<InetSocketAddress> serversFor(String name) {
    if (closed) {
      throw new IllegalStateException("the resolver is closed");
    }
    DnsServerAddressStream stream = servers.nameServerAddressStream(name + ".");
    Set<InetSocketAddress> found = new LinkedHashSet<>();
    for (int i = 0; i < Math.min(stream.size(), MAX_SERVERS); i++) {
      found.add(stream.next());
    }
    return List.copyOf(found);
  }

  /** Ends the thread. Look-ups that are running are cancelled. Does not wait. */
  @Override
  public void close() {
    closed = true;
    List.copyOf(lookups).forEach(lookup -> lookup.result().cancel(false));
    resolver.close();
    // With a quiet period of zero the loop may end before it has closed its sockets (Netty 4.2).
    group.shutdownGracefully(50, 2000, TimeUnit.MILLISECONDS);
  }

  /** Builds a {@link DnsMailExchangers}. */
  public static final class Builder {

    private static final Duration MAX_TIMEOUT = Duration.ofDays(1);

    private List<InetSocketAddress> nameServers = List.of();
    private Duration timeout = DEFAULT_TIMEOUT;
    private Duration queryTimeout = DEFAULT_QUERY_TIMEOUT;

    private Builder() {}

    /**
     * Asks these servers and not the system's; one after the other, in this order. They must
     * recurse.
     *
     * @param addresses one to eight addresses with their ports
     * @return this
     * @throws IllegalArgumentException if there is none or too many, or one is a name
     */
    public Builder nameServers(List<InetSocketAddress> addresses) {
      if (addresses.isEmpty() || addresses.size() > MAX_SERVERS) {
        throw new IllegalArgumentException(
            "expected 1 to %d name servers, got %d".formatted(MAX_SERVERS, addresses.size()));
      }
      for (InetSocketAddress address : addresses) {
        if (address.isUnresolved()) {
          throw new IllegalArgumentException(
              "expected the address of a name server, got the name " + address.getHostString());
        }
      }
      nameServers = List.copyOf(addresses);
      return this;
    }

    /**
     * How long a look-up may take in all; 10 seconds unless changed.
     *
     * @param value the time
     * @return this
     * @throws IllegalArgumentException if it is not positive, or over a day
     */
    public Builder timeout(Duration value) {
      timeout = requirePositive(value);
      return this;
    }

    /**
     * How long to wait for one server before the next one is asked; 2 seconds unless changed.
     *
     * @param value the time
     * @return this
     * @throws IllegalArgumentException if it is not positive, or over a day
     */
    public Builder queryTimeout(Duration value) {
      queryTimeout = requirePositive(value);
      return this;
    }

    private static Duration requirePositive(Duration value) {
      if (value.toMillis() <= 0 || value.compareTo(MAX_TIMEOUT) > 0) {
        throw new IllegalArgumentException(
            "expected a duration of a millisecond to a day, got " + value);
      }
      return value;
    }

    /**
     * Starts the thread.
     *
     * @return to be closed
     */
    public DnsMailExchangers build() {
      return new DnsMailExchangers(this);
    }
  }
}
