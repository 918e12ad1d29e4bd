package io.upgradeable.sasl;

import java.util.Optional;

/**
 * The server's side of one authentication, the mirror image of {@link SaslExchange}. The first
 * message is the client's initial response, if the protocol brought one: else {@link #begin()}
 * tells what to ask for. After {@link SaslServerStep.Granted}, {@link SaslServerStep.Refused} and
 * {@link SaslServerStep.Malformed} it is over.
 *
 * <p>Not safe for use by several threads at once. {@link #receive} computes for some milliseconds
 * and never waits.
 */
public abstract sealed class SaslServerExchange
    permits LoginServerExchange, PlainServerExchange, ScramServerExchange {

  /** The longest response that is looked at (RFC 4954, 4: 12288 characters of base64). */
  public static final int MAX_RESPONSE_BYTES = 12 * 1024 / 4 * 3;

  private final SaslMechanism mechanism;
  private boolean over;

  SaslServerExchange(SaslMechanism mechanism) {
    this.mechanism = mechanism;
  }

  /**
   * The mechanism.
   *
   * @return the one that the client named
   */
  public final SaslMechanism mechanism() {
    return mechanism;
  }

  /**
   * The first challenge, for a client that sent no initial response.
   *
   * @return the challenge, empty where the client speaks first
   */
  public SaslServerStep.Challenge begin() {
    return new SaslServerStep.Challenge(SaslExchange.NOTHING);
  }

  /**
   * Takes a response.
   *
   * @param response the client's bytes
   * @return what to do next
   * @throws IllegalStateException if the exchange is over
   */
  public final SaslServerStep receive(byte[] response) {
    if (over) {
      throw new IllegalStateException("the exchange is over");
    }
    SaslServerStep step = checked(response);
    over = !(step instanceof SaslServerStep.Challenge);
    return step;
  }

  private SaslServerStep checked(byte[] response) {
    if (response.length > MAX_RESPONSE_BYTES) {
      return new SaslServerStep.Malformed("a response of " + response.length + " bytes");
    }
    try {
      return answer(response);
    } catch (SaslFailedException e) {
      return new SaslServerStep.Malformed("expected " + e.expected() + ", got " + e.got());
    }
  }

  abstract SaslServerStep answer(byte[] response) throws SaslFailedException;

  /** Decodes a part that may hold a secret. */
  static char[] decoded(byte[] bytes, String what) throws SaslFailedException {
    Optional<char[]> text = Utf8.decode(bytes);
    return text.orElseThrow(
        () -> SaslFailedException.misbehaved(what + " in UTF-8", "other bytes"));
  }

  @Override
  public final String toString() {
    return mechanism.saslName() + (over ? " over" : "");
  }
}
