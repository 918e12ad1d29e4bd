package io.upgradeable;

import io.upgradeable.internal.Blocking;
import io.upgradeable.netty.NettyConnector;
import io.upgradeable.session.Session;
import java.io.FileDescriptor;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketImpl;
import java.net.SocketOptions;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A socket over a stack of layers: {@link Socket} keeps its state, and a stream moves its bytes.
 */
final class LayeredSocket extends Socket {

  /**
   * A socket that is not connected yet.
   *
   * @param connector connects, and gives the session the connection
   * @param stacks where to connect and what to negotiate, for a server
   */
  LayeredSocket(
      BiFunction<LayerStack, Session, CompletableFuture<Connection>> connector,
      Function<Endpoint, LayerStack> stacks)
      throws SocketException {
    super(new Impl(connector, stacks));
  }

  /** What the JDK's socket calls; the JDK checks that it is connected and not closed. */
  private static final class Impl extends SocketImpl {

    private static final int READ_CHUNK = 16 * 1024;
    private static final int WRITE_CHUNK = 64 * 1024;
    private static final int NOMINAL_BUFFER = 64 * 1024;

    /** A socket waits as long as it is told to; the longest time that the core knows. */
    private static final StreamOptions OPTIONS = new StreamOptions(Duration.ofDays(365), 1);

    private static final byte[] NOTHING = {};

    private final BiFunction<LayerStack, Session, CompletableFuture<Connection>> connector;
    private final Function<Endpoint, LayerStack> stacks;
    private final StreamSession session =
        new StreamSession(Optional.empty(), Optional.empty(), OPTIONS, stream -> {});
    private final Map<Integer, Object> options = new ConcurrentHashMap<>();
    private final Input input = new Input();
    private volatile @Nullable CompletableFuture<Connection> connecting;
    private volatile boolean closed;

    Impl(
        BiFunction<LayerStack, Session, CompletableFuture<Connection>> connector,
        Function<Endpoint, LayerStack> stacks) {
      this.connector = connector;
      this.stacks = stacks;
    }

    @Override
    protected void create(boolean stream) {
      // Nothing to be made before the server is known.
    }

    @Override
    protected void connect(SocketAddress server, int timeout) throws IOException {
      // The name that the caller used; an address is never looked up in reverse.
      InetSocketAddress asked = (InetSocketAddress) server;
      requireNoEventLoop();
      LayerStack stack = stacks.apply(Endpoint.of(asked.getHostString(), asked.getPort()));
      CompletableFuture<Connection> future = connector.apply(stack, session);
      connecting = future;
      if (closed) { // By another thread, which may have seen nothing that it could end.
        end(future);
        throw new SocketException("Socket closed");
      }
      Connection connection = await(future, timeout, "connect timed out", true);
      if (connection.remoteAddress() instanceof InetSocketAddress remote) {
        address = remote.getAddress();
        port = remote.getPort();
      }
      if (connection.localAddress() instanceof InetSocketAddress local) {
        localport = local.getPort();
        options.put(SocketOptions.SO_BINDADDR, local.getAddress());
      }
    }

    @Override
    protected void connect(String host, int port) throws IOException {
      connect(InetSocketAddress.createUnresolved(host, port), 0);
    }

    @Override
    protected void connect(InetAddress address, int port) throws IOException {
      connect(new InetSocketAddress(address, port), 0);
    }

    @Override
    protected void bind(InetAddress host, int port) throws IOException {
      boolean anywhere = port == 0 && host.isAnyLocalAddress();
      if (!anywhere) {
        throw new SocketException("a local address cannot be chosen");
      }
    }

    @Override
    protected void listen(int backlog) throws IOException {
      throw new SocketException("this socket cannot listen");
    }

    @Override
    protected void accept(SocketImpl accepted) throws IOException {
      throw new SocketException("this socket cannot accept");
    }

    @Override
    protected InputStream getInputStream() {
      return input;
    }

    @Override
    protected OutputStream getOutputStream() {
      return new Output();
    }

    @Override
    protected int available() {
      return input.available();
    }

    @Override
    protected void close() {
      closed = true;
      CompletableFuture<Connection> future = connecting;
      if (future != null) {
        end(future);
      }
    }

    private void end(CompletableFuture<Connection> future) {
      future.cancel(false);
      if (future.isCompletedExceptionally()) {
        return;
      }
      CompletableFuture<Void> gone = session.close();
      if (!NettyConnector.isEventLoop()) {
        gone.join(); // In bounded time: two seconds at most.
      }
    }

    @Override
    protected void shutdownInput() {
      input.end();
    }

    @Override
    protected void shutdownOutput() throws IOException {
      await(session::shutdownOutput);
    }

    @Override
    protected void sendUrgentData(int data) throws IOException {
      throw new SocketException("there is no urgent data over layers");
    }

