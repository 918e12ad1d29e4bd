package io.upgradeable.dns;

import static io.upgradeable.dns.LittleDnsServer.cname;
import static io.upgradeable.dns.LittleDnsServer.mx;
import static io.upgradeable.dns.LittleDnsServer.mxOfLabels;
import static io.upgradeable.dns.LittleDnsServer.record;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.handler.codec.dns.DnsRecord;
import io.netty.handler.codec.dns.DnsRecordType;
import io.netty.handler.codec.dns.DnsResponseCode;
import io.upgradeable.UpgradeException;
import io.upgradeable.UpgradeException.ConnectFailed;
import io.upgradeable.UpgradeException.LayerTimedOut;
import io.upgradeable.UpgradeException.PeerMisbehaved;
import io.upgradeable.UpgradeException.PeerRefused;
import io.upgradeable.smtp.MailExchanger;
import io.upgradeable.smtp.MailExchangers;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The resolver against a name server that runs here, over real sockets. */
@Timeout(60)
class DnsMailExchangersTest {

  private static final String DOMAIN = "example.test";

  /** Long enough for a busy machine, where an answer comes. */
  private static final Duration LONG = Duration.ofSeconds(30);

  /** Short enough to wait for, where none comes. */
  private static final Duration SHORT = Duration.ofMillis(200);

  private static DnsMailExchangers.Builder asking(LittleDnsServer... servers) {
    return DnsMailExchangers.builder()
        .nameServers(Arrays.stream(servers).map(LittleDnsServer::address).toList())
        .queryTimeout(LONG)
        .timeout(LONG);
  }

  private static List<MailExchanger> lookup(LittleDnsServer.Zone zone) throws Exception {
    try (LittleDnsServer server = LittleDnsServer.start(zone);
        DnsMailExchangers dns = asking(server).build()) {
      return dns.lookup(DOMAIN).get();
    }
  }

  private static <T extends UpgradeException> T failure(
      Class<T> kind, DnsMailExchangers.Builder builder) throws Exception {
    try (DnsMailExchangers dns = builder.build()) {
      Throwable cause = dns.lookup(DOMAIN).handle((found, thrown) -> thrown).get();
      assertThat(cause).isInstanceOf(kind);
      return Objects.requireNonNull(kind.cast(cause));
    }
  }

  private static <T extends UpgradeException> T failure(Class<T> kind, LittleDnsServer.Zone zone)
      throws Exception {
    try (LittleDnsServer server = LittleDnsServer.start(zone)) {
      return failure(kind, asking(server));
    }
  }

  @Test
  void someExchangers_answered_lowestPreferenceFirst() throws Exception {
    assertThat(
            lookup(
                asked ->
                    asked.reply(
                        mx(asked.name(), 20, "c.example.test"),
                        mx(asked.name(), 0, "a.example.test"),
                        mx(asked.name(), 65_535, "d.example.test"),
                        mx(asked.name(), 10, "B.Example.Test"))))
        .containsExactly(
            new MailExchanger("a.example.test", 0),
            new MailExchanger("b.example.test", 10),
            new MailExchanger("c.example.test", 20),
            new MailExchanger("d.example.test", 65_535));
  }

  /** A fair coin that falls on the same side sixty-four times is no coin. */
  @Test
  void equalPreferences_askedAgain_shuffledBetweenTheOthers() throws Exception {
    try (LittleDnsServer server =
            LittleDnsServer.start(
                asked ->
                    asked.reply(
                        mx(asked.name(), 10, "b1.example.test"),
                        mx(asked.name(), 10, "b2.example.test"),
                        mx(asked.name(), 20, "c.example.test"),
                        mx(asked.name(), 5, "a.example.test")));
        DnsMailExchangers dns = asking(server).build()) {
      Set<String> second = new HashSet<>();
      for (int i = 0; i < 64; i++) {
        List<String> hosts = dns.lookup(DOMAIN).get().stream().map(MailExchanger::host).toList();
        assertThat(hosts).startsWith("a.example.test").endsWith("c.example.test").hasSize(4);
        second.add(hosts.get(1));
      }
      assertThat(second).containsExactlyInAnyOrder("b1.example.test", "b2.example.test");
    }
  }

