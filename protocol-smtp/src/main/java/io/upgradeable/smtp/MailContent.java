package io.upgradeable.smtp;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The message itself: header, empty line, body, in whatever line ends. What is sent has CRLF
 * everywhere: a bare CR or LF becomes CRLF, so that no two readers can disagree about where a line
 * or the message ends (SMTP smuggling, CVE-2023-51764 and relatives), and the last line gets its
 * end. Dots are taken care of.
 *
 * <p>A content is read piece by piece, never as a whole, as fast as the peer takes it. What may
 * block is read on a thread of its own (virtual where the JDK has them), never on an event loop,
 * and closed at the end, whatever the end is.
 */
public final class MailContent {

  private final Callable<InputStream> source;
  private final OptionalLong size;
  private final boolean repeatable;
  private final Optional<byte[]> bytes;
  private final Optional<Boolean> eightBit;
  private final long dots;

  /** Shared with the copies: what can be read once can be read once in all of them. */
  private final AtomicBoolean opened;

  private MailContent(
      Callable<InputStream> source, OptionalLong size, boolean repeatable, AtomicBoolean opened) {
    this.opened = opened;
    this.source = Objects.requireNonNull(source, "source");
    this.size = size;
    this.repeatable = repeatable;
    this.bytes = Optional.empty();
    this.eightBit = Optional.empty();
    this.dots = 0;
  }

  private MailContent(byte[] bytes) {
    ContentEncoder.Survey survey = ContentEncoder.survey(bytes);
    this.opened = new AtomicBoolean();
    this.source = () -> new ByteArrayInputStream(bytes);
    this.size = OptionalLong.of(survey.size());
    this.repeatable = true;
    this.bytes = Optional.of(bytes);
    this.eightBit = Optional.of(survey.eightBit());
    this.dots = survey.dots();
  }

  /**
   * A message in memory.
   *
   * @param bytes the message; not copied: it must not be changed until it is sent
   * @return the content
   */
  public static MailContent of(byte[] bytes) {
    return new MailContent(bytes);
  }

  /**
   * A message in memory.
   *
   * @param text the message, sent in UTF-8
   * @return the content
   */
  public static MailContent of(String text) {
    return new MailContent(text.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * A message in a file, opened when it is needed.
   *
   * @param file the file
   * @return the content
   */
  public static MailContent of(Path file) {
    Objects.requireNonNull(file, "file");
    return new MailContent(
        () -> Files.newInputStream(file), sizeOf(file), true, new AtomicBoolean());
  }

  private static OptionalLong sizeOf(Path file) {
    try {
      return Files.isRegularFile(file) ? OptionalLong.of(Files.size(file)) : OptionalLong.empty();
    } catch (IOException e) {
      return OptionalLong.empty(); // Whoever opens it later will say what is wrong.
    }
  }

  /**
   * A message that can be read once.
   *
   * @param stream the message; closed, on a thread that may block, when the call that was to send
   *     it is over, also if it was never read
   * @return the content
   */
  public static MailContent ofStream(InputStream stream) {
    Objects.requireNonNull(stream, "stream");
    return new MailContent(() -> stream, OptionalLong.empty(), false, new AtomicBoolean());
  }

  /**
   * A message that can be read again and again.
   *
   * @param supplier opens the message; called on a thread that may block, at each attempt to send
   *     it. Streams over channels come from {@link Channels#newInputStream}
   * @return the content
   */
  public static MailContent ofStream(Callable<? extends InputStream> supplier) {
    Objects.requireNonNull(supplier, "supplier");
    return new MailContent(supplier::call, OptionalLong.empty(), true, new AtomicBoolean());
  }

  /**
   * The same content, with its size: it is told to servers that offer SIZE, and not sent to one
   * whose limit it exceeds. A content that turns out to be shorter is not sent to its end.
   *
   * @param value in bytes, not negative; line ends count as two
   * @return the changed copy; a content that can be read once still can be read once
   */
  public MailContent withSize(long value) {
    if (value < 0) {
      throw new IllegalArgumentException("expected a size of 0 or more, got " + value);
    }
    if (bytes.isPresent()) {
      return this; // counted already
    }
    return new MailContent(source, OptionalLong.of(value), repeatable, opened);
  }

  /**
   * How large the message is.
   *
   * @return the bytes on the wire, dots apart, if the message is in memory; what a file has; what
   *     {@link #withSize} said; otherwise empty
   */
  public OptionalLong size() {
    return size;
  }

  /**
   * Whether the message can be read more than once.
   *
   * @return false if it is gone after one attempt to send it
   */
  public boolean isRepeatable() {
    return repeatable;
  }

  /** The message where it is in memory: then nothing needs to be opened. */
  Optional<byte[]> bytes() {
    return bytes;
  }

  /** What a content in memory has on the wire, dots included. */
  long encodedSize() {
    return size.orElse(0) + dots;
  }

  /** Whether a byte is beyond ASCII, where that is known. */
  Optional<Boolean> eightBit() {
    return eightBit;
  }

  /** Whether it was opened before, or is about to be, and cannot be once more. */
  boolean isSpent() {
    return !repeatable && opened.get();
  }

  /**
   * Nobody will send this any more: closes a stream that can be read once and never was, and lets
   * nobody open it. Does not block.
   */
  void discard() {
    if (!repeatable && !opened.getAndSet(true)) {
      ContentReader.offTheLoop(
          () -> {
            try {
              source.call().close();
            } catch (Exception e) {
              // Nothing of it was wanted.
            }
          });
    }
  }

  /**
   * Takes the right to open the message, which there is once if it can be read once. Does not
   * block.
   *
   * @throws IllegalStateException if it can be read once and was
   */
  void claim() {
    if (opened.getAndSet(true) && !repeatable) {
      throw new IllegalStateException("this content could be read once, and was");
    }
  }

  /** Opens the message for whoever claimed it; may block. */
  InputStream open() throws IOException {
    try {
      return Objects.requireNonNull(source.call(), "the content's stream");
    } catch (IOException | RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IOException("the content cannot be opened", e);
    }
  }
}
