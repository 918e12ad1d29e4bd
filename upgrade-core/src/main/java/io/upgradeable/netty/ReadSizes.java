package io.upgradeable.netty;

import io.netty.channel.Channel;
import io.netty.channel.DefaultMaxMessagesRecvByteBufAllocator;

/**
 * How much one channel reads at once: as much as its peer sends, within a limit. Sessions are fed
 * in pieces of at most 64 KiB, so that what they leave unread stays small. A relay, which keeps
 * nothing, may read four times as much: it saves a third of the processor's time.
 *
 * <p>Not thread-safe; used on the channel's event loop. One for each channel.
 */
final class ReadSizes extends DefaultMaxMessagesRecvByteBufAllocator {

  private static final int MIN = 512;
  private static final int FIRST = 2048;
  private static final int MAX = 64 * 1024;
  private static final int MAX_OF_RELAY = 256 * 1024;

  private int max = MAX;

  /** Lets a relay read in larger pieces. */
  static void widen(Channel channel) {
    if (channel.config().getRecvByteBufAllocator() instanceof ReadSizes sizes) {
      sizes.max = MAX_OF_RELAY;
    }
  }

  @Override
  public MaxMessageHandle newHandle() {
    return new Sizes();
  }

  private final class Sizes extends MaxMessageHandle {

    private int next = FIRST;
    private boolean wasSmall;

    @Override
    public int guess() {
      return next;
    }

    @Override
    public void lastBytesRead(int bytes) {
      if (bytes > 0) {
        if (bytes >= attemptedBytesRead()) {
          next = Math.min(next * 2, max);
          wasSmall = false;
        } else if (bytes >= next / 2) {
          wasSmall = false;
        } else if (wasSmall) { // Twice, because the last piece of a burst says nothing.
          next = Math.max(next / 2, MIN);
          wasSmall = false;
        } else {
          wasSmall = true;
        }
      }
      super.lastBytesRead(bytes);
    }
  }
}
