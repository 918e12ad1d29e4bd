package io.upgradeable.session;

import io.upgradeable.UpgradeException;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * What happens on a connection after its layers are up. All methods are called on the connection's
 * event loop, one at a time, and must not block.
 *
 * <p>Input comes on demand only: nothing is read from the peer until {@link
 * SessionContext#requestInput()} asks for it, so a session that does not ask slows its peer down
 * instead of filling memory.
 *
 * <p>An exception thrown from here is a programming error: it is logged by the logger {@code
 * io.upgradeable} and ends the connection, and {@link #closed} hears no cause.
 */
public interface Session {

  /**
   * The layers are up and the pipeline is final. Called once.
   *
   * @param context the way to write, read and close; it may be used from any thread
   */
  void opened(SessionContext context);

  /**
   * Bytes came. The session moves the buffer's position over what it took; the rest is kept and
   * comes again, with more behind it, after the next {@link SessionContext#requestInput()}, or as
   * it is by {@link SessionContext#redeliver()}.
   *
   * @param input the unread bytes, read-only, valid during this call only
   */
  void receive(ByteBuffer input);

  /**
   * The peer will send no more. A session that asked for no bytes hears of this only when the
   * connection goes, and may have bytes left that it was never shown: {@link
   * SessionContext#redeliver()} brings them.
   *
   * @param truncated true if TLS was on and the peer did not say so with close_notify: what came
   *     before may be cut short by somebody in the middle
   */
  void inputClosed(boolean truncated);

  /**
   * The outbound buffer passed its low or high watermark.
   *
   * @param writable whether more bytes are welcome
   */
  default void writabilityChanged(boolean writable) {}

  /**
   * The connection is gone. Called once, last.
   *
   * @param cause why, or empty if this side closed
   */
  void closed(Optional<UpgradeException> cause);
}
