package io.upgradeable.negotiation;

import java.util.Objects;

/**
 * Why a negotiation failed, as a value: the machine says what happened, the driver adds where (the
 * layer's path and the peer) and raises the matching {@link io.upgradeable.UpgradeException}.
 *
 * <p>Texts may quote the peer; whoever prints them escapes control characters.
 */
public sealed interface Reason {

  /**
   * The peer understood and said no.
   *
   * @param code the protocol's own code of the refusal ("454", "unwillingToPerform"), never empty
   * @param text what the peer said besides, perhaps empty
   * @param reconnect whether the layer would ask differently on a new connection; see {@link
   *     #refusedHere}
   */
  record Refused(String code, String text, boolean reconnect) implements Reason {
    /** Checks the components. */
    public Refused {
      Objects.requireNonNull(code, "code");
      Objects.requireNonNull(text, "text");
    }
  }

  /**
   * The peer does not offer the upgrade.
   *
   * @param sought what was looked for in vain, for instance {@code STARTTLS}
   */
  record NotOffered(String sought) implements Reason {
    /** Checks the components. */
    public NotOffered {
      Objects.requireNonNull(sought, "sought");
    }
  }

  /**
   * The peer broke the protocol or a limit.
   *
   * @param expected what the protocol allows here
   * @param got what came instead, shortened by the machine to what a reader needs
   */
  record Misbehaved(String expected, String got) implements Reason {
    /** Checks the components. */
    public Misbehaved {
      Objects.requireNonNull(expected, "expected");
      Objects.requireNonNull(got, "got");
    }
  }

  /** The peer closed before the dialogue was over. */
  record Closed() implements Reason {}

  /**
   * The peer understood and said no.
   *
   * @param code the protocol's own code of the refusal
   * @param text what the peer said besides
   * @return the reason
   */
  static Reason refused(String code, String text) {
    return new Refused(code, text, false);
  }

  /**
   * The peer said no and ends this connection, and the layer has learned how to ask on another: a
   * proxy that closes after its challenge. On this connection it is a refusal like any other; who
   * opened the connection opens a new one, once for each layer.
   *
   * @param code the protocol's own code of the refusal
   * @param text what the peer said besides
   * @return the reason
   */
  static Reason refusedHere(String code, String text) {
    return new Refused(code, text, true);
  }

  /**
   * The peer does not offer the upgrade.
   *
   * @param sought what was looked for in vain
   * @return the reason
   */
  static Reason notOffered(String sought) {
    return new NotOffered(sought);
  }

  /**
   * The peer broke the protocol or a limit.
   *
   * @param expected what the protocol allows here
   * @param got what came instead
   * @return the reason
   */
  static Reason misbehaved(String expected, String got) {
    return new Misbehaved(expected, got);
  }

  /**
   * The peer closed before the dialogue was over.
   *
   * @return the reason
   */
  static Reason closed() {
    return new Closed();
  }
}