  @Test
  void sameHostTwice_answered_onceByItsLowerPreference() throws Exception {
    assertThat(
            lookup(
                asked ->
                    asked.reply(
                        mx(asked.name(), 20, "a.example.test"),
                        mx(asked.name(), 10, "A.example.test"))))
        .containsExactly(new MailExchanger("a.example.test", 10));
  }

  @Test
  void manyExchangers_answeredOverTcp_twentyUsed() throws Exception {
    List<MailExchanger> found =
        lookup(
            truncatedThen(
                asked ->
                    asked.reply(
                        IntStream.range(0, 500)
                            .mapToObj(i -> mx(asked.name(), 500 - i, "mx" + i + ".example.test"))
                            .toArray(DnsRecord[]::new))));

    assertThat(found).hasSize(20).startsWith(new MailExchanger("mx499.example.test", 1));
  }

  @Test
  void noRecord_answered_domainItself() throws Exception {
    assertThat(lookup(LittleDnsServer.Asked::reply)).containsExactly(new MailExchanger(DOMAIN, 0));
  }

  @Test
  void noRecordWithSoa_answered_domainItself() throws Exception {
    assertThat(
            lookup(asked -> asked.replyAuthority(record("test.", DnsRecordType.SOA, new byte[22]))))
        .containsExactly(new MailExchanger(DOMAIN, 0));
  }

  @Test
  void otherRecords_answered_domainItself() throws Exception {
    assertThat(
            lookup(
                asked ->
                    asked.reply(
                        record(
                            asked.name(),
                            DnsRecordType.A,
                            (byte) 127,
                            (byte) 0,
                            (byte) 0,
                            (byte) 1),
                        mx("other.test.", 10, "mx.other.test"))))
        .containsExactly(new MailExchanger(DOMAIN, 0));
  }

  @Test
  void nullMx_answered_takesNoMail() throws Exception {
    PeerRefused failure =
        failure(PeerRefused.class, asked -> asked.reply(mx(asked.name(), 0, ".")));

    assertThat(failure.code()).isEqualTo(MailExchangers.TAKES_NO_MAIL);
    assertThat(failure)
        .hasMessage(
            "dns: example.test: expected its mail exchangers,"
                + " got the refusal NULLMX the domain takes no mail (RFC 7505)");
  }

  @Test
  void nullMxBesideOthers_answered_othersUsed() throws Exception {
    assertThat(
            lookup(
                asked ->
                    asked.reply(mx(asked.name(), 0, "."), mx(asked.name(), 10, "mx.example.test"))))
        .containsExactly(new MailExchanger("mx.example.test", 10));
  }

  @Test
  void noSuchDomain_answered_refusedAndNotTriedItself() throws Exception {
    PeerRefused failure =
        failure(PeerRefused.class, asked -> asked.reply(DnsResponseCode.NXDOMAIN));

    assertThat(failure.code()).isEqualTo(MailExchangers.NO_SUCH_DOMAIN);
    assertThat(failure)
        .hasMessage(
            "dns: example.test: expected its mail exchangers,"
                + " got the refusal NXDOMAIN there is no such domain");
  }

  @Test
  void serverFailure_answered_temporary() throws Exception {
    try (LittleDnsServer server =
        LittleDnsServer.start(asked -> asked.reply(DnsResponseCode.SERVFAIL))) {
      assertThat(failure(ConnectFailed.class, asking(server)))
          .hasMessage(
              "dns: example.test: expected its mail exchangers,"
                  + " got a temporary failure: SERVFAIL(2) from 127.0.0.1:"
                  + server.address().getPort());
      assertThat(server.questions()).as("asked once").hasSize(1);
    }
  }

