package io.upgradeable.smtp;

import io.upgradeable.internal.BlockingThreads;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * Reads a content piece by piece, in the form in which it travels. One piece is made at a time, on
 * demand; a few buffers go round, so that a content of any size takes the memory of two or three
 * pieces. What may block is done on threads of its own. Used on the event loop.
 */
final class ContentReader {

  /** A BDAT command with the largest count has 25 bytes. */
  private static final int HEADER_ROOM = 32;

  /** The end of the last line, and the dot with its line end. */
  private static final int END_ROOM = 5;

  private static final int RAW_BYTES = 64 * 1024;

  /** More would wait for nothing: one is being made, one is on its way. */
  private static final int MAX_SPARE = 2;

  /** Lazily, as most contents are in memory. */
  private static final class Threads {
    private static final Executor READERS = BlockingThreads.perTask("upgradeable-smtp-content");
  }

  /** How content is framed on the wire. */
  enum Framing {
    DATA,
    BDAT
  }

  /**
   * A piece as it travels.
   *
   * @param bytes with the BDAT command in front, or the dot behind, where they belong
   * @param contentBytes how many of the bytes are content
   * @param command the BDAT command; empty for DATA
   * @param last whether the content ends here
   */
  record Piece(ByteBuffer bytes, int contentBytes, String command, boolean last) {}

  /** Hears of pieces, on the event loop, perhaps inside {@link #next}. */
  interface Listener {
    void onPiece(Piece piece);

    void onFailure(Exception cause);
  }

  private final MailContent content;
  private final Framing framing;
  private final int pieceBytes;
  private final boolean eightBitAllowed;
  private final Executor loop;
  private final Listener listener;
  private final ContentEncoder encoder;
  private final Deque<ByteBuffer> spare = new ArrayDeque<>();
  private boolean claimed;
  private boolean making;
  private boolean closed;

  // Of the thread that makes a piece; handed over with the task.
  private @Nullable InputStream stream;
  private ByteBuffer raw = ByteBuffer.allocate(0);
  private long encoded;

  /** The content has a byte beyond ASCII, and must not. */
  static final class EightBitFound extends IOException {
    private static final long serialVersionUID = 1L;

    EightBitFound() {
      super("the content has bytes beyond ASCII");
    }
  }

  ContentReader(
      MailContent content,
      Framing framing,
      int pieceBytes,
      boolean eightBitAllowed,
      Executor loop,
      Listener listener) {
    this.content = content;
    this.framing = framing;
    this.pieceBytes = pieceBytes;
    this.eightBitAllowed = eightBitAllowed;
    this.loop = loop;
    this.listener = listener;
    this.encoder =
        framing == Framing.DATA ? ContentEncoder.stuffingDots() : ContentEncoder.verbatimDots();
    content.bytes().ifPresent(bytes -> raw = ByteBuffer.wrap(bytes));
  }

  /** Whether a piece is being made. */
  boolean isMaking() {
    return making;
  }

  /** Makes the next piece; the last one must not have been made. */
  void next() {
    if (making || closed) {
      throw new IllegalStateException("expected one piece at a time, got one more");
    }
    making = true;
    ByteBuffer out = spare.isEmpty() ? newBuffer() : spare.pop();
    if (content.bytes().isPresent()) {
      made(out);
    } else {
      try {
        claim();
        Threads.READERS.execute(() -> make(out));
      } catch (RejectedExecutionException | IllegalStateException e) {
        onFailure(e);
      }
    }
  }

  /** Here and not where it is opened: whoever asks whether it is spent must not be too early. */
  private void claim() {
    if (!claimed) {
      content.claim();
      claimed = true;
    }
  }

  private ByteBuffer newBuffer() {
    int header = framing == Framing.BDAT ? HEADER_ROOM : 0;
    // The encoder wants room for its widest step to the very end.
    long wanted = content.bytes().isPresent() ? content.encodedSize() + 2 : pieceBytes;
    return ByteBuffer.allocate(header + (int) Math.min(wanted, pieceBytes) + END_ROOM);
  }

  /** In memory: at once. */
  private void made(ByteBuffer out) {
    try {
      onPiece(fill(out));
    } catch (IOException e) {
      onFailure(e);
    }
  }

