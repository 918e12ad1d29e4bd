package io.upgradeable.connect;

import static org.assertj.core.api.Assertions.assertThat;

import io.upgradeable.Endpoint;
import io.upgradeable.testkit.Outcome;
import io.upgradeable.testkit.Split;
import io.upgradeable.testkit.SplitPoints;
import io.upgradeable.testkit.Wire;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class ConnectServerUpgradeTest {

  @Test
  void requestOfOurClient_cutAnywhere_sameTarget() {
    Endpoint target = Endpoint.parse("[2001:db8::7]:443");
    for (Split split : SplitPoints.all(128)) {
      Wire.Talk<ConnectResult, ConnectRequest> talk =
          Wire.talk(
              ConnectUpgrade.to(target, ConnectOptions.NONE.withField("User-Agent", "test")),
              new ConnectServerUpgrade(),
              split);
      assertThat(talk.server().kind()).as("%s", split).isEqualTo("Done");
      assertThat(((Outcome.Done<ConnectRequest>) talk.server()).result().target())
          .isEqualTo(target);
    }
  }

  @Test
  void internationalName_isSentAsALabel() {
    Wire.Talk<ConnectResult, ConnectRequest> talk =
        Wire.talk(
            ConnectUpgrade.to(Endpoint.parse("b\u00fccher.example:443"), ConnectOptions.NONE),
            new ConnectServerUpgrade(),
            Split.whole());
    assertThat(talk.transcript().get(0)).startsWith("C: CONNECT xn--bcher-kva.example:443 ");
  }

  @Test
  void credentials_inATrace_areRedacted() {
    assertThat(shown("CONNECT a:1 HTTP/1.1\r\nproxy-authorization: Basic c2VjcmV0\r\nA: b\r\n\r\n"))
        .isEqualTo("CONNECT a:1 HTTP/1.1\r\nproxy-authorization: Basic <redacted>\r\nA: b\r\n\r\n");
    assertThat(shown("Proxy-Authorization:\r\n Basic c2VjcmV0")).doesNotContain("c2VjcmV0");
    assertThat(shown("Authorization: Bearer c2VjcmV0")).doesNotContain("c2VjcmV0");
  }

  private static String shown(String received) {
    ByteBuffer bytes = ByteBuffer.wrap(received.getBytes(StandardCharsets.ISO_8859_1));
    return StandardCharsets.ISO_8859_1.decode(new ConnectServerUpgrade().shown(bytes)).toString();
  }
}