    @Override
    protected FileDescriptor getFileDescriptor() {
      throw new UnsupportedOperationException("a socket over layers has no descriptor");
    }

    @Override
    public void setOption(int option, Object value) {
      options.put(option, Objects.requireNonNull(value, "value"));
    }

    @Override
    public Object getOption(int option) throws SocketException {
      Object value = options.get(option);
      if (value != null) {
        return value;
      }
      return switch (option) {
        case SocketOptions.SO_TIMEOUT, SocketOptions.IP_TOS -> 0;
        case SocketOptions.SO_LINGER -> -1;
        case SocketOptions.SO_SNDBUF, SocketOptions.SO_RCVBUF -> NOMINAL_BUFFER;
        case SocketOptions.TCP_NODELAY -> true;
        case SocketOptions.SO_BINDADDR -> InetAddress.getLoopbackAddress();
        default -> false;
      };
    }

    private int readTimeout() {
      return options.get(SocketOptions.SO_TIMEOUT) instanceof Integer millis ? millis : 0;
    }

    private static void requireNoEventLoop() {
      if (NettyConnector.isEventLoop()) {
        throw new IllegalStateException("a blocking call on an event loop would wait for itself");
      }
    }

    private <T> T await(Supplier<CompletableFuture<T>> operation) throws IOException {
      try {
        return Blocking.await(NettyConnector.isEventLoop(), operation);
      } catch (ClosedChannelException e) {
        throw closedSocket(e);
      }
    }

    /** Waits for a future, a limited time if the limit is not 0. */
    private <T> T await(
        CompletableFuture<T> future, int millis, String whenLate, boolean cancelWhenLate)
        throws IOException {
      try {
        return millis == 0 ? future.get() : future.get(millis, TimeUnit.MILLISECONDS);
      } catch (TimeoutException e) {
        if (cancelWhenLate && !future.cancel(false)) {
          return await(() -> future); // It is over all the same.
        }
        throw new SocketTimeoutException(whenLate);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        if (cancelWhenLate && !future.cancel(false)) {
          return await(() -> future);
        }
        InterruptedIOException interrupted =
            new InterruptedIOException("interrupted while waiting");
        interrupted.initCause(e);
        throw interrupted;
      } catch (ExecutionException e) {
        // Done by now: the failure comes out as it is.
        return await(() -> future);
      } catch (CancellationException e) {
        throw closedSocket(e);
      }
    }

    private static SocketException closedSocket(Exception cause) {
      SocketException closed = new SocketException("Socket closed");
      closed.initCause(cause);
      return closed;
    }

    /** Reads of one thread at a time; a read that times out goes on with the next call. */
    private final class Input extends InputStream {
      private final ReentrantLock lock = new ReentrantLock();
      private volatile ByteBuffer rest = ByteBuffer.wrap(NOTHING);
      private volatile boolean ended;
      private volatile @Nullable CompletableFuture<byte[]> pending;

      @Override
      public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
      }

      @Override
      public int read(byte[] bytes, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, bytes.length);
        if (length == 0) {
          return 0;
        }
        lock.lock();
        try {
          if (!rest.hasRemaining() && !ended) {
            fill();
          }
          if (ended) {
            return -1;
          }
          int count = Math.min(length, rest.remaining());
          rest.get(bytes, offset, count);
          return count;
        } finally {
          lock.unlock();
        }
      }

      private void fill() throws IOException {
        requireNoEventLoop();
        CompletableFuture<byte[]> reading = pending;
        if (reading == null) {
          // A copy: end() completes it, and the stream, whose read goes on, stays open for writes.
          reading = session.readSome(READ_CHUNK).copy();
          pending = reading;
          if (ended) { // By another thread, which may have seen nothing to complete.
            return;
          }
        }
        byte[] bytes = await(reading, readTimeout(), "Read timed out", false);
        pending = null;
        rest = ByteBuffer.wrap(bytes);
        ended |= bytes.length == 0;
      }

      @Override
      public int available() {
        return ended ? 0 : rest.remaining();
      }

      void end() {
        ended = true;
        CompletableFuture<byte[]> reading = pending;
        if (reading != null) {
          reading.complete(NOTHING);
        }
      }
    }

    /** Writes at the pace of the peer: a call returns when the operating system took the bytes. */
    private final class Output extends OutputStream {
      @Override
      public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
      }

      @Override
      public void write(byte[] bytes, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, bytes.length);
        for (int from = offset; from < offset + length; from += WRITE_CHUNK) {
          ByteBuffer chunk =
              ByteBuffer.wrap(bytes, from, Math.min(WRITE_CHUNK, offset + length - from)).slice();
          await(() -> session.write(chunk));
        }
      }
    }
  }
}
