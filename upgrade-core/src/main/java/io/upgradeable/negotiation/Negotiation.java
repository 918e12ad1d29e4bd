package io.upgradeable.negotiation;

import java.nio.ByteBuffer;

/**
 * One layer's dialogue as a state machine without I/O: each event is answered with the one {@link
 * Step} that the driver is to carry out.
 *
 * <p>The driver calls a negotiation from one event loop only, never concurrently, and never again
 * after {@link Step.Done} or {@link Step.Fail}. An instance serves one connection. An exception
 * thrown from here is a programming error of the protocol: the connection is closed and the
 * exception handed to the caller.
 *
 * @param <R> what the layer has to tell once it is done. It should hold only what was heard after
 *     {@link #secured}: what was learned in plaintext is forgotten at the upgrade. A record suits
 *     best: results of equal dialogues should be equal.
 */
public interface Negotiation<R> {

  /**
   * The layer below is up; nothing was read yet. A client that speaks first sends, a server sends
   * its greeting, everybody else awaits. A machine that was begun before throws {@link
   * IllegalStateException}.
   *
   * @return the first step
   */
  Step<R> begin();

  /**
   * Bytes are unread. The machine moves the buffer's position over the whole messages that it
   * understood, and over nothing else.
   *
   * <p>With {@link Step.Await} it must have consumed nothing: the same bytes come again, with more
   * behind them. With {@link Step.Send} it must have consumed something: if bytes remain, it is
   * called again at once. {@link Step.StartTls}, {@link Step.Done} and {@link Step.Fail} may leave
   * bytes behind, and may consume none.
   *
   * @param input all unread bytes, read-only, valid during this call only
   * @return the next step
   */
  Step<R> receive(ByteBuffer input);

  /**
   * The handshake that {@link Step.StartTls} asked for is finished and the peer was verified as the
   * policy demands. What was heard before must be forgotten now.
   *
   * @param facts what was negotiated
   * @return the next step
   */
  Step<R> secured(TlsFacts facts);

  /**
   * The peer will send no more. Unread bytes, if any, are an unfinished message.
   *
   * @return the last step: {@link Step.Done} where the dialogue was over anyway, or {@link
   *     Step.Fail}; any other step fails the connection as closed early
   */
  default Step<R> inputClosed() {
    return Step.fail(Reason.closed());
  }

  /**
   * What a trace may show of bytes of the peer: the bytes themselves unless overridden. Where a
   * peer might say a secret, in its place or out of it, the machine puts a word for it. Called only
   * if somebody watches, right behind the call that the bytes belong to, and also after the last
   * step.
   *
   * @param received bytes that {@link #receive} consumed just now, or the first of those over which
   *     the layer failed; valid during this call only
   * @return what to show in their place, valid as long
   */
  default ByteBuffer shown(ByteBuffer received) {
    return received;
  }
}
