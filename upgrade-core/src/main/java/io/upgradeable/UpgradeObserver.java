package io.upgradeable;

import io.upgradeable.negotiation.Message;
import io.upgradeable.negotiation.TlsFacts;
import java.net.SocketAddress;
import java.nio.ByteBuffer;

/**
 * Hears what happens while a connection is set up. For every {@code started} there is exactly one
 * {@code completed} or {@code failed}. Called on the event loop: methods must be quick and must not
 * throw; what they throw is logged by the logger {@code io.upgradeable} and changes nothing.
 *
 * <p>A layer is named by the chain line up to it, for instance {@code tcp(mail:587) >
 * smtp+tls(mail)}.
 */
public interface UpgradeObserver {

  /** Hears nothing. */
  UpgradeObserver NONE = new UpgradeObserver() {};

  /**
   * A TCP connection is being opened, or was accepted.
   *
   * @param path the chain line
   */
  default void connectStarted(String path) {}

  /**
   * The TCP connection is open.
   *
   * @param path the chain line
   * @param remote the address that answered
   */
  default void connectCompleted(String path, SocketAddress remote) {}

  /**
   * No TCP connection could be opened.
   *
   * @param path the chain line
   * @param cause why
   */
  default void connectFailed(String path, Throwable cause) {}

  /**
   * A layer's negotiation begins.
   *
   * @param path the chain line
   */
  default void layerStarted(String path) {}

  /**
   * A layer is up.
   *
   * @param path the chain line
   * @param result what its negotiation returned
   */
  default void layerCompleted(String path, Object result) {}

  /**
   * A layer failed and the connection is being closed.
   *
   * @param path the chain line
   * @param cause why
   */
  default void layerFailed(String path, Throwable cause) {}

  /**
   * The upgrade was decided and the hook takes over.
   *
   * @param path the chain line
   */
  default void handshakeStarted(String path) {}

  /**
   * A handshake is finished and the peer verified.
   *
   * @param path the chain line
   * @param facts what was negotiated
   */
  default void handshakeCompleted(String path, TlsFacts facts) {}

  /**
   * A handshake failed and the connection is being closed.
   *
   * @param path the chain line
   * @param cause why
   */
  default void handshakeFailed(String path, Throwable cause) {}

  /**
   * A negotiation sends a message.
   *
   * @param path the chain line
   * @param message the message; show {@link Message#shown()}, which has no secrets
   */
  default void sent(String path, Message message) {}

  /**
   * A negotiation consumed bytes of the peer, or failed over them: then these are the first of the
   * bytes that it did not consume.
   *
   * @param path the chain line
   * @param bytes the bytes as the negotiation lets them be shown, without secrets ({@link
   *     io.upgradeable.negotiation.Negotiation#shown}); valid during this call only; whoever prints
   *     them escapes control characters
   */
  default void received(String path, ByteBuffer bytes) {}
}
