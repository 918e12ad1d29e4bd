package io.upgradeable.dns;

import io.netty.channel.AddressedEnvelope;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.dns.DefaultDnsQuestion;
import io.netty.handler.codec.dns.DnsQuestion;
import io.netty.handler.codec.dns.DnsRecordType;
import io.netty.handler.codec.dns.DnsResponse;
import io.netty.resolver.dns.DnsNameResolver;
import io.netty.resolver.dns.DnsNameResolverTimeoutException;
import io.netty.util.NetUtil;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import io.upgradeable.UpgradeException;
import io.upgradeable.smtp.MailExchanger;
import io.upgradeable.smtp.MailExchangers;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One look-up: asks one server after the other, follows aliases, and ends at a deadline. A server
 * that said something useless is not asked again; one that said nothing is, in its turn. On the
 * event loop only, but for {@link #result()}.
 */
final class MxLookup {

  /** More are never tried, and a list without end is an attack on the sender. */
  static final int MAX_EXCHANGERS = 20;

  private final EventLoop loop;
  private final DnsNameResolver resolver;
  private final Duration queryTimeout;
  private final List<InetSocketAddress> allServers;
  private final String domain;
  private final Duration timeout;
  private final CompletableFuture<List<MailExchanger>> result = new CompletableFuture<>();

  private final List<String> problems = new ArrayList<>();
  private List<InetSocketAddress> servers;
  private String name;
  private int aliases;
  private int turn;
  private boolean overTcp;
  private @Nullable Promise<?> query;

  /**
   * Prepares a look-up.
   *
   * @param queryTimeout how long to wait for one server's answer, once over UDP and once over TCP
   * @param servers whom to ask, at least one
   * @param domain a checked name
   * @param timeout how long it may take in all
   */
  MxLookup(
      EventLoop loop,
      DnsNameResolver resolver,
      Duration queryTimeout,
      List<InetSocketAddress> servers,
      String domain,
      Duration timeout) {
    this.loop = loop;
    this.resolver = resolver;
    this.queryTimeout = queryTimeout;
    this.allServers = servers;
    this.servers = new ArrayList<>(servers);
    this.domain = domain;
    this.name = domain;
    this.timeout = timeout;
  }

  CompletableFuture<List<MailExchanger>> result() {
    return result;
  }

  void start() {
    Future<?> deadline = loop.schedule(this::onDeadline, timeout.toMillis(), TimeUnit.MILLISECONDS);
    result.whenComplete(
        (exchangers, failure) -> {
          deadline.cancel(false);
          loop.execute(this::abandonQuery); // A caller may cancel on any thread.
        });
    ask();
  }

  private void ask() {
    if (result.isDone()) {
      return;
    } else if (servers.isEmpty()) {
      fail(temporary(String.join(", ", problems)));
      return;
    }
    InetSocketAddress server = servers.get(turn % servers.size());
    Promise<AddressedEnvelope<? extends DnsResponse, InetSocketAddress>> promise =
        loop.newPromise();
    query = promise;
    overTcp = false;
    promise.addListener(
        (Future<AddressedEnvelope<? extends DnsResponse, InetSocketAddress>> response) ->
            onResponse(server, response));
    resolver.query(server, question(), List.of(), promise);
  }

  private DnsQuestion question() {
    return new DefaultDnsQuestion(name, DnsRecordType.MX);
  }

  private void onResponse(
      InetSocketAddress server,
      Future<AddressedEnvelope<? extends DnsResponse, InetSocketAddress>> response) {
    if (response.isSuccess()) {
      onResponse(server, response.getNow().content());
    } else if (response.cause() instanceof DnsNameResolverTimeoutException) {
      turn++;
      ask();
    } else if (!response.isCancelled()) {
      onAnswer(server, new MxAnswer.Unanswered("no way to ask"));
    }
  }

  private void onResponse(InetSocketAddress server, DnsResponse response) {
    MxAnswer answer;
    boolean truncated;
    try {
      truncated = response.isTruncated();
      answer = MxAnswer.of(response, name);
    } finally {
      response.release();
    }
    if (truncated && !overTcp) {
      askOverTcp(server);
    } else {
      onAnswer(server, answer);
    }
  }

  private void askOverTcp(InetSocketAddress server) {
    if (result.isDone()) {
      return;
    }
    Promise<DnsResponse> promise = loop.newPromise();
    query = promise;
    overTcp = true;
    promise.addListener(
        (Future<DnsResponse> response) -> {
          if (response.isSuccess()) {
            onResponse(server, response.getNow());
          } else if (!response.isCancelled()) {
            onAnswer(server, new MxAnswer.Unanswered("a truncated answer and none over TCP"));
          }
        });
    TcpQuery.ask(loop, server, question(), queryTimeout, promise);
  }

  private void onAnswer(InetSocketAddress server, MxAnswer answer) {
    if (answer instanceof MxAnswer.Found found) {
      result.complete(inOrder(found.exchangers()));
    } else if (answer instanceof MxAnswer.NoExchangers) {
      result.complete(List.of(new MailExchanger(name, 0))); // RFC 5321, 5.1: the implicit one
    } else if (answer instanceof MxAnswer.Alias alias) {
      follow(alias.target());
    } else if (answer instanceof MxAnswer.Unanswered unanswered) {
      problems.add(unanswered.got() + " from " + NetUtil.toSocketAddressString(server));
      servers.remove(server);
      ask();
    } else if (answer instanceof MxAnswer.Broken broken) {
      fail(new UpgradeException.PeerMisbehaved(where(), broken.got()));
    } else if (answer instanceof MxAnswer.TakesNoMail) {
      refuse(MailExchangers.TAKES_NO_MAIL, "the domain takes no mail (RFC 7505)");
    } else {
      refuse(MailExchangers.NO_SUCH_DOMAIN, "there is no such domain");
    }
  }

  private void follow(String target) {
    aliases++;
    if (aliases > MxAnswer.MAX_ALIASES) {
      fail(
          new UpgradeException.PeerMisbehaved(
              where(), "more than " + MxAnswer.MAX_ALIASES + " aliases"));
      return;
    }
    name = target;
    servers = new ArrayList<>(allServers);
    problems.clear();
    ask();
  }

  /** Lower preferences first; equal ones in random order, which spreads the load. */
  private static List<MailExchanger> inOrder(List<MailExchanger> found) {
    List<MailExchanger> sorted = new ArrayList<>(found);
    Collections.shuffle(sorted);
    sorted.sort(Comparator.comparingInt(MailExchanger::preference));
    Set<String> hosts = new HashSet<>();
    return sorted.stream()
        .filter(exchanger -> hosts.add(exchanger.host()))
        .limit(MAX_EXCHANGERS)
        .toList();
  }

  private void onDeadline() {
    fail(
        problems.isEmpty()
            ? new UpgradeException.LayerTimedOut(where(), timeout)
            : temporary(String.join(", ", problems) + ", nothing from the others"));
  }

  private UpgradeException temporary(String problem) {
    return new UpgradeException.ConnectFailed(where(), "a temporary failure: " + problem, null);
  }

  private void refuse(String code, String text) {
    fail(new UpgradeException.PeerRefused(where(), code, text));
  }

  private void fail(UpgradeException failure) {
    result.completeExceptionally(failure);
  }

  private UpgradeException.Where where() {
    return new UpgradeException.Where("dns", domain, "its mail exchangers");
  }

  /** Closes the query's socket, too. */
  private void abandonQuery() {
    Promise<?> open = query;
    if (open != null) {
      open.cancel(false);
    }
  }
}
