package io.upgradeable.smtp;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * The content of one message on its way to its sink. What is refused, for its size, its lines or a
 * mistake of the sink's, is still read to its end, and goes nowhere.
 *
 * <p>Not thread-safe; used on the connection's event loop. The sink is never called before an
 * earlier call is over: whoever reads waits for that.
 */
final class SmtpServerIncoming {

  private static final System.Logger LOG = System.getLogger("io.upgradeable");

  /** How much is looked at at a time: a TLS record's content. */
  private static final int WINDOW = 16 * 1024;

  /** One for each event loop: the bytes leave it before the next connection's come. */
  private static final ThreadLocal<byte[]> WINDOWS =
      ThreadLocal.withInitial(() -> new byte[WINDOW]);

  private static final SmtpReply BARE_LINE_END =
      SmtpReply.of(550, "5.6.0 A bare CR or LF in the content");
  private static final SmtpReply LONG_LINE =
      SmtpReply.of(550, "5.6.0 A line of more than " + SmtpServerContentReader.MAX_LINE + " bytes");

  private final SmtpServerContentReader reader;
  private final SmtpServerSink sink;
  private final long maxBytes;
  private long size;
  private Optional<SmtpReply> refusal = Optional.empty();

  SmtpServerIncoming(SmtpServerContentReader reader, SmtpServerSink sink, long maxBytes) {
    this.reader = reader;
    this.sink = sink;
    this.maxBytes = maxBytes;
  }

  /**
   * Reads some bytes.
   *
   * @param input moved over what was read
   * @param limit how many bytes at most
   * @return completes when more may be read
   */
  CompletionStage<Void> read(ByteBuffer input, long limit) {
    byte[] window = WINDOWS.get();
    int length = (int) Math.min(Math.min(input.remaining(), window.length), limit);
    input.get(input.position(), window, 0, length);
    int content = reader.read(window, length);
    input.position(input.position() + reader.consumed());
    size += content;
    if (refusal.isEmpty()) {
      check();
    }
    return content == 0 || refusal.isPresent()
        ? SmtpServerSink.DONE
        : sink.write(ByteBuffer.wrap(Arrays.copyOf(window, content)));
  }

  private void check() {
    if (reader.problem().isPresent()) {
      refuse(
          switch (reader.problem().get()) {
            case BARE_LINE_END -> BARE_LINE_END;
            case LONG_LINE -> LONG_LINE;
          });
    } else if (size > maxBytes) {
      refuse(tooLarge(maxBytes));
    }
  }

  static SmtpReply tooLarge(long maxBytes) {
    return SmtpReply.of(552, "5.3.4 Expected a message of at most " + maxBytes + " bytes");
  }

  /** Nothing goes to the sink any more; the first reason stands. */
  void refuse(SmtpReply reason) {
    if (refusal.isEmpty()) {
      refusal = Optional.of(reason);
      try {
        sink.abort();
      } catch (RuntimeException | Error mistake) {
        LOG.log(System.Logger.Level.ERROR, "a sink of mail failed to abort", mistake);
      }
    }
  }

  /** No chunk follows. */
  void end() {
    reader.end();
    if (refusal.isEmpty()) {
      check();
    }
  }

  /** How many bytes of content have come. */
  long size() {
    return size;
  }

  /** Whether the dot was read. */
  boolean isOver() {
    return reader.isOver();
  }

  /** Whether the client may have meant a part of this content as commands. */
  boolean mayHideCommands() {
    return reader.mayHideCommands();
  }

  /** Why the message is not taken, if it is not. */
  Optional<SmtpReply> refusal() {
    return refusal;
  }

  SmtpServerSink sink() {
    return sink;
  }
}
