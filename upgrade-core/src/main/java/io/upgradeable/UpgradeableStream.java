package io.upgradeable;

import io.upgradeable.internal.Blocking;
import io.upgradeable.negotiation.TlsFacts;
import io.upgradeable.negotiation.UnreadPolicy;
import io.upgradeable.netty.NettyConnector;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/**
 * A stream of bytes that starts in plaintext and turns into TLS when its owner's protocol says so.
 *
 * <p>Each operation has a blocking form and an {@code Async} form. One read and any number of
 * writes may be under way at a time; methods may be called from any thread, and take effect in the
 * order in which they are called. Blocking forms hold no monitor and suit virtual threads; called
 * on an event loop they throw {@link IllegalStateException}. Dependents of the futures run on the
 * event loop and must not block.
 *
 * <p>An {@link UpgradeException} ends the stream: later operations fail the same way. So does a
 * read, a write or a {@code startTls} that is cancelled or interrupted, or whose future somebody
 * else completes ({@code orTimeout}, for instance), because its bytes may be on their way already:
 * the stream is closed. A write that had not begun by then is not sent, nor what was written behind
 * it. On a stream that this side has closed operations fail with {@link
 * java.nio.channels.ClosedChannelException}. Nothing is read from the peer that was not asked for,
 * so a slow reader slows its peer down; a write completes when the operating system took its bytes,
 * so a slow peer slows its writer down.
 */
public final class UpgradeableStream implements AutoCloseable {

  private static final int WRITE_CHUNK = 64 * 1024;

  private final StreamSession session;

  UpgradeableStream(StreamSession session) {
    this.session = session;
  }

  /**
   * Reads a line in UTF-8, ended by LF or CRLF.
   *
   * @return the line without its end, or empty at the end of the stream
   * @throws UpgradeException if the peer failed: a line over the limit, a stream that ends inside a
   *     line, or under TLS without close_notify, or nothing complete in time
   * @throws IOException if the thread was interrupted
   */
  public Optional<String> readLine() throws IOException {
    return await(() -> readLineAsync());
  }

  /**
   * Reads a line in UTF-8, ended by LF or CRLF.
   *
   * @return completes with the line without its end, or empty at the end of the stream
   * @see #readLine()
   */
  public CompletableFuture<Optional<String>> readLineAsync() {
    return session.readLine();
  }

  /**
   * Reads at least one byte, and as many as are there.
   *
   * @param max how many at most, at least 1
   * @return the bytes; none at the end of the stream
   * @throws UpgradeException if the peer failed
   * @throws IOException if the thread was interrupted
   */
  public byte[] read(int max) throws IOException {
    return await(() -> readAsync(max));
  }

  /**
   * Reads at least one byte, and as many as are there.
   *
   * @param max how many at most, at least 1
   * @return completes with the bytes; none at the end of the stream
   */
  public CompletableFuture<byte[]> readAsync(int max) {
    if (max < 1) {
      throw new IllegalArgumentException("expected at least 1 byte to read, got " + max);
    }
    return session.readSome(max);
  }

  /**
   * Reads exactly so many bytes.
   *
   * @param count how many, at most 16 MiB
   * @return the bytes
   * @throws UpgradeException if the peer failed or the stream ends before
   * @throws IOException if the thread was interrupted
   */
  public byte[] readExactly(int count) throws IOException {
    return await(() -> readExactlyAsync(count));
  }

  /**
   * Reads exactly so many bytes.
   *
   * @param count how many, at most 16 MiB
   * @return completes with the bytes
   */
  public CompletableFuture<byte[]> readExactlyAsync(int count) {
    if (count < 0 || count > StreamSession.MAX_EXACT) {
      throw new IllegalArgumentException(
          "expected 0 to " + StreamSession.MAX_EXACT + " bytes to read, got " + count);
    }
    return session.readExactly(count);
  }

