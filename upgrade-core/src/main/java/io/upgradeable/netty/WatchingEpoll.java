package io.upgradeable.netty;

import io.netty.channel.IoHandle;
import io.netty.channel.IoHandler;
import io.netty.channel.IoHandlerContext;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.IoOps;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollIoOps;

/**
 * Epoll that never stops to watch a socket, and hears of the peer's FIN where it reads.
 *
 * <p>Netty 4.2.18 takes a descriptor out of epoll when nothing is wanted of it, which is so after
 * the peer's FIN, and does not put it back: the first write that has to wait for room in the socket
 * fails then (ENOENT), and Netty shuts the output over what was to be sent. Where nothing is
 * wanted, errors are wanted here, which epoll reports anyway, and so the descriptor stays.
 * Edge-triggered, because an error or the end of both directions would else be reported again and
 * again for as long as the channel is open.
 *
 * <p>Told of the FIN by itself (EPOLLRDHUP), Netty reads all that the peer sent before it at once,
 * whether or not somebody asked: the kernel's buffer may have megabytes of a peer that was held
 * back. Here it comes to them, and to the end behind them, as it is asked for them.
 *
 * @param epoll Netty's own, which does all the work
 */
record WatchingEpoll(IoHandler epoll) implements IoHandler {

  private static final EpollIoOps ERRORS_ONCE = EpollIoOps.EPOLLERR.with(EpollIoOps.EPOLLET);

  static IoHandlerFactory newFactory() {
    IoHandlerFactory factory = EpollIoHandler.newFactory();
    return executor -> new WatchingEpoll(factory.newHandler(executor));
  }

  @Override
  public IoRegistration register(IoHandle handle) throws Exception {
    return new Watched(epoll.register(handle));
  }

  private record Watched(IoRegistration registration) implements IoRegistration {

    @Override
    public long submit(IoOps ops) {
      EpollIoOps wanted = ((EpollIoOps) ops).without(EpollIoOps.EPOLLRDHUP);
      return registration.submit(EpollIoOps.NONE.equals(wanted) ? ERRORS_ONCE : wanted);
    }

    @Override
    @SuppressWarnings("TypeParameterUnusedInFormals") // Netty's.
    public <T> T attachment() {
      return registration.attachment();
    }

    @Override
    public boolean isValid() {
      return registration.isValid();
    }

    @Override
    public boolean cancel() {
      return registration.cancel();
    }
  }

  @Override
  public void initialize() {
    epoll.initialize();
  }

  @Override
  public int run(IoHandlerContext context) {
    return epoll.run(context);
  }

  @Override
  public void prepareToDestroy() {
    epoll.prepareToDestroy();
  }

  @Override
  public void destroy() {
    epoll.destroy();
  }

  @Override
  public void wakeup() {
    epoll.wakeup();
  }

  @Override
  public boolean isCompatible(Class<? extends IoHandle> type) {
    return epoll.isCompatible(type);
  }
}
