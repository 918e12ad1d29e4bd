package io.upgradeable.sasl;

import java.nio.ByteBuffer;
import java.util.Optional;

/** What a server does next. */
public sealed interface SaslServerStep {

  /** Sends a challenge and waits for the response. */
  final class Challenge implements SaslServerStep {
    private final byte[] bytes;

    Challenge(byte[] bytes) {
      this.bytes = bytes;
    }

    /**
     * What to send.
     *
     * @return the challenge, perhaps empty
     */
    public byte[] bytes() {
      return bytes.clone();
    }
  }

  /**
   * Lets the user in.
   *
   * @param user who proved to be there
   * @param authorizationId as whom the user acts, the same where nothing else was asked for
   * @param data what to send along with success (RFC 4422, 3.6), read-only; empty unless the
   *     protocol {@linkplain SaslServer#withDataOnSuccess() has a place for it}
   */
  record Granted(String user, String authorizationId, Optional<ByteBuffer> data)
      implements SaslServerStep {

    /** Protects the data from being changed. */
    public Granted {
      data = data.map(ByteBuffer::asReadOnlyBuffer);
    }

    Granted(String user, String authorizationId) {
      this(user, authorizationId, Optional.empty());
    }

    Granted withData(byte[] bytes) {
      return new Granted(user, authorizationId, Optional.of(ByteBuffer.wrap(bytes)));
    }

    @Override
    public Optional<ByteBuffer> data() {
      return data.map(ByteBuffer::duplicate);
    }
  }

  /**
   * Refuses. Whether the user is unknown, the password wrong or the identity not allowed is not
   * told apart, on purpose.
   */
  record Refused() implements SaslServerStep {}

  /**
   * Refuses, because the client broke the mechanism.
   *
   * @param problem what is wrong, for a log; it may quote the client, never a secret
   */
  record Malformed(String problem) implements SaslServerStep {}
}
