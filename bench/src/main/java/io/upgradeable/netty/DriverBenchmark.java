package io.upgradeable.netty;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import io.upgradeable.Endpoint;
import io.upgradeable.Layer;
import io.upgradeable.UpgradeObserver;
import io.upgradeable.negotiation.Message;
import io.upgradeable.negotiation.Negotiation;
import io.upgradeable.negotiation.Step;
import io.upgradeable.negotiation.TlsFacts;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/**
 * A negotiation of four messages each way, driven in a pipeline without a network; {@link #channel}
 * is what of it is the pipeline's own.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class DriverBenchmark {

  private static final int ROUNDS = 4;
  private static final byte[] ANSWER = "PONG\n".getBytes(StandardCharsets.US_ASCII);
  private static final Message PING = Message.text("PING\n");
  private static final Endpoint PEER = Endpoint.of("localhost", 1);

  private final TlsContexts contexts = new TlsContexts();
  private final SafeObserver observer = new SafeObserver(UpgradeObserver.NONE);
  private final Layer<Integer> layer = Layer.of("rounds", Rounds::new).build();

  /** PING and PONG, so many times. */
  private static final class Rounds implements Negotiation<Integer> {
    private int left = ROUNDS;

    @Override
    public Step<Integer> begin() {
      return Step.send(PING, "PONG");
    }

    @Override
    public Step<Integer> receive(ByteBuffer input) {
      input.position(input.limit());
      return --left == 0 ? Step.done(left) : begin();
    }

    @Override
    public Step<Integer> secured(TlsFacts facts) {
      throw new IllegalStateException("never under TLS");
    }
  }

  /** The driver carries the steps out. */
  @Benchmark
  public Object drive() {
    EmbeddedChannel channel = new EmbeddedChannel(new ChannelInboundHandlerAdapter());
    NettyConnection connection = NettyConnection.opened(channel, PEER, contexts, observer);
    SetUp.start(
        channel.pipeline().firstContext(),
        connection,
        List.of(layer),
        ignored -> Optional.empty(),
        new SetUp.Listener() {
          @Override
          public void completed(NettyConnection up) {}

          @Override
          public void failed(Throwable cause) {
            throw new IllegalStateException(cause);
          }
        });
    return talk(channel);
  }

  /** The same bytes through a handler that does nothing. */
  @Benchmark
  public Object channel() {
    EmbeddedChannel channel = new EmbeddedChannel(new ChannelInboundHandlerAdapter());
    return talk(channel);
  }

  private static Object talk(EmbeddedChannel channel) {
    for (int i = 0; i < ROUNDS; i++) {
      channel.writeInbound(Unpooled.wrappedBuffer(ANSWER));
    }
    channel.releaseInbound();
    channel.releaseOutbound();
    return channel.close();
  }
}
