package io.upgradeable.bench;

import io.upgradeable.Endpoint;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The client of all proxies. Either its tunnels stay, and a unit is a MiB that comes through one of
 * them; or a unit is a tunnel, through which one request goes and one byte comes back. A transfer
 * ends by its length, so that nothing depends on how a proxy passes an end on.
 */
final class RelayClient implements Load.Work {

  static final String TRANSFER = "transfer";
  static final String SET_UP = "set-up";

  private static final long UNIT_BYTES = 1024 * 1024;
  private static final int MAX_HEAD_BYTES = 8192;

  private final Load load;
  private final ByteBuffer request;
  private final boolean transfers;
  private final boolean connects;
  private final ExecutorService threads;
  private final List<Lane> lanes = new ArrayList<>();

  private RelayClient(Load load) throws IOException {
    this.load = load;
    Endpoint origin = Endpoint.parse(load.text("--origin"));
    request =
        StandardCharsets.US_ASCII.encode(
            "CONNECT " + origin + " HTTP/1.1\r\nHost: " + origin + "\r\n\r\n");
    transfers = load.text("--work").equals(TRANSFER);
    connects = load.text("--how").equals("connect");
    threads = Executors.newFixedThreadPool(load.atOnce());
    for (int i = 0; i < load.atOnce(); i++) {
      Lane lane = new Lane(ByteBuffer.allocateDirect(transfers ? RelayOrigin.BUFFER_BYTES : 1));
      lanes.add(lane);
      if (transfers) {
        lane.channel = open();
      }
    }
  }

  /**
   * Runs a load.
   *
   * @param args see {@link Load}, and {@code --origin}, {@code --work transfer|set-up}, {@code
   *     --how connect|direct}: whether the proxy is asked where to go
   * @throws Exception if the proxy cannot be reached
   */
  public static void main(String[] args) throws Exception {
    Load.measure(RelayClient::new, args);
  }

  @Override
  public int run(int units) throws Exception {
    AtomicInteger left = new AtomicInteger(units);
    List<Future<Integer>> failures = new ArrayList<>();
    for (int i = 0; i < lanes.size(); i++) {
      Lane lane = lanes.get(i);
      int share = units / lanes.size() + (i < units % lanes.size() ? 1 : 0);
      failures.add(
          threads.submit(() -> transfers ? transfer(lane, share * UNIT_BYTES) : setUp(lane, left)));
    }
    int sum = 0;
    for (Future<Integer> each : failures) {
      sum += each.get();
    }
    return sum;
  }

  /** Fetches as much as that in one piece. A tunnel that ends early is no measurement. */
  private static int transfer(Lane lane, long bytes) throws IOException {
    SocketChannel channel = lane.channel();
    lane.ask(channel, bytes);
    for (long left = bytes; left > 0; ) {
      lane.bytes.clear().limit((int) Math.min(left, lane.bytes.capacity()));
      int count = channel.read(lane.bytes);
      if (count < 0) {
        throw new IOException("the tunnel ended " + left + " bytes early");
      }
      left -= count;
    }
    return 0;
  }

  private int setUp(Lane lane, AtomicInteger left) {
    int failures = 0;
    while (left.getAndDecrement() > 0) {
      try (SocketChannel channel = open()) {
        lane.ask(channel, 1);
        lane.bytes.clear();
        if (!RelayOrigin.fill(channel, lane.bytes)) {
          failures++;
        }
      } catch (IOException e) {
        failures++;
      }
    }
    return failures;
  }

  private SocketChannel open() throws IOException {
    Endpoint peer = load.peer();
    SocketChannel channel = SocketChannel.open(new InetSocketAddress(peer.host(), peer.port()));
    try {
      channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
      if (connects) {
        channel.write(request.duplicate());
        readHead(channel);
      }
      return channel;
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }

  /** The origin speaks only when it is asked: whatever comes now is the proxy's. */
  private static void readHead(SocketChannel channel) throws IOException {
    ByteBuffer head = ByteBuffer.allocate(MAX_HEAD_BYTES);
    while (channel.read(head) > 0) {
      String text = new String(head.array(), 0, head.position(), StandardCharsets.ISO_8859_1);
      if (text.endsWith("\r\n\r\n")) {
        if (text.startsWith("HTTP/1.1 200 ") || text.startsWith("HTTP/1.0 200 ")) {
          return;
        }
        break;
      }
    }
    throw new IOException("the proxy opened no tunnel");
  }

  @Override
  public void close() throws IOException {
    threads.shutdown();
    for (Lane lane : lanes) {
      if (lane.channel != null) {
        lane.channel.close();
      }
    }
  }

  /** What one thread works with. */
  private static final class Lane {
    private final ByteBuffer bytes;
    private final ByteBuffer length = ByteBuffer.allocateDirect(Long.BYTES);
    private @Nullable SocketChannel channel;

    Lane(ByteBuffer bytes) {
      this.bytes = bytes;
    }

    SocketChannel channel() {
      if (channel == null) {
        throw new IllegalStateException("not open");
      }
      return channel;
    }

    void ask(SocketChannel origin, long count) throws IOException {
      origin.write(length.clear().putLong(count).flip());
    }
  }
}
