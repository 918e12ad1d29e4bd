package io.upgradeable.session;

import io.upgradeable.Connection;
import io.upgradeable.Layer;
import io.upgradeable.UpgradeException;
import io.upgradeable.negotiation.Reason;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;

/**
 * A session's handle on its connection. All methods may be called from any thread. What is called
 * on the event loop takes effect at once, also before calls from other threads that still wait for
 * the loop; see {@link #executeInOrder}.
 */
public interface SessionContext {

  /**
   * The connection.
   *
   * @return the connection with the results of its layers
   */
  Connection connection();

  /**
   * The connection's event loop: tasks run in order, never concurrently with the session's
   * callbacks.
   *
   * @return the executor
   */
  Executor executor();

  /**
   * Runs a task on the event loop, in the order of the calls to this method: at once if the caller
   * is on the event loop and no earlier task waits, else behind those that wait. A session that is
   * used from several threads passes its calls through here, so that what was called before takes
   * effect before, whichever thread called it.
   *
   * @param task what to run
   * @throws java.util.concurrent.RejectedExecutionException if the event loop has ended, and the
   *     connection with it
   */
  void executeInOrder(Runnable task);

  /**
   * Whether the calling thread is the event loop, which must never block.
   *
   * @return true on the event loop
   */
  boolean isOnEventLoop();

  /**
   * Runs a task on the event loop later. A connection that goes does not take its tasks with it:
   * cancel them in {@link Session#closed}.
   *
   * @param delay when
   * @param task what
   * @return to cancel it with
   */
  Future<?> schedule(Duration delay, Runnable task);

  /**
   * Writes and flushes. While a negotiation is under way the bytes wait behind it; if it fails they
   * fail with it. The buffer must not be changed until the future completes.
   *
   * @param bytes the bytes
   * @return completes when the operating system has taken the bytes; to cancel it while they wait
   *     behind a negotiation leaves them out
   */
  CompletableFuture<Void> write(ByteBuffer bytes);

  /**
   * Whether the outbound buffer is below its high watermark.
   *
   * @return true if more bytes are welcome
   */
  boolean isWritable();

  /**
   * Asks for bytes: one {@link Session#receive} or {@link Session#inputClosed} follows. Bytes that
   * the session was never shown come first, at once. A request made while a negotiation runs is
   * answered after it.
   */
  void requestInput();

  /**
   * Calls {@link Session#receive} with the bytes that are unread now, if there are any. Where the
   * peer had ended in order they outlast the connection, and can be asked for in {@link
   * Session#closed} and later.
   */
  void redeliver();

  /**
   * Hands the connection to a negotiation, for instance one that turns it into TLS. The session
   * hears nothing until it is done. Bytes that are unread now are the negotiation's input; if its
   * first step starts TLS, they fail the connection as injected plaintext.
   *
   * @param <R> the negotiation's result
   * @param layer the layer to put on top
   * @return completes with the layer's result, after the pipeline is final
   * @throws IllegalStateException if a negotiation is under way
   */
  <R> CompletableFuture<R> negotiate(Layer<R> layer);

  /**
   * Says to the peer that no more bytes follow, with a TCP FIN; reading goes on. Under TLS it fails
   * with {@link UnsupportedOperationException}: close_notify ends both directions with TLS 1.2 (RFC
   * 5246, 7.2.1), and with some engines under TLS 1.3 too.
   *
   * @return completes when it was sent
   */
  CompletableFuture<Void> shutdownOutput();

  /**
   * Closes after what was written before.
   *
   * @return completes when the connection is gone
   */
  CompletableFuture<Void> close();

  /**
   * Closes at once, with a cause.
   *
   * @param cause what {@link Session#closed} will be told
   */
  void fail(UpgradeException cause);

  /**
   * Makes the failure of a time limit that tells where on this connection it happened.
   *
   * @param awaited what was waited for
   * @param limit the time that was allowed
   * @return the failure, not yet thrown
   */
  UpgradeException timeout(String awaited, Duration limit);

  /**
   * Makes the failure of a TLS stream that ended without close_notify.
   *
   * @param awaited what was waited for
   * @return the failure, not yet thrown
   */
  UpgradeException truncated(String awaited);

  /**
   * Makes a failure that tells where on this connection it happened.
   *
   * @param reason what happened
   * @param awaited what was waited for
   * @return the failure, not yet thrown
   */
  UpgradeException failure(Reason reason, String awaited);
}