  /** On a thread that may block. */
  private void make(ByteBuffer out) {
    Runnable news;
    try {
      if (stream == null) {
        stream = content.open();
        raw = ByteBuffer.allocate(RAW_BYTES).limit(0);
      }
      Piece piece = fill(out);
      news = () -> onPiece(piece);
    } catch (IOException | RuntimeException e) {
      news = () -> onFailure(e);
    } catch (Throwable e) {
      // The stream is the caller's code: whatever it throws, the message must not wait for ever.
      news = () -> onFailure(new IOException("the content cannot be read", e));
    }
    try {
      loop.execute(news);
    } catch (RejectedExecutionException e) {
      closeStream(); // The connection is gone with its loop.
    }
  }

  private Piece fill(ByteBuffer out) throws IOException {
    int start = framing == Framing.BDAT ? HEADER_ROOM : 0;
    out.clear().position(start).limit(out.capacity() - END_ROOM);
    boolean last = false;
    do {
      if (!raw.hasRemaining()) {
        last = !refill();
      }
      encoder.encode(raw, out);
    } while (!last && !raw.hasRemaining() && out.remaining() > 1);
    if (!eightBitAllowed && encoder.sawEightBit()) {
      throw new EightBitFound();
    }
    out.limit(out.capacity());
    if (last) {
      encoder.finish(out);
    }
    int contentBytes = out.position() - start;
    encoded += contentBytes;
    if (last) {
      requireWhole(encoded - encoder.dots());
    }
    if (framing == Framing.DATA) {
      if (last) {
        out.put((byte) '.').put((byte) '\r').put((byte) '\n');
      }
      return new Piece(out.flip(), contentBytes, "", last);
    }
    String command = "BDAT " + contentBytes + (last ? " LAST" : "");
    byte[] header = (command + "\r\n").getBytes(StandardCharsets.US_ASCII);
    int from = start - header.length;
    out.flip().put(from, header).position(from);
    return new Piece(out, contentBytes, command, last);
  }

  /** The server was told a size: less than that is a file that was cut, or another one by now. */
  private void requireWhole(long size) throws IOException {
    long declared = content.size().orElse(0);
    if (size < declared) {
      throw new IOException("expected a content of %d bytes, got %d".formatted(declared, size));
    }
  }

  /** False at the end. */
  private boolean refill() throws IOException {
    InputStream from = stream;
    if (from == null) {
      return false; // All of a content in memory was there from the start.
    }
    int count = from.read(raw.array());
    if (count == 0) {
      // It must not do that, and could for ever. This call cannot.
      int single = from.read();
      raw.array()[0] = (byte) single;
      count = single < 0 ? -1 : 1;
    }
    raw.position(0).limit(Math.max(count, 0));
    return count >= 0;
  }

  private void onPiece(Piece piece) {
    making = false;
    if (closed) {
      closeSoon();
      return;
    }
    listener.onPiece(piece);
  }

  private void onFailure(Exception cause) {
    making = false;
    if (closed) {
      closeSoon();
      return;
    }
    listener.onFailure(cause);
  }

  /** Takes back the buffer of a piece that has left. */
  void recycle(ByteBuffer bytes) {
    if (spare.size() < MAX_SPARE && !closed && content.bytes().isEmpty()) {
      spare.push(bytes);
    }
  }

  /** Closes what was opened. */
  void close() {
    if (!closed) {
      closed = true;
      spare.clear();
      if (!making) {
        closeSoon(); // Else when the piece is made: a stream is not closed under its reader.
      }
    }
  }

  private void closeSoon() {
    if (stream != null) {
      offTheLoop(this::closeStream);
    }
  }

  /** Runs what may block, and what nobody waits for. */
  static void offTheLoop(Runnable task) {
    try {
      Threads.READERS.execute(task);
    } catch (RejectedExecutionException e) {
      task.run();
    }
  }

  private void closeStream() {
    try {
      InputStream open = stream;
      stream = null;
      if (open != null) {
        open.close();
      }
    } catch (IOException | RuntimeException e) {
      // Everything was read, or nothing more is wanted.
    }
  }
}
