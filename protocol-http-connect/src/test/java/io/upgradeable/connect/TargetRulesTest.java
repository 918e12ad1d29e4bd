package io.upgradeable.connect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.upgradeable.Endpoint;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TargetRulesTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "100.64.0.1",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.255.254",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.7",
        "203.0.113.9",
        "224.0.0.1",
        "239.1.2.3",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "2001:db8::1",
        "2002:7f00:1::1",
        "3fff::1",
        "fc00::1",
        "fd12:3456::1",
        "fe80::1",
        "fec0::1",
        "ff02::1",
        "5f00::1"
      })
  void address_special_isNotPublic(String address) throws Exception {
    assertThat(AddressKind.isPublic(InetAddress.getByName(address))).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255",
        "128.0.0.1", "172.15.255.255", "172.32.0.0", "192.0.1.1", "198.17.255.255", "198.20.0.0",
        "223.255.255.255", "2606:4700::1111", "2a00:1450::1", "2001:4860:4860::8888", "2003::1"
      })
  void address_ordinary_isPublic(String address) throws Exception {
    assertThat(AddressKind.isPublic(InetAddress.getByName(address))).isTrue();
  }

  private static boolean allows(String target, String address, String... rules) throws Exception {
    return rules(rules).allows(Endpoint.parse(target), InetAddress.getByName(address));
  }

  private static TargetRules rules(String... rules) {
    return new TargetRules(Arrays.stream(rules).map(TargetRule::parse).toList(), Set.of());
  }

  @Test
  void nothingAllowed_anything_refused() throws Exception {
    assertThat(allows("a.example:443", "1.1.1.1")).isFalse();
    assertThat(rules().mayAllow(Endpoint.parse("a.example:443"))).isFalse();
  }

  @Test
  void ruleOfAName_publicAddressOnly() throws Exception {
    assertThat(allows("a.example:443", "1.1.1.1", "A.example:443")).isTrue();
    assertThat(allows("a.example.:443", "1.1.1.1", "a.example:443")).isTrue();
    assertThat(allows("a.example:443", "127.0.0.1", "a.example:443")).isFalse();
    assertThat(allows("a.example:80", "1.1.1.1", "a.example:443")).isFalse();
    assertThat(allows("b.a.example:443", "1.1.1.1", "a.example:443")).isFalse();
    assertThat(allows("a.example:80", "1.1.1.1", "a.example:*")).isTrue();
  }

  @Test
  void ruleOfNamesBelow_notTheNameItself() throws Exception {
    assertThat(allows("x.y.a.example:443", "1.1.1.1", "*.a.example:443")).isTrue();
    assertThat(allows("a.example:443", "1.1.1.1", "*.a.example:443")).isFalse();
    assertThat(allows("xa.example:443", "1.1.1.1", "*.a.example:443")).isFalse();
  }

  @Test
  void ruleOfAnAddress_thatAddressByWhateverName() throws Exception {
    assertThat(allows("127.0.0.1:22", "127.0.0.1", "127.0.0.1:22")).isTrue();
    assertThat(allows("db.example:22", "127.0.0.1", "127.0.0.1:22")).isTrue();
    assertThat(allows("db.example:22", "127.0.0.2", "127.0.0.1:22")).isFalse();
    assertThat(allows("127.0.0.1:23", "127.0.0.1", "127.0.0.1:22")).isFalse();
    assertThat(allows("[::1]:22", "::1", "[::1]:22")).isTrue();
    assertThat(allows("10.1.2.3:22", "10.1.2.3", "10.1.0.0/16:22")).isTrue();
    assertThat(allows("10.2.2.3:22", "10.2.2.3", "10.1.0.0/16:22")).isFalse();
    assertThat(allows("[fd00::1]:22", "fd00::1", "fd00::/8:*")).isTrue();
  }

  @Test
  void anyHost_publicOnly_andMappedLiteralsNever() throws Exception {
    assertThat(allows("1.1.1.1:443", "1.1.1.1", "*:443")).isTrue();
    assertThat(allows("10.0.0.1:443", "10.0.0.1", "*:443")).isFalse();
    assertThat(allows("[::ffff:1.1.1.1]:443", "1.1.1.1", "*:443")).isFalse();
  }

  @Test
  void publicPorts_publicAddressesOnThem() throws Exception {
    TargetRules rules = new TargetRules(List.of(), Set.of(443));
    InetAddress one = InetAddress.getByName("1.1.1.1");
    assertThat(rules.allows(Endpoint.parse("a.example:443"), one)).isTrue();
    assertThat(rules.allows(Endpoint.parse("a.example:25"), one)).isFalse();
    assertThat(rules.allows(Endpoint.parse("a.example:443"), InetAddress.getLoopbackAddress()))
        .isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a.example",
        "a.example:",
        "a.example:0",
        "a.example:65536",
        ":443",
        "a*.b:1",
        "*.*.b:1",
        "10.0.0.0/33:1",
        "10.0.0.0/x:1",
        "a b:1",
        "a.example:443x"
      })
  void rule_ofAnotherForm_refused(String rule) {
    assertThatThrownBy(() -> TargetRule.parse(rule)).isInstanceOf(IllegalArgumentException.class);
  }
}
