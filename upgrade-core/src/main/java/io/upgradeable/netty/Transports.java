package io.upgradeable.netty;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.kqueue.KQueue;
import io.netty.channel.kqueue.KQueueIoHandler;
import io.netty.channel.kqueue.KQueueServerSocketChannel;
import io.netty.channel.kqueue.KQueueSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.ServerSocketChannel;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.channel.uring.IoUring;
import io.netty.channel.uring.IoUringIoHandler;
import io.netty.channel.uring.IoUringServerSocketChannel;
import io.netty.channel.uring.IoUringSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * An event loop group with the channel classes that belong to it.
 *
 * @param kind which transport it is
 * @param group the loops, on daemon threads
 * @param socket the class of client and accepted channels
 * @param serverSocket the class of listening channels
 */
record Transports(
    Transport kind,
    EventLoopGroup group,
    Class<? extends SocketChannel> socket,
    Class<? extends ServerSocketChannel> serverSocket) {

  static Transports open(Transport wanted, int threads, String threadName) {
    Transport kind = wanted == Transport.AUTO ? best() : wanted;
    if (!isAvailable(kind)) {
      throw new IllegalArgumentException(
          "expected a transport of this system, got " + kind + ": its native library is missing");
    }
    // Each arm stands in a method of its own: its classes are loaded only where they are there. And
    // no method reference names one that may be missing: class-data sharing would leave all out.
    return switch (kind) {
      case EPOLL -> epoll(threads, threadName);
      case KQUEUE -> kqueue(threads, threadName);
      case IO_URING -> uring(threads, threadName);
      default -> nio(threads, threadName);
    };
  }

  /** Ends the loops; what runs on them is over already. */
  void close() {
    group.shutdownGracefully(0, 2, TimeUnit.SECONDS);
  }

  private static Transport best() {
    if (isAvailable(Transport.EPOLL)) {
      return Transport.EPOLL;
    }
    return isAvailable(Transport.KQUEUE) ? Transport.KQUEUE : Transport.NIO;
  }

  private static boolean isAvailable(Transport kind) {
    return switch (kind) {
      case EPOLL -> loads(() -> Epoll.isAvailable());
      case KQUEUE -> loads(() -> KQueue.isAvailable());
      case IO_URING -> loads(() -> IoUring.isAvailable());
      default -> true;
    };
  }

  private static boolean loads(BooleanSupplier check) {
    try {
      return check.getAsBoolean();
    } catch (LinkageError absent) {
      return false; // The jar is optional and not there.
    }
  }

  private static Transports nio(int threads, String threadName) {
    return new Transports(
        Transport.NIO,
        group(threads, threadName, () -> NioIoHandler.newFactory()),
        NioSocketChannel.class,
        NioServerSocketChannel.class);
  }

  private static Transports epoll(int threads, String threadName) {
    return new Transports(
        Transport.EPOLL,
        group(threads, threadName, () -> WatchingEpoll.newFactory()),
        EpollSocketChannel.class,
        EpollServerSocketChannel.class);
  }

  private static Transports kqueue(int threads, String threadName) {
    return new Transports(
        Transport.KQUEUE,
        group(threads, threadName, () -> KQueueIoHandler.newFactory()),
        KQueueSocketChannel.class,
        KQueueServerSocketChannel.class);
  }

  private static Transports uring(int threads, String threadName) {
    return new Transports(
        Transport.IO_URING,
        group(threads, threadName, () -> IoUringIoHandler.newFactory()),
        IoUringSocketChannel.class,
        IoUringServerSocketChannel.class);
  }

  private static EventLoopGroup group(
      int threads, String threadName, Supplier<IoHandlerFactory> factory) {
    return new MultiThreadIoEventLoopGroup(
        threads, new DefaultThreadFactory(threadName, true), factory.get());
  }
}
