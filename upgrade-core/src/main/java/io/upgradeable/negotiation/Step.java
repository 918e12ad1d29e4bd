package io.upgradeable.negotiation;

import java.util.Objects;
import java.util.function.Function;

/**
 * What the driver is to do next, the only thing that a {@link Negotiation} ever says. The driver
 * carries a step out on the event loop, in one tick.
 *
 * @param <R> the negotiation's result
 */
public sealed interface Step<R> {

  /**
   * More bytes are needed; nothing was consumed.
   *
   * @param <R> the negotiation's result
   * @param awaited what is waited for, in the protocol's words ("the greeting"), for error texts
   */
  record Await<R>(String awaited) implements Step<R> {
    /** Checks the components. */
    public Await {
      Objects.requireNonNull(awaited, "awaited");
    }
  }

  /**
   * Write and flush. If unread bytes remain, {@link Negotiation#receive} is called again.
   *
   * @param <R> the negotiation's result
   * @param message the bytes
   * @param awaited what is waited for after that
   */
  record Send<R>(Message message, String awaited) implements Step<R> {
    /** Checks the components. */
    public Send {
      Objects.requireNonNull(message, "message");
      Objects.requireNonNull(awaited, "awaited");
    }
  }

  /**
   * Turn plaintext into TLS, here and now. {@link Negotiation#secured} follows, or the connection
   * fails.
   *
   * @param <R> the negotiation's result
   * @param finalPlaintext the last plaintext bytes of this side, which leave below TLS: a server's
   *     go-ahead, or the request of a protocol without one; perhaps empty
   * @param unread what becomes of the peer's bytes that are unread now
   */
  record StartTls<R>(Message finalPlaintext, UnreadPolicy unread) implements Step<R> {
    /** Checks the components. */
    public StartTls {
      Objects.requireNonNull(finalPlaintext, "finalPlaintext");
      Objects.requireNonNull(unread, "unread");
    }
  }

  /**
   * The layer is up. Unread bytes go to the next layer or to the session.
   *
   * @param <R> the negotiation's result
   * @param result what the layer has to tell
   * @param finalMessage bytes to send before the layer gives way; perhaps empty
   */
  record Done<R>(R result, Message finalMessage) implements Step<R> {
    /** Checks the components. */
    public Done {
      Objects.requireNonNull(result, "result");
      Objects.requireNonNull(finalMessage, "finalMessage");
    }
  }

  /**
   * The layer failed: close. There is no second attempt and no plaintext fallback on this
   * connection.
   *
   * @param <R> the negotiation's result
   * @param reason why
   * @param finalMessage bytes to send before closing, for instance a server's refusal; perhaps
   *     empty
   */
  record Fail<R>(Reason reason, Message finalMessage) implements Step<R> {
    /** Checks the components. */
    public Fail {
      Objects.requireNonNull(reason, "reason");
      Objects.requireNonNull(finalMessage, "finalMessage");
    }
  }

  /**
   * More bytes are needed.
   *
   * @param <R> the negotiation's result
   * @param awaited what is waited for
   * @return the step
   */
  static <R> Step<R> await(String awaited) {
    return new Await<>(awaited);
  }

  /**
   * Write and flush.
   *
   * @param <R> the negotiation's result
   * @param message the bytes
   * @param awaited what is waited for after that
   * @return the step
   */
  static <R> Step<R> send(Message message, String awaited) {
    return new Send<>(message, awaited);
  }

  /**
   * Turn plaintext into TLS and refuse unread bytes: right for every protocol in which one side
   * waits for the other's go-ahead.
   *
   * @param <R> the negotiation's result
   * @param finalPlaintext the last plaintext bytes of this side, or {@link Message#empty()}
   * @return the step
   */
  static <R> Step<R> startTls(Message finalPlaintext) {
    return new StartTls<>(finalPlaintext, UnreadPolicy.REJECT);
  }

  /**
   * Turn plaintext into TLS.
   *
   * @param <R> the negotiation's result
   * @param finalPlaintext the last plaintext bytes of this side, or {@link Message#empty()}
   * @param unread what becomes of unread bytes
   * @return the step
   */
  static <R> Step<R> startTls(Message finalPlaintext, UnreadPolicy unread) {
    return new StartTls<>(finalPlaintext, unread);
  }

  /**
   * The layer is up.
   *
   * @param <R> the negotiation's result
   * @param result what the layer has to tell
   * @return the step
   */
  static <R> Step<R> done(R result) {
    return new Done<>(result, Message.empty());
  }

  /**
   * The layer is up, after a last message.
   *
   * @param <R> the negotiation's result
   * @param result what the layer has to tell
   * @param finalMessage bytes to send before the layer gives way
   * @return the step
   */
  static <R> Step<R> done(R result, Message finalMessage) {
    return new Done<>(result, finalMessage);
  }

  /**
   * The layer failed.
   *
   * @param <R> the negotiation's result
   * @param reason why
   * @return the step
   */
  static <R> Step<R> fail(Reason reason) {
    return new Fail<>(reason, Message.empty());
  }

  /**
   * The layer failed, with a last message to the peer.
   *
   * @param <R> the negotiation's result
   * @param reason why
   * @param finalMessage bytes to send before closing
   * @return the step
   */
  static <R> Step<R> fail(Reason reason, Message finalMessage) {
    return new Fail<>(reason, finalMessage);
  }

  /**
   * Exactly one of the functions is applied, by the kind of this step.
   *
   * @param <T> what the functions return
   * @param onAwait applied to an {@link Await}
   * @param onSend applied to a {@link Send}
   * @param onStartTls applied to a {@link StartTls}
   * @param onDone applied to a {@link Done}
   * @param onFail applied to a {@link Fail}
   * @return what the applied function returned
   */
  default <T> T match(
      Function<? super Await<R>, ? extends T> onAwait,
      Function<? super Send<R>, ? extends T> onSend,
      Function<? super StartTls<R>, ? extends T> onStartTls,
      Function<? super Done<R>, ? extends T> onDone,
      Function<? super Fail<R>, ? extends T> onFail) {
    // Java 17 has no pattern switch; this is the one place that lists the kinds.
    if (this instanceof Await<R> step) {
      return onAwait.apply(step);
    } else if (this instanceof Send<R> step) {
      return onSend.apply(step);
    } else if (this instanceof StartTls<R> step) {
      return onStartTls.apply(step);
    } else if (this instanceof Done<R> step) {
      return onDone.apply(step);
    } else if (this instanceof Fail<R> step) {
      return onFail.apply(step);
    }
    throw new AssertionError("sealed: " + this);
  }
}
