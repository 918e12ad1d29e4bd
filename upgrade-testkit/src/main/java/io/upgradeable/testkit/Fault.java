package io.upgradeable.testkit;

import io.upgradeable.Endpoint;
import io.upgradeable.negotiation.Role;
import io.upgradeable.testkit.Certificates.Issued;
import io.upgradeable.testkit.Dialogue.Event;
import io.upgradeable.testkit.Dialogue.Kind;
import java.util.Arrays;
import java.util.List;

/**
 * Servers that break in a known way. Each follows a good dialogue up to the point where it breaks,
 * so the same faults serve every protocol.
 *
 * <pre>{@code
 * try (Fault.Server server = Fault.HANG_IN_HANDSHAKE.start(dialogue, identity)) {
 *   connector.connect(LayerStack.tcp(server.endpoint()).then(layer)); // LayerTimedOut
 * }
 * }</pre>
 */
public enum Fault {
  /** Nobody listens: connecting is refused. */
  REFUSE_CONNECTION,
  /** Accepts and says nothing; reads, as all that hang do. */
  HANG_AFTER_ACCEPT,
  /** Accepts and closes. */
  CLOSE_AFTER_ACCEPT,
  /** Closes in the middle of its first message. */
  CLOSE_MID_LINE,
  /** Repeats one byte for ever instead of its first message. */
  FLOOD,
  /** Says everything right, one byte at a time. The only fault that must not fail. */
  SLOW_BYTES,
  /** Sends its last plaintext message twice, in one segment. */
  INJECT_AT_UPGRADE,
  /** Takes the ClientHello and says nothing where its part of the handshake belongs. */
  HANG_IN_HANDSHAKE,
  /** Takes the ClientHello and closes where its part of the handshake belongs. */
  CLOSE_IN_HANDSHAKE,
  /** Takes the ClientHello and resets where its part of the handshake belongs. */
  RESET_IN_HANDSHAKE,
  /** Answers the ClientHello with a handshake record of garbage. */
  GARBAGE_IN_HANDSHAKE,
  /** Hangs once TLS is on. */
  HANG_UNDER_TLS,
  /** Cuts TCP once TLS is on, without close_notify. */
  CUT_UNDER_TLS;

  private static final byte[] GARBAGE_RECORD = {0x16, 0x03, 0x03, 0x00, 0x04, 'j', 'u', 'n', 'k'};

  /** A running faulty server. */
  public static final class Server implements AutoCloseable {
    private final Endpoint endpoint;
    private final AutoCloseable resource;

    private Server(Endpoint endpoint, AutoCloseable resource) {
      this.endpoint = endpoint;
      this.resource = resource;
    }

    /**
     * Where it listens, or, if it refuses connections, where it does not.
     *
     * @return the endpoint, by the name {@code localhost}
     */
    public Endpoint endpoint() {
      return endpoint;
    }

    @Override
    public void close() {
      try {
        resource.close();
      } catch (Exception e) {
        throw new IllegalStateException("not closed", e);
      }
    }
  }

  /**
   * Starts the server on loopback.
   *
   * @param dialogue a good dialogue of a client that starts TLS
   * @param identity the certificate that the server shows
   * @return the running server, to be closed
   * @throws IllegalArgumentException if the dialogue is a server's, or has no TLS, or lacks the
   *     message that is to go wrong
   */
  public Server start(Dialogue dialogue, Issued identity) {
    if (dialogue.role() != Role.CLIENT || !dialogue.startsTls()) {
      throw new IllegalArgumentException(
          "expected a client's dialogue with =TLS=, got " + dialogue);
    }
    if (this == REFUSE_CONNECTION) {
      RefusingPort port = RefusingPort.open();
      return new Server(port.endpoint(), port);
    }
    ScriptedPeer peer = ScriptedPeer.server(script(dialogue), identity);
    return new Server(peer.endpoint(), peer);
  }

  private Script script(Dialogue dialogue) {
    return switch (this) {
      case REFUSE_CONNECTION -> throw new IllegalStateException("no script");
      case HANG_AFTER_ACCEPT -> Script.start().discard();
      case CLOSE_AFTER_ACCEPT -> Script.start().close();
      case CLOSE_MID_LINE -> closeMidLine(dialogue);
      case FLOOD -> beforeFirstMessage(dialogue).flood("A");
      case SLOW_BYTES -> Script.dripping(dialogue);
      case INJECT_AT_UPGRADE -> injectAtUpgrade(dialogue);
      case HANG_IN_HANDSHAKE -> untilHello(dialogue).discard();
      case CLOSE_IN_HANDSHAKE -> untilHello(dialogue).close();
      case RESET_IN_HANDSHAKE -> untilHello(dialogue).reset();
      case GARBAGE_IN_HANDSHAKE -> untilHello(dialogue).send(GARBAGE_RECORD).discard();
      case HANG_UNDER_TLS -> Script.untilTls(dialogue).startTls().discard();
      case CUT_UNDER_TLS -> Script.untilTls(dialogue).startTls().endWithoutNotify().discard();
    };
  }

  /**
   * With the ClientHello in hand, the other side is in the handshake for certain. Any sooner, what
   * follows could share a segment with the last plaintext, or overtake it in the case of a reset.
   */
  private static Script untilHello(Dialogue dialogue) {
    return Script.untilTls(dialogue).awaitHello();
  }

  private static int firstMessage(Dialogue dialogue) {
    return dialogue.indicesOf(Kind.PEER_SAYS).stream().findFirst().orElseThrow(Fault::silent);
  }

  private static IllegalArgumentException silent() {
    return new IllegalArgumentException("expected a message of the server, got a silent one");
  }

  private static Script beforeFirstMessage(Dialogue dialogue) {
    return Script.of(dialogue.events().subList(0, firstMessage(dialogue)));
  }

  private static Script closeMidLine(Dialogue dialogue) {
    byte[] message = dialogue.events().get(firstMessage(dialogue)).bytes();
    return beforeFirstMessage(dialogue).send(Arrays.copyOf(message, message.length / 2)).close();
  }

  private static Script injectAtUpgrade(Dialogue dialogue) {
    int tls = dialogue.indicesOf(Kind.TLS).get(0);
    List<Integer> messages =
        dialogue.indicesOf(Kind.PEER_SAYS).stream().filter(i -> i < tls).toList();
    if (messages.isEmpty()) {
      throw silent();
    }
    int last = messages.get(messages.size() - 1);
    Event event = dialogue.events().get(last);
    return Script.of(dialogue.events().subList(0, last))
        .send(Bytes.join(event.bytes(), event.bytes()))
        .discard();
  }
}
