package io.upgradeable.smtp;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/** A message as it was received, kept in memory. Immutable. */
public final class ReceivedMessage {

  private final ReceivedEnvelope envelope;
  private final byte[] content;

  ReceivedMessage(ReceivedEnvelope envelope, byte[] content) {
    this.envelope = Objects.requireNonNull(envelope, "envelope");
    this.content = content;
  }

  /**
   * Who sent it, from whom and to whom.
   *
   * @return the envelope
   */
  public ReceivedEnvelope envelope() {
    return envelope;
  }

  /**
   * The content, header and body, as the client sent it, without stuffed dots.
   *
   * @return a read-only buffer of its own position and limit
   */
  public ByteBuffer content() {
    return ByteBuffer.wrap(content).asReadOnlyBuffer();
  }

  /**
   * The content, taken for UTF-8.
   *
   * @return the text, with CRLF at the ends of lines
   */
  public String text() {
    return new String(content, StandardCharsets.UTF_8);
  }

  /** Sender, recipients and size. */
  @Override
  public String toString() {
    return "%s to %s, %d bytes".formatted(envelope.sender(), envelope.recipients(), content.length);
  }
}