  @Test
  void firstServerFails_secondAsked_answers() throws Exception {
    for (DnsResponseCode code : List.of(DnsResponseCode.SERVFAIL, DnsResponseCode.REFUSED)) {
      try (LittleDnsServer bad = LittleDnsServer.start(asked -> asked.reply(code));
          LittleDnsServer good =
              LittleDnsServer.start(asked -> asked.reply(mx(asked.name(), 1, "mx.test")));
          DnsMailExchangers dns = asking(bad, good).build()) {
        assertThat(dns.lookup(DOMAIN).get()).containsExactly(new MailExchanger("mx.test", 1));
        assertThat(bad.questions()).containsExactly("udp example.test. MX");
      }
    }
  }

  @Test
  void firstServerSilent_secondAsked_answers() throws Exception {
    CountDownLatch silentAsked = new CountDownLatch(1);
    try (LittleDnsServer silent = LittleDnsServer.start(asked -> silentAsked.countDown());
        LittleDnsServer good =
            LittleDnsServer.start(asked -> asked.reply(mx(asked.name(), 1, "mx.test")));
        DnsMailExchangers dns = asking(silent, good).queryTimeout(SHORT).build()) {
      assertThat(dns.lookup(DOMAIN).get()).containsExactly(new MailExchanger("mx.test", 1));
      // What was sent to it first may be read last.
      assertThat(silentAsked.await(30, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void packetLost_askedAgain_answers() throws Exception {
    boolean[] lost = {false};
    try (LittleDnsServer server =
            LittleDnsServer.start(
                asked -> {
                  if (lost[0]) {
                    asked.reply(mx(asked.name(), 1, "mx.test"));
                  }
                  lost[0] = true;
                });
        DnsMailExchangers dns = asking(server).queryTimeout(SHORT).build()) {
      assertThat(dns.lookup(DOMAIN).get()).containsExactly(new MailExchanger("mx.test", 1));
    }
  }

  @Test
  void allServersSilent_askedAgainInTheirTurn() throws Exception {
    CountDownLatch twice = new CountDownLatch(2);
    CountDownLatch once = new CountDownLatch(1);
    try (LittleDnsServer silent = LittleDnsServer.start(asked -> twice.countDown());
        LittleDnsServer mute = LittleDnsServer.start(asked -> once.countDown());
        DnsMailExchangers dns =
            asking(silent, mute).queryTimeout(Duration.ofMillis(50)).timeout(LONG).build()) {
      CompletableFuture<List<MailExchanger>> lookup = dns.lookup(DOMAIN);
      assertThat(once.await(LONG.toSeconds(), TimeUnit.SECONDS)).isTrue();
      assertThat(twice.await(LONG.toSeconds(), TimeUnit.SECONDS)).isTrue();
      lookup.cancel(false);
    }
  }

  @Test
  void allServersSilent_deadline_timedOut() throws Exception {
    try (LittleDnsServer silent = LittleDnsServer.start(asked -> {});
        LittleDnsServer mute = LittleDnsServer.start(asked -> {})) {
      assertThat(failure(LayerTimedOut.class, asking(silent, mute).timeout(SHORT)))
          .hasMessage(
              "dns: example.test: expected its mail exchangers, got nothing complete within 200 ms");
    }
  }

  @Test
  void oneFailsAndOneIsSilent_deadline_temporary() throws Exception {
    try (LittleDnsServer silent = LittleDnsServer.start(asked -> {});
        LittleDnsServer bad =
            LittleDnsServer.start(asked -> asked.reply(DnsResponseCode.SERVFAIL))) {
      UpgradeException failure = null;
      // The one that answers has to do so before the deadline, which a busy machine may prevent.
      for (int seconds = 1; seconds <= 16 && !(failure instanceof ConnectFailed); seconds *= 4) {
        failure =
            failure(
                UpgradeException.class, asking(bad, silent).timeout(Duration.ofSeconds(seconds)));
      }

      assertThat(failure)
          .isInstanceOf(ConnectFailed.class)
          .hasMessageContaining("a temporary failure: SERVFAIL(2) from")
          .hasMessageEndingWith(", nothing from the others");
    }
  }

  @Test
  void nobodyListens_deadline_temporary() throws Exception {
    InetAddress loopback = InetAddress.getLoopbackAddress();
    try (DatagramSocket own = new DatagramSocket(0, loopback)) {
      // Connected to itself it hears nobody else, and nobody else gets its port.
      own.connect(loopback, own.getLocalPort());
      UpgradeException failure =
          failure(
              UpgradeException.class,
              DnsMailExchangers.builder()
                  .nameServers(List.of(new InetSocketAddress(loopback, own.getLocalPort())))
                  .queryTimeout(SHORT)
                  .timeout(SHORT));

      assertThat(failure).isInstanceOfAny(ConnectFailed.class, LayerTimedOut.class);
    }
  }

  @Test
  void truncated_askedOverTcp_answers() throws Exception {
    try (LittleDnsServer server =
            LittleDnsServer.start(
                truncatedThen(
                    asked ->
                        asked.reply(
                            mx(asked.name(), 1, "whole.test"), mx(asked.name(), 2, "more.test"))));
        DnsMailExchangers dns = asking(server).build()) {
      assertThat(dns.lookup(DOMAIN).get())
          .containsExactly(new MailExchanger("whole.test", 1), new MailExchanger("more.test", 2));
      assertThat(server.questions())
          .containsExactly("udp example.test. MX", "tcp example.test. MX");
    }
  }

  /** Half the exchangers are no answer: the better half may be the other one. */
  @Test
  void truncatedAndTcpBroken_lookedUp_temporary() throws Exception {
    ConnectFailed failure;
    try (LittleDnsServer server =
        LittleDnsServer.start(truncatedThen(LittleDnsServer.Asked::closeConnection))) {
      failure = failure(ConnectFailed.class, asking(server));
    }

    assertThat(failure)
        .hasMessageContaining("a temporary failure: a truncated answer and none over TCP from");
  }

  @Test
  void truncatedAndForgedOverTcp_lookedUp_temporary() throws Exception {
    List<LittleDnsServer.Zone> forgers =
        List.of(
            asked -> asked.replyWithWrongId(mx(asked.name(), 1, "evil.test")),
            asked -> asked.replyToOtherQuestion("evil.test.", mx(asked.name(), 1, "evil.test")));
    for (LittleDnsServer.Zone forger : forgers) {
      ConnectFailed failure = failure(ConnectFailed.class, truncatedThen(forger));

      assertThat(failure).hasMessageContaining("none over TCP");
    }
  }

  private static LittleDnsServer.Zone truncatedThen(LittleDnsServer.Zone overTcp) {
    return asked -> {
      if (asked.overTcp()) {
        overTcp.onQuery(asked);
      } else {
        asked.replyTruncated(mx(asked.name(), 1, "half.test"));
      }
    };
  }

  @Test
  void truncatedAndSilentOverTcp_lookedUp_temporary() throws Exception {
    try (LittleDnsServer server = LittleDnsServer.start(truncatedThen(asked -> {}))) {
      assertThat(failure(ConnectFailed.class, asking(server).queryTimeout(SHORT)))
          .hasMessageContaining("none over TCP");
    }
  }

  @Test
  void waitingOverTcp_closed_cancelled() throws Exception {
    CountDownLatch waiting = new CountDownLatch(1);
    try (LittleDnsServer server =
        LittleDnsServer.start(truncatedThen(asked -> waiting.countDown()))) {
      DnsMailExchangers dns = asking(server).build();
      CompletableFuture<List<MailExchanger>> lookup = dns.lookup(DOMAIN);
      assertThat(waiting.await(30, TimeUnit.SECONDS)).isTrue();
      dns.close();

      assertThatThrownBy(lookup::get).isInstanceOf(CancellationException.class);
    }
  }

  @Test
  void wrongId_thenRightAnswer_wrongOneIgnored() throws Exception {
    assertThat(
            lookup(
                asked -> {
                  asked.replyWithWrongId(mx(asked.name(), 1, "evil.test"));
                  asked.reply(mx(asked.name(), 1, "good.test"));
                }))
        .containsExactly(new MailExchanger("good.test", 1));
  }

  @Test
  void otherQuestion_thenRightAnswer_wrongOneIgnored() throws Exception {
    assertThat(
            lookup(
                asked -> {
                  asked.replyToOtherQuestion("evil.test.", mx(asked.name(), 1, "evil.test"));
                  asked.reply(mx(asked.name(), 1, "good.test"));
                }))
        .containsExactly(new MailExchanger("good.test", 1));
  }

  /** The id is right, and the sender is somebody else on this machine. */
  @Test
  void otherSender_onlyAnswer_ignored() throws Exception {
    try (LittleDnsServer stranger = LittleDnsServer.start(asked -> {});
        LittleDnsServer server =
            LittleDnsServer.start(
                asked -> asked.replyFrom(stranger, mx(asked.name(), 1, "evil.test")))) {
      assertThat(failure(LayerTimedOut.class, asking(server).timeout(SHORT))).isNotNull();
    }
  }

  @ParameterizedTest
  @MethodSource("garbage")
  void garbage_onlyAnswer_timedOut(byte[] bytes) throws Exception {
    try (LittleDnsServer server = LittleDnsServer.start(asked -> asked.replyBytes(bytes))) {
      assertThat(failure(LayerTimedOut.class, asking(server).timeout(SHORT))).isNotNull();
    }
  }

  static Stream<byte[]> garbage() {
    long seed = Long.getLong("upgradeable.seed", 5321);
    byte[] random = new byte[300];
    new Random(seed).nextBytes(random);
    random[0] = (byte) (random[0] & 0x7f); // a query, if anything
    return Stream.of(
        new byte[0],
        new byte[] {(byte) 0x80},
        "HTTP/1.1 400 Bad Request\r\n\r\n".getBytes(StandardCharsets.US_ASCII),
        // One question and one answer are promised, and a pointer to itself comes.
        new byte[] {(byte) 0x81, (byte) 0x80, 0, 1, 0, 1, 0, 0, 0, 0, (byte) 0xc0, 12, 0, 15, 0, 1},
        random);
  }

  @Test
  void alias_wholeChainInOneAnswer_followed() throws Exception {
    assertThat(
            lookup(
                asked ->
                    asked.reply(
                        cname(asked.name(), "one.test"),
                        cname("ONE.test.", "two.test"),
                        mx("two.test.", 10, "mx.two.test"),
                        mx(asked.name() + "evil.test.", 1, "evil.test"))))
        .containsExactly(new MailExchanger("mx.two.test", 10));
  }

  @Test
  void alias_endOfChainUnknown_askedAgain() throws Exception {
    try (LittleDnsServer server =
            LittleDnsServer.start(
                asked -> {
                  if (asked.name().equals("two.test.")) {
                    asked.reply(mx("two.test.", 10, "mx.two.test"));
                  } else {
                    asked.reply(cname(asked.name(), "one.test"), cname("one.test.", "two.test"));
                  }
                });
        DnsMailExchangers dns = asking(server).build()) {
      assertThat(dns.lookup(DOMAIN).get()).containsExactly(new MailExchanger("mx.two.test", 10));
      assertThat(server.questions()).hasSize(2);
    }
  }

  @Test
  void alias_targetWithoutExchangers_targetItself() throws Exception {
    assertThat(
            lookup(
                asked -> {
                  if (asked.name().equals("one.test.")) {
                    asked.reply();
                  } else {
                    asked.reply(cname(asked.name(), "one.test"));
                  }
                }))
        .containsExactly(new MailExchanger("one.test", 0));
  }

  @Test
  void alias_targetDoesNotExist_refused() throws Exception {
    PeerRefused failure =
        failure(
            PeerRefused.class,
            asked -> {
              if (asked.name().equals("one.test.")) {
                asked.reply(DnsResponseCode.NXDOMAIN);
              } else {
                asked.reply(cname(asked.name(), "one.test"));
              }
            });

    assertThat(failure.code()).isEqualTo(MailExchangers.NO_SUCH_DOMAIN);
  }

  @Test
  void alias_loopInOneAnswer_misbehaved() throws Exception {
    assertThat(
            failure(
                PeerMisbehaved.class,
                asked -> asked.reply(cname(asked.name(), "one.test"), cname("one.test.", DOMAIN))))
        .hasMessageEndingWith("got more than 8 aliases");
  }

  @Test
  void alias_newOneForEachQuestion_misbehavedAfterEight() throws Exception {
    try (LittleDnsServer server =
        LittleDnsServer.start(asked -> asked.reply(cname(asked.name(), "x." + asked.name())))) {
      assertThat(failure(PeerMisbehaved.class, asking(server)))
          .hasMessageEndingWith("got more than 8 aliases");
      assertThat(server.questions()).hasSize(9);
    }
  }

  @Test
  void alias_toNoHostName_misbehaved() throws Exception {
    assertThat(failure(PeerMisbehaved.class, asked -> asked.reply(cname(asked.name(), "a b.test"))))
        .hasMessageEndingWith("got an alias of no host name");
  }

  @Test
  void referral_answered_temporary() throws Exception {
    assertThat(
            failure(
                ConnectFailed.class,
                asked ->
                    asked.replyAuthority(
                        record("test.", DnsRecordType.NS, (byte) 1, (byte) 'n', (byte) 0))))
        .hasMessageContaining("a temporary failure: a referral from");
  }

  static Stream<Arguments> noHostNames() {
    return Stream.of(
        labels("mx\r\nRCPT TO:<x>", "test"),
        labels("mx\n", "test"),
        labels("m x", "test"),
        labels("mx\u001b[31m", "test"),
        labels("m\u00e9", "test"),
        labels("-mx", "test"),
        labels("mx-", "test"),
        labels("mx/", "test"),
        labels("[127", "0", "0", "1]"),
        labels("127", "0", "0", "1"));
  }

  private static Arguments labels(String... labels) {
    return Arguments.of((Object) labels);
  }

  @ParameterizedTest
  @MethodSource("noHostNames")
  void exchangerThatIsNoHostName_besideOthers_dropped(String[] labels) throws Exception {
    assertThat(
            lookup(
                asked ->
                    asked.reply(
                        mxOfLabels(asked.name(), 1, labels), mx(asked.name(), 2, "good.test"))))
        .containsExactly(new MailExchanger("good.test", 2));
  }

  @ParameterizedTest
  @MethodSource("noHostNames")
  void exchangerThatIsNoHostName_alone_misbehavedAndNotTheDomainItself(String[] labels)
      throws Exception {
    assertThat(
            failure(
                PeerMisbehaved.class, asked -> asked.reply(mxOfLabels(asked.name(), 1, labels))))
        .hasMessage(
            "dns: example.test: expected its mail exchangers,"
                + " got mail exchangers of which none is a host name");
  }

  @Test
  void longestHostName_answered_used() throws Exception {
    String host = ("a".repeat(63) + ".").repeat(3) + "b".repeat(61);

    assertThat(host).hasSize(253);
    assertThat(lookup(asked -> asked.reply(mx(asked.name(), 1, host))))
        .containsExactly(new MailExchanger(host, 1));
  }

  @Test
  void internationalDomain_lookedUp_askedInAscii() throws Exception {
    try (LittleDnsServer server = LittleDnsServer.start(LittleDnsServer.Asked::reply);
        DnsMailExchangers dns = asking(server).build()) {
      assertThat(dns.lookup("B\u00fccher.Example").get())
          .containsExactly(new MailExchanger("xn--bcher-kva.example", 0));
      assertThat(server.questions()).containsExactly("udp xn--bcher-kva.example. MX");
    }
  }

  @Test
  void domainWithRootDot_lookedUp_same() throws Exception {
    try (LittleDnsServer server = LittleDnsServer.start(LittleDnsServer.Asked::reply);
        DnsMailExchangers dns = asking(server).build()) {
      assertThat(dns.lookup("example.test.").get()).containsExactly(new MailExchanger(DOMAIN, 0));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ".",
        "..",
        "a..b",
        ".a",
        "a b",
        "a\r\nb.test",
        "a\0.test",
        "[127.0.0.1]",
        "127.0.0.1",
        "::1",
        "user@example.test",
        "-a.test",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.test"
      })
  void noDomain_lookedUp_callersMistake(String text) throws Exception {
    try (LittleDnsServer server = LittleDnsServer.start(LittleDnsServer.Asked::reply);
        DnsMailExchangers dns = asking(server).build()) {
      assertThatIllegalArgumentException().isThrownBy(() -> dns.lookup(text));
      assertThat(server.questions()).isEmpty();
    }
  }

  @Test
  void longDomain_lookedUp_callersMistake() {
    try (DnsMailExchangers dns = DnsMailExchangers.create()) {
      assertThatIllegalArgumentException().isThrownBy(() -> dns.lookup("a.".repeat(128)));
    }
  }

  @Test
  void manyLookups_atOnce_eachItsAnswer() throws Exception {
    try (LittleDnsServer server =
            LittleDnsServer.start(asked -> asked.reply(mx(asked.name(), 1, "mx." + asked.name())));
        DnsMailExchangers dns = asking(server).queryTimeout(Duration.ofSeconds(2)).build()) {
      List<CompletableFuture<List<MailExchanger>>> lookups =
          IntStream.range(0, 100).mapToObj(i -> dns.lookup("d" + i + ".test")).toList();
      for (int i = 0; i < lookups.size(); i++) {
        assertThat(lookups.get(i).get())
            .containsExactly(new MailExchanger("mx.d" + i + ".test", 1));
      }
    }
  }

  @Test
  void running_closed_cancelled() throws Exception {
    try (LittleDnsServer silent = LittleDnsServer.start(asked -> {})) {
      DnsMailExchangers dns = asking(silent).build();
      CompletableFuture<List<MailExchanger>> lookup = dns.lookup(DOMAIN);
      dns.close();

      assertThatThrownBy(() -> lookup.get(30, TimeUnit.SECONDS))
          .isInstanceOf(CancellationException.class);
      assertThatIllegalStateException().isThrownBy(() -> dns.lookup(DOMAIN));
    }
  }

  @Test
  void running_cancelled_othersGoOn() throws Exception {
    try (LittleDnsServer server =
            LittleDnsServer.start(
                asked -> {
                  if (asked.name().startsWith("good")) {
                    asked.reply();
                  }
                });
        DnsMailExchangers dns = asking(server).build()) {
      dns.lookup("silent.test").cancel(false);

      assertThat(dns.lookup("good.test").get()).containsExactly(new MailExchanger("good.test", 0));
    }
  }

  @Test
  void options_outOfBounds_refused() {
    DnsMailExchangers.Builder builder = DnsMailExchangers.builder();
    InetSocketAddress server = new InetSocketAddress(InetAddress.getLoopbackAddress(), 53);

    assertThatIllegalArgumentException().isThrownBy(() -> builder.nameServers(List.of()));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.nameServers(Collections.nCopies(9, server)));
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                builder.nameServers(
                    List.of(InetSocketAddress.createUnresolved("ns.example.test", 53))));
    assertThatIllegalArgumentException().isThrownBy(() -> builder.timeout(Duration.ZERO));
    assertThatIllegalArgumentException().isThrownBy(() -> builder.queryTimeout(Duration.ofDays(2)));
  }
}
