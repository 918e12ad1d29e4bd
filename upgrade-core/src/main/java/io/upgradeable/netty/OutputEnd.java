package io.upgradeable.netty;

import io.netty.channel.ChannelFuture;
import io.netty.channel.socket.DuplexChannel;
import io.netty.channel.unix.Socket;
import io.netty.channel.unix.UnixChannel;
import java.io.IOException;
import java.nio.channels.NotYetConnectedException;

/**
 * Ends a socket's output and leaves its input open. For when nothing waits to be written: Netty's
 * own way makes an exception each time, with its stack, for writes that wait.
 */
final class OutputEnd {

  private OutputEnd() {}

  /** On the event loop. Nothing may be written to the socket any more. */
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
}
