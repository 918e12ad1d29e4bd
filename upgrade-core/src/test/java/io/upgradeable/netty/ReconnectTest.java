package io.upgradeable.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.upgradeable.Connection;
import io.upgradeable.Endpoint;
import io.upgradeable.Layer;
import io.upgradeable.LayerStack;
import io.upgradeable.PeerFixture;
import io.upgradeable.UpgradeException.ConnectFailed;
import io.upgradeable.UpgradeException.PeerRefused;
import io.upgradeable.UpgradeObserver;
import io.upgradeable.negotiation.Message;
import io.upgradeable.negotiation.Negotiation;
import io.upgradeable.negotiation.Reason;
import io.upgradeable.negotiation.Step;
import io.upgradeable.negotiation.TlsFacts;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A layer that asks for a new connection, and stacks that leave addresses out. */
@Timeout(60)
final class ReconnectTest extends PeerFixture {

  private final List<String> observed = new CopyOnWriteArrayList<>();

  ReconnectTest() throws IOException {}

  /** Says its number; is refused until there were enough of it. */
  private record Asking(int number, int enough) implements Negotiation<Integer> {
    @Override
    public Step<Integer> begin() {
      Message message = Message.text(String.valueOf(number));
      return number < enough
          ? Step.fail(Reason.refusedHere("407", "again"), message)
          : Step.done(number, message);
    }

    @Override
    public Step<Integer> receive(ByteBuffer input) {
      throw new IllegalStateException("nothing is awaited");
    }

    @Override
    public Step<Integer> secured(TlsFacts facts) {
      throw new IllegalStateException("no TLS");
    }
  }

  private static Layer<Integer> asking(String name, int enough) {
    AtomicInteger count = new AtomicInteger();
    return Layer.of(name, () -> new Asking(count.incrementAndGet(), enough)).build();
  }

  private NettyConnector connector() {
    return closing(
        NettyConnector.builder()
            .threads(1)
            .observer(
                new UpgradeObserver() {
                  @Override
                  public void connectStarted(String path) {
                    observed.add("connecting");
                  }

                  @Override
                  public void layerFailed(String path, Throwable cause) {
                    observed.add("failed");
                  }

                  @Override
                  public void layerCompleted(String path, Object result) {
                    observed.add("completed");
                  }
                })
            .build());
  }

  @Test
  void layer_refusedAndWiser_getsANewConnection() throws Exception {
    Layer<Integer> layer = asking("asking", 2);
    Connection connection =
        closing(connector().connect(LayerStack.tcp(peerEndpoint()).then(layer)));
    assertThat(connection.result(layer)).isEqualTo(2);
    assertThat(hear(accept(), 1)).isEqualTo("1");
    assertThat(hear(accept(), 1)).isEqualTo("2");
    assertThat(observed).containsExactly("connecting", "failed", "connecting", "completed");
  }

  @Test
  void layer_refusedTwice_getsNoThird() {
    PeerRefused refused =
        catchThrowableOfType(
            PeerRefused.class,
            () -> connector().connect(LayerStack.tcp(peerEndpoint()).then(asking("asking", 3))));
    assertThat(refused.mayReconnect()).isTrue();
    assertThat(observed).containsExactly("connecting", "failed", "connecting", "failed");
  }

  @Test
  void twoLayers_eachRefusedOnce_eachGetsItsOwn() throws Exception {
    LayerStack stack =
        LayerStack.tcp(peerEndpoint()).then(asking("lower", 2)).then(asking("upper", 2));
    closing(connector().connect(stack));
    assertThat(observed).filteredOn("connecting"::equals).hasSize(3);
  }

  @Test
  void addresses_someLeftOut_othersAreDialled() throws Exception {
    Endpoint byName = Endpoint.of("localhost", peerEndpoint().port());
    LayerStack narrow =
        LayerStack.tcp(byName)
            .onlyTo(InetAddress::isLoopbackAddress)
            .onlyTo(address -> address.getAddress().length == 4)
            .then(asking("asking", 1));
    assertThat(closing(connector().connect(narrow)).remoteAddress().toString())
        .contains("127.0.0.1");
  }

  @Test
  void addresses_allLeftOut_noneIsDialled() {
    assertThatThrownBy(
            () -> connector().connect(LayerStack.tcp(peerEndpoint()).onlyTo(any -> false)))
        .isInstanceOf(ConnectFailed.class)
        .hasMessageContaining("an address that may be dialled");
  }
}
