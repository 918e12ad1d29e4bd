package io.upgradeable.sasl;

import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The client's side of one authentication: challenges in, responses out, both as the bytes that the
 * protocol carries in its own coat, such as base64 in SMTP (RFC 4954) or an octet string in LDAP
 * (RFC 4513).
 *
 * <pre>{@code
 * NEW -- initialResponse, or the first respond --> TALKING -- respond --> TALKING
 *                                                    | succeeded: the mechanism agrees
 *                                                    v
 *                                                  COMPLETE
 * any failure, and close --> OVER
 * }</pre>
 *
 * <p>The protocol alone knows whether the server said yes; {@link #succeeded(byte[])} asks the
 * mechanism whether to believe it. Nobody is authenticated before that has returned: a server that
 * says yes before it proved that it knows the password (SCRAM) is no server of ours.
 *
 * <p>Responses may hold the secret and belong into no log. Not safe for use by several threads at
 * once. {@link #respond} computes and never waits, but see {@link SaslMechanism#isCostly()}.
 */
public abstract sealed class SaslExchange implements AutoCloseable
    permits BearerExchange,
        CramMd5Exchange,
        ExternalExchange,
        LoginExchange,
        PlainExchange,
        ScramExchange {

  /** The longest challenge that is looked at. */
  public static final int MAX_CHALLENGE_BYTES = 64 * 1024;

  static final byte[] NOTHING = {};

  private enum State {
    NEW,
    TALKING,
    COMPLETE,
    OVER
  }

  private final SaslMechanism mechanism;
  private State state = State.NEW;
  private byte @Nullable [] heldBack;

  SaslExchange(SaslMechanism mechanism) {
    this.mechanism = mechanism;
  }

  /**
   * The mechanism.
   *
   * @return the one to name to the server
   */
  public final SaslMechanism mechanism() {
    return mechanism;
  }

  /**
   * What the client says together with the mechanism's name. May be called once, before all else.
   *
   * @return the response; an empty array is one, too. Nothing where the server speaks first
   */
  public final Optional<byte[]> initialResponse() {
    return initialResponse(Integer.MAX_VALUE);
  }

  /**
   * What the client says together with the mechanism's name, if the protocol can carry it there. If
   * not, the answer to the server's first, empty challenge is the same. May be called once, before
   * all else; a protocol without initial responses calls {@link #respond} at once.
   *
   * @param maxBytes the most that the protocol can carry
   * @return the response; an empty array is one, too. Nothing where the server speaks first, or the
   *     response is too long
   */
  public final Optional<byte[]> initialResponse(int maxBytes) {
    require(State.NEW);
    state = State.TALKING;
    Optional<byte[]> first = first();
    if (first.isPresent() && first.get().length > maxBytes) {
      heldBack = first.get();
      return Optional.empty();
    }
    return first;
  }

  /**
   * Answers a challenge.
   *
   * @param challenge the server's bytes; they are copied where they are needed for longer
   * @return the response, perhaps empty
   * @throws SaslFailedException if the challenge is none of this mechanism's, or says no; the
   *     exchange is over and the protocol cancels it
   * @throws IllegalStateException if the exchange is over
   */
  public final byte[] respond(byte[] challenge) throws SaslFailedException {
    if (state == State.NEW) {
      initialResponse(-1);
    }
    require(State.TALKING);
    try {
      if (challenge.length > MAX_CHALLENGE_BYTES) {
        throw SaslFailedException.misbehaved(
            "a challenge of at most " + MAX_CHALLENGE_BYTES + " bytes",
            challenge.length + " bytes");
      }
      byte[] first = heldBack;
      if (first == null) {
        return answer(challenge);
      }
      requireNothing(challenge, "an empty challenge before " + mechanism.saslName());
      heldBack = null; // It is the caller's now.
      return first;
    } catch (SaslFailedException e) {
      close();
      throw e;
    }
  }

  /**
   * The server said yes. Has the mechanism, too, what it needs to believe that?
   *
   * @param additionalData what the server sent with it, for the mechanism; empty if nothing
   * @throws SaslFailedException if the mechanism was not there yet, or the data is wrong; nobody is
   *     authenticated and the protocol closes
   * @throws IllegalStateException if the exchange is over
   */
  public final void succeeded(byte[] additionalData) throws SaslFailedException {
    if (state == State.NEW) {
      throw new IllegalStateException("the exchange has not begun");
    }
    require(State.TALKING);
    try {
      if (additionalData.length > MAX_CHALLENGE_BYTES) {
        throw SaslFailedException.misbehaved(
            "additional data of at most " + MAX_CHALLENGE_BYTES + " bytes",
            additionalData.length + " bytes");
      }
      if (heldBack != null) {
        throw tooEarly("before the client said anything");
      }
      checkSuccess(additionalData);
      clear();
      state = State.COMPLETE;
    } catch (SaslFailedException e) {
      close();
      throw e;
    }
  }

  /**
   * The server said yes, and nothing else.
   *
   * @throws SaslFailedException as {@link #succeeded(byte[])}
   */
  public final void succeeded() throws SaslFailedException {
    succeeded(NOTHING);
  }

  /**
   * Whether both the server and the mechanism are content.
   *
   * @return true once {@link #succeeded(byte[])} has returned
   */
  public final boolean isComplete() {
    return state == State.COMPLETE;
  }

  /**
   * What the mechanism learned of the reason why the server is about to refuse: it belongs beside
   * the protocol's own words. OAuth tells it that way.
   *
   * @return a short text of the server's, if there is one
   */
  public Optional<String> refusal() {
    return Optional.empty();
  }

  /** Ends the exchange and clears what was derived from the secret. */
  @Override
  public final void close() {
    if (state != State.COMPLETE) {
      state = State.OVER;
    }
    if (heldBack != null) {
      Arrays.fill(heldBack, (byte) 0);
      heldBack = null;
    }
    clear();
  }

  /** The client's first words, if it speaks first. */
  abstract Optional<byte[]> first();

  /** The answer to a challenge behind the first words. */
  abstract byte[] answer(byte[] challenge) throws SaslFailedException;

  /** Returns if the mechanism, too, sees success. */
  abstract void checkSuccess(byte[] additionalData) throws SaslFailedException;

  /** Clears what was derived from the secret. */
  void clear() {}

  final SaslFailedException tooEarly(String when) {
    return SaslFailedException.misbehaved(
        "the whole exchange of " + mechanism.saslName(), "success " + when);
  }

  final SaslFailedException tooMany() {
    return SaslFailedException.misbehaved(
        "the outcome of " + mechanism.saslName(), "one more challenge");
  }

  static void requireNothing(byte[] data, String expected) throws SaslFailedException {
    if (data.length > 0) {
      throw SaslFailedException.misbehaved(expected, data.length + " bytes of data");
    }
  }

  private void require(State expected) {
    if (state != expected) {
      throw new IllegalStateException("expected the exchange to be " + expected + ", got " + state);
    }
  }

  @Override
  public final String toString() {
    return mechanism.saslName() + " " + state;
  }
}
