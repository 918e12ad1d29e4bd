package io.upgradeable.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.upgradeable.Endpoint;
import io.upgradeable.UpgradeException.PeerRefused;
import io.upgradeable.UpgradeException.Where;
import io.upgradeable.connect.ProxyHop;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WayTest {

  private static final String ANSWER = "the proxy's answer to CONNECT";

  @ParameterizedTest
  @CsvSource({
    "http://p:1,   502, true",
    "https://p:1,  503, true",
    "http://p:1,   504, true",
    "http://p:1,   500, false",
    "http://p:1,   403, false",
    "http://p:1,   407, false",
    "socks5://p:1, 1, true",
    "socks5://p:1, 2, false",
    "socks5://p:1, 3, true",
    "socks5://p:1, 4, true",
    "socks5://p:1, 5, true",
    "socks5://p:1, 6, true",
    "socks5://p:1, 7, false",
    "socks5://p:1, 255, false",
    "socks4a://p:1, 91, true",
    "socks4a://p:1, 92, false"
  })
  void refusalOfTheLastProxy_isUnreachable_dependsOnItsKind(
      String url, String code, boolean unreachable) {
    Way way = way("http://first:1", url);

    assertThat(way.isUnreachable(refusal(way, 1, ANSWER, code))).isEqualTo(unreachable);
  }

  @ParameterizedTest
  @CsvSource({"http://first:1, 502", "socks5://first:1, 4", "socks4a://first:1, 91"})
  void refusalOfAnEarlierProxy_isUnreachable_never(String url, String code) {
    Way way = way(url, "http://p:1");

    assertThat(way.isUnreachable(refusal(way, 0, ANSWER, code))).isFalse();
  }

  @ParameterizedTest
  @CsvSource({"1", "3", "5"})
  void passwordNotAccepted_isUnreachable_never(String status) {
    Way way = way("socks5://p:1");

    assertThat(way.isUnreachable(refusal(way, 0, "the proxy's answer to the password", status)))
        .isFalse();
  }

  @ParameterizedTest
  @CsvSource({"502", "5"})
  void noProxy_isUnreachable_never(String code) {
    Way way = way();

    PeerRefused refusal = new PeerRefused(new Where("tcp(x:1)", "x:1", ANSWER), code, "");
    assertThat(way.isUnreachable(refusal)).isFalse();
  }

  private static Way way(String... urls) {
    List<ProxyHop> hops = Stream.of(urls).map(ProxyHop::parse).toList();
    return new Way(hops, Endpoint.parse("target.example:25"));
  }

  private static PeerRefused refusal(Way way, int hop, String awaited, String code) {
    String path = way.hops().get(hop).tunnelPath();
    return new PeerRefused(new Where(path, "p:1", awaited), code, "");
  }
}
