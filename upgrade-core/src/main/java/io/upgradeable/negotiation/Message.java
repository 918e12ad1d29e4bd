package io.upgradeable.negotiation;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/**
 * Bytes to send, with the text by which a trace may show them. The bytes of a secret are never in a
 * trace, an exception or {@link #toString()}: the sender says what stands in their place.
 */
public final class Message {

  private static final Message EMPTY = new Message(new byte[0], "");

  private final byte[] bytes;
  private final String shown;

  private Message(byte[] bytes, String shown) {
    this.bytes = bytes;
    this.shown = shown;
  }

  /**
   * No bytes.
   *
   * @return the empty message
   */
  public static Message empty() {
    return EMPTY;
  }

  /**
   * Text that is sent as it stands and shown as it stands, in UTF-8. Line ends are the caller's.
   *
   * @param text the text
   * @return the message
   */
  public static Message text(String text) {
    return new Message(text.getBytes(StandardCharsets.UTF_8), text);
  }

  /**
   * One command or reply line. A line that contains CR, LF or NUL is refused, so that no argument
   * can smuggle a second command.
   *
   * @param line the line without its end
   * @param end the protocol's line end, {@code "\n"} or {@code "\r\n"}
   * @return the message
   * @throws IllegalArgumentException if the line contains CR, LF or NUL
   */
  public static Message line(String line, String end) {
    requireOneLine(line);
    return text(line + end);
  }

  /**
   * Bytes that a trace shows as the given text, for binary protocols and for secrets: {@code
   * Message.shownAs(bytes, "AUTH PLAIN <redacted>")}.
   *
   * @param bytes the bytes, copied
   * @param shown what a trace shows instead
   * @return the message
   */
  public static Message shownAs(byte[] bytes, String shown) {
    return new Message(bytes.clone(), Objects.requireNonNull(shown, "shown"));
  }

  /**
   * Refuses text that would end its line early.
   *
   * @param text an argument or a whole line
   * @return the same text
   * @throws IllegalArgumentException if it contains CR, LF or NUL; the text itself is not quoted
   */
  public static String requireOneLine(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '\r' || c == '\n' || c == 0) {
        throw new IllegalArgumentException(
            "expected one line of text, got U+%04X at index %d".formatted((int) c, i));
      }
    }
    return text;
  }

  /**
   * How many bytes will be sent.
   *
   * @return the length in bytes
   */
  public int length() {
    return bytes.length;
  }

  /**
   * The bytes to send.
   *
   * @return a read-only buffer of its own position and limit
   */
  public ByteBuffer bytes() {
    return ByteBuffer.wrap(bytes).asReadOnlyBuffer();
  }

  /**
   * What a trace may show.
   *
   * @return the text, with secrets replaced
   */
  public String shown() {
    return shown;
  }

  /** Same as {@link #shown()}. */
  @Override
  public String toString() {
    return shown;
  }
}
