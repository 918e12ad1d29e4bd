package io.upgradeable.netty;

import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.socket.DuplexChannel;
import io.netty.channel.unix.Socket;
import io.netty.channel.unix.UnixChannel;
import java.io.IOException;
import java.nio.channels.NotYetConnectedException;

/** How a socket's output ends: in order, with its input left open, or broken off. */
final class OutputEnd {

  private OutputEnd() {}

  /**
   * Sends the end, on the event loop. For when nothing waits to be written, and nothing will be:
   * Netty's own way makes an exception each time, with its stack, for writes that wait.
   */
  static ChannelFuture send(DuplexChannel channel) {
    if (!(channel instanceof UnixChannel unix && unix.fd() instanceof Socket socket)) {
      return channel.shutdownOutput();
    }
    try {
      socket.shutdown(false, true);
      return channel.newSucceededFuture();
    } catch (IOException | NotYetConnectedException resetMeanwhile) {
      return channel.newFailedFuture(resetMeanwhile);
    }
  }

  /** How much waits to leave, the transport's own bookkeeping included; from any thread. */
  static long waiting(Channel channel) {
    ChannelOutboundBuffer buffer = channel.unsafe().outboundBuffer();
    return buffer == null ? 0 : buffer.totalPendingWriteBytes();
  }

  /** For a close in plaintext: what it cuts off must not look complete. */
  static void resetOverWhatWaits(Channel channel) {
    if (waiting(channel) > 0) {
      resetOnClose(channel);
    }
  }

  /** Has the close break off, so that the peer cannot take what it has for all. */
  static void resetOnClose(Channel channel) {
    try {
      channel.config().setOption(ChannelOption.SO_LINGER, 0);
    } catch (ChannelException gone) {
      // It was reset meanwhile, which some systems say here.
    }
  }
}
