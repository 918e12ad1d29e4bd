package io.upgradeable.netty;

import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.upgradeable.Layer;
import io.upgradeable.session.Session;
import java.lang.System.Logger.Level;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * Brings a connection's layers up, one after the other: each driver gives its place to the next,
 * the last one to the session.
 */
final class SetUp {

  /** The end of the set-up. Exactly one method is called, on the event loop. */
  interface Listener {
    /** All layers are up and the pipeline is final. */
    void completed(NettyConnection connection);

    /** A layer failed; the channel is being closed. */
    void failed(Throwable cause);
  }

  private final NettyConnection connection;
  private final Iterator<Layer<?>> layers;
  private final Function<NettyConnection, Optional<Session>> sessions;
  private final Listener listener;

  private SetUp(
      NettyConnection connection,
      List<Layer<?>> layers,
      Function<NettyConnection, Optional<Session>> sessions,
      Listener listener) {
    this.connection = connection;
    this.layers = layers.iterator();
    this.sessions = sessions;
    this.listener = listener;
  }

  /**
   * Starts with the lowest layer, on the event loop.
   *
   * @param place the handler that gives its place to the first driver
   * @param sessions makes the session that follows the last layer
   */
  static void start(
      ChannelHandlerContext place,
      NettyConnection connection,
      List<Layer<?>> layers,
      Function<NettyConnection, Optional<Session>> sessions,
      Listener listener) {
    new SetUp(connection, layers, sessions, listener).next(place, new UnreadBytes());
  }

  private void next(ChannelHandlerContext place, UnreadBytes unread) {
    if (layers.hasNext()) {
      negotiate(place, layers.next(), unread);
    } else {
      finish(place, unread);
    }
  }

  private <R> void negotiate(ChannelHandlerContext place, Layer<R> layer, UnreadBytes unread) {
    var driver =
        new NegotiationHandler<R>(
            connection,
            layer,
            unread,
            new NegotiationHandler.Successor<>() {
              @Override
              public void completed(ChannelHandlerContext nextPlace, R result, UnreadBytes rest) {
                next(nextPlace, rest);
              }

              @Override
              public void failed(Throwable cause) {
                listener.failed(cause);
              }
            });
    replace(place, driver);
    driver.start();
  }

  private void finish(ChannelHandlerContext place, UnreadBytes unread) {
    connection.setUpDeadline(null);
    try {
      Optional<Session> session = newSession();
      if (session.isPresent()) {
        SessionDriver.open(place, connection, session.get(), unread);
      } else {
        replace(place, new NoSession());
      }
    } catch (RuntimeException | Error e) {
      connection.channel().close();
      listener.failed(e);
      return;
    }
    listener.completed(connection);
  }

  private Optional<Session> newSession() {
    try {
      return sessions.apply(connection);
    } catch (RuntimeException | Error mistake) {
      System.getLogger("io.upgradeable")
          .log(Level.ERROR, "no session could be made on " + connection.path(), mistake);
      throw mistake;
    }
  }

  static void replace(ChannelHandlerContext place, ChannelHandler successor) {
    place.pipeline().replace(place.handler(), null, successor);
  }
}