  /**
   * Writes text in UTF-8 as it stands; line ends are the caller's.
   *
   * @param text the text
   * @throws UpgradeException if the peer failed
   * @throws IOException if the thread was interrupted
   */
  public void write(String text) throws IOException {
    write(text.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * Writes bytes, any number of them, at the pace of the peer.
   *
   * @param bytes the bytes
   * @throws UpgradeException if the peer failed
   * @throws IOException if the thread was interrupted
   */
  public void write(byte[] bytes) throws IOException {
    for (int offset = 0; offset < bytes.length; offset += WRITE_CHUNK) {
      int length = Math.min(WRITE_CHUNK, bytes.length - offset);
      ByteBuffer chunk = ByteBuffer.wrap(bytes, offset, length).slice();
      await(() -> session.write(chunk));
    }
  }

  /**
   * Writes bytes.
   *
   * @param bytes the bytes, not to be changed until the future completes; if it is the caller who
   *     completes or cancels it, until the stream is closed
   * @return completes when the operating system took them; fails with {@link IllegalStateException}
   *     if more than 1 MiB waits already
   */
  public CompletableFuture<Void> writeAsync(ByteBuffer bytes) {
    return session.write(Objects.requireNonNull(bytes, "bytes").slice());
  }

  /**
   * Turns the stream into TLS, now. What was written before leaves in plaintext, what is written
   * after under TLS. If the peer has said anything that was not read yet, somebody put it there:
   * the stream fails with {@link UpgradeException.PlaintextInjected}.
   *
   * @return what was negotiated
   * @throws UpgradeException if the handshake or the peer failed
   * @throws IllegalStateException if the stream was opened without a TLS policy, TLS was started
   *     before, or a read is under way
   * @throws IOException if the thread was interrupted
   */
  public TlsFacts startTls() throws IOException {
    return await(() -> startTlsAsync());
  }

  /**
   * Turns the stream into TLS, now.
   *
   * @return completes with what was negotiated
   * @see #startTls()
   */
  public CompletableFuture<TlsFacts> startTlsAsync() {
    return startTlsAsync(UnreadPolicy.REJECT);
  }

  /**
   * Turns the stream into TLS, now, in a protocol that may be without a go-ahead.
   *
   * @param unread {@link UnreadPolicy#TLS_RECORD} if the peer's handshake may share a segment with
   *     its last plaintext line
   * @return what was negotiated
   * @throws UpgradeException if the handshake or the peer failed
   * @throws IOException if the thread was interrupted
   * @see #startTls()
   */
  public TlsFacts startTls(UnreadPolicy unread) throws IOException {
    return await(() -> startTlsAsync(unread));
  }

  /**
   * Turns the stream into TLS, now, in a protocol that may be without a go-ahead.
   *
   * @param unread what becomes of bytes that the peer sent and nobody read
   * @return completes with what was negotiated
   * @see #startTls(UnreadPolicy)
   */
  public CompletableFuture<TlsFacts> startTlsAsync(UnreadPolicy unread) {
    return session.startTls(Objects.requireNonNull(unread, "unread"));
  }

  /**
   * What TLS negotiated.
   *
   * @return the facts, or empty while the stream is plaintext
   */
  public Optional<TlsFacts> tls() {
    return connection().tls();
  }

  /**
   * The connection beneath.
   *
   * @return the connection
   */
  public Connection connection() {
    return session.context().connection();
  }

  /**
   * Says that no more bytes follow; reading goes on. Only in plaintext: under TLS it fails with
   * {@link UnsupportedOperationException}.
   *
   * @return completes when it was sent
   */
  public CompletableFuture<Void> shutdownOutputAsync() {
    return session.shutdownOutput();
  }

  /**
   * Closes after what was written before.
   *
   * @return completes when the connection is gone
   */
  public CompletableFuture<Void> closeAsync() {
    return session.close();
  }

  /**
   * Closes after what was written before, and waits for it, two seconds at most. On an event loop
   * it does not wait.
   */
  @Override
  public void close() {
    CompletableFuture<Void> gone = closeAsync();
    if (!NettyConnector.isEventLoop()) { // Not on a foreign one either: two could wait in a ring.
      gone.join();
    }
  }

  private <T> T await(Supplier<CompletableFuture<T>> operation) throws IOException {
    return Blocking.await(NettyConnector.isEventLoop(), operation);
  }

  @Override
  public String toString() {
    return connection().toString();
  }
}
