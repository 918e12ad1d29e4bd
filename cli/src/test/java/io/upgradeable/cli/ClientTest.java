package io.upgradeable.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.upgradeable.Endpoint;
import io.upgradeable.netty.NettyConnector;
import io.upgradeable.tls.TlsPolicy;
import io.upgradeable.tls.TlsRequirement;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** The clock of a command, with the time in our hands. */
class ClientTest {

  private static final Endpoint TARGET = Endpoint.of("localhost", 1);

  private final AtomicLong now = new AtomicLong(-1);

  private Client client() {
    Way way = Proxies.NONE.to(TARGET);
    Client.Peer peer =
        new Client.Peer(
            way,
            TARGET,
            TARGET,
            TlsPolicy.client().insecureTrustAnyone().build(),
            false,
            TlsRequirement.REQUIRED);
    return new Client(
        peer,
        new TimeOptions(),
        new Report("test", "localhost"),
        new DialogueRecorder(way, event -> {}),
        NettyConnector.builder().threads(1).build(),
        now::get);
  }

  private void pass(Duration time) {
    now.addAndGet(time.toNanos());
  }

  @Test
  void passwordTypedSlowly_connect_hasTheWholeTime() {
    try (Client client = client()) {
      pass(Duration.ofMinutes(10));
      client.connector();

      assertThat(client.timeLeft()).isEqualTo(Duration.ofSeconds(60));
    }
  }

  @Test
  void connected_timeLeft_isOfTheSameTime() {
    try (Client client = client()) {
      client.connector();
      pass(Duration.ofSeconds(45));
      client.connector();
      assertThat(client.timeLeft()).isEqualTo(Duration.ofSeconds(15));

      pass(Duration.ofSeconds(20));
      assertThat(client.timeLeft()).isEqualTo(Duration.ofMillis(1));
    }
  }
}
